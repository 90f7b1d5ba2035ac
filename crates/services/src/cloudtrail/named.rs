//! The texts that members of a record's part have, without the rest of it.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// A text of a record, where it stands there if nothing in it is escaped.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'r>(#[serde(borrow)] pub(super) Cow<'r, str>);

/// Members whose values are texts, or lists with texts in them: each text with
/// the name of its member.
#[derive(Debug, Default)]
pub(super) struct Named<'r>(Vec<(Cow<'r, str>, Cow<'r, str>)>);

impl<'r> Named<'r> {
    /// Takes the texts of a member.
    pub(super) fn take(&mut self, member: &str) -> impl Iterator<Item = Cow<'r, str>> {
        let found = self.0.extract_if(.., move |(name, _)| name == member);
        found.map(|(_, text)| text)
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
                    let texts = &mut named.0;
                    members.next_value_seed(Texts { name, texts })?;
                }
                Ok(named)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Takes down the text that a value is, or the texts in the list that it is.
struct Texts<'t, 'r> {
    name: Cow<'r, str>,
    texts: &'t mut Vec<(Cow<'r, str>, Cow<'r, str>)>,
}

impl<'r> Texts<'_, 'r> {
    fn add(self, text: Cow<'r, str>) {
        self.texts.push((self.name, text));
    }
}

impl<'de> DeserializeSeed<'de> for Texts<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Texts<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.add(Cow::Borrowed(text));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.add(Cow::Owned(text.to_owned()));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        loop {
            let (name, texts) = (self.name.clone(), &mut *self.texts);
            if items.next_element_seed(Texts { name, texts })?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
