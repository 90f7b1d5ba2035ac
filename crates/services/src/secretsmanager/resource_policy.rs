//! Resource policies of secrets: their names, and what is refused.

use strongroom_policy::{Policy, PolicyError, PrincipalPattern, Statement};

use super::error::{Error, Result};
use crate::{
    authorize::{Keys, Target, check, judge},
    context::Context,
    iam::principals,
};

/// The only policy that users write.
pub(super) const DEFAULT: &str = "default";

const UNSUPPORTED_PRINCIPAL: &str = "This resource policy contains an unsupported principal.";

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
/// Users and roles are stored by their unique ids, as AWS does, so that another
/// of the same name is not let in.
pub(super) async fn check_principals(cx: &mut Context<'_>, policy: &Policy) -> Result<()> {
    // Whom a provider vouches for acts as a role's session by then.
    let mut named = policy.statements().iter().flat_map(Statement::principals);
    let federated = named.any(|it| matches!(it, PrincipalPattern::IdentityProvider(_)));
    let partition = cx.services.partition;
    if federated
        || principals::missing(&mut cx.tx, partition, policy)
            .await?
            .is_some()
    {
        return Err(Error::MalformedPolicyDocument(UNSUPPORTED_PRINCIPAL.into()));
    }
    Ok(())
}

/// Why the caller, who may now change or delete the secret's policy, could not
/// do so once it is `policy`; nothing if that does not change.
pub(super) fn locked_out(
    cx: &Context<'_>,
    target: &dyn Target,
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
pub(super) fn broad_access(policy: &Policy) -> bool {
    !policy.broad_statements().is_empty()
}
