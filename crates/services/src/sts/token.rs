//! Session tokens: sessions, sealed, and the credentials that go with them.
//!
//! ```text
//! version (1) ‖ salt (16) ‖ nonce (12) ‖ ciphertext ‖ tag (16), in base 64
//! ```
//!
//! Each token has a key of its own, derived from its random salt, so that no
//! number of sessions wears a key out. The secret access key is derived from
//! the same salt and is in the token in no form. So a token says nothing to
//! whoever finds it, cannot be altered by a bit, and any node that has the
//! deployment's key opens it without looking anything up.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use prost::Message as _;
use strongroom_crypto::{AeadKey, HmacSha256Key, OVERHEAD_BYTES, Random};
use strongroom_types::{AccountId, Sensitive};
use zeroize::Zeroizing;

use super::session::Session;

/// The version of the format, a token's first byte.
const VERSION: u8 = 1;
/// Bytes of the salt.
const SALT_BYTES: usize = 16;
/// Version and salt, which stand before what is sealed.
const HEADER_BYTES: usize = 1 + SALT_BYTES;
/// Bytes that a secret access key has before it is written in base 64.
const SECRET_BYTES: usize = 30;
/// Longest token that is looked at, in characters. The longest that is made is
/// shorter: [`PACKED_BYTES`](super::packed::PACKED_BYTES) bound it.
pub const MAX_TOKEN_CHARACTERS: usize = 12 * 1024;

/// The alphabet of AWS's identifiers: base 32.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Makes and opens session tokens under one key, the same on every node.
#[derive(Clone)]
pub struct SessionTokens(HmacSha256Key);

/// Temporary credentials.
#[derive(Debug)]
pub struct Credentials {
    /// `ASIA…`
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: Sensitive<String>,
    /// What every request must carry beside the signature.
    pub session_token: Sensitive<String>,
}

/// A session whose token was opened, and the secret its requests are signed
/// with.
#[derive(Debug)]
pub struct Opened {
    /// The session. Whether it has ended is not looked at.
    pub session: Session,
    /// The secret access key.
    pub secret_access_key: Sensitive<String>,
}

impl SessionTokens {
    /// Tokens under a key that nobody outside the deployment knows.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(HmacSha256Key::new(key))
    }

    /// Makes credentials for a session. Its access key id is drawn here;
    /// `minimum` is the least number of characters of the token, up to 4,096.
    #[must_use]
    pub fn issue(
        &self,
        random: &dyn Random,
        mut session: Session,
        account: AccountId,
        minimum: usize,
    ) -> Credentials {
        let mut header = [VERSION; HEADER_BYTES];
        let [_, salt @ ..] = &mut header;
        random.fill(salt);
        session.account = account.number();
        session.access_key_id = access_key_id("ASIA", account, random);
        session.padding = Vec::new();
        let unpadded = HEADER_BYTES + OVERHEAD_BYTES + session.encoded_len();
        session.padding = vec![0; (minimum * 3).div_ceil(4).saturating_sub(unpadded)];

        let plaintext = Zeroizing::new(session.encode_to_vec());
        let sealed = self.key(&header).seal(random, &header, &plaintext);
        let token = BASE64_STANDARD.encode([header.as_slice(), &sealed].concat());
        Credentials {
            secret_access_key: self.secret(&header),
            session_token: Sensitive::new(token),
            access_key_id: session.access_key_id,
        }
    }

    /// The session of a token; nothing if the token was not made here or was
    /// altered. Which it is takes the same time and is not told.
    #[must_use]
    pub fn open(&self, token: &str) -> Option<Opened> {
        if token.len() > MAX_TOKEN_CHARACTERS {
            return None;
        }
        let token = BASE64_STANDARD.decode(token).ok()?;
        let (header, sealed) = token.split_first_chunk::<HEADER_BYTES>()?;
        // The version is part of what the key is derived from.
        let plaintext = self.key(header).open(header, sealed).ok()?;
        let session = Session::decode(plaintext.as_slice()).ok()?;
        session.holder.as_ref()?;
        session.account()?;
        Some(Opened {
            session,
            secret_access_key: self.secret(header),
        })
    }

    fn key(&self, header: &[u8; HEADER_BYTES]) -> AeadKey {
        AeadKey::new(&Zeroizing::new(self.0.sign(&[b"token", header])))
    }

    fn secret(&self, header: &[u8; HEADER_BYTES]) -> Sensitive<String> {
        let bytes = Zeroizing::new(self.0.sign(&[b"secret access key", header]));
        let (secret, _) = bytes.split_at(SECRET_BYTES);
        Sensitive::new(BASE64_STANDARD.encode(secret))
    }
}

/// A new access key id, in which the account can be read as in AWS's own: of
/// the ten bytes behind the prefix, bits 1 to 40, after a first that is set. The
/// other 39 are chance.
///
/// Source: the widely used decoders of AWS access key ids.
#[must_use]
pub fn access_key_id(prefix: &str, account: AccountId, random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    let chance = u128::from_be_bytes(bytes);
    let chance = chance & ((1 << 39) - 1);
    let bits = 1 << 79 | u128::from(account.number()) << 39 | chance;
    let characters = (0..16).rev().map(|place| {
        let index = usize::try_from(bits >> (place * 5) & 31).unwrap_or(0);
        BASE32.get(index).copied().map_or('A', char::from)
    });
    prefix.chars().chain(characters).collect()
}

/// The account in an access key id, as [`access_key_id`] wrote it.
#[must_use]
pub fn account_of(access_key_id: &str) -> Option<AccountId> {
    let characters = access_key_id.get(4..).filter(|rest| rest.len() == 16)?;
    let mut bits = 0_u128;
    for character in characters.bytes() {
        let index = BASE32.iter().position(|known| *known == character)?;
        bits = bits << 5 | u128::try_from(index).ok()?;
    }
    AccountId::new(u64::try_from(bits >> 39 & ACCOUNT_MASK).ok()?)
}

/// Bits of an account's number.
const ACCOUNT_MASK: u128 = (1 << 40) - 1;

#[cfg(test)]
mod tests;
