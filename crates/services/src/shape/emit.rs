use std::{collections::BTreeMap, io};

use serde::{Serialize, Serializer, ser::SerializeStruct as _};
use serde_json::Value;
use strongroom_types::{Arn, Sensitive, Timestamp};
use zeroize::{Zeroize, Zeroizing};

use super::{Blob, Description, Nothing};

/// A value that an answer may carry.
///
/// Apart from `serde::Serialize`, so that a [`Sensitive`] value can be written
/// here, on the wire to the caller who may have it, and nowhere else.
pub trait Emit {
    /// Whether there is never anything to write.
    const IS_NOTHING: bool = false;

    /// Writes the value; AWS's JSON protocol is what serde_json makes of it.
    ///
    /// # Errors
    /// Those of the serializer.
    fn emit<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// The value as it appears in an audit record; nothing if it is sensitive.
    fn record(&self) -> Option<Value>;

    /// The value's type, for the conformance check.
    fn describe() -> Description;
}

/// Serializes what it holds as [`Emit`] says.
pub struct OnTheWire<'a, T>(pub &'a T);

impl<T: Emit> Serialize for OnTheWire<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.emit(serializer)
    }
}

impl<T: Emit> OnTheWire<'_, T> {
    /// The value in JSON. It may be a secret, so the bytes are wiped on drop,
    /// and so are the buffers that were too small on the way.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn to_json(&self) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        let mut buffer = WipedBuffer::default();
        serde_json::to_writer(&mut buffer, self)?;
        Ok(buffer.0)
    }
}

/// The name under which a date is serialized: a newtype of seconds since the
/// epoch. Protocols that write dates as text look for it.
pub(crate) const TIMESTAMP: &str = "strongroom::Timestamp";

/// Room for most answers.
const USUAL_BYTES: usize = 1024;

/// A growing buffer that leaves no copy of what it held behind.
pub(crate) struct WipedBuffer(Zeroizing<Vec<u8>>);

impl Default for WipedBuffer {
    fn default() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(USUAL_BYTES)))
    }
}

impl WipedBuffer {
    /// What was written.
    pub(crate) fn into_inner(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    /// Moves what it holds to a larger place and wipes the old one.
    #[cold]
    fn grow(&mut self, more: usize) {
        let needed = self.0.len() + more;
        let mut larger = Vec::with_capacity(needed.max(2 * self.0.capacity()));
        larger.extend_from_slice(&self.0);
        self.0 = Zeroizing::new(larger);
    }
}

impl io::Write for WipedBuffer {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.0.capacity() - self.0.len() {
            self.grow(bytes.len());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// All is written at once; the serializer calls nothing else.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes).map(drop)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Emit for String {
    fn emit<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }

    fn record(&self) -> Option<Value> {
        Some(Value::String(self.clone()))
    }

    fn describe() -> Description {
        Description::leaf("string")
    }
}

impl Emit for Arn {
    fn emit<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }

    fn record(&self) -> Option<Value> {
        Some(Value::String(self.to_string()))
    }

    fn describe() -> Description {
        Description::leaf("string")
    }
}

impl Emit for bool {
    fn emit<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }

    fn record(&self) -> Option<Value> {
        Some(Value::Bool(*self))
    }

    fn describe() -> Description {
        Description::leaf("boolean")
    }
}

impl Emit for i64 {
    fn emit<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(*self)
    }

    fn record(&self) -> Option<Value> {
        Some(Value::from(*self))
    }

    fn describe() -> Description {
        Description::leaf("integer")
    }
}

impl Emit for Timestamp {
    /// Seconds since the epoch with up to three decimals, in JSON.
    fn emit<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "exact below 2⁵³ ms, the year 287,396"
        )]
        let seconds = self.as_millisecond() as f64 / 1000.0;
        serializer.serialize_newtype_struct(TIMESTAMP, &seconds)
    }

    /// CloudTrail writes dates in answers as `Nov 23, 2026, 1:02:03 PM`.
    fn record(&self) -> Option<Value> {
        Some(Value::String(
            self.strftime("%b %-d, %Y, %-I:%M:%S %p").to_string(),
        ))
    }

    fn describe() -> Description {
        Description::leaf("timestamp")
    }
}

impl Emit for Blob {
    fn emit<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base64())
    }

    fn record(&self) -> Option<Value> {
        None
    }

    fn describe() -> Description {
        Description::leaf("blob")
    }
}

impl Emit for Nothing {
    const IS_NOTHING: bool = true;

    fn emit<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_struct("", 0)?.end()
    }

    fn record(&self) -> Option<Value> {
        None
    }

    fn describe() -> Description {
        Description::structure(Vec::new())
    }
}

impl<T: Emit + Zeroize> Emit for Sensitive<T> {
    fn emit<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.expose().emit(serializer)
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
}

impl<T: Emit> Emit for Vec<T> {
    fn emit<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(OnTheWire))
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
}

impl<T: Emit> Emit for BTreeMap<String, T> {
    fn emit<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (key, OnTheWire(value))))
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_growing_answer_is_written_whole() {
        for length in [0, 1, USUAL_BYTES - 3, USUAL_BYTES, 65_536] {
            let value = vec!["é\n".repeat(length), "end".to_owned()];
            let json = OnTheWire(&value).to_json().unwrap();
            assert_eq!(*json, serde_json::to_vec(&value).unwrap());
        }
    }
}
