use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::command::{Failure, Result};

/// Levels of lists, maps and structures followed into a shape; AWS's models
/// may contain circles.
const DEPTH: usize = 12;

/// How a length without an upper bound is written where one must be.
const UNBOUNDED: i64 = i32::MAX as i64;

/// A shape, however it was written down.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) kind: String,
    pub(super) sensitive: bool,
    /// Characters, bytes or items, or the bounds of a number.
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) pattern: Option<String>,
    pub(super) values: Option<BTreeSet<String>>,
    /// The items of a list or the values of a map.
    pub(super) item: Option<Box<Shape>>,
    pub(super) members: BTreeMap<String, Member>,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) required: bool,
    pub(super) shape: Shape,
}

impl Shape {
    /// The structure whose members `strongroom shapes` prints as `members`.
    pub(super) fn declared(members: &Value) -> Result<Self> {
        let mut shape = Self {
            kind: "structure".to_owned(),
            ..Self::default()
        };
        for member in members.as_array().into_iter().flatten() {
            let name = text(member, "name")
                .ok_or_else(|| Failure::new(format!("a declared member has no name: {member}")))?;
            let required = flag(member, "required");
            shape.members.insert(
                name,
                Member {
                    required,
                    shape: Self::declared_value(member)?,
                },
            );
        }
        Ok(shape)
    }

    fn declared_value(value: &Value) -> Result<Self> {
        let mut shape = Self::declared(value.get("members").unwrap_or(&Value::Null))?;
        shape.constrain(value);
        shape.item = value
            .get("item")
            .map(Self::declared_value)
            .transpose()?
            .map(Box::new);
        Ok(shape)
    }

    /// The shape `name` of one of AWS's service models; an operation without
    /// input or output has an empty structure.
    pub(super) fn published(model: &Value, name: Option<&str>) -> Result<Self> {
        match name {
            Some(name) => Self::published_to_depth(model, name, DEPTH),
            None => Ok(Self {
                kind: "structure".to_owned(),
                ..Self::default()
            }),
        }
    }

    fn published_to_depth(model: &Value, name: &str, depth: usize) -> Result<Self> {
        let value = model
            .get("shapes")
            .and_then(|shapes| shapes.get(name))
            .ok_or_else(|| Failure::new(format!("AWS's model has no shape `{name}`")))?;
        let mut shape = Self::default();
        shape.constrain(value);
        let Some(depth) = depth.checked_sub(1) else {
            return Ok(shape);
        };
        let referred = |value: &Value| -> Result<Self> {
            let name = text(value, "shape")
                .ok_or_else(|| Failure::new(format!("`{name}` refers to no shape: {value}")))?;
            Self::published_to_depth(model, &name, depth)
        };
        let item = value.get("member").or_else(|| value.get("value"));
        shape.item = item.map(referred).transpose()?.map(Box::new);
        let required = strings(value, "required").unwrap_or_default();
        for (name, member) in value
            .get("members")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let required = required.contains(name);
            shape.members.insert(
                name.clone(),
                Member {
                    required,
                    shape: referred(member)?,
                },
            );
        }
        Ok(shape)
    }

    /// Reads what both notations write alike.
    fn constrain(&mut self, value: &Value) {
        let kind = text(value, "type").unwrap_or_default();
        // Both are JSON numbers; the bounds say what they may hold.
        self.kind = if kind == "long" {
            "integer".to_owned()
        } else {
            kind
        };
        self.sensitive = flag(value, "sensitive");
        let bound = |name| value.get(name).and_then(Value::as_i64);
        // No length is below zero, and none comes near the largest that can be
        // said: such bounds say nothing.
        self.min = bound("min").filter(|min| self.kind == "integer" || *min != 0);
        self.max = bound("max").filter(|max| self.kind == "integer" || *max < UNBOUNDED);
        self.pattern = text(value, "pattern");
        self.values = strings(value, "enum");
    }
}

pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(false)
}

pub(super) fn strings(value: &Value, name: &str) -> Option<BTreeSet<String>> {
    let list = value.get(name)?.as_array()?;
    Some(
        list.iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_notations_give_the_same_shape() {
        let declared = Shape::declared(&json!([{
            "name": "Tags", "required": true, "type": "list", "max": 50, "min": 0,
            "item": {"type": "structure", "members": [
                {"name": "Key", "required": false, "type": "string", "min": 1, "max": 2_147_483_647},
            ]},
        }]));
        let model = json!({"shapes": {
            "Input": {"type": "structure", "required": ["Tags"], "members": {"Tags": {"shape": "List"}}},
            "List": {"type": "list", "max": 50, "min": 0, "member": {"shape": "Tag"}},
            "Tag": {"type": "structure", "members": {"Key": {"shape": "Key"}}},
            "Key": {"type": "string", "min": 1},
        }});
        let published = Shape::published(&model, Some("Input"));
        assert_eq!(
            format!("{:?}", declared.unwrap()),
            format!("{:?}", published.unwrap())
        );
    }

    #[test]
    fn a_circle_in_a_model_ends() {
        let model = json!({"shapes": {
            "Tree": {"type": "structure", "members": {"Left": {"shape": "Tree"}}},
        }});
        assert!(Shape::published(&model, Some("Tree")).is_ok());
        assert!(Shape::published(&model, Some("Bush")).is_err());
    }
}
