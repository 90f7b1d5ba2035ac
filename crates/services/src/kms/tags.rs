//! Tags of keys: limits, and setting them one by one.

use std::collections::HashSet;

use super::{
    arguments::Tag,
    error::{Code, Error, Result},
    record,
};
use crate::authorize::Keys;

/// Tags of one key.
///
/// Source: KMS quotas, "Tags per customer managed key".
const MAX_TAGS: usize = 50;

/// `aws:RequestTag/…` and `aws:TagKeys` of a request that sets tags.
pub(super) fn request_keys(tags: &[Tag], keys: &mut Keys) {
    // More are refused, and policies need not look at them.
    let tags = tags.get(..MAX_TAGS).unwrap_or(tags);
    for tag in tags {
        keys.one(&format!("aws:RequestTag/{}", tag.tag_key), &tag.tag_value);
    }
    let names = tags.iter().map(|tag| tag.tag_key.clone());
    keys.many("aws:TagKeys", names.collect());
}

/// `aws:TagKeys` of a request that removes tags.
pub(super) fn removed_keys(names: &[String], keys: &mut Keys) {
    let names = names.get(..MAX_TAGS).unwrap_or(names);
    keys.many("aws:TagKeys", names.to_vec());
}

/// The tags of a request, checked.
///
/// # Errors
/// `TagException`.
pub(super) fn checked(tags: Vec<Tag>) -> Result<Vec<record::Tag>> {
    if tags.len() > MAX_TAGS {
        return Err(error("Too many tags"));
    }
    let mut seen = HashSet::new();
    if !tags.iter().all(|tag| seen.insert(tag.tag_key.as_str())) {
        return Err(error("Duplicate tag keys"));
    }
    tags.iter().try_for_each(|tag| check_key(&tag.tag_key))?;
    Ok(tags
        .into_iter()
        .map(|tag| record::Tag {
            key: tag.tag_key,
            value: tag.tag_value,
        })
        .collect())
}

/// # Errors
/// `TagException` for keys that AWS keeps for itself.
pub(super) fn check_key(key: &str) -> Result<()> {
    let reserved = key
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    if reserved {
        return Err(error("Tags beginning with aws: are reserved"));
    }
    Ok(())
}

/// Sets tags, each by its key.
///
/// # Errors
/// `TagException` past 50 tags; then nothing is changed.
pub(super) fn set(tags: &mut Vec<record::Tag>, new: Vec<record::Tag>) -> Result<()> {
    let mut merged = tags.clone();
    for tag in new {
        match merged.iter_mut().find(|known| known.key == tag.key) {
            Some(known) => known.value = tag.value,
            None => merged.push(tag),
        }
    }
    if merged.len() > MAX_TAGS {
        return Err(error("Too many tags"));
    }
    *tags = merged;
    Ok(())
}

fn error(text: &'static str) -> Error {
    Error::kms(Code::Tag, text)
}
