//! Tags: limits, and setting them one by one.

use std::collections::HashSet;

use super::{
    arguments::Tag,
    error::{Error, Result},
    record::{self, Secret},
};
use crate::authorize::Keys;

/// User tags of one secret.
///
/// Source: Secrets Manager quotas.
pub(super) const MAX_TAGS: usize = 50;

/// Tag keys of one request: more than a secret can have, for clients that
/// remove what may not be there.
const MAX_KEYS: usize = 200;

/// To be asked before policies are: they may compare each tag of a request
/// with thousands of patterns.
///
/// # Errors
/// `InvalidParameterException` for more tags than a secret can have.
pub(super) fn check_count(tags: &[Tag]) -> Result<()> {
    if tags.len() > MAX_TAGS {
        return Err(too_many());
    }
    Ok(())
}

/// As [`check_count`], for the keys of tags to remove.
///
/// # Errors
/// `InvalidParameterException` for more than 200.
pub(super) fn check_key_count(keys: &[String]) -> Result<()> {
    if keys.len() > MAX_KEYS {
        return Err(invalid("A request can have at most 200 tag keys."));
    }
    Ok(())
}

/// `aws:RequestTag/…` and `aws:TagKeys` of a request that sets tags.
pub(super) fn request_keys(tags: &[Tag], keys: &mut Keys) {
    for tag in tags {
        if let Some(key) = &tag.key {
            keys.one(
                &format!("aws:RequestTag/{key}"),
                tag.value.clone().unwrap_or_default(),
            );
        }
    }
    keys.many(
        "aws:TagKeys",
        tags.iter().filter_map(|tag| tag.key.clone()).collect(),
    );
}

/// `aws:ResourceTag/…` and `secretsmanager:ResourceTag/…` of a secret's tag.
pub(super) fn resource_keys(key: &str, value: &str, keys: &mut Keys) {
    for prefix in ["aws", "secretsmanager"] {
        keys.one(&format!("{prefix}:ResourceTag/{key}"), value);
    }
}

/// The tags of a request, checked.
///
/// # Errors
/// `InvalidParameterException` for a tag without a key, a key that stands
/// twice or begins with `aws:`.
pub(super) fn checked(tags: Vec<Tag>) -> Result<Vec<record::Tag>> {
    let mut seen = HashSet::new();
    let mut checked = Vec::with_capacity(tags.len());
    for tag in tags {
        let key = tag.key.ok_or_else(|| invalid("A tag must have a key."))?;
        check_key(&key)?;
        if !seen.insert(key.clone()) {
            return Err(invalid("The request has the same tag key more than once."));
        }
        checked.push(record::Tag {
            key,
            value: tag.value.unwrap_or_default(),
        });
    }
    Ok(checked)
}

/// # Errors
/// `InvalidParameterException` for keys that AWS keeps for itself.
pub(super) fn check_key(key: &str) -> Result<()> {
    let reserved = key
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    if reserved {
        Err(invalid(
            "Tag keys can't begin with aws:, which is reserved.",
        ))
    } else {
        Ok(())
    }
}

/// Sets tags, each by its key.
///
/// # Errors
/// `InvalidParameterException` past 50 tags; then nothing is changed.
pub(super) fn set(secret: &mut Secret, tags: Vec<record::Tag>) -> Result<()> {
    let mut merged = secret.tags.clone();
    for tag in tags {
        match merged.iter_mut().find(|known| known.key == tag.key) {
            Some(known) => known.value = tag.value,
            None => merged.push(tag),
        }
    }
    if merged.len() > MAX_TAGS {
        return Err(too_many());
    }
    secret.ever_tagged |= !merged.is_empty();
    secret.tags = merged;
    Ok(())
}

/// The tags as Describe and List answer them: absent on a secret that never
/// had any, empty after the last one was removed.
pub(super) fn answered(secret: &Secret) -> Option<Vec<Tag>> {
    secret
        .ever_tagged
        .then(|| secret.tags.iter().map(Tag::from).collect())
}

fn too_many() -> Error {
    invalid("A secret can have at most 50 tags.")
}

fn invalid(text: &'static str) -> Error {
    Error::InvalidParameter(text.into())
}
