use strongroom_types::{AccountId, Region, Timestamp};

/// A typed key whose bytes sort as its parts do.
///
/// Implemented for tuples of up to five [`KeyPart`]s. The encoding is
/// prefix-free: no part's bytes begin another value's bytes of the same part,
/// so that a key's leading parts select exactly the keys that share them.
pub trait Key: Sized + Send + Sync {
    /// Appends the key's bytes.
    fn encode(&self, out: &mut Vec<u8>);

    /// The key with exactly these bytes, `None` if no key has them.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// One component of a key.
///
/// Implement it for a domain type by writing it as one of the types below.
/// INVARIANT: bytes sort as values do, and no value's bytes begin another's.
pub trait KeyPart: Sized + Send + Sync {
    /// Appends the part's bytes.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes one part off the front of `bytes`.
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

/// A value that stands for a part of type `P` in a prefix: the part itself, or
/// a borrowed form of it.
pub trait AsKeyPart<P> {
    /// Appends the bytes that `P` would write.
    fn write_as(&self, out: &mut Vec<u8>);
}

/// The leading parts of a `K`: `()`, or a tuple of up to all of its parts.
pub trait KeyPrefix<K> {
    /// Appends the prefix's bytes.
    fn encode_prefix(&self, out: &mut Vec<u8>);
}

impl<P: KeyPart> AsKeyPart<P> for P {
    fn write_as(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
}

impl<P: KeyPart> AsKeyPart<P> for &P {
    fn write_as(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
}

impl AsKeyPart<String> for &str {
    fn write_as(&self, out: &mut Vec<u8>) {
        write_text(self, out);
    }
}

/// Text ends with a zero byte. Zero and one inside it become `01 01` and
/// `01 02`, which sort between the end mark and every other byte.
fn write_text(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            0 | 1 => out.extend_from_slice(&[1, byte + 1]),
            _ => out.push(byte),
        }
    }
    out.push(0);
}

impl KeyPart for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(self, out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let (text, rest) = bytes.split_at_checked(end)?;
        *bytes = rest.get(1..)?;
        let mut plain = Vec::with_capacity(text.len());
        let mut text = text.iter();
        while let Some(&byte) = text.next() {
            plain.push(match byte {
                1 => match text.next()? {
                    1 => 0,
                    2 => 1,
                    _ => return None,
                },
                _ => byte,
            });
        }
        String::from_utf8(plain).ok()
    }
}

impl<const N: usize> KeyPart for [u8; N] {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (part, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(*part)
    }
}

impl KeyPart for u8 {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        <[u8; 1]>::read(bytes).map(u8::from_be_bytes)
    }
}

impl KeyPart for u32 {
    fn write(&self, out: &mut Vec<u8>) {
        self.to_be_bytes().write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        KeyPart::read(bytes).map(u32::from_be_bytes)
    }
}

impl KeyPart for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        self.to_be_bytes().write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        KeyPart::read(bytes).map(u64::from_be_bytes)
    }
}

/// Its number, which sorts as the twelve digits do.
impl KeyPart for AccountId {
    fn write(&self, out: &mut Vec<u8>) {
        self.number().write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        u64::read(bytes).and_then(AccountId::new)
    }
}

/// Its name.
impl KeyPart for Region {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(self.as_str(), out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        String::read(bytes)?.parse().ok()
    }
}

/// Nanoseconds since 1970, moved so that instants before it sort first.
impl KeyPart for Timestamp {
    fn write(&self, out: &mut Vec<u8>) {
        let moved = self.as_nanosecond().wrapping_sub(i128::MIN).cast_unsigned();
        moved.to_be_bytes().write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let moved = KeyPart::read(bytes).map(u128::from_be_bytes)?;
        Timestamp::from_nanosecond(moved.cast_signed().wrapping_add(i128::MIN)).ok()
    }
}

impl<K: Key> KeyPrefix<K> for () {
    fn encode_prefix(&self, _: &mut Vec<u8>) {}
}

/// A key of these parts.
macro_rules! key {
    ($($part:ident)+) => {
        impl<$($part: KeyPart),+> Key for ($($part,)+) {
            fn encode(&self, out: &mut Vec<u8>) {
                #[expect(non_snake_case, reason = "the type parameters name the parts too")]
                let ($($part,)+) = self;
                $($part.write(out);)+
            }

            fn decode(mut bytes: &[u8]) -> Option<Self> {
                let key = ($($part::read(&mut bytes)?,)+);
                bytes.is_empty().then_some(key)
            }
        }
    };
}

/// A prefix of the parts before the semicolon, given as the types in brackets,
/// of a key that has the parts after it too.
macro_rules! prefix {
    ($($given:ident as $part:ident)+; $($rest:ident)*) => {
        impl<$($given: AsKeyPart<$part>, $part: KeyPart,)+ $($rest: KeyPart),*>
            KeyPrefix<($($part,)+ $($rest,)*)> for ($($given,)+)
        {
            fn encode_prefix(&self, out: &mut Vec<u8>) {
                #[expect(non_snake_case, reason = "the type parameters name the parts too")]
                let ($($given,)+) = self;
                $($given.write_as(out);)+
            }
        }
    };
}

key!(A);
key!(A B);
key!(A B C);
key!(A B C D);
key!(A B C D E);

prefix!(GA as A;);
prefix!(GA as A; B);
prefix!(GA as A; B C);
prefix!(GA as A; B C D);
prefix!(GA as A; B C D E);
prefix!(GA as A GB as B;);
prefix!(GA as A GB as B; C);
prefix!(GA as A GB as B; C D);
prefix!(GA as A GB as B; C D E);
prefix!(GA as A GB as B GC as C;);
prefix!(GA as A GB as B GC as C; D);
prefix!(GA as A GB as B GC as C; D E);
prefix!(GA as A GB as B GC as C GD as D;);
prefix!(GA as A GB as B GC as C GD as D; E);
prefix!(GA as A GB as B GC as C GD as D GE as E;);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Example = (String, u64, Vec3, Timestamp);
    type Vec3 = [u8; 3];

    fn bytes(key: &impl Key) -> Vec<u8> {
        let mut out = Vec::new();
        key.encode(&mut out);
        out
    }

    fn example() -> impl Strategy<Value = Example> {
        let text = prop_oneof![
            proptest::collection::vec(
                prop_oneof![
                    Just('\0'),
                    Just('\u{1}'),
                    Just('\u{2}'),
                    Just('a'),
                    Just('é')
                ],
                0..4
            )
            .prop_map(|text| text.into_iter().collect::<String>()),
            ".{0,8}",
        ];
        let instant = (
            -1_000_000_000_000i64..1_000_000_000_000,
            0..1_000_000_000i32,
        )
            .prop_filter_map("in range", |(second, nano)| {
                Timestamp::new(second / 10, nano).ok()
            });
        (
            text,
            prop_oneof![any::<u64>(), 0..3u64],
            any::<Vec3>(),
            instant,
        )
    }

    proptest! {
        #[test]
        fn bytes_sort_as_keys_do_and_come_back(a in example(), b in example()) {
            prop_assert_eq!(bytes(&a).cmp(&bytes(&b)), a.cmp(&b));
            prop_assert_eq!(Example::decode(&bytes(&a)), Some(a));
        }

        #[test]
        fn a_prefix_selects_the_keys_that_share_its_parts(a in example(), b in example()) {
            let mut prefix = Vec::new();
            KeyPrefix::<Example>::encode_prefix(&(a.0.as_str(), a.1), &mut prefix);
            prop_assert_eq!(bytes(&b).starts_with(&prefix), (&a.0, a.1) == (&b.0, b.1));
        }

        #[test]
        fn decoding_any_bytes_does_not_panic(bytes in any::<Vec<u8>>()) {
            let _ = Example::decode(&bytes);
            let _ = <(AccountId, Region)>::decode(&bytes);
        }
    }

    #[test]
    fn names_of_things_sort_as_their_text() {
        let regions: Vec<_> = Region::all().map(|region| bytes(&(region,))).collect();
        assert!(regions.is_sorted());
        for region in Region::all() {
            assert_eq!(<(Region,)>::decode(&bytes(&(region,))), Some((region,)));
        }
        assert_eq!(<(String,)>::decode(b"no end"), None);
        assert_eq!(<(String,)>::decode(b"more\0than one"), None);
    }
}
