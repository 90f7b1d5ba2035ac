//! Shapes that several operations share.

use super::{
    error::{Error, Result},
    record,
};
use crate::shape::{Input, Output};

/// A user's tag, given or answered.
#[derive(Debug, Clone, Input, Output)]
pub struct Tag {
    /// 1 to 128 characters.
    #[shape(length(1, 128))]
    pub key: Option<String>,
    /// Up to 256 characters.
    #[shape(length(0, 256))]
    pub value: Option<String>,
}

/// A Region to replicate to.
#[derive(Input)]
pub struct ReplicaRegion {
    /// Its name.
    #[shape(length(1, 128), pattern(r"^([a-z]+-)+\d+$"))]
    pub region: Option<String>,
    /// The key to use there.
    #[shape(length(0, 2048))]
    pub kms_key_id: Option<String>,
}

impl From<&record::Tag> for Tag {
    fn from(tag: &record::Tag) -> Self {
        Self {
            key: Some(tag.key.clone()),
            value: Some(tag.value.clone()),
        }
    }
}

/// The token that a writing operation needs. SDKs fill it in; AWS refuses raw
/// requests without it.
///
/// # Errors
/// `InvalidRequestException`.
pub(super) fn token(given: Option<String>) -> Result<String> {
    given.ok_or_else(Error::token_missing)
}

/// What the console shows as "no key": absent, or empty.
pub(super) fn kms_key_id(given: Option<String>) -> Option<String> {
    given.filter(|id| !id.is_empty())
}
