//! Encryption contexts: in one order, bound to ciphertexts, never secret.

use std::collections::BTreeMap;

use super::error::{Error, Result};
use crate::authorize::Keys;

/// Characters of all keys and values together.
///
/// Source: KMS Developer Guide, "Encryption context" (inferred from the limit
/// of its serialised form).
const MAX_CHARACTERS: usize = 8192;

/// The pairs of an encryption context, in the order of their keys.
pub(super) type Pairs<'a> = [(&'a str, &'a str)];

/// A context as a request gives it. Absent and empty are the same.
pub(super) type Given = Option<BTreeMap<String, String>>;

/// The pairs of a given context.
///
/// # Errors
/// `ValidationException` past 8,192 characters.
pub(super) fn pairs(given: &Given) -> Result<Vec<(&str, &str)>> {
    let pairs: Vec<_> = given
        .iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    let characters = |text: &str| text.chars().count();
    let all: usize = pairs
        .iter()
        .map(|(key, value)| characters(key) + characters(value))
        .sum();
    if all > MAX_CHARACTERS {
        return Err(Error::validation(format!(
            "1 validation error detected: Value at 'encryptionContext' failed to satisfy \
             constraint: Member must have length less than or equal to {MAX_CHARACTERS}"
        )));
    }
    Ok(pairs)
}

/// Every pair with its lengths, so that no two contexts look the same.
pub(super) fn associated(head: &[u8], pairs: &Pairs<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(head.len() + 256);
    bytes.extend_from_slice(head);
    for text in pairs.iter().flat_map(|(key, value)| [*key, *value]) {
        bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// `kms:EncryptionContext:…` and `kms:EncryptionContextKeys`.
pub(super) fn condition_keys(given: Option<&BTreeMap<String, String>>, keys: &mut Keys) {
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        return;
    };
    for (key, value) in given {
        keys.one(&format!("kms:EncryptionContext:{key}"), value);
    }
    keys.many("kms:EncryptionContextKeys", given.keys().cloned().collect());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(context: &BTreeMap<String, String>) -> Vec<u8> {
        let given = Some(context.clone());
        associated(b"", &pairs(&given).unwrap())
    }

    proptest! {
        #[test]
        fn different_contexts_never_look_the_same(
            a: BTreeMap<String, String>, b: BTreeMap<String, String>,
        ) {
            prop_assert_eq!(a == b, bytes(&a) == bytes(&b));
        }
    }

    #[test]
    fn letters_cannot_move_between_key_and_value() {
        let of = |pairs: &[(&str, &str)]| associated(b"", pairs);
        assert_ne!(of(&[("ab", "c")]), of(&[("a", "bc")]));
        assert_ne!(of(&[("a", "b"), ("c", "d")]), of(&[("a", "bc"), ("", "d")]));
        assert_ne!(of(&[]), of(&[("", "")]));
    }
}
