//! Principals that policies name: whether they exist, and what becomes of them
//! in stored documents.
//!
//! A document names users and roles by their ARNs, but what it grants is for
//! the user or role that there was when it was written, not for a later one of
//! the same name. So documents are stored with unique ids in place of such
//! ARNs, and shown with the ARNs that the ids have now; the id of something
//! that was deleted stays, and is shown as it is.
//!
//! Source: IAM User Guide, AWS JSON policy elements: Principal.

mod rewrite;

use std::collections::HashMap;

use strongroom_policy::{Policy, PrincipalPattern, Statement};
use strongroom_store::{StoreError, Transaction};
use strongroom_types::{AccountId, Arn, Partition};

use super::{
    names,
    record::{PrincipalName, Role, User},
};
use crate::tables::{Accounts, PrincipalNames, Roles, Users};

type Result<T> = std::result::Result<T, StoreError>;

/// A user or role, found by the ARN or the id that a policy has of it.
pub(crate) enum Found {
    /// A role.
    Role(AccountId, Role),
    /// A user.
    User(AccountId, User),
}

impl Found {
    /// `AIDA…` or `AROA…`.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Role(_, role) => &role.id,
            Self::User(_, user) => &user.id,
        }
    }

    /// The ARN that it has now.
    pub(crate) fn arn(&self, partition: Partition) -> Arn {
        let partition = partition.as_str();
        match self {
            Self::Role(account, role) => {
                names::arn(partition, *account, "role", &role.path, &role.name)
            }
            Self::User(account, user) => {
                names::arn(partition, *account, "user", &user.path, &user.name)
            }
        }
    }
}

/// The user or role with this ARN.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn by_arn(
    tx: &mut Transaction,
    partition: Partition,
    arn: &str,
) -> Result<Option<Found>> {
    let Ok(parsed) = arn.parse::<Arn>() else {
        return Ok(None);
    };
    let (Some((_, name)), Ok(account)) =
        (parsed.resource().rsplit_once('/'), parsed.account().parse())
    else {
        return Ok(None);
    };
    let kind = parsed.resource().split('/').next();
    let kind = match (parsed.service(), kind) {
        ("iam", Some("role")) => Kind::Role,
        ("iam", Some("user")) => Kind::User,
        _ => return Ok(None),
    };
    let found = by_name(tx, kind, account, name).await?;
    // Names are found in any case, but an ARN has one.
    Ok(found.filter(|found| found.arn(partition).as_str() == arn))
}

/// The user or role with this unique id.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn by_id(tx: &mut Transaction, id: &str) -> Result<Option<Found>> {
    let Some(known) = tx.get::<PrincipalNames>(&(id.to_owned(),)).await? else {
        return Ok(None);
    };
    let Some(account) = AccountId::new(known.account) else {
        return Ok(None);
    };
    let kind = if known.role { Kind::Role } else { Kind::User };
    let found = by_name(tx, kind, account, &known.name).await?;
    Ok(found.filter(|found| found.id() == id))
}

#[derive(Clone, Copy)]
enum Kind {
    Role,
    User,
}

async fn by_name(
    tx: &mut Transaction,
    kind: Kind,
    account: AccountId,
    name: &str,
) -> Result<Option<Found>> {
    let key = names::key(account, name);
    Ok(match kind {
        Kind::Role => tx
            .get::<Roles>(&key)
            .await?
            .map(|role| Found::Role(account, role)),
        Kind::User => tx
            .get::<Users>(&key)
            .await?
            .map(|user| Found::User(account, user)),
    })
}

/// Keeps the name of a new user or role by its id, or of one that has another
/// name now.
///
/// # Errors
/// When the store fails.
pub(crate) fn remember(tx: &mut Transaction, account: AccountId, found: &Found) -> Result<()> {
    let (role, name) = match found {
        Found::Role(_, role) => (true, &role.name),
        Found::User(_, user) => (false, &user.name),
    };
    let row = PrincipalName {
        account: account.number(),
        role,
        name: name.to_lowercase(),
    };
    tx.put::<PrincipalNames>(&(found.id().to_owned(),), &row)
}

/// Forgets the id of a user or role that is deleted.
///
/// # Errors
/// When the store fails.
pub(crate) fn forget(tx: &mut Transaction, id: &str) -> Result<()> {
    tx.delete::<PrincipalNames>(&(id.to_owned(),))
}

/// The first principal of a policy that does not exist: an account, user or
/// role that is not there. What other services and providers there are is not
/// known here, so those exist.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn missing<'p>(
    tx: &mut Transaction,
    partition: Partition,
    policy: &'p Policy,
) -> Result<Option<&'p PrincipalPattern>> {
    for principal in policy.statements().iter().flat_map(Statement::principals) {
        if !exists(tx, partition, principal).await? {
            return Ok(Some(principal));
        }
    }
    Ok(None)
}

async fn exists(
    tx: &mut Transaction,
    partition: Partition,
    principal: &PrincipalPattern,
) -> Result<bool> {
    Ok(match principal {
        PrincipalPattern::Account {
            account,
            partition: named,
        } => {
            named
                .as_deref()
                .is_none_or(|named| named == partition.as_str())
                && account_exists(tx, *account).await?
        }
        PrincipalPattern::Role(arn) | PrincipalPattern::User(arn) => {
            by_arn(tx, partition, arn.as_str()).await?.is_some()
        }
        PrincipalPattern::RoleSession(arn) => {
            let role = arn.resource().split('/').nth(1);
            let (Some(name), Ok(account)) = (role, arn.account().parse()) else {
                return Ok(false);
            };
            let role = by_name(tx, Kind::Role, account, name).await?;
            arn.partition() == partition.as_str()
                && matches!(role, Some(Found::Role(_, role)) if role.name == name)
        }
        PrincipalPattern::FederatedUser(arn) => match arn.account().parse() {
            Ok(account) => {
                arn.partition() == partition.as_str() && account_exists(tx, account).await?
            }
            Err(_) => false,
        },
        PrincipalPattern::UniqueId(id) => by_id(tx, id).await?.is_some(),
        PrincipalPattern::Anyone
        | PrincipalPattern::IdentityProvider(_)
        | PrincipalPattern::Service(_) => true,
    })
}

async fn account_exists(tx: &mut Transaction, account: AccountId) -> Result<bool> {
    Ok(tx.get::<Accounts>(&(account,)).await?.is_some())
}

/// A principal as the text of a refusal quotes it: `"AWS":"arn:…"`.
pub(crate) fn quoted(principal: &PrincipalPattern) -> String {
    let (kind, value) = match principal {
        PrincipalPattern::Anyone => ("AWS", "*".to_owned()),
        PrincipalPattern::Account { account, partition } => match partition {
            Some(partition) => ("AWS", format!("arn:{partition}:iam::{account}:root")),
            None => ("AWS", account.to_string()),
        },
        PrincipalPattern::FederatedUser(arn)
        | PrincipalPattern::Role(arn)
        | PrincipalPattern::RoleSession(arn)
        | PrincipalPattern::User(arn) => ("AWS", arn.to_string()),
        PrincipalPattern::IdentityProvider(provider) => ("Federated", provider.to_string()),
        PrincipalPattern::Service(service) => ("Service", service.to_string()),
        PrincipalPattern::UniqueId(id) => ("AWS", id.to_string()),
    };
    format!(r#""{kind}":"{value}""#)
}

/// A document as it is stored: users and roles by their unique ids. The
/// document is a policy whose principals exist.
///
/// # Errors
/// When the store fails.
pub(crate) async fn to_ids(
    tx: &mut Transaction,
    partition: Partition,
    document: &str,
) -> Result<String> {
    let mut ids = HashMap::new();
    for named in rewrite::principals(document) {
        let found = by_arn(tx, partition, &named).await?;
        if let Some(found) = found {
            let account = match &found {
                Found::Role(account, _) | Found::User(account, _) => *account,
            };
            // Those made before ids were kept.
            remember(tx, account, &found)?;
            ids.insert(named, found.id().to_owned());
        }
    }
    Ok(rewrite::replaced(document, &ids))
}

/// A stored document as it is shown: users and roles by the ARNs they have
/// now, those that are gone by their ids.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn to_arns(
    tx: &mut Transaction,
    partition: Partition,
    document: &str,
) -> Result<String> {
    let mut arns = HashMap::new();
    for named in rewrite::principals(document) {
        if let Some(found) = by_id(tx, &named).await? {
            arns.insert(named, found.arn(partition).to_string());
        }
    }
    Ok(rewrite::replaced(document, &arns))
}
