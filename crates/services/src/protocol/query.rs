//! Parameters of the Query protocol: `Tags.member.1.Key=a`.
//!
//! Names are paths. Lists are `X.member.N`, maps `X.entry.N.key` and
//! `X.entry.N.value`, structures `X.Y`. All values are text; what they are
//! read as is decided by the type that they are read into.
//!
//! Source: the AWS Query protocol of Smithy, and botocore's serializer of it.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};
use zeroize::Zeroize as _;

use super::{
    text::{Text, leaves},
    unreadable::Unreadable,
    wrong_type,
};
use crate::refusal::Refusal;

/// Parameters that one request may have.
const MAX_PARAMETERS: usize = 10_000;
/// Names in a parameter's path. No operation's input goes deeper than six.
const MAX_DEPTH: usize = 12;

/// A form: names and values, percent-encoded, as in the body of a POST or the
/// query of a URL.
#[derive(Clone, Copy)]
pub struct Form<'a>(&'a [u8]);

/// The text is no form: a percent sign without two digits, bytes that are not
/// UTF-8, or more parameters than one request may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoForm;

impl<'a> Form<'a> {
    /// Nothing is looked at yet.
    #[must_use]
    pub fn new(text: &'a [u8]) -> Self {
        Self(text)
    }

    /// The value of a parameter. Of several of one name the first counts.
    ///
    /// # Errors
    /// When the text before it is no form.
    pub fn get(&self, name: &str) -> Result<Option<Cow<'a, str>>, NoForm> {
        for (known, value) in self.pairs() {
            if decode(known)? == name {
                return decode(value).map(Some);
            }
        }
        Ok(None)
    }

    /// All values of a parameter.
    ///
    /// # Errors
    /// When the text is no form.
    pub fn all(&self, name: &str) -> Result<Vec<Cow<'a, str>>, NoForm> {
        let mut values = Vec::new();
        for (known, value) in self.pairs() {
            if decode(known)? == name {
                values.push(decode(value)?);
            }
        }
        Ok(values)
    }

    /// Names and values as they are written.
    fn pairs(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let pairs = self.0.split(|byte| *byte == b'&');
        pairs.filter(|pair| !pair.is_empty()).map(|pair| {
            let equals = pair.iter().position(|byte| *byte == b'=');
            let (name, rest) = pair.split_at(equals.unwrap_or(pair.len()));
            (name, rest.get(1..).unwrap_or_default())
        })
    }
}

/// Reads an operation's input. `Action`, `Version` and the parameters of a
/// presigned URL are among the parameters and, like all that an input does not
/// know, passed over.
pub(super) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Refusal> {
    T::deserialize(&tree(text)?).map_err(|_| wrong_type())
}

/// All that a form's parameters say, by the parts of their names.
fn tree(text: &[u8]) -> Result<Node<'_>, Refusal> {
    let mut root = Node::default();
    for (count, (name, value)) in Form::new(text).pairs().enumerate() {
        if count == MAX_PARAMETERS {
            return Err(malformed(NoForm));
        }
        let name = decode(name).map_err(malformed)?;
        let value = decode(value).map_err(malformed)?;
        root.put(&name, value).map_err(malformed)?;
    }
    Ok(root)
}

fn malformed(_: NoForm) -> Refusal {
    Refusal {
        status: 400,
        ..Refusal::framework(
            "MalformedQueryString",
            "The query string contains a syntax error.",
        )
    }
}

/// Undoes the encoding of a form: `+` is a space, `%2F` a slash.
fn decode(text: &[u8]) -> Result<Cow<'_, str>, NoForm> {
    if !text.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return std::str::from_utf8(text)
            .map(Cow::Borrowed)
            .map_err(|_| NoForm);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                high * 16 + low
            }
            other => other,
        });
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|error| {
        error.into_bytes().zeroize();
        NoForm
    })
}

fn digit(byte: Option<u8>) -> Result<u8, NoForm> {
    match byte {
        Some(byte @ b'0'..=b'9') => Ok(byte - b'0'),
        Some(byte @ b'a'..=b'f') => Ok(byte - b'a' + 10),
        Some(byte @ b'A'..=b'F') => Ok(byte - b'A' + 10),
        _ => Err(NoForm),
    }
}

/// What parameters say at one place: a text, or more places below.
#[derive(Default)]
struct Node<'a> {
    text: Option<Cow<'a, str>>,
    below: BTreeMap<String, Node<'a>>,
}

impl<'a> Node<'a> {
    fn put(&mut self, path: &str, value: Cow<'a, str>) -> Result<(), NoForm> {
        let mut place = self;
        for (depth, name) in path.split('.').enumerate() {
            if depth == MAX_DEPTH {
                return Err(NoForm);
            }
            if !place.below.contains_key(name) {
                place.below.insert(name.to_owned(), Node::default());
            }
            place = place.below.get_mut(name).ok_or(NoForm)?;
        }
        if place.text.is_none() {
            place.text = Some(value);
        } else {
            wipe(value);
        }
        Ok(())
    }

    /// What is numbered below `name`, by its numbers. They need not begin at
    /// one or be without gaps. Nothing is passed over: a policy that is left
    /// out of a list would limit nobody.
    ///
    /// # Errors
    /// When there is anything else here.
    fn numbered(&self, name: &str) -> Result<Vec<&Self>, Unreadable> {
        let list = self.below.get(name).filter(|_| self.below.len() == 1);
        let list = list.ok_or(Unreadable)?;
        if self.text.is_some() || list.text.is_some() {
            return Err(Unreadable);
        }
        let numbers = list.below.iter().map(|(number, node)| {
            let digits = number.bytes().all(|byte| byte.is_ascii_digit());
            let number: Option<u32> = number.parse().ok().filter(|_| digits);
            Ok((number.ok_or(Unreadable)?, node))
        });
        let mut items = numbers.collect::<Result<Vec<_>, _>>()?;
        items.sort_by_key(|(number, _)| *number);
        Ok(items.into_iter().map(|(_, node)| node).collect())
    }

    fn leaf(&self) -> Result<Text<'_>, Unreadable> {
        self.text.as_deref().map(Text).ok_or(Unreadable)
    }
}

impl Drop for Node<'_> {
    /// A value may be a credential.
    fn drop(&mut self) {
        if let Some(text) = self.text.take() {
            wipe(text);
        }
    }
}

fn wipe(text: Cow<'_, str>) {
    if let Cow::Owned(mut text) = text {
        text.zeroize();
    }
}

impl<'de> Deserializer<'de> for &Node<'_> {
    type Error = Unreadable;

    leaves!();

    /// For members that nobody knows.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.below.is_empty() {
            return self.leaf()?.deserialize_seq(visitor);
        }
        visitor.visit_seq(Items(self.numbered("member")?.into_iter()))
    }

    /// A structure; or a map, whose only part is `entry`.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.text.is_some() {
            return Err(Unreadable);
        }
        if self.below.len() == 1 && self.below.contains_key("entry") {
            return visitor.visit_map(Entries {
                entries: self.numbered("entry")?.into_iter(),
                value: None,
            });
        }
        visitor.visit_map(Members {
            members: self.below.iter(),
            value: None,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct
        ignored_any
    }
}

struct Items<'n>(std::vec::IntoIter<&'n Node<'n>>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unreadable> {
        self.0.next().map(|node| seed.deserialize(node)).transpose()
    }
}

struct Members<'n> {
    members: std::collections::btree_map::Iter<'n, String, Node<'n>>,
    value: Option<&'n Node<'n>>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unreadable> {
        let Some((name, value)) = self.members.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(Text(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Unreadable> {
        seed.deserialize(self.value.take().ok_or(Unreadable)?)
    }
}

struct Entries<'n> {
    entries: std::vec::IntoIter<&'n Node<'n>>,
    value: Option<&'n Node<'n>>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unreadable> {
        let Some(entry) = self.entries.next() else {
            return Ok(None);
        };
        let key = entry.below.get("key").ok_or(Unreadable)?;
        self.value = Some(entry.below.get("value").ok_or(Unreadable)?);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Unreadable> {
        seed.deserialize(self.value.take().ok_or(Unreadable)?)
    }
}
