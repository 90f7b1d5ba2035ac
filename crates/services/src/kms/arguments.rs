//! Shapes that several operations share.

use std::collections::BTreeMap;

use strongroom_types::{Sensitive, Timestamp};

use super::{
    error::{Error, Result},
    record,
};
use crate::shape::{Blob, Input, Output, enumeration};

/// A tag, given or answered.
#[derive(Clone, Debug, Input, Output)]
pub struct Tag {
    /// 1 to 128 characters.
    #[shape(length(1, 128))]
    pub tag_key: String,
    /// Up to 256 characters.
    #[shape(length(0, 256))]
    pub tag_value: String,
}

enumeration! {
    /// `KeyEncryptionAlgorithm` of a recipient.
    pub enum KeyEncryptionMechanism { RsaesOaepSha256 = "RSAES_OAEP_SHA_256" }
}

enumeration! {
    /// `DryRunModifiers`.
    pub enum DryRunModifier { IgnoreCiphertext = "IGNORE_CIPHERTEXT" }
}

/// A Nitro enclave that alone shall read the answer. There are no enclaves
/// here, so it is refused.
#[derive(Input)]
pub struct RecipientInfo {
    /// How to encrypt for it.
    pub key_encryption_algorithm: Option<KeyEncryptionMechanism>,
    /// What it says of itself, signed.
    #[shape(length(1, 262144))]
    pub attestation_document: Option<Blob>,
}

/// What binds a grant.
#[derive(Clone, Input, Output)]
pub struct GrantConstraints {
    /// Pairs that the encryption context must contain.
    pub encryption_context_subset: Option<BTreeMap<String, String>>,
    /// Pairs that it must consist of.
    pub encryption_context_equals: Option<BTreeMap<String, String>>,
    /// The resource that a service must act for.
    #[shape(
        length(20, 512),
        pattern(r"^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$")
    )]
    pub source_arn: Option<String>,
}

/// A grant, as lists show it.
#[derive(Output)]
pub struct GrantListEntry {
    /// The key's ARN.
    pub key_id: Option<String>,
    /// 64 hexadecimal digits.
    pub grant_id: Option<String>,
    /// The friendly name.
    pub name: Option<String>,
    /// When it was made.
    pub creation_date: Option<Timestamp>,
    /// Who may use the key.
    pub grantee_principal: Option<String>,
    /// Who may retire the grant.
    pub retiring_principal: Option<String>,
    /// The account that made it.
    pub issuing_account: Option<String>,
    /// What the grantee may do.
    pub operations: Option<Vec<String>>,
    /// What binds it.
    pub constraints: Option<GrantConstraints>,
    /// The service that may use the key.
    pub grantee_service_principal: Option<String>,
    /// The service that may retire the grant.
    pub retiring_service_principal: Option<String>,
}

/// The answer to a plaintext: wiped after use, never recorded.
pub(super) fn plaintext(mut bytes: zeroize::Zeroizing<Vec<u8>>) -> Option<Sensitive<Blob>> {
    Some(Sensitive::new(Blob(std::mem::take(&mut *bytes))))
}

/// # Errors
/// `UnsupportedOperationException`: there are no enclaves whose documents
/// could be checked.
pub(super) fn no_recipient(recipient: Option<&RecipientInfo>) -> Result<()> {
    match recipient {
        None => Ok(()),
        Some(_) => Err(Error::unsupported(
            "Recipient: this deployment does not verify attestation documents.",
        )),
    }
}

/// Ends a dry run where it would have succeeded.
///
/// # Errors
/// `DryRunOperationException`.
pub(super) fn end_dry_run(dry_run: Option<bool>) -> Result<()> {
    if dry_run == Some(true) {
        return Err(Error::dry_run());
    }
    Ok(())
}

/// A time of a record.
pub(super) fn time(ms: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(ms).ok()
}

impl From<&record::Tag> for Tag {
    fn from(tag: &record::Tag) -> Self {
        Self {
            tag_key: tag.key.clone(),
            tag_value: tag.value.clone(),
        }
    }
}
