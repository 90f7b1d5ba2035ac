//! Whom a resource policy lets in.

use strongroom_policy::{Effect, Policy, PolicyKind, PrincipalPattern};
use strongroom_store::{StoreError, Transaction};
use strongroom_types::{AccountId, Arn};

use crate::tables::PrincipalNames;

/// Somebody a policy lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grantee {
    /// As it is told.
    pub(super) text: String,
    /// Whose; nothing for anyone, and for whom nobody knows.
    pub(super) account: Option<AccountId>,
}

/// Everybody that a policy lets in, but for services.
pub(super) async fn grantees(
    tx: &mut Transaction,
    document: &str,
) -> Result<Vec<Grantee>, StoreError> {
    // It was a policy when it was put.
    let Ok(policy) = Policy::parse(document, PolicyKind::Resource) else {
        return Ok(Vec::new());
    };
    let broad = policy.broad_statements();
    let mut found = Vec::new();
    for (place, statement) in policy.statements().iter().enumerate() {
        if statement.effect() != Effect::Allow {
            continue;
        }
        for principal in statement.principals() {
            if let Some(grantee) = grantee(tx, principal, broad.contains(&place)).await?
                && !found.contains(&grantee)
            {
                found.push(grantee);
            }
        }
    }
    Ok(found)
}

async fn grantee(
    tx: &mut Transaction,
    principal: &PrincipalPattern,
    is_broad: bool,
) -> Result<Option<Grantee>, StoreError> {
    let by_arn = |arn: &Arn| Grantee {
        text: arn.to_string(),
        account: arn.account().parse().ok(),
    };
    Ok(match principal {
        // Conditions may keep everyone but a few out.
        PrincipalPattern::Anyone => is_broad.then(|| Grantee {
            text: "anyone".to_owned(),
            account: None,
        }),
        PrincipalPattern::Account { account, .. } => Some(Grantee {
            text: format!("account {account}"),
            account: Some(*account),
        }),
        PrincipalPattern::FederatedUser(arn)
        | PrincipalPattern::Role(arn)
        | PrincipalPattern::RoleSession(arn)
        | PrincipalPattern::User(arn) => Some(by_arn(arn)),
        PrincipalPattern::UniqueId(id) => {
            let known = tx.get::<PrincipalNames>(&(id.to_string(),)).await?;
            // Whoever is gone lets nobody in any more.
            known.and_then(|known| {
                let account = AccountId::new(known.account)?;
                let kind = if known.role { "role" } else { "user" };
                Some(Grantee {
                    text: format!("{kind} {} of account {account}", known.name),
                    account: Some(account),
                })
            })
        }
        PrincipalPattern::IdentityProvider(_) | PrincipalPattern::Service(_) => None,
    })
}
