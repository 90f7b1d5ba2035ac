use serde_json::{Value, json};

use super::{Constraint, Emit, Shape};

/// A shape in data, for the conformance check against AWS's service model.
#[derive(Debug, Default)]
pub struct Description {
    /// `string`, `integer`, `boolean`, `blob`, `timestamp`, `list`, `map` or
    /// `structure`, as AWS's models call them.
    pub kind: &'static str,
    /// Never logged, never recorded.
    pub sensitive: bool,
    /// The values of an enumeration.
    pub values: Option<&'static [&'static str]>,
    /// The items of a list or the values of a map.
    pub item: Option<Box<Description>>,
    /// The members of a structure.
    pub members: Vec<Member>,
}

/// A member of a described structure.
#[derive(Debug)]
pub struct Member {
    name: &'static str,
    required: bool,
    constraints: Value,
    each: Value,
    description: Description,
}

impl Description {
    /// A value without parts.
    #[must_use]
    pub fn leaf(kind: &'static str) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    /// A structure of these members.
    #[must_use]
    pub fn structure(members: Vec<Member>) -> Self {
        Self {
            kind: "structure",
            members,
            ..Self::default()
        }
    }

    /// A list of, or a map to, such items.
    #[must_use]
    pub fn of_items(kind: &'static str, item: Self) -> Self {
        Self {
            kind,
            item: Some(Box::new(item)),
            ..Self::default()
        }
    }

    /// The description as JSON: `type`, `sensitive`, `enum`, `members`, and
    /// for lists and maps the `item`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = json!({"type": self.kind, "sensitive": self.sensitive});
        if let Value::Object(map) = &mut json {
            if let Some(values) = self.values {
                map.insert("enum".to_owned(), json!(values));
            }
            if let Some(item) = &self.item {
                map.insert("item".to_owned(), item.to_json());
            }
            if self.kind == "structure" {
                let members = self.members.iter().map(Member::to_json).collect();
                map.insert("members".to_owned(), Value::Array(members));
            }
        }
        json
    }
}

impl Member {
    /// A member of a request. For the derive.
    #[must_use]
    pub fn of<T: Shape>(
        name: &'static str,
        required: bool,
        constraints: &[Constraint],
        each: &[Constraint],
    ) -> Self {
        let (constraints, each) = (in_data(constraints), in_data(each));
        Self {
            name,
            required,
            constraints,
            each,
            description: T::describe(),
        }
    }

    /// A member of an answer. For the derive.
    #[must_use]
    pub fn emitted<T: Emit>(name: &'static str, required: bool) -> Self {
        Self {
            name,
            required,
            constraints: in_data(&[]),
            each: in_data(&[]),
            description: T::describe(),
        }
    }

    fn to_json(&self) -> Value {
        let mut json = self.description.to_json();
        merge(&mut json, &self.constraints);
        if let Some(item) = json.get_mut("item") {
            merge(item, &self.each);
        }
        merge(
            &mut json,
            &json!({"name": self.name, "required": self.required}),
        );
        json
    }
}

fn in_data(constraints: &[Constraint]) -> Value {
    let mut json = json!({});
    for constraint in constraints {
        let more = match constraint {
            Constraint::Length(min, max) => json!({"min": min, "max": max}),
            Constraint::Pattern(pattern) => json!({"pattern": pattern.as_str()}),
            Constraint::Range(min, max) => json!({"min": min, "max": max}),
        };
        merge(&mut json, &more);
    }
    json
}

fn merge(into: &mut Value, from: &Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(
            from.iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
    }
}
