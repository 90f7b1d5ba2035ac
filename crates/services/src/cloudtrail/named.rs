//! The texts that members of a record's part have, without the rest of it.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// A text of a record, where it stands there if nothing in it is escaped.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'r>(#[serde(borrow)] pub(super) Cow<'r, str>);

/// Members whose values are texts, or lists with texts in them.
#[derive(Debug, Default)]
pub(super) struct Named<'r>(Vec<(Cow<'r, str>, Vec<Cow<'r, str>>)>);

impl<'r> Named<'r> {
    /// Takes the texts of a member.
    pub(super) fn take(&mut self, member: &str) -> Vec<Cow<'r, str>> {
        let found = self.0.iter_mut().find(|(name, _)| name == member);
        found.map_or_else(Vec::new, |(_, texts)| std::mem::take(texts))
    }
}

impl<'de: 'r, 'r> Deserialize<'de> for Named<'r> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Named<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Named<'de>, A::Error> {
                let mut named = Named::default();
                while let Some(Text(name)) = members.next_key()? {
                    let Texts(texts) = members.next_value()?;
                    if !texts.is_empty() {
                        named.0.push((name, texts));
                    }
                }
                Ok(named)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The text that a value is, or the texts in the list that it is.
struct Texts<'r>(Vec<Cow<'r, str>>);

impl<'de> Deserialize<'de> for Texts<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Value).map(Self)
    }
}

struct Value;

impl<'de> Visitor<'de> for Value {
    type Value = Vec<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(vec![Cow::Borrowed(text)])
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(vec![Cow::Owned(text.to_owned())])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Texts(texts)) = items.next_element()? {
            all.extend(texts);
        }
        Ok(all)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
}
