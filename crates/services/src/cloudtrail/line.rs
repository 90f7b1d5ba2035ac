use serde::Serialize;

use super::{Recorded, Resource};

/// Room for most records.
const USUAL_BYTES: usize = 1536;

/// A JSON object on one line, written member by member. Names are literals
/// without anything to escape; most values have nothing to escape either, so
/// that they are copied whole.
pub(super) struct Line(Vec<u8>);

impl Line {
    /// Without members yet.
    pub(super) fn new() -> Self {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        bytes.push(b'{');
        Self(bytes)
    }

    /// A member that is a string.
    pub(super) fn text(&mut self, name: &'static str, value: &str) {
        self.name(name);
        quote(&mut self.0, value);
    }

    /// A member that is a string in which nothing needs to be escaped.
    pub(super) fn plain(&mut self, name: &'static str, value: &[u8]) {
        debug_assert!(!has_escapes(value), "{name}");
        self.name(name);
        self.0.push(b'"');
        self.0.extend_from_slice(value);
        self.0.push(b'"');
    }

    /// A member that is a string, if there is one.
    pub(super) fn some_text(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A member that is JSON already.
    pub(super) fn json(&mut self, name: &'static str, value: &str) {
        self.name(name);
        self.0.extend_from_slice(value.as_bytes());
    }

    /// A member that is true or false.
    pub(super) fn flag(&mut self, name: &'static str, value: bool) {
        self.json(name, if value { "true" } else { "false" });
    }

    /// A member that is a value, or its JSON.
    pub(super) fn recorded(&mut self, name: &'static str, part: &Recorded) {
        match part {
            Recorded::Value(value) => self.value(name, value),
            Recorded::Json(json) => self.json(name, json),
        }
    }

    /// A member that is the list of these.
    pub(super) fn resources(&mut self, name: &'static str, resources: &[Resource]) {
        self.name(name);
        let mut open: &[u8] = br#"[{"accountId":"#;
        for resource in resources {
            self.0.extend_from_slice(open);
            quote(&mut self.0, &resource.account_id);
            self.0.extend_from_slice(br#","type":"#);
            quote(&mut self.0, resource.r#type);
            self.0.extend_from_slice(br#","ARN":"#);
            quote(&mut self.0, &resource.arn);
            open = br#"},{"accountId":"#;
        }
        let close: &[u8] = if resources.is_empty() { b"[]" } else { b"}]" };
        self.0.extend_from_slice(close);
    }

    /// Any other member.
    pub(super) fn value(&mut self, name: &'static str, value: &impl Serialize) {
        self.name(name);
        // Cannot fail: every key is a string and the writer is memory.
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    /// The object, without a line feed.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    fn name(&mut self, name: &'static str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }
}

/// A JSON string.
pub(crate) fn quote(out: &mut Vec<u8>, text: &str) {
    if has_escapes(text.as_bytes()) {
        // Cannot fail: the writer is memory.
        let _ = serde_json::to_writer(out, text);
    } else {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}

/// Whether JSON has to escape any of it: control characters, quotes and
/// backslashes. Eight bytes at a time; most texts are some twenty to forty long,
/// too short for wider steps to pay.
fn has_escapes(text: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // The high bit of every byte of `word` that is below `limit`, which is at
    // most 128; a carry from such a byte may mark others beside it.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
    let is_escaped = |word: u64| {
        let quotes = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslashes = below(word ^ (ONES * u64::from(b'\\')), 1);
        (below(word, 0x20) | quotes | backslashes) != 0
    };
    let (words, rest) = text.as_chunks::<8>();
    let mut last = [b' '; 8];
    for (place, byte) in last.iter_mut().zip(rest) {
        *place = *byte;
    }
    words
        .iter()
        .chain(std::iter::once(&last))
        .any(|word| is_escaped(u64::from_ne_bytes(*word)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    proptest! {
        #[test]
        fn what_needs_no_escape_is_known(text in any::<String>(), plain in "[ !#-\\[\\]-~é\u{7f}]{0,40}") {
            let is_escaped = |c: char| c < ' ' || c == '"' || c == '\\';
            prop_assert_eq!(has_escapes(text.as_bytes()), text.contains(is_escaped));
            prop_assert!(!has_escapes(plain.as_bytes()));
        }

        #[test]
        fn a_line_is_what_serde_would_write(text in "[\\PC\"\\\\\n\t\u{0}\u{7f}é]{0,40}", flag: bool) {
            let mut line = Line::new();
            line.text("a", &text);
            line.some_text("b", None);
            line.some_text("c", Some(&text));
            line.flag("d", flag);
            line.value("e", &json!([text]));
            line.json("f", "null");
            line.plain("g", b"plain");
            line.recorded("h", &Recorded::Value(json!([text])));
            line.recorded("i", &Recorded::Json("{}".to_owned()));
            let resource = Resource {
                account_id: text.clone(),
                r#type: "T",
                arn: text.clone(),
            };
            for count in 0..3 {
                line.resources("r", &vec![resource.clone(); count]);
            }
            let bytes = line.end();
            let t = serde_json::to_string(&text).unwrap();
            let r = format!(r#"{{"accountId":{t},"type":"T","ARN":{t}}}"#);
            let expected = format!(
                r#"{{"a":{t},"c":{t},"d":{flag},"e":[{t}],"f":null,"g":"plain","h":[{t}],"i":{{}},"r":[],"r":[{r}],"r":[{r},{r}]}}"#,
            );
            prop_assert_eq!(std::str::from_utf8(&bytes).unwrap(), expected);
            prop_assert!(serde_json::from_slice::<Value>(&bytes).is_ok());
        }
    }
}
