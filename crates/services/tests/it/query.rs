//! Requests as AWS Query has them: from the JSON that tests write.

use std::fmt::Write as _;

use serde_json::Value;

/// The parameters of a form: `Tags.member.1.Key=team`.
pub fn form(input: &Value) -> String {
    let mut form = String::new();
    for (name, value) in input.as_object().unwrap() {
        add(&mut form, name, value);
    }
    form
}

fn add(form: &mut String, name: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                add(form, &format!("{name}.{member}"), value);
            }
        }
        Value::Array(items) if items.is_empty() => put(form, name, ""),
        Value::Array(items) => {
            for (item, number) in items.iter().zip(1..) {
                add(form, &format!("{name}.member.{number}"), item);
            }
        }
        Value::String(text) => put(form, name, text),
        Value::Null => {}
        scalar => put(form, name, &scalar.to_string()),
    }
}

fn put(form: &mut String, name: &str, value: &str) {
    let separator = if form.is_empty() { "" } else { "&" };
    write!(form, "{separator}{name}=").unwrap();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() {
            form.push(char::from(byte));
        } else {
            write!(form, "%{byte:02X}").unwrap();
        }
    }
}

/// The text of the first element of this name in an answer.
pub fn element(answer: &Value, name: &str) -> String {
    let xml = answer.as_str().unwrap();
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap();
    rest.split_once("</").unwrap().0.to_owned()
}

/// A body as a test looks at it: JSON, or XML as a string; of an answer
/// without a body, nothing.
pub fn answer(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    if body.starts_with(b"<") {
        return Value::String(String::from_utf8(body.to_vec()).unwrap());
    }
    serde_json::from_slice(body).unwrap()
}
