//! How much of a token the policies and tags of a session may take.

use super::session::Session;

/// Bytes that session policies, their ARNs and tags may take together in a
/// session's token.
///
/// AWS does not tell its own bound. This one lets in the largest inline policy
/// and ten managed ones with some tags, and keeps a token within the 8 KiB
/// that the header limits of HTTP servers and proxies commonly leave.
pub const PACKED_BYTES: usize = 4096;
/// Bytes that each policy, ARN and tag takes beside its text.
const ENTRY_BYTES: usize = 2;

/// Percent of [`PACKED_BYTES`] that a session takes, rounded up; over 100 is
/// too much.
#[must_use]
pub fn percentage(session: &Session) -> i64 {
    let policies = session.policy.iter().chain(&session.policy_arns);
    let policies = policies.map(|text| text.len() + ENTRY_BYTES);
    let tags = session.tags.iter();
    let tags = tags.map(|tag| tag.key.len() + tag.value.len() + ENTRY_BYTES);
    let bytes: usize = policies.chain(tags).sum();
    i64::try_from((bytes * 100).div_ceil(PACKED_BYTES)).unwrap_or(i64::MAX)
}
