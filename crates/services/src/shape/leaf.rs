//! The values that structures are made of.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use strongroom_types::{Sensitive, Timestamp};
use zeroize::{Zeroize, Zeroizing};

use super::{Constraint, Description, Emit, Path, Shape, Violations};

/// Bytes, written as standard base64 with padding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Zeroize)]
pub struct Blob(pub Vec<u8>);

/// The answer of an operation that says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Blob {
    /// The bytes in base64, wiped after use because they may be a secret.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        BASE64_STANDARD
            .decode(text.as_bytes())
            .map(Self)
            .map_err(|_| de::Error::custom("invalid base64 data"))
    }
}

impl Shape for String {
    type Wire = Self;

    fn admit(wire: Self, _: &Path<'_>, _: &mut Violations) -> Self {
        wire
    }

    fn absent() -> Self {
        Self::new()
    }

    fn record(&self) -> Option<Value> {
        Some(Value::String(self.clone()))
    }

    fn describe() -> Description {
        Description::leaf("string")
    }

    fn length(&self) -> Option<usize> {
        Some(self.chars().count())
    }

    fn quoted(&self) -> Option<String> {
        Some(self.clone())
    }

    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Shape for bool {
    type Wire = Self;

    fn admit(wire: Self, _: &Path<'_>, _: &mut Violations) -> Self {
        wire
    }

    fn absent() -> Self {
        false
    }

    fn record(&self) -> Option<Value> {
        Some(Value::Bool(*self))
    }

    fn describe() -> Description {
        Description::leaf("boolean")
    }
}

impl Shape for i64 {
    type Wire = Self;

    fn admit(wire: Self, _: &Path<'_>, _: &mut Violations) -> Self {
        wire
    }

    fn absent() -> Self {
        0
    }

    fn record(&self) -> Option<Value> {
        Some(Value::from(*self))
    }

    fn describe() -> Description {
        Description::leaf("integer")
    }

    fn number(&self) -> Option<i64> {
        Some(*self)
    }

    fn quoted(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Shape for Blob {
    type Wire = Self;

    fn admit(wire: Self, _: &Path<'_>, _: &mut Violations) -> Self {
        wire
    }

    fn absent() -> Self {
        Self::default()
    }

    /// CloudTrail never shows bytes.
    fn record(&self) -> Option<Value> {
        None
    }

    fn describe() -> Description {
        Description::leaf("blob")
    }

    fn length(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

impl<T: Shape<Wire = T> + Zeroize + for<'de> Deserialize<'de>> Shape for Sensitive<T> {
    type Wire = Self;

    fn admit(wire: Self, _: &Path<'_>, _: &mut Violations) -> Self {
        wire
    }

    fn absent() -> Self {
        Self::new(T::absent())
    }

    fn record(&self) -> Option<Value> {
        None
    }

    fn describe() -> Description {
        Description {
            sensitive: true,
            ..T::describe()
        }
    }

    fn length(&self) -> Option<usize> {
        self.expose().length()
    }

    fn text(&self) -> Option<&str> {
        self.expose().text()
    }
}

impl<T: Shape> Shape for Vec<T> {
    type Wire = Vec<T::Wire>;

    fn admit(wire: Self::Wire, at: &Path<'_>, violations: &mut Violations) -> Self {
        let numbered = wire.into_iter().zip(1..);
        numbered
            .map(|(item, number)| T::admit(item, &Path::Item(at, number), violations))
            .collect()
    }

    fn absent() -> Self {
        Self::new()
    }

    fn record(&self) -> Option<Value> {
        self.iter()
            .map(T::record)
            .collect::<Option<Vec<_>>>()
            .map(Value::Array)
    }

    fn describe() -> Description {
        Description::of_items("list", T::describe())
    }

    fn length(&self) -> Option<usize> {
        Some(self.len())
    }

    fn quoted(&self) -> Option<String> {
        let items = self.iter().map(T::quoted).collect::<Option<Vec<_>>>()?;
        Some(format!("[{}]", items.join(", ")))
    }

    fn check_each(&self, at: &Path<'_>, each: &[Constraint], violations: &mut Violations) {
        for (item, number) in self.iter().zip(1..) {
            if violations.is_full() {
                return;
            }
            violations.check(item, &Path::Item(at, number), each);
        }
    }
}

impl<T: Shape> Shape for BTreeMap<String, T> {
    type Wire = BTreeMap<String, T::Wire>;

    fn admit(wire: Self::Wire, at: &Path<'_>, violations: &mut Violations) -> Self {
        wire.into_iter()
            .map(|(key, value)| {
                let value = T::admit(value, &at.member(&key), violations);
                (key, value)
            })
            .collect()
    }

    fn absent() -> Self {
        Self::new()
    }

    fn record(&self) -> Option<Value> {
        let members = self
            .iter()
            .map(|(key, value)| Some((key.clone(), value.record()?)));
        members.collect::<Option<_>>().map(Value::Object)
    }

    fn describe() -> Description {
        Description::of_items("map", T::describe())
    }

    fn length(&self) -> Option<usize> {
        Some(self.len())
    }
}

/// Seconds since the epoch, whole or with decimals.
impl Shape for Timestamp {
    type Wire = f64;

    fn admit(wire: f64, at: &Path<'_>, violations: &mut Violations) -> Self {
        // Milliseconds are what rows and answers keep.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a number that is too large saturates, and then is no time"
        )]
        let milliseconds = (wire * 1000.0).round() as i64;
        Self::from_millisecond(milliseconds).unwrap_or_else(|_| {
            violations.broken(&|| Some(wire.to_string()), at, "Member must be a timestamp");
            Self::absent()
        })
    }

    fn absent() -> Self {
        Self::UNIX_EPOCH
    }

    fn record(&self) -> Option<Value> {
        Emit::record(self)
    }

    fn describe() -> Description {
        Description::leaf("timestamp")
    }
}

/// Defines an enumeration by the values that AWS's model lists, in its order.
macro_rules! enumeration {
    ($(#[$doc:meta])* $visibility:vis enum $name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visibility enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl $name {
            const ALL: &'static [Self] = &[$(Self::$variant),*];
            $visibility const NAMES: &'static [&'static str] = &[$($text),*];

            /// The value's name in AWS's model.
            #[must_use]
            $visibility fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl $crate::shape::Shape for $name {
            type Wire = String;

            fn admit(
                wire: String,
                at: &$crate::shape::Path<'_>,
                violations: &mut $crate::shape::Violations,
            ) -> Self {
                let known = Self::ALL.iter().copied().find(|value| value.as_str() == wire);
                known.unwrap_or_else(|| {
                    violations.outside(&wire, at, Self::NAMES);
                    Self::absent()
                })
            }

            fn absent() -> Self {
                let [first, ..] = [$(Self::$variant),*];
                first
            }

            fn record(&self) -> Option<serde_json::Value> {
                Some(serde_json::Value::from(self.as_str()))
            }

            fn describe() -> $crate::shape::Description {
                $crate::shape::Description {
                    values: Some(Self::NAMES),
                    ..$crate::shape::Description::leaf("string")
                }
            }

            fn quoted(&self) -> Option<String> {
                Some(self.as_str().to_owned())
            }
        }

        impl $crate::shape::Emit for $name {
            fn emit<S: serde::Serializer>(
                &self,
                serializer: S,
            ) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }

            fn record(&self) -> Option<serde_json::Value> {
                $crate::shape::Shape::record(self)
            }

            fn describe() -> $crate::shape::Description {
                <Self as $crate::shape::Shape>::describe()
            }
        }
    };
}
pub(crate) use enumeration;
