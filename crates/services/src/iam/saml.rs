//! What IAM takes for a SAML provider: its metadata, and the keys that decrypt
//! its assertions.

use quick_xml::{Reader, events::Event};
use strongroom_crypto::Random;
use strongroom_types::{Sensitive, Timestamp};

use super::{
    error::{Error, Result},
    names,
    record::{SamlKey, SamlProvider},
};
use crate::shape::{Output, enumeration};

/// Private keys of one provider.
const MAX_PRIVATE_KEYS: usize = 2;
/// How long metadata without an end is valid: a hundred years.
const ALWAYS_MS: i64 = 100 * 365 * 24 * 60 * 60 * 1000;
/// Elements within each other. Metadata has less than ten.
const MAX_DEPTH: usize = 100;
/// Characters of a unique id after its four letters.
const ID_LETTERS: usize = 18;

enumeration! {
    /// Whether assertions must be encrypted.
    pub enum AssertionEncryptionMode {
        Required = "Required",
        Allowed = "Allowed",
    }
}

/// A private key in answers, less the key.
#[derive(Output)]
pub struct SamlPrivateKey {
    /// Its id.
    pub key_id: Option<String>,
    /// When it was added.
    pub timestamp: Option<Timestamp>,
}

/// What a provider's metadata says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Metadata {
    /// Milliseconds since the epoch.
    pub(super) valid_until_ms: Option<i64>,
}

impl Metadata {
    /// Reads a document: an `EntityDescriptor` that describes an identity
    /// provider with a certificate. There is no entity or document type in
    /// it, which could name things outside.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub(super) fn read(document: &str) -> Result<Self> {
        let invalid = || Error::InvalidInput("Could not parse metadata".into());
        let mut reader = Reader::from_str(document);
        let (mut depth, mut valid_until_ms) = (0_usize, None);
        let (mut is_entity, mut has_provider, mut has_certificate) = (false, false, false);
        loop {
            let event = reader.read_event().map_err(|_| invalid())?;
            match &event {
                Event::Start(start) | Event::Empty(start) => {
                    let name = start.local_name();
                    let name: &str = name.as_ref();
                    if depth == 0 {
                        if is_entity || name != "EntityDescriptor" {
                            return Err(invalid());
                        }
                        is_entity = true;
                        let attribute = |name: &str| {
                            start
                                .try_get_attribute(name)
                                .ok()
                                .flatten()
                                .map(|found| found.value.into_owned())
                        };
                        attribute("entityID").ok_or_else(invalid)?;
                        if let Some(end) = attribute("validUntil") {
                            let end: Timestamp = end.parse().map_err(|_| invalid())?;
                            valid_until_ms = Some(end.as_millisecond());
                        }
                    }
                    has_provider |= name == "IDPSSODescriptor";
                    has_certificate |= name == "X509Certificate";
                    if matches!(event, Event::Start(_)) {
                        depth += 1;
                    }
                    if depth > MAX_DEPTH {
                        return Err(invalid());
                    }
                }
                Event::End(_) => depth = depth.checked_sub(1).ok_or_else(invalid)?,
                Event::DocType(_) => return Err(invalid()),
                Event::Eof => break,
                _ => {}
            }
        }
        if depth != 0 || !(has_provider && has_certificate) {
            return Err(invalid());
        }
        Ok(Self { valid_until_ms })
    }
}

/// When a provider's metadata stops being valid.
pub(super) fn valid_until(provider: &SamlProvider) -> Option<Timestamp> {
    let end = provider
        .valid_until_ms
        .unwrap_or_else(|| provider.created_ms.saturating_add(ALWAYS_MS));
    Timestamp::from_millisecond(end).ok()
}

/// A new unique id of a provider or a private key.
pub(super) fn draw_id(random: &dyn Random) -> String {
    names::draw(random, "SAML", ID_LETTERS)
}

/// Sets what a request says of the encryption of assertions.
///
/// # Errors
/// `InvalidInput` for what is no key in PEM, and if encryption is required and
/// there is no key; `LimitExceeded` past two keys.
pub(super) fn set_encryption(
    provider: &mut SamlProvider,
    mode: Option<AssertionEncryptionMode>,
    private_key: Option<Sensitive<String>>,
    random: &dyn Random,
    now: Timestamp,
) -> Result<()> {
    if let Some(key) = private_key {
        let pem = key.expose().trim();
        if !(pem.starts_with("-----BEGIN ") && pem.contains("PRIVATE KEY-----")) {
            return Err(Error::InvalidInput("Invalid private key".into()));
        }
        if provider.private_keys.len() >= MAX_PRIVATE_KEYS {
            let quota = "PrivateKeysPerSAMLProvider";
            return Err(Error::over_quota(quota, MAX_PRIVATE_KEYS));
        }
        provider.private_keys.push(SamlKey {
            id: draw_id(random),
            pem: pem.to_owned(),
            created_ms: now.as_millisecond(),
        });
    }
    if let Some(mode) = mode {
        provider.encryption_required = Some(mode == AssertionEncryptionMode::Required);
    }
    if provider.encryption_required.is_some() && provider.private_keys.is_empty() {
        return Err(Error::InvalidInput(
            "A private key is needed to decrypt assertions.".into(),
        ));
    }
    Ok(())
}

/// Removes a private key.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn remove_private_key(provider: &mut SamlProvider, id: &str) -> Result<()> {
    let before = provider.private_keys.len();
    provider.private_keys.retain(|key| key.id != id);
    if provider.private_keys.len() == before {
        let text = format!("Private key {id} cannot be found.");
        return Err(Error::NoSuchEntity(text.into()));
    }
    if provider.private_keys.is_empty() {
        provider.encryption_required = None;
    }
    Ok(())
}

impl SamlProvider {
    /// Whether assertions must be encrypted, if that was said.
    pub(super) fn encryption_mode(&self) -> Option<AssertionEncryptionMode> {
        self.encryption_required.map(|required| {
            if required {
                AssertionEncryptionMode::Required
            } else {
                AssertionEncryptionMode::Allowed
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(attributes: &str, inside: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><md:EntityDescriptor xmlns:md=\"urn:oasis\" \
             {attributes}>{inside}</md:EntityDescriptor>"
        )
    }

    const PROVIDER: &str = "<md:IDPSSODescriptor><ds:X509Certificate>MII</ds:X509Certificate>\
                            </md:IDPSSODescriptor>";

    #[test]
    fn metadata_describes_an_identity_provider() {
        let read = |text: &str| Metadata::read(text).map(|metadata| metadata.valid_until_ms);
        assert_eq!(read(&document("entityID=\"a\"", PROVIDER)).unwrap(), None);
        let ends = document(
            "entityID=\"a\" validUntil=\"2030-01-01T00:00:00Z\"",
            PROVIDER,
        );
        assert_eq!(read(&ends).unwrap(), Some(1_893_456_000_000));
        let deep = format!("{}{}", "<a>".repeat(200), "</a>".repeat(200));
        for bad in [
            "",
            "text",
            "{}",
            "<EntityDescriptor",
            &document("", PROVIDER),
            &document("entityID=\"a\"", ""),
            &document("entityID=\"a\" validUntil=\"soon\"", PROVIDER),
            &document("entityID=\"a\"", "<b></c>"),
            &document("entityID=\"a\"", &deep),
            &format!(
                "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///\">]>{}",
                document("entityID=\"a\"", PROVIDER)
            ),
            &format!("{0}{0}", document("entityID=\"a\"", PROVIDER)),
        ] {
            assert!(read(bad).is_err(), "{bad:.60}");
        }
    }
}
