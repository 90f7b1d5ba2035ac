//! Tags of IAM's entities. Keys are one whatever their case; the case in which
//! they were given is kept.
//!
//! Source: IAM User Guide, tags for IAM resources.

use std::collections::HashSet;

use super::{
    error::{Error, Result},
    pages::{self, Page},
    record,
};
use crate::{
    authorize::Keys,
    shape::{Input, Output},
};

/// Tags of one entity.
const MAX_TAGS: usize = 50;

/// A tag in requests and answers.
#[derive(Clone, Input, Output)]
pub struct Tag {
    /// Letters, digits, blanks and `_.:/=+-@`.
    #[shape(length(1, 128), pattern(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+"))]
    pub key: String,
    /// As the key; may be empty.
    #[shape(length(0, 256), pattern(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"))]
    pub value: String,
}

/// `aws:RequestTag/…` and `aws:TagKeys` of a request that sets tags.
pub(super) fn request_keys(tags: &[Tag], keys: &mut Keys) {
    for tag in tags {
        keys.one(&format!("aws:RequestTag/{}", tag.key), &tag.value);
    }
    let names = tags.iter().map(|tag| tag.key.clone());
    keys.many("aws:TagKeys", names.collect());
}

/// `aws:ResourceTag/…` of what is tagged; users and roles have
/// `iam:ResourceTag/…` too.
pub(super) fn resource_keys(tags: &[record::Tag], keys: &mut Keys, iam_too: bool) {
    for record::Tag { key, value } in tags {
        keys.one(&format!("aws:ResourceTag/{key}"), value);
        if iam_too {
            keys.one(&format!("iam:ResourceTag/{key}"), value);
        }
    }
}

/// The tags of a request, checked.
///
/// # Errors
/// `InvalidInput` for a key that stands twice or begins with `aws:`.
pub(super) fn checked(tags: Vec<Tag>) -> Result<Vec<record::Tag>> {
    let mut seen = HashSet::new();
    for tag in &tags {
        unreserved(&tag.key)?;
        if !seen.insert(tag.key.to_lowercase()) {
            return Err(Error::InvalidInput(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.".into(),
            ));
        }
    }
    let tags = tags
        .into_iter()
        .map(|Tag { key, value }| record::Tag { key, value });
    Ok(tags.collect())
}

/// # Errors
/// `InvalidInput` for keys that AWS keeps for itself.
fn unreserved(key: &str) -> Result<()> {
    let reserved = key
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    if reserved {
        let text = "System tags are reserved for AWS: tag keys cannot begin with aws:.";
        return Err(Error::InvalidInput(text.into()));
    }
    Ok(())
}

/// Sets tags, each by its key. A key that is there in another case is taken
/// over with the new one.
///
/// # Errors
/// `LimitExceeded` past 50 tags; then nothing is changed.
pub(super) fn set(tags: &mut Vec<record::Tag>, more: Vec<record::Tag>) -> Result<()> {
    let mut merged = tags.clone();
    for tag in more {
        let same = |known: &&mut record::Tag| known.key.to_lowercase() == tag.key.to_lowercase();
        match merged.iter_mut().find(same) {
            Some(known) => *known = tag,
            None => merged.push(tag),
        }
    }
    if merged.len() > MAX_TAGS {
        let text = "The number of tags has reached the maximum limit.";
        return Err(Error::LimitExceeded(text.into()));
    }
    *tags = merged;
    Ok(())
}

/// Removes tags by their keys; those that are not there make no difference.
pub(super) fn remove(tags: &mut Vec<record::Tag>, keys: &[String]) {
    let removed: HashSet<String> = keys.iter().map(|key| key.to_lowercase()).collect();
    tags.retain(|tag| !removed.contains(&tag.key.to_lowercase()));
}

/// The tags as answers have them.
pub(super) fn answered(tags: &[record::Tag]) -> Vec<Tag> {
    tags.iter()
        .map(|record::Tag { key, value }| Tag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
}

/// One page of tags, by key. Markers count them, since keys can be too long
/// for a marker.
///
/// # Errors
/// `ValidationError` for a marker that no list gave.
pub(super) fn page(
    tags: &[record::Tag],
    marker: Option<&str>,
    max_items: Option<i64>,
) -> Result<Page<Tag>> {
    let mut tags = answered(tags);
    tags.sort_by_key(|tag| tag.key.to_lowercase());
    let numbered = tags.into_iter().zip(0_u32..).collect();
    let rank = |(_, number): &(Tag, u32)| format!("{number:03}");
    let page = pages::page(numbered, rank, marker, max_items)?;
    Ok(Page {
        items: page.items.into_iter().map(|(tag, _)| tag).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// The tags of an answer that leaves them out where there are none.
pub(super) fn answered_some(tags: &[record::Tag]) -> Option<Vec<Tag>> {
    (!tags.is_empty()).then(|| answered(tags))
}
