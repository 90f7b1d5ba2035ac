use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::error::Category;

use crate::PolicyError;

/// JSON as a policy needs it: an object's members in their order and none
/// twice, numbers and booleans already as text. `serde_json::Value` would
/// silently keep the last of two equal keys, and so could show a reviewer
/// another policy than the one in force.
#[derive(Debug)]
pub(crate) enum Json {
    Array(Vec<Json>),
    Null,
    Object(Vec<(String, Json)>),
    /// A number or a boolean.
    Scalar(String),
    String(String),
}

impl Json {
    /// Reads the whole text; nesting is limited by `serde_json` to 128.
    ///
    /// # Errors
    /// [`PolicyError::InvalidJson`]; [`PolicyError::Syntax`] for an object
    /// with the same key twice.
    pub(crate) fn parse(text: &str) -> Result<Self, PolicyError> {
        serde_json::from_str(text).map_err(|error| match error.classify() {
            Category::Data => PolicyError::syntax(error.to_string()),
            Category::Eof | Category::Io | Category::Syntax => PolicyError::InvalidJson {
                detail: error.to_string(),
            },
        })
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        let mut seen = HashSet::new();
        while let Some((key, value)) = members.next_entry::<String, Json>()? {
            if !seen.insert(key.clone()) {
                return Err(Error::custom(format_args!("the key `{key}` stands twice")));
            }
            object.push((key, value));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_key_that_stands_twice_at_any_depth() {
        for twice in [
            r#"{"a":1,"a":1}"#,
            r#"{"b":[{"a":1,"c":2,"a":1}]}"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            let error = Json::parse(twice).unwrap_err();
            assert!(matches!(error, PolicyError::Syntax { .. }), "{twice}");
        }
        Json::parse(r#"{"a":{"a":1},"A":2}"#).unwrap();
    }

    #[test]
    fn refuses_what_is_not_json() {
        for bad in ["", "{", "{}x", "{'a':1}", &"[".repeat(10_000)] {
            let error = Json::parse(bad).unwrap_err();
            assert!(matches!(error, PolicyError::InvalidJson { .. }), "{bad}");
        }
    }
}
