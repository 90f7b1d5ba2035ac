//! Policy documents: what IAM takes, and how it shows them.

use strongroom_policy::{Form, Policy};

use super::error::{Error, Result};

/// Characters other than white space of a managed policy.
///
/// Source: IAM User Guide, IAM and STS quotas.
const MANAGED_SIZE: usize = 6_144;
/// The same of a role's trust policy.
const TRUST_SIZE: usize = 2_048;

/// An identity policy, whose size is the caller's to limit.
///
/// # Errors
/// `MalformedPolicyDocument`.
pub(super) fn identity(document: &str) -> Result<Policy> {
    Ok(Policy::parse_written(document, Form::Inline)?)
}

/// The document of a managed policy, whose version must be `2012-10-17`.
///
/// # Errors
/// `MalformedPolicyDocument`, `LimitExceeded`.
pub(super) fn managed(document: &str) -> Result<Policy> {
    let policy = Policy::parse_written(document, Form::Managed)?;
    within(document, "PolicySize", MANAGED_SIZE)?;
    Ok(policy)
}

/// A role's trust policy; whom it names is not looked at.
///
/// # Errors
/// `MalformedPolicyDocument`, `LimitExceeded`.
pub(super) fn trust(document: &str) -> Result<Policy> {
    let policy = Policy::parse_written(document, Form::Trust)?;
    within(document, "ACLSizePerRole", TRUST_SIZE)?;
    Ok(policy)
}

/// The size that IAM's quotas count: characters other than white space.
pub(super) fn size(document: &str) -> usize {
    document
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .count()
}

fn within(document: &str, quota: &str, most: usize) -> Result<()> {
    if size(document) > most {
        return Err(Error::over_quota(quota, most));
    }
    Ok(())
}

/// A document as answers have it: percent-encoded, every byte but letters,
/// digits and `-._~`.
///
/// Source: IAM API Reference, "Policies returned by this operation are
/// URL-encoded compliant with RFC 3986".
pub(super) fn encoded(document: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(document.len() * 2);
    for byte in document.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_encoded_as_rfc_3986_says() {
        assert_eq!(
            encoded(r#"{"A": ["a-b_c.d~"]}"#),
            "%7B%22A%22%3A%20%5B%22a-b_c.d~%22%5D%7D"
        );
        assert_eq!(encoded("é+/\n"), "%C3%A9%2B%2F%0A");
    }
}
