//! `Limit` and `Marker` of the lists: where a list goes on, sealed against
//! change.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use strongroom_crypto::constant_time_eq;

use super::error::{Code, Error, Result};
use crate::context::Context;

/// Items of a page where the request names no limit.
///
/// Source: KMS API Reference, `Limit` of each list.
const USUAL: usize = 100;
const TAG_BYTES: usize = 32;

/// The page that a request asks for.
pub(super) struct Page {
    /// The list it is of: the operation, and what narrows it.
    listing: String,
    /// Items.
    pub(super) limit: usize,
    /// The last item of the page before.
    pub(super) after: Option<String>,
}

impl Page {
    /// # Errors
    /// `InvalidMarkerException` unless the marker was given for this list.
    pub(super) fn of(
        cx: &Context<'_>,
        operation: &str,
        narrowed: &[Option<&str>],
        limit: Option<i64>,
        most: usize,
        marker: Option<&str>,
    ) -> Result<Self> {
        let home = cx.home();
        let listing = format!(
            "{operation}\0{}\0{}\0{narrowed:?}",
            home.account, home.region
        );
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        let limit = limit.unwrap_or(USUAL.min(most));
        if limit > most {
            return Err(Error::validation(format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy \
                 constraint: Member must have value less than or equal to {most}"
            )));
        }
        let after = marker.map(|marker| {
            read(cx, &listing, marker).ok_or_else(|| Error::kms(Code::InvalidMarker, ""))
        });
        Ok(Self {
            after: after.transpose()?,
            limit,
            listing,
        })
    }

    /// Cuts `items`, which are one more than the page holds if there are
    /// more, and says how the list goes on: after the item of this name.
    pub(super) fn cut<T>(
        &self,
        cx: &Context<'_>,
        items: &mut Vec<T>,
        name: impl FnOnce(&T) -> String,
    ) -> Option<String> {
        if items.len() <= self.limit {
            return None;
        }
        items.truncate(self.limit);
        let last = name(items.last()?);
        let tag = cx.services.key_material.tokens.sign(&[
            b"marker",
            &(self.listing.len() as u64).to_be_bytes(),
            self.listing.as_bytes(),
            last.as_bytes(),
        ]);
        Some(BASE64_URL_SAFE_NO_PAD.encode([tag.as_slice(), last.as_bytes()].concat()))
    }
}

fn read(cx: &Context<'_>, listing: &str, marker: &str) -> Option<String> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(marker).ok()?;
    let (tag, last) = bytes.split_at_checked(TAG_BYTES)?;
    let expected = cx.services.key_material.tokens.sign(&[
        b"marker",
        &(listing.len() as u64).to_be_bytes(),
        listing.as_bytes(),
        last,
    ]);
    let genuine = constant_time_eq(tag, &expected);
    genuine.then(|| String::from_utf8(last.to_vec()).ok())?
}
