use std::net::IpAddr;

use serde::Serialize;

use super::{Recorded, Resource};

/// Room for most records.
const USUAL_BYTES: usize = 1536;

/// A member's name with all that stands between the value before and its own.
#[derive(Clone, Copy)]
pub(super) struct Name(pub(super) &'static str);

/// The name of a member that is not the first. Nothing in it needs an escape.
macro_rules! name {
    ($name:literal) => {
        $crate::cloudtrail::line::Name(concat!(",\"", $name, "\":"))
    };
}
pub(super) use name;

/// A JSON object on one line, written member by member. Most values have
/// nothing to escape, so that they are copied whole.
pub(super) struct Line(Vec<u8>);

impl Line {
    /// Begins with `first`, the opening brace and a member.
    pub(super) fn new(first: &'static str) -> Self {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        bytes.extend_from_slice(first.as_bytes());
        Self(bytes)
    }

    /// A member that is a string.
    pub(super) fn text(&mut self, name: Name, value: &str) {
        self.name(name);
        quote(&mut self.0, value);
    }

    /// A member that is a string in which nothing needs to be escaped.
    pub(super) fn plain(&mut self, name: Name, value: &[u8]) {
        debug_assert!(!has_escapes(value), "{}", name.0);
        self.name(name);
        self.quoted(value);
    }

    /// A member that is a string, if there is one.
    pub(super) fn some_text(&mut self, name: Name, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A member that is an IP address.
    pub(super) fn address(&mut self, name: Name, address: IpAddr) {
        let IpAddr::V4(address) = address else {
            return self.plain(name, address.to_string().as_bytes());
        };
        self.name(name);
        let mut before = b'"';
        for octet in address.octets() {
            self.0.push(before);
            let digits = [octet / 100, octet / 10 % 10, octet % 10];
            let leading = usize::from(octet < 100) + usize::from(octet < 10);
            let digits = digits.iter().skip(leading);
            self.0.extend(digits.map(|digit| b'0' + digit));
            before = b'.';
        }
        self.0.push(b'"');
    }

    /// A member that is JSON already.
    pub(super) fn json(&mut self, name: Name, value: &str) {
        self.name(name);
        self.0.extend_from_slice(value.as_bytes());
    }

    /// A member that is true or false.
    pub(super) fn flag(&mut self, name: Name, value: bool) {
        self.json(name, if value { "true" } else { "false" });
    }

    /// A member that is a value, or its JSON.
    pub(super) fn recorded(&mut self, name: Name, part: &Recorded) {
        match part {
            Recorded::Value(value) => self.value(name, value),
            Recorded::Json(json) => self.json(name, json),
            Recorded::Kept(json) => self.json(name, json),
        }
    }

    /// A member that is the list of these.
    pub(super) fn resources(&mut self, name: Name, resources: &[Resource]) {
        self.name(name);
        let mut open: &[u8] = br#"[{"accountId":"#;
        for resource in resources {
            self.0.extend_from_slice(open);
            self.quoted(&resource.account.digits());
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
    pub(super) fn value(&mut self, name: Name, value: &impl Serialize) {
        self.name(name);
        // Cannot fail: every key is a string and the writer is memory.
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    /// The object, without a line feed.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    fn name(&mut self, Name(name): Name) {
        self.0.extend_from_slice(name.as_bytes());
    }

    fn quoted(&mut self, plain: &[u8]) {
        self.0.push(b'"');
        self.0.extend_from_slice(plain);
        self.0.push(b'"');
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
    use strongroom_types::AccountId;

    use super::*;

    proptest! {
        #[test]
        fn what_needs_no_escape_is_known(text in any::<String>(), plain in "[ !#-\\[\\]-~é\u{7f}]{0,40}") {
            let is_escaped = |c: char| c < ' ' || c == '"' || c == '\\';
            prop_assert_eq!(has_escapes(text.as_bytes()), text.contains(is_escaped));
            prop_assert!(!has_escapes(plain.as_bytes()));
        }

        #[test]
        fn an_address_is_written_as_it_is_displayed(v4: [u8; 4], v6: [u16; 8]) {
            for address in [IpAddr::from(v4), IpAddr::from(v6)] {
                let mut line = Line::new("{");
                line.address(Name("\"a\":"), address);
                let line = String::from_utf8(line.end()).unwrap();
                prop_assert_eq!(line, format!(r#"{{"a":"{address}"}}"#));
            }
        }

        #[test]
        fn a_line_is_what_serde_would_write(text in "[\\PC\"\\\\\n\t\u{0}\u{7f}é]{0,40}", flag: bool) {
            let mut line = Line::new(r#"{"z":0"#);
            line.text(name!("a"), &text);
            line.some_text(name!("b"), None);
            line.some_text(name!("c"), Some(&text));
            line.flag(name!("d"), flag);
            line.value(name!("e"), &json!([text]));
            line.json(name!("f"), "null");
            line.plain(name!("g"), b"plain");
            line.recorded(name!("h"), &Recorded::Value(json!([text])));
            line.recorded(name!("i"), &Recorded::Json("{}".to_owned()));
            line.recorded(name!("j"), &Recorded::Kept("1".into()));
            let resource = Resource {
                account: AccountId::NONE,
                r#type: "T",
                arn: text.as_str().into(),
            };
            for count in 0..3 {
                line.resources(name!("r"), &vec![resource.clone(); count]);
            }
            let bytes = line.end();
            let t = serde_json::to_string(&text).unwrap();
            let r = format!(r#"{{"accountId":"000000000000","type":"T","ARN":{t}}}"#);
            let expected = format!(
                r#"{{"z":0,"a":{t},"c":{t},"d":{flag},"e":[{t}],"f":null,"g":"plain","h":[{t}],"i":{{}},"j":1,"r":[],"r":[{r}],"r":[{r},{r}]}}"#,
            );
            prop_assert_eq!(std::str::from_utf8(&bytes).unwrap(), expected);
            prop_assert!(serde_json::from_slice::<Value>(&bytes).is_ok());
        }
    }
}
