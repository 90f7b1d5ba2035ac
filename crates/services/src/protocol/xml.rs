//! Answers of the Query protocol, in XML.
//!
//! Structures become elements, lists `member` elements, maps `entry` elements
//! with `key` and `value`. Dates are ISO 8601 to the second.

use std::{fmt::Write as _, io::Write as _};

use serde::{
    Serialize, Serializer,
    ser::{self, Impossible, SerializeMap, SerializeSeq, SerializeStruct},
};
use strongroom_types::Timestamp;
use zeroize::Zeroizing;

use super::Query;
use crate::{
    refusal::Refusal,
    shape::{Emit, OnTheWire, TIMESTAMP, WipedBuffer},
};

/// `<{operation}Response>` with the output, if it has any, and the request id.
pub(super) fn success<T: Emit>(
    query: &Query,
    operation: &str,
    request_id: &str,
    output: &T,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let mut xml = Xml::default();
    let response = xml.begin(query, operation);
    OnTheWire(output)
        .serialize(Element {
            xml: &mut xml,
            name: &format!("{operation}Result"),
            is_date: false,
        })
        .map_err(Refusal::unavailable)?;
    Ok(xml.end(&response, request_id))
}

/// `<ErrorResponse>`.
pub(super) fn failure(query: &Query, request_id: &str, refusal: &Refusal) -> Vec<u8> {
    let mut xml = Xml::default();
    let whose = if refusal.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    xml.open("ErrorResponse", Some(query.namespace));
    xml.open("Error", None);
    xml.text("Type", whose);
    xml.text("Code", refusal.code);
    xml.text("Message", &refusal.message);
    xml.close("Error");
    xml.text("RequestId", request_id);
    xml.close("ErrorResponse");
    std::mem::take(&mut xml.buffer.into_inner())
}

/// XML being written, each element on its line, two spaces deeper than the one
/// around it. Writing to memory does not fail.
#[derive(Default)]
struct Xml {
    buffer: WipedBuffer,
    depth: usize,
}

impl Xml {
    /// Opens the answer to an operation; gives its name, to close it by.
    fn begin(&mut self, query: &Query, operation: &str) -> String {
        let response = format!("{operation}Response");
        self.open(&response, Some(query.namespace));
        response
    }

    fn end(mut self, response: &str, request_id: &str) -> Zeroizing<Vec<u8>> {
        self.open("ResponseMetadata", None);
        self.text("RequestId", request_id);
        self.close("ResponseMetadata");
        self.close(response);
        self.buffer.into_inner()
    }

    fn raw(&mut self, text: &str) {
        let _ = self.buffer.write_all(text.as_bytes());
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.raw("  ");
        }
    }

    fn open(&mut self, name: &str, namespace: Option<&str>) {
        self.indent();
        self.raw("<");
        self.raw(name);
        if let Some(namespace) = namespace {
            self.raw(" xmlns=\"");
            self.raw(namespace);
            self.raw("\"");
        }
        self.raw(">\n");
        self.depth += 1;
    }

    fn close(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.indent();
        self.raw("</");
        self.raw(name);
        self.raw(">\n");
    }

    fn empty(&mut self, name: &str) {
        self.indent();
        self.raw("<");
        self.raw(name);
        self.raw("/>\n");
    }

    fn text(&mut self, name: &str, text: &str) {
        if text.is_empty() {
            return self.empty(name);
        }
        self.indent();
        self.raw("<");
        self.raw(name);
        self.raw(">");
        self.escaped(text);
        self.raw("</");
        self.raw(name);
        self.raw(">\n");
    }

    fn escaped(&mut self, text: &str) {
        let mut rest = text;
        while let Some(place) = rest.find(is_special) {
            let (plain, from) = rest.split_at(place);
            self.raw(plain);
            let mut letters = from.chars();
            self.raw(match letters.next() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                // Bare, a parser would make it a line feed.
                Some('\r') => "&#xD;",
                // XML has no way to say it.
                _ => "\u{fffd}",
            });
            rest = letters.as_str();
        }
        self.raw(rest);
    }
}

/// Characters that cannot stand for themselves.
fn is_special(letter: char) -> bool {
    matches!(letter, '&' | '<' | '>' | '"' | '\u{fffe}' | '\u{ffff}')
        || letter < ' ' && letter != '\t' && letter != '\n'
}

/// Writes a value as the element `name`.
struct Element<'x, 'n> {
    xml: &'x mut Xml,
    name: &'n str,
    /// Whether the number that comes is a date.
    is_date: bool,
}

/// An element whose parts are being written. It is opened when the first of
/// them comes, so that one without any is `<Name/>`.
struct Parts<'x, 'n> {
    xml: &'x mut Xml,
    name: &'n str,
    is_open: bool,
    key: String,
}

/// A value that XML answers have no form for.
#[derive(Debug)]
struct Unwritable(String);

impl std::fmt::Display for Unwritable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unwritable {}

impl ser::Error for Unwritable {
    fn custom<T: std::fmt::Display>(what: T) -> Self {
        Self(what.to_string())
    }
}

fn unwritable<T>() -> Result<T, Unwritable> {
    Err(Unwritable("no form in XML".to_owned()))
}

impl<'x, 'n> Element<'x, 'n> {
    fn parts(self) -> Parts<'x, 'n> {
        Parts {
            xml: self.xml,
            name: self.name,
            is_open: false,
            key: String::new(),
        }
    }

    fn shown(self, value: impl std::fmt::Display) -> Result<(), Unwritable> {
        let mut text = String::new();
        let _ = write!(text, "{value}");
        self.xml.text(self.name, &text);
        Ok(())
    }
}

impl<'x, 'n> Parts<'x, 'n> {
    fn part<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Unwritable> {
        self.open();
        value.serialize(Element {
            xml: &mut *self.xml,
            name,
            is_date: false,
        })
    }

    fn open(&mut self) {
        if !self.is_open {
            self.xml.open(self.name, None);
            self.is_open = true;
        }
    }

    fn finish(self) {
        if self.is_open {
            self.xml.close(self.name);
        } else if !self.name.is_empty() {
            self.xml.empty(self.name);
        }
    }
}

impl<'x, 'n> Serializer for Element<'x, 'n> {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Parts<'x, 'n>;
    type SerializeTuple = Impossible<(), Unwritable>;
    type SerializeTupleStruct = Impossible<(), Unwritable>;
    type SerializeTupleVariant = Impossible<(), Unwritable>;
    type SerializeMap = Parts<'x, 'n>;
    type SerializeStruct = Parts<'x, 'n>;
    type SerializeStructVariant = Impossible<(), Unwritable>;

    fn serialize_bool(self, value: bool) -> Result<(), Unwritable> {
        self.xml
            .text(self.name, if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Unwritable> {
        self.shown(value)
    }

    fn serialize_i16(self, value: i16) -> Result<(), Unwritable> {
        self.shown(value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), Unwritable> {
        self.shown(value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), Unwritable> {
        self.shown(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Unwritable> {
        self.shown(value)
    }

    fn serialize_u16(self, value: u16) -> Result<(), Unwritable> {
        self.shown(value)
    }

    fn serialize_u32(self, value: u32) -> Result<(), Unwritable> {
        self.shown(value)
    }

    fn serialize_u64(self, value: u64) -> Result<(), Unwritable> {
        self.shown(value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Unwritable> {
        self.shown(value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Unwritable> {
        if !self.is_date {
            return self.shown(value);
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a time made it, to the millisecond"
        )]
        let time = Timestamp::from_second(value.floor() as i64).map_err(ser::Error::custom)?;
        self.shown(time.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }

    fn serialize_char(self, value: char) -> Result<(), Unwritable> {
        self.shown(value)
    }

    fn serialize_str(self, value: &str) -> Result<(), Unwritable> {
        self.xml.text(self.name, value);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Unwritable> {
        unwritable()
    }

    fn serialize_none(self) -> Result<(), Unwritable> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unwritable> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unwritable> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Unwritable> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        value.serialize(Self {
            is_date: name == TIMESTAMP,
            ..self
        })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unwritable> {
        unwritable()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'x, 'n>, Unwritable> {
        Ok(self.parts())
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unwritable> {
        unwritable()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Unwritable> {
        unwritable()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unwritable> {
        unwritable()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'x, 'n>, Unwritable> {
        Ok(self.parts())
    }

    /// A structure without a name is that of an operation that says nothing,
    /// and is not written at all.
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Parts<'x, 'n>, Unwritable> {
        let shown = if name.is_empty() { "" } else { self.name };
        Ok(Element {
            name: shown,
            ..self
        }
        .parts())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unwritable> {
        unwritable()
    }
}

impl SerializeSeq for Parts<'_, '_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.part("member", value)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.finish();
        Ok(())
    }
}

impl SerializeStruct for Parts<'_, '_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        self.part(name, value)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.finish();
        Ok(())
    }
}

impl SerializeMap for Parts<'_, '_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritable> {
        let key = serde_json::to_value(key).map_err(ser::Error::custom)?;
        key.as_str().unwrap_or_default().clone_into(&mut self.key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.open();
        self.xml.open("entry", None);
        self.xml.text("key", &self.key);
        value.serialize(Element {
            xml: &mut *self.xml,
            name: "value",
            is_date: false,
        })?;
        self.xml.close("entry");
        Ok(())
    }

    fn end(self) -> Result<(), Unwritable> {
        self.finish();
        Ok(())
    }
}
