//! EventBridge's event patterns: which events somebody wants.
//!
//! A pattern is an object shaped like the events it matches. Fields of one
//! object must all match; of the values in a field's array one must. An array
//! in an event matches if one of its values does, and what a pattern asks of
//! an object within an array must hold of the same object.
//!
//! Source: EventBridge User Guide, "Creating Amazon EventBridge event patterns"
//! and "Comparison operators for use in event patterns".

mod parse;
mod test;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use self::test::Test;
pub(crate) use self::test::Wildcard;

/// The longest pattern, in characters. Source: EventBridge quotas, the most
/// that `Event pattern size` can be raised to.
pub const MAX_CHARACTERS: usize = 4096;

/// Which events somebody wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(Node);

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

/// What is asked of an object.
#[derive(Clone, Debug, Default, PartialEq)]
struct Node {
    fields: Vec<(String, Field)>,
    /// One of these must match, if there are any.
    alternatives: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq)]
enum Field {
    Leaf(Vec<Test>),
    Nested(Node),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`], which names the field.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        parse::pattern(text).map(Self)
    }

    /// Whether the event is one of those.
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        self.0.matches(&[event])
    }
}

impl Node {
    /// Whether one of the objects that an event has in this place is as asked.
    fn matches(&self, values: &[&Value]) -> bool {
        let mut objects = Vec::new();
        values
            .iter()
            .for_each(|value| objects_in(value, &mut objects));
        if objects.is_empty() {
            return self.holds(None, &objects);
        }
        let mut each = objects.iter();
        each.any(|object| self.holds(Some(object), &objects))
    }

    /// Whether `object` is as asked. It is one of `all` in its place: a field
    /// does not exist only if none of them has it.
    fn holds(&self, object: Option<&Map<String, Value>>, all: &[&Map<String, Value>]) -> bool {
        let fields = self.fields.iter().all(|(name, field)| {
            let own = object.and_then(|object| object.get(name));
            match field {
                Field::Nested(node) => node.matches(own.as_slice()),
                Field::Leaf(tests) => tests.iter().any(|test| match test {
                    Test::Exists(wanted) => {
                        let mut everywhere = all.iter().filter_map(|object| object.get(name));
                        everywhere.any(|value| !scalars(value).is_empty()) == *wanted
                    }
                    _ => own.is_some_and(|value| scalars(value).iter().any(|one| test.holds(one))),
                }),
            }
        });
        let mut alternatives = self.alternatives.iter();
        fields && (self.alternatives.is_empty() || alternatives.any(|node| node.holds(object, all)))
    }
}

/// The object, or those in the array.
fn objects_in<'v>(value: &'v Value, found: &mut Vec<&'v Map<String, Value>>) {
    match value {
        Value::Object(object) => found.push(object),
        Value::Array(items) => items.iter().for_each(|item| objects_in(item, found)),
        _ => {}
    }
}

/// The value that is no object, or those in the array.
fn scalars(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(_) => Vec::new(),
        Value::Array(items) => items.iter().flat_map(scalars).collect(),
        scalar => vec![scalar],
    }
}
