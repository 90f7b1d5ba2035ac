//! Resource policies of secrets: their names, and what is refused.

use serde_json::Value;
use strongroom_policy::{Policy, PolicyError, PrincipalPattern, Statement};
use strongroom_types::{AccountId, Arn};

use super::error::{Error, Result};
use crate::{
    authorize::{Keys, Target, check, judge},
    context::Context,
    tables::{Accounts, Users},
};

/// The only policy that users write.
pub(super) const DEFAULT: &str = "default";

const UNSUPPORTED_PRINCIPAL: &str = "This resource policy contains an unsupported principal.";

/// Condition keys that name who may come in, when compared with fixed values.
///
/// Source: (inferred) AWS decides this by automated reasoning; these are the
/// keys its guides name.
const NARROWING_KEYS: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
];
/// Operators that hold only when the key is there and has a listed value.
const NARROWING_OPERATORS: &[&str] = &["ArnEquals", "ArnLike", "StringEquals", "StringLike"];

/// # Errors
/// `InvalidParameterException` for a policy that is not the user's to write.
pub(super) fn check_policy_name(name: Option<&str>) -> Result<()> {
    if name.is_none_or(|name| name == DEFAULT) {
        return Ok(());
    }
    Err(Error::InvalidParameter(
        "The policy name must be default.".into(),
    ))
}

/// What AWS answers to a document that is no policy.
pub(super) fn malformed(error: &PolicyError) -> Error {
    Error::MalformedPolicyDocument(match error {
        PolicyError::PrincipalUnsupported { .. } => UNSUPPORTED_PRINCIPAL.into(),
        _ => format!("This policy has invalid syntax. {error}").into(),
    })
}

/// # Errors
/// `MalformedPolicyDocumentException` if the policy names an account, user or
/// role that does not exist. Federated users need not, services are not ours.
pub(super) async fn check_principals(cx: &mut Context<'_>, policy: &Policy) -> Result<()> {
    for principal in policy.statements().iter().flat_map(Statement::principals) {
        let exists = match principal {
            PrincipalPattern::Account { account, .. } => account_exists(cx, *account).await?,
            PrincipalPattern::User(arn) => user_exists(cx, arn).await?,
            PrincipalPattern::FederatedUser(arn) => match arn.account().parse() {
                Ok(account) => account_exists(cx, account).await?,
                Err(_) => false,
            },
            // There are no roles yet, and ids are written by the service only.
            PrincipalPattern::Role(_)
            | PrincipalPattern::RoleSession(_)
            | PrincipalPattern::UniqueId(_)
            | PrincipalPattern::IdentityProvider(_) => false,
            PrincipalPattern::Anyone | PrincipalPattern::Service(_) => true,
        };
        if !exists {
            return Err(Error::MalformedPolicyDocument(UNSUPPORTED_PRINCIPAL.into()));
        }
    }
    Ok(())
}

async fn account_exists(cx: &mut Context<'_>, account: AccountId) -> Result<bool> {
    Ok(cx.tx.get::<Accounts>(&(account,)).await?.is_some())
}

async fn user_exists(cx: &mut Context<'_>, arn: &Arn) -> Result<bool> {
    let name = arn
        .resource()
        .rsplit_once('/')
        .map(|(_, name)| name.to_lowercase());
    let (Some(name), Ok(account)) = (name, arn.account().parse::<AccountId>()) else {
        return Ok(false);
    };
    let user = cx.tx.get::<Users>(&(account, name)).await?;
    // Names are found in any case, but an ARN has one.
    Ok(user.is_some_and(|user| arn.resource() == format!("user{}{}", user.path, user.name)))
}

/// Why the caller, who may now change or delete the secret's policy, could not
/// do so once it is `policy`; nothing if that does not change.
pub(super) fn locked_out(
    cx: &Context<'_>,
    target: &impl Target,
    policy: &Policy,
    keys: &Keys,
) -> Option<String> {
    let actions = [
        "secretsmanager:PutResourcePolicy",
        "secretsmanager:DeleteResourcePolicy",
    ];
    actions.into_iter().find_map(|action| {
        check(cx, target, action, keys).ok()?;
        judge(cx, target, Some(policy), action, keys).err()
    })
}

/// Whether a policy may let in principals that it does not name.
///
/// Decides by the document's form, on the side of "yes": an Allow for
/// everyone is narrow only if a condition compares one of the keys that name
/// the caller with fixed values. Reasoning about what a policy really grants
/// comes with the policy analysis.
pub(super) fn broad_access(document: &str) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(document) else {
        return true;
    };
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(statement) => std::slice::from_ref(statement),
        None => return false,
    };
    statements.iter().any(|statement| {
        statement.get("Effect").and_then(Value::as_str) == Some("Allow")
            && names_everyone(statement)
            && !is_narrowed(statement)
    })
}

fn names_everyone(statement: &Value) -> bool {
    let is_star = |value: &Value| value.as_str() == Some("*");
    let any_star = |value: &Value| {
        is_star(value)
            || value
                .as_array()
                .is_some_and(|values| values.iter().any(is_star))
    };
    match statement.get("Principal") {
        Some(Value::Object(kinds)) => kinds.values().any(any_star),
        Some(principal) => any_star(principal),
        // NotPrincipal: everyone but those it names.
        None => true,
    }
}

fn is_narrowed(statement: &Value) -> bool {
    let Some(conditions) = statement.get("Condition").and_then(Value::as_object) else {
        return false;
    };
    let comparing = conditions
        .iter()
        .filter(|(operator, _)| NARROWING_OPERATORS.contains(&operator.as_str()));
    comparing
        .filter_map(|(_, keys)| keys.as_object())
        .flatten()
        .any(|(key, values)| {
            let values = values
                .as_array()
                .map_or(std::slice::from_ref(values), Vec::as_slice);
            let fixed = |value: &Value| {
                value
                    .as_str()
                    .is_some_and(|text| !text.contains(['*', '?', '$']))
            };
            NARROWING_KEYS.contains(&key.to_lowercase().as_str()) && values.iter().all(fixed)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_broad_unless_a_condition_names_who() {
        let check = |principal: &str, condition: &str| {
            broad_access(&format!(
                r#"{{"Statement": {{"Effect": "Allow", "Principal": {principal},
                    "Action": "*", "Resource": "*", "Condition": {condition}}}}}"#
            ))
        };
        let org = r#"{"StringEquals": {"aws:PrincipalOrgID": "o-1"}}"#;
        for (principal, condition, broad) in [
            (r#""*""#, "{}", true),
            (r#"{"AWS": "*"}"#, "{}", true),
            (
                r#"{"AWS": ["arn:aws:iam::111122223333:root", "*"]}"#,
                "{}",
                true,
            ),
            (r#"{"AWS": "111122223333"}"#, "{}", false),
            (r#""*""#, org, false),
            (
                r#""*""#,
                r#"{"StringLike": {"aws:PrincipalOrgID": "o-*"}}"#,
                true,
            ),
            (
                r#""*""#,
                r#"{"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}"#,
                true,
            ),
            (
                r#""*""#,
                r#"{"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}"#,
                true,
            ),
            (
                r#""*""#,
                r#"{"Bool": {"aws:SecureTransport": "true"}}"#,
                true,
            ),
        ] {
            assert_eq!(
                check(principal, condition),
                broad,
                "{principal} {condition}"
            );
        }
        let deny = r#"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*"}]}"#;
        assert!(!broad_access(deny));
    }
}
