//! What is passed when a session is made: policies, tags, a device's code.

use strongroom_policy::{Form, Policy};
use strongroom_types::AccountId;

use super::{
    error::{Error, Result},
    packed,
    session::{Session, SessionTag, same_key},
    shapes::{Credentials, PolicyDescriptorType, Tag},
};
use crate::{authorize::Keys, context::Context, iam::managed};

/// Characters of an inline session policy, blanks included.
const POLICY_CHARACTERS: usize = 2048;
/// Managed policies of one session.
const POLICY_ARNS: usize = 10;

/// Puts session policies into a session of `account`.
///
/// # Errors
/// `MalformedPolicyDocument`, `PackedPolicyTooLarge`, `ValidationError`.
pub(super) async fn limit(
    cx: &mut Context<'_>,
    account: AccountId,
    session: &mut Session,
    policy: Option<String>,
    arns: Option<Vec<PolicyDescriptorType>>,
) -> Result<()> {
    if let Some(document) = &policy {
        let characters = document.chars().count();
        if characters > POLICY_CHARACTERS {
            return Err(too_large(
                percent(characters, POLICY_CHARACTERS),
                "policies",
            ));
        }
        Policy::parse_written(document, Form::Inline)?;
    }
    // The model lets an ARN be absent; then nothing would be limited.
    let given = arns.unwrap_or_default().into_iter().zip(1..);
    let arns: Vec<String> = given
        .map(|(descriptor, number)| descriptor.arn.ok_or_else(|| no_arn(number)))
        .collect::<Result<_>>()?;
    if arns.len() > POLICY_ARNS {
        return Err(Error::Validation(
            format!(
                "1 validation error detected: Value '{arns:?}' at 'policyArns' failed to satisfy \
                 constraint: Member must have length less than or equal to {POLICY_ARNS}"
            )
            .into(),
        ));
    }
    for arn in &arns {
        let partition = cx.services.partition;
        let owner = arn.split(':').nth(4).unwrap_or_default();
        let near = owner == "aws" || owner == account.to_string();
        if !near || managed(&mut cx.tx, partition, arn).await?.is_none() {
            let text = format!("Policy {arn} does not exist or is not attachable.");
            return Err(Error::Validation(text.into()));
        }
    }
    session.policy = policy;
    session.policy_arns = arns;
    Ok(())
}

fn no_arn(number: u32) -> Error {
    Error::Validation(
        format!(
            "1 validation error detected: Value null at 'policyArns.{number}.member.arn' failed to \
             satisfy constraint: Member must not be null"
        )
        .into(),
    )
}

/// Puts session tags into a session: those passed, and those that the calling
/// session hands down.
///
/// # Errors
/// `InvalidParameterValue`.
pub(super) fn tag(
    session: &mut Session,
    tags: Vec<Tag>,
    transitive: &[String],
    calling: Option<&Session>,
) -> Result<()> {
    let refused = |text: &'static str| Err(Error::InvalidParameterValue(text.into()));
    let inherited = || {
        let tags = calling.into_iter().flat_map(|calling| &calling.tags);
        tags.filter(|tag| tag.transitive)
    };
    for (place, tag) in tags.iter().enumerate() {
        characters(&tag.key, place, "key", '+')?;
        characters(&tag.value, place, "value", '*')?;
        let earlier = tags.iter().take(place);
        if earlier
            .into_iter()
            .any(|other| same_key(&other.key, &tag.key))
        {
            return refused(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            );
        }
        if tag.key.to_lowercase().starts_with("aws:") {
            return refused("Tag keys that begin with aws: are reserved and cannot be used.");
        }
        if inherited().any(|other| same_key(&other.key, &tag.key)) {
            return refused(
                "One of the specified transitive tag keys can't be set because it conflicts with \
                 a transitive tag key from the calling session.",
            );
        }
    }
    let passed = |key: &String| tags.iter().any(|tag| same_key(&tag.key, key));
    if !transitive.iter().all(passed) {
        return refused("The specified transitive tag key must be included in the requested tags.");
    }
    session.tags = inherited().cloned().collect();
    session.tags.extend(tags.into_iter().map(|tag| SessionTag {
        transitive: transitive.iter().any(|key| same_key(key, &tag.key)),
        key: tag.key,
        value: tag.value,
    }));
    Ok(())
}

/// Letters, blanks, numbers and some marks, of any script.
fn characters(text: &str, place: usize, member: &str, often: char) -> Result<()> {
    let may_be = |letter: char| {
        letter.is_alphanumeric() || letter.is_whitespace() || "_.:/=+-@".contains(letter)
    };
    if text.chars().all(may_be) {
        return Ok(());
    }
    let number = place + 1;
    Err(Error::Validation(
        format!(
            "1 validation error detected: Value '{text}' at 'tags.{number}.member.{member}' failed \
             to satisfy constraint: Member must satisfy regular expression pattern: \
             [\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]{often}"
        )
        .into(),
    ))
}

/// Percent of the room that policies and tags take; nothing if there are none.
///
/// # Errors
/// `PackedPolicyTooLarge`.
pub(super) fn packed_size(session: &Session) -> Result<Option<i64>> {
    if !session.is_limited() && session.tags.is_empty() {
        return Ok(None);
    }
    let percentage = packed::percentage(session);
    if percentage > 100 {
        let what = if session.tags.is_empty() {
            "policies"
        } else {
            "session tags"
        };
        return Err(too_large(percentage, what));
    }
    Ok(Some(percentage))
}

/// Condition keys of the tags that are passed.
pub(super) fn tag_keys(tags: &[Tag], transitive: &[String], keys: &mut Keys) {
    for tag in tags {
        keys.one(&format!("aws:RequestTag/{}", tag.key), tag.value.as_str());
    }
    if !tags.is_empty() {
        let names = tags.iter().map(|tag| tag.key.clone());
        keys.many("aws:TagKeys", names.collect());
    }
    if !transitive.is_empty() {
        keys.many("sts:TransitiveTagKeys", transitive.to_vec());
    }
}

/// Nobody has a device here, so no code is right.
///
/// # Errors
/// `AccessDenied` if there is one.
pub(super) fn refuse_device(serial: Option<&str>, code: Option<&str>) -> Result<()> {
    let text = match (serial, code) {
        (None, None) => return Ok(()),
        (Some(_), Some(_)) => {
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your \
             MFA serial number is valid and associated with this user."
        }
        _ => {
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time \
             pass code."
        }
    };
    Err(Error::AccessDenied(text.into()))
}

/// Milliseconds since the epoch: `seconds` after now.
pub(super) fn expiry(cx: &Context<'_>, seconds: i64) -> i64 {
    cx.now.as_millisecond().saturating_add(seconds * 1000)
}

/// A session that begins now.
pub(super) fn begun(cx: &Context<'_>, seconds: i64) -> Session {
    // To the second, as AWS has it: policies compare with what records show.
    let now = cx.now.as_second() * 1000;
    Session {
        issued_ms: now,
        expires_ms: expiry(cx, seconds) / 1000 * 1000,
        ..Session::default()
    }
}

fn percent(part: usize, whole: usize) -> i64 {
    i64::try_from((part * 100).div_ceil(whole)).unwrap_or(i64::MAX)
}

fn too_large(percentage: i64, what: &str) -> Error {
    Error::PackedPolicyTooLarge(
        format!("Packed size of {what} consumes {percentage}% of allotted space.").into(),
    )
}

/// Makes the credentials of a session.
pub(super) fn issue(
    cx: &Context<'_>,
    session: Session,
    account: AccountId,
    minimum: i64,
) -> Credentials {
    let tokens = cx.services.callers.tokens();
    let minimum = usize::try_from(minimum).unwrap_or(0);
    let expiration = session.expires_at();
    let issued = tokens.issue(cx.services.random.as_ref(), session, account, minimum);
    Credentials::of(issued, expiration)
}

/// Credentials of GetSessionToken and GetFederationToken cannot call STS, but
/// for AssumeRole and GetCallerIdentity.
///
/// Source: IAM User Guide, "Compare AWS STS credentials".
///
/// # Errors
/// `AccessDenied` for those.
pub(super) fn refuse_limited(cx: &Context<'_>, operation: &str) -> Result<()> {
    match cx.request.caller.statement() {
        Some(session) if !session.is_of_role() => Err(Error::AccessDenied(
            format!("Cannot call {operation} with session credentials").into(),
        )),
        _ => Ok(()),
    }
}
