//! What a denial tells, sealed: only those who may decode it learn which
//! policies there are.
//!
//! ```text
//! version (1) ‖ salt (16) ‖ nonce (12) ‖ ciphertext ‖ tag (16), in base 64
//! ```
//!
//! As with session tokens, each message has a key of its own.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use strongroom_crypto::{AeadKey, HmacSha256Key, Random};
use strongroom_types::AccountId;
use zeroize::Zeroizing;

/// The version of the format, a message's first byte.
const VERSION: u8 = 1;
/// Bytes of version and salt.
const HEADER_BYTES: usize = 17;

/// Seals and opens messages under one key, the same on every node.
pub(crate) struct AuthorizationMessages(HmacSha256Key);

impl AuthorizationMessages {
    /// Messages under a key that nobody outside the deployment knows.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(HmacSha256Key::new(key))
    }

    /// Seals a message for an account.
    pub(crate) fn seal(&self, random: &dyn Random, account: AccountId, message: &str) -> String {
        let mut header = [VERSION; HEADER_BYTES];
        let [_, salt @ ..] = &mut header;
        random.fill(salt);
        let sealed = self
            .key(&header, account)
            .seal(random, &header, message.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode([header.as_slice(), &sealed].concat())
    }

    /// The message, if it was sealed for this account.
    pub(crate) fn open(&self, account: AccountId, sealed: &str) -> Option<String> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (header, body) = sealed.split_first_chunk::<HEADER_BYTES>()?;
        let message = self.key(header, account).open(header, body).ok()?;
        String::from_utf8(message.to_vec()).ok()
    }

    fn key(&self, header: &[u8; HEADER_BYTES], account: AccountId) -> AeadKey {
        let account = account.number().to_be_bytes();
        AeadKey::new(&Zeroizing::new(self.0.sign(&[header, &account])))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strongroom_crypto::SystemRandom;

    use super::*;

    proptest! {
        #[test]
        fn a_message_is_for_its_account_and_whole(
            text in ".{0,100}",
            place in any::<proptest::sample::Index>(),
            with in "[A-Za-z0-9_-]",
        ) {
            let messages = AuthorizationMessages::new(&[1; 32]);
            let account = AccountId::new(1).unwrap();
            let sealed = messages.seal(&SystemRandom, account, &text);
            prop_assert_eq!(messages.open(account, &sealed), Some(text));
            prop_assert_eq!(messages.open(AccountId::new(2).unwrap(), &sealed), None);
            prop_assert_eq!(AuthorizationMessages::new(&[2; 32]).open(account, &sealed), None);
            let place = place.index(sealed.len());
            let altered = [&sealed[..place], &with, &sealed[place + 1..]].concat();
            prop_assert_eq!(messages.open(account, &altered).is_some(), altered == sealed);
        }

        #[test]
        fn any_text_is_refused_without_panic(text in any::<String>()) {
            let messages = AuthorizationMessages::new(&[1; 32]);
            prop_assert_eq!(messages.open(AccountId::new(1).unwrap(), &text), None);
        }
    }
}
