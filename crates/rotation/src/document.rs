use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use strongroom_types::Sensitive;
use zeroize::Zeroizing;

use crate::StepError;

/// A secret's value: a JSON object. Changing a member leaves the others and
/// their order as they are.
pub struct Document(Sensitive<String>);

/// Members in order, their values as they were written.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl Document {
    /// # Errors
    /// [`StepError::Value`] if the text is no JSON object.
    pub fn parse(text: Sensitive<String>) -> Result<Self, StepError> {
        match serde_json::from_str::<Members<'_>>(text.expose()) {
            Ok(_) => Ok(Self(text)),
            // The parser's own message may quote what it stumbled over.
            Err(_) => Err(StepError::Value(
                "The secret value isn't a JSON object.".to_owned(),
            )),
        }
    }

    /// The text as it is.
    #[must_use]
    pub fn text(&self) -> &Sensitive<String> {
        &self.0
    }

    /// A member's value, if the member is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<serde_json::Value> {
        let members = self.members();
        let (_, value) = members.0.iter().find(|(known, _)| known == name)?;
        serde_json::from_str(value.get()).ok()
    }

    /// A member that is text.
    #[must_use]
    pub fn string(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            serde_json::Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The document with some members set to text. A member that is new comes
    /// last.
    #[must_use]
    pub fn with(&self, changes: &[(&str, &str)]) -> Sensitive<String> {
        let members = self.members();
        let mut text = Zeroizing::new(String::with_capacity(self.0.expose().len() + 256));
        text.push('{');
        let kept = members.0.iter().map(|(name, value)| {
            let change = changes.iter().find(|(changed, _)| changed == name);
            let value = change.map_or_else(
                || Cow::Borrowed(value.get()),
                |(_, value)| Cow::Owned(quoted(value)),
            );
            (Cow::Borrowed(name.as_ref()), value)
        });
        let is_new = |name: &str| !members.0.iter().any(|(known, _)| known == name);
        let new = changes.iter().filter(|(name, _)| is_new(name));
        let new = new.map(|(name, value)| (Cow::Borrowed(*name), Cow::Owned(quoted(value))));
        for (place, (name, value)) in kept.chain(new).enumerate() {
            if place > 0 {
                text.push_str(", ");
            }
            text.push_str(&quoted(&name));
            text.push_str(": ");
            let value = match value {
                Cow::Borrowed(value) => Cow::Borrowed(value),
                Cow::Owned(value) => Cow::Owned(Zeroizing::new(value).to_string()),
            };
            text.push_str(&value);
        }
        text.push('}');
        Sensitive::new(std::mem::take(&mut *text))
    }

    fn members(&self) -> Members<'_> {
        // It parsed when the document was made.
        serde_json::from_str(self.0.expose()).unwrap_or(Members(Vec::new()))
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &RawValue>()? {
                    // As every parser does: of two of a name the last counts.
                    match members.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, earlier)) => *earlier = value,
                        None => members.push((name, value)),
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, changes: &[(&str, &str)], after: &str) {
        let document = Document::parse(Sensitive::new(before.to_owned())).unwrap();
        assert_eq!(document.with(changes).expose(), after);
    }

    #[test]
    fn order_and_unknown_members_stay() {
        check(
            r#"{"zeta":1, "password":"old","alpha":{"b":[1,2.50,null],"a":true},"port":"5432"}"#,
            &[("password", "new")],
            r#"{"zeta": 1, "password": "new", "alpha": {"b":[1,2.50,null],"a":true}, "port": "5432"}"#,
        );
    }

    #[test]
    fn what_is_new_comes_last_and_is_quoted() {
        check(r"{}", &[("a", "\"\\\n")], r#"{"a": "\"\\\n"}"#);
        check(r#"{"a":1,"a":2}"#, &[("b", "")], r#"{"a": 2, "b": ""}"#);
    }

    #[test]
    fn only_objects_are_documents() {
        for text in ["", "hunter2", "[]", "\"{}\"", "{", "{\"a\":}", "{} {}"] {
            let error = Document::parse(Sensitive::new(text.to_owned()))
                .err()
                .unwrap();
            assert_eq!(error.to_string(), "The secret value isn't a JSON object.");
        }
    }
}
