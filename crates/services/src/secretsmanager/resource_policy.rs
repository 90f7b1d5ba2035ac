//! Resource policies of secrets: their names, and what is refused.

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
pub(super) fn broad_access(policy: &Policy) -> bool {
    !policy.broad_statements().is_empty()
}
