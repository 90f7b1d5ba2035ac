use serde::{
    Deserializer,
    de::{IntoDeserializer as _, Visitor, value::SeqDeserializer},
    forward_to_deserialize_any,
};
use strongroom_types::Timestamp;

use super::unreadable::Unreadable;

/// Reads the types that are one text from what `self.leaf()` gives.
macro_rules! leaves {
    () => {
        leaves! {
            deserialize_bool deserialize_i32 deserialize_i64 deserialize_u32 deserialize_u64
            deserialize_f64 deserialize_str deserialize_string deserialize_identifier
        }

        fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            visitor.visit_some(self)
        }

        fn deserialize_newtype_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            visitor: V,
        ) -> Result<V::Value, Unreadable> {
            visitor.visit_newtype_struct(self)
        }

        fn deserialize_enum<V: Visitor<'de>>(
            self,
            name: &'static str,
            variants: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Unreadable> {
            self.leaf()?.deserialize_enum(name, variants, visitor)
        }
    };
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            self.leaf()?.$method(visitor)
        })*
    };
}
pub(super) use leaves;

/// A value that stands on the wire as text and is read as whatever its place
/// wants: a string, a number, a truth value, a date.
pub(super) struct Text<'a>(pub(super) &'a str);

impl Text<'_> {
    fn number(&self) -> Result<i64, Unreadable> {
        self.0.trim().parse().map_err(|_| Unreadable)
    }
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.0.eq_ignore_ascii_case("true") {
            visitor.visit_bool(true)
        } else if self.0.eq_ignore_ascii_case("false") {
            visitor.visit_bool(false)
        } else {
            Err(Unreadable)
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_i64(self.number()?)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_i64(self.number()?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_i64(self.number()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_i64(self.number()?)
    }

    /// Numbers with a fraction, and dates, which are seconds since the epoch
    /// within.
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let text = self.0.trim();
        if let Ok(number) = text.parse::<f64>() {
            return visitor.visit_f64(number);
        }
        let time: Timestamp = text.parse().map_err(|_| Unreadable)?;
        #[expect(
            clippy::cast_precision_loss,
            reason = "exact below 2⁵³ ms, the year 287,396"
        )]
        visitor.visit_f64(time.as_millisecond() as f64 / 1000.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    /// An empty text is an empty list, as botocore writes one.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.0.is_empty() {
            visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<()>()))
        } else {
            Err(Unreadable)
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u128 f32 char str string bytes byte_buf unit unit_struct
        tuple tuple_struct map struct identifier ignored_any
    }
}
