//! Finds and replaces the `AWS` principals of a policy document, and leaves
//! everything else as it was written, blanks included.

use std::collections::HashMap;

/// The values of `AWS` in the document's principals, in its order.
pub(super) fn principals(document: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(document, |value| {
        found.push(value.to_owned());
        None
    });
    found
}

/// The document with some of these values replaced.
pub(super) fn replaced(document: &str, by: &HashMap<String, String>) -> String {
    walk(document, |value| by.get(value).cloned())
}

/// What is open around a place in the document.
enum Open {
    List,
    /// With the key that the value at hand belongs to.
    Object(String),
}

/// Copies the document; asks for each principal what to write in its place.
fn walk(document: &str, mut replace: impl FnMut(&str) -> Option<String>) -> String {
    let mut copy = String::with_capacity(document.len());
    let mut open: Vec<Open> = Vec::new();
    let mut rest = document;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '"' => string_length(rest),
            _ => letter.len_utf8(),
        };
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = after;
        match letter {
            '{' => open.push(Open::Object(String::new())),
            '[' => open.push(Open::List),
            '}' | ']' => {
                open.pop();
            }
            '"' => {
                let text: String = serde_json::from_str(token).unwrap_or_default();
                let is_key = rest.trim_start().starts_with(':');
                if let (true, Some(Open::Object(key))) = (is_key, open.last_mut()) {
                    *key = text;
                } else if names_principals(&open)
                    && let Some(new) = replace(&text)
                {
                    copy.push_str(&serde_json::Value::from(new).to_string());
                    continue;
                }
            }
            _ => {}
        }
        copy.push_str(token);
    }
    copy
}

/// The bytes of the string that the text begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether a value here is one of `Statement[].Principal.AWS`.
fn names_principals(open: &[Open]) -> bool {
    let keys: Vec<&str> = open
        .iter()
        .filter_map(|open| match open {
            Open::List => None,
            Open::Object(key) => Some(key.as_str()),
        })
        .collect();
    matches!(
        keys.as_slice(),
        ["Statement", "NotPrincipal" | "Principal", "AWS"]
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DOCUMENT: &str = r#"{
      "Statement" : [ {"Sid":"arn:u", "Principal": { "AWS" : [ "arn:u","arn:r" ], "Service": "arn:u" },
        "Condition": {"StringEquals": {"AWS": "arn:u"}}},
        {"NotPrincipal": {"AWS": "arn:\u0075"}, "Principal": "*" } ] }"#;

    #[test]
    fn only_principals_are_found_and_replaced() {
        assert_eq!(principals(DOCUMENT), ["arn:u", "arn:r", "arn:u"]);
        let by = HashMap::from([("arn:u".to_owned(), "AIDA\"1".to_owned())]);
        let expected = DOCUMENT
            .replacen(r#"[ "arn:u""#, r#"[ "AIDA\"1""#, 1)
            .replacen(r#""arn:\u0075""#, r#""AIDA\"1""#, 1);
        assert_eq!(replaced(DOCUMENT, &by), expected);
    }

    proptest! {
        #[test]
        fn nothing_else_changes(text in r#"[\[\]{}":,\\a-z é]{0,40}"#) {
            prop_assert_eq!(walk(&text, |_| None), text);
        }
    }
}
