//! Tags of what is in an organization.

use std::collections::HashSet;

use super::{
    error::{Error, Result},
    record,
    shapes::Tag,
};
use crate::authorize::Keys;

/// Tags of one resource.
///
/// Source: AWS Organizations User Guide, quotas.
const MAX_TAGS: usize = 50;

/// `aws:RequestTag/…` and `aws:TagKeys` of a request that sets tags.
pub(super) fn request_keys(tags: &[Tag], keys: &mut Keys) {
    if tags.is_empty() {
        return;
    }
    for tag in tags {
        keys.one(&format!("aws:RequestTag/{}", tag.key), tag.value.clone());
    }
    keys.many(
        "aws:TagKeys",
        tags.iter().map(|tag| tag.key.clone()).collect(),
    );
}

/// What must be allowed too, to make something with tags.
///
/// Source: AWS Organizations API Reference, CreateAccount and its like: "you
/// must have the `organizations:TagResource` permission".
pub(super) fn further_actions(tags: Option<&[Tag]>) -> &'static [&'static str] {
    if tags.is_some_and(|tags| !tags.is_empty()) {
        &["organizations:TagResource"]
    } else {
        &[]
    }
}

/// The tags of a request, checked.
///
/// # Errors
/// `InvalidInputException`, `ConstraintViolationException`.
pub(super) fn checked(tags: Vec<Tag>) -> Result<Vec<record::Tag>> {
    let mut seen = HashSet::new();
    for tag in &tags {
        check_key(&tag.key)?;
        if !seen.insert(&tag.key) {
            return Err(Error::invalid(
                "DUPLICATE_TAG_KEY",
                "The request has the same tag key more than once.",
            ));
        }
    }
    let tags: Vec<_> = tags
        .into_iter()
        .map(|Tag { key, value }| record::Tag { key, value })
        .collect();
    check_count(&tags)?;
    Ok(tags)
}

/// `known` with `new` set, each by its key.
///
/// # Errors
/// `ConstraintViolationException` past 50 tags.
pub(super) fn set(mut known: Vec<record::Tag>, new: Vec<record::Tag>) -> Result<Vec<record::Tag>> {
    for tag in new {
        match known.iter_mut().find(|it| it.key == tag.key) {
            Some(it) => it.value = tag.value,
            None => known.push(tag),
        }
    }
    check_count(&known)?;
    Ok(known)
}

/// # Errors
/// `InvalidInputException` for keys that AWS keeps for itself.
pub(super) fn check_key(key: &str) -> Result<()> {
    let reserved = key
        .get(..4)
        .is_some_and(|it| it.eq_ignore_ascii_case("aws:"));
    if reserved {
        return Err(Error::invalid(
            "INVALID_SYSTEM_TAGS_PARAMETER",
            "You specified a tag key that is a system tag. You can't add, edit, or delete system \
             tag keys because they're reserved for AWS use.",
        ));
    }
    Ok(())
}

fn check_count(tags: &[record::Tag]) -> Result<()> {
    if tags.len() > MAX_TAGS {
        return Err(Error::constraint(
            "MAX_TAG_LIMIT_EXCEEDED",
            "You have exceeded the number of tags allowed on this resource.",
        ));
    }
    Ok(())
}
