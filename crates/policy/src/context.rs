use std::borrow::Cow;

/// The values of one condition key in a request.
///
/// The distinction is the key's type, not the count: a multivalued key such
/// as `aws:TagKeys` is `Many` also when one value is there, and then cannot
/// be used as a policy variable. A `Many` without values counts as absent; an
/// empty string is a value like any other (inferred: the guide calls an empty
/// string a "null data set" for `ForAllValues`, yet tags may have empty
/// values and policies compare with them).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values<'a> {
    /// A multivalued key.
    Many(Vec<Cow<'a, str>>),
    /// A single-valued key.
    One(Cow<'a, str>),
}

impl Values<'_> {
    pub(crate) fn as_slice(&self) -> &[Cow<'_, str>] {
        match self {
            Self::Many(values) => values,
            Self::One(value) => std::slice::from_ref(value),
        }
    }
}

/// The request context: what conditions and policy variables may ask for.
///
/// A key is computed only when a statement that otherwise matches asks for
/// it, so an implementation may format times or read tags in `get`. It may be
/// asked for the same key more than once in a decision and must answer alike.
pub trait ContextKeys {
    /// The values of a key, if the request has it. `key` is in lower case,
    /// also behind the slash of `aws:resourcetag/…`.
    fn get(&self, key: &str) -> Option<Values<'_>>;
}

/// A context that is a short list of keys; for more than some dozens
/// implement [`ContextKeys`] with a `match`.
#[derive(Clone, Debug, Default)]
pub struct Context {
    keys: Vec<(Box<str>, Value)>,
}

#[derive(Clone, Debug)]
enum Value {
    Many(Box<[Box<str>]>),
    One(Box<str>),
}

impl Context {
    /// A context without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a single-valued key, or replaces it. Case of the key is ignored.
    pub fn insert(&mut self, key: &str, value: impl Into<Box<str>>) {
        self.put(key, Value::One(value.into()));
    }

    /// Adds a multivalued key, or replaces it. Case of the key is ignored.
    pub fn insert_many(&mut self, key: &str, values: impl IntoIterator<Item: Into<Box<str>>>) {
        let values = values.into_iter().map(Into::into).collect();
        self.put(key, Value::Many(values));
    }

    /// Bytes of all values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let bytes = |(_, value): &(_, Value)| match value {
            Value::Many(values) => values.iter().map(|value| value.len()).sum(),
            Value::One(value) => value.len(),
        };
        self.keys.iter().map(bytes).sum()
    }

    fn put(&mut self, key: &str, value: Value) {
        let key = key.to_lowercase();
        match self.keys.iter_mut().find(|(known, _)| **known == *key) {
            Some((_, old)) => *old = value,
            None => self.keys.push((key.into(), value)),
        }
    }
}

impl ContextKeys for Context {
    fn get(&self, key: &str) -> Option<Values<'_>> {
        let (_, value) = self.keys.iter().find(|(known, _)| **known == *key)?;
        Some(match value {
            Value::Many(values) => {
                Values::Many(values.iter().map(|value| Cow::from(&**value)).collect())
            }
            Value::One(value) => Values::One(Cow::from(&**value)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ignore_case_and_the_last_value_stays() {
        let mut context = Context::new();
        context.insert("aws:PrincipalTag/Équipe", "a");
        context.insert("AWS:principaltag/éQUIPE", "b");
        assert_eq!(
            context.get("aws:principaltag/équipe"),
            Some(Values::One("b".into()))
        );
        context.insert_many("aws:TagKeys", ["x", "y"]);
        let keys = context.get("aws:tagkeys").unwrap();
        assert_eq!(keys.as_slice(), ["x", "y"]);
        assert_eq!(context.get("aws:username"), None);
    }
}
