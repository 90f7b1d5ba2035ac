use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::token::Token;
use crate::sts::shapes::Tag;

/// The claim, and what the names of claims begin with where a provider makes no
/// objects: `…/principal_tags/Team` and `…/transitive_tag_keys`.
///
/// Source: IAM User Guide, "Passing session tags using AssumeRoleWithWebIdentity".
const CLAIM: &str = "https://aws.amazon.com/tags";
/// Session tags at most.
const MOST: usize = 50;

/// `{"principal_tags": {key: [value]}, "transitive_tag_keys": [key]}`
#[derive(Default, Deserialize)]
struct Tags {
    principal_tags: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    transitive_tag_keys: Vec<String>,
}

/// The session tags of a token, and which of them are handed down; nothing if
/// they are not as AWS takes them.
pub(super) fn of(token: &Token) -> Option<(Vec<Tag>, Vec<String>)> {
    let flat = flat(token)?;
    let Tags {
        principal_tags,
        transitive_tag_keys,
    } = match (token.claim(CLAIM), flat) {
        (None, flat) => flat.unwrap_or_default(),
        (Some(claim), None) => Tags::deserialize(claim).ok()?,
        // Of two lists it would not be known which the provider means.
        (Some(_), Some(_)) => return None,
    };
    if principal_tags.len() > MOST {
        return None;
    }
    let tags = principal_tags.into_iter().map(|(key, values)| {
        let fits = |text: &str, least, most| (least..=most).contains(&text.chars().count());
        let mut values = values.into_iter();
        let value = values.next().filter(|value| fits(value, 0, 256))?;
        let single = values.next().is_none() && fits(&key, 1, 128);
        single.then_some(Tag { key, value })
    });
    Some((tags.collect::<Option<_>>()?, transitive_tag_keys))
}

/// The same in claims of their own, if there are any: each a text, or a list of
/// texts.
fn flat(token: &Token) -> Option<Option<Tags>> {
    let mut tags = None;
    for (name, value) in token.claims_under(CLAIM) {
        let texts = || match value {
            Value::String(text) => Some(vec![text.clone()]),
            list => Vec::deserialize(list).ok(),
        };
        if let Some(key) = name.strip_prefix("/principal_tags/") {
            let tags: &mut Tags = tags.get_or_insert_default();
            tags.principal_tags.insert(key.to_owned(), texts()?);
        } else if name == "/transitive_tag_keys" {
            let tags: &mut Tags = tags.get_or_insert_default();
            tags.transitive_tag_keys = texts()?;
        }
    }
    Some(tags)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;

    /// The tags, and the keys of those that are transitive.
    type Read = (Vec<(String, String)>, Vec<String>);

    fn read(claims: &Value) -> Option<Read> {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(&json!({"alg": "RS256"}));
        let token = Token::parse(&format!("{header}.{}.", part(claims))).unwrap();
        let (tags, transitive) = of(&token)?;
        let pairs = tags.into_iter().map(|tag| (tag.key, tag.value));
        Some((pairs.collect(), transitive))
    }

    #[test]
    fn tags_are_nested_or_flat() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let expected = Some((
            vec![pair("Team/Sub", ""), pair("cost", "7")],
            vec!["cost".to_owned()],
        ));
        let tags = "https://aws.amazon.com/tags";
        let nested = json!({tags: {
            "principal_tags": {"Team/Sub": [""], "cost": ["7"]}, "transitive_tag_keys": ["cost"],
        }});
        assert_eq!(read(&nested), expected);
        let key = |key: &str| format!("{tags}/{key}");
        let flat = json!({
            key("principal_tags/Team/Sub"): "", key("principal_tags/cost"): ["7"],
            key("transitive_tag_keys"): ["cost"], "cost": "8",
        });
        assert_eq!(read(&flat), expected);
        let text = json!({
            key("principal_tags/Team/Sub"): "", key("principal_tags/cost"): "7",
            key("transitive_tag_keys"): "cost",
        });
        assert_eq!(read(&text), expected);
        let nothing = Some((vec![], vec![]));
        assert_eq!(read(&json!({})), nothing);
        assert_eq!(read(&json!({key("else"): {}, "tags": 1})), nothing);
    }

    #[test]
    fn what_tags_are_not() {
        let tags = "https://aws.amazon.com/tags";
        let nested = |tags: Value| json!({"https://aws.amazon.com/tags": {"principal_tags": tags}});
        let flat = |key: &str, value: Value| json!({format!("{tags}/{key}"): value});
        let many: serde_json::Map<_, _> =
            (0..51).map(|it| (format!("k{it}"), json!(["v"]))).collect();
        for claims in [
            json!({tags: 1}),
            json!({tags: {}}),
            nested(json!({"k": "v"})),
            nested(json!({"k": ["v", "w"]})),
            nested(json!({"k": []})),
            nested(json!({"": ["v"]})),
            nested(json!({"k".repeat(129): ["v"]})),
            nested(json!({"k": ["v".repeat(257)]})),
            nested(Value::Object(many)),
            flat("principal_tags/k", json!(7)),
            flat("principal_tags/k", json!(["v", "w"])),
            flat("principal_tags/k", json!({"v": 1})),
            flat("principal_tags/", json!("v")),
            flat("transitive_tag_keys", json!([7])),
            json!({tags: {"principal_tags": {}}, format!("{tags}/principal_tags/k"): "v"}),
        ] {
            assert_eq!(read(&claims), None, "{claims}");
        }
    }
}
