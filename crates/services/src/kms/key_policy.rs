//! Key policies: the two that are given, and what is refused.

use std::borrow::Cow;

use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::StoreError;

use super::{
    error::{Code, Error, Result},
    key::via_service,
    record::Key,
};
use crate::{
    authorize::{Keys, Target, resource_allows},
    context::{Context, Home},
    iam::principals,
};

/// The only policy that a key has.
pub(super) const DEFAULT: &str = "default";

/// Bytes of a key policy as it is kept.
///
/// Source: KMS quotas, "Key policy document size".
const MAX_BYTES: usize = 32_768;

/// The policy in force for a key's row.
pub(super) fn document<'r>(home: &Home, row: &'r Key) -> Cow<'r, str> {
    if row.aws_managed {
        managed(home).into()
    } else if row.policy.is_empty() {
        delegating(home).into()
    } else {
        row.policy.as_str().into()
    }
}

/// The policy that a key gets where none is given: it leaves everything to
/// the account's identity policies.
///
/// Source: KMS Developer Guide, "Default key policy when you create a KMS key
/// programmatically".
pub(super) fn delegating(home: &Home) -> String {
    let Home {
        partition, account, ..
    } = home;
    // In the order of members in which AWS shows it.
    format!(
        "{{\n  \"Version\" : \"2012-10-17\",\n  \"Id\" : \"key-default-1\",\n  \"Statement\" : [ \
         {{\n    \"Sid\" : \"Enable IAM User Permissions\",\n    \"Effect\" : \"Allow\",\n    \
         \"Principal\" : {{\n      \"AWS\" : \"arn:{partition}:iam::{account}:root\"\n    }},\n    \
         \"Action\" : \"kms:*\",\n    \"Resource\" : \"*\"\n  }} ]\n}}"
    )
}

/// The fixed policy of `aws/secretsmanager`: anyone in its account, through
/// Secrets Manager; the account may look at it.
///
/// Source: Secrets Manager User Guide, "Key policy for the AWS managed key".
fn managed(home: &Home) -> String {
    let Home {
        partition, account, ..
    } = home;
    serde_json::json!({
        "Version": "2012-10-17",
        "Id": "auto-secretsmanager-2",
        "Statement": [
            {
                "Sid": "Allow access through AWS Secrets Manager for all principals in the \
                        account that are authorized to use AWS Secrets Manager",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [
                    "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                    "kms:CreateGrant", "kms:DescribeKey",
                ],
                "Resource": "*",
                "Condition": {"StringEquals": {
                    "kms:CallerAccount": account.to_string(),
                    "kms:ViaService": via_service(home),
                }},
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": {"AWS": format!("arn:{partition}:iam::{account}:root")},
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    })
    .to_string()
}

/// A policy that a request gives, compiled.
///
/// # Errors
/// `LimitExceededException` for one that is too long,
/// `MalformedPolicyDocumentException` for one that is none or names somebody
/// who does not exist.
pub(super) async fn given(cx: &mut Context<'_>, text: &str) -> Result<Policy> {
    if text.len() > MAX_BYTES {
        return Err(Error::kms(
            Code::LimitExceeded,
            format!("The key policy is longer than {MAX_BYTES} bytes."),
        ));
    }
    let policy = Policy::parse(text, PolicyKind::Key).map_err(|error| match error {
        strongroom_policy::PolicyError::PrincipalUnsupported { .. } => invalid_principals(),
        error => malformed(error.to_string()),
    })?;
    let partition = cx.services.partition;
    if principals::missing(&mut cx.tx, partition, &policy)
        .await?
        .is_some()
    {
        return Err(invalid_principals());
    }
    Ok(policy)
}

/// A policy as it is kept: users and roles by their ids, so that it grants
/// nothing to later ones of the same name.
///
/// # Errors
/// When the store fails.
pub(super) async fn kept(
    cx: &mut Context<'_>,
    text: &str,
) -> std::result::Result<String, StoreError> {
    principals::to_ids(&mut cx.tx, cx.services.partition, text).await
}

/// A key's policy as it is shown: users and roles by their ARNs.
///
/// # Errors
/// When the store fails.
pub(super) async fn shown(
    cx: &mut Context<'_>,
    home: &Home,
    row: &Key,
) -> std::result::Result<String, StoreError> {
    let document = document(home, row);
    principals::to_arns(&mut cx.tx, cx.services.partition, &document).await
}

/// The lock-out safety check: whoever puts a policy can put another one later.
///
/// # Errors
/// `MalformedPolicyDocumentException`.
pub(super) fn check_lockout(cx: &Context<'_>, target: &dyn Target, policy: &Policy) -> Result<()> {
    // What the request itself says, such as its bypass of this check, is not
    // what a later request will say.
    let keys = Keys::default();
    if resource_allows(cx, target, policy, "kms:PutKeyPolicy", &keys) {
        return Ok(());
    }
    Err(malformed(
        "The new key policy will not allow you to update the key policy in the future.".to_owned(),
    ))
}

fn invalid_principals() -> Error {
    malformed("Policy contains a statement with one or more invalid principals.".to_owned())
}

fn malformed(text: String) -> Error {
    Error::kms(Code::MalformedPolicyDocument, text)
}

/// # Errors
/// `NotFoundException` for a policy that no key has.
pub(super) fn check_name(name: Option<&str>) -> Result<()> {
    match name {
        None | Some(DEFAULT) => Ok(()),
        Some(_) => Err(Error::not_found("No such policy exists")),
    }
}
