//! What must be true of users, their keys and groups, and of what an account
//! has once.

use strongroom_store::{StoreError, Transaction};
use strongroom_types::AccountId;

use crate::{
    scan::Scan,
    tables::{AccessKeyUses, AccessKeys, AccountAliases, Accounts, GroupMembers, Groups, Users},
};

/// # Errors
/// When the store cannot be read.
pub(super) async fn check(
    tx: &mut Transaction,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    users(tx, problems).await?;
    members(tx, problems).await?;
    keys(tx, problems).await?;
    aliases(tx, problems).await
}

/// What a user's record says has its row, and the groups are there.
async fn users(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<Users>::new();
    while let Some(((account, name), user)) = rows.next(tx).await? {
        for group in &user.groups {
            let member = (account, group.clone(), name.clone());
            if tx.get::<GroupMembers>(&member).await?.is_none() {
                problems.push(format!("group {group} does not know {account}/{name}"));
            }
            let group_key = (account, group.clone());
            if tx.get::<Groups>(&group_key).await?.is_none() {
                problems.push(format!("user {account}/{name} is in no group {group}"));
            }
        }
        for id in &user.access_key_ids {
            let key = tx.get::<AccessKeys>(&(id.clone(),)).await?;
            let is_own = key
                .is_some_and(|key| key.account == account.number() && key.user_name == user.name);
            if !is_own {
                problems.push(format!("access key {id} is not of {account}/{name}"));
            }
        }
    }
    Ok(())
}

/// A group's member knows it.
async fn members(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<GroupMembers>::new();
    while let Some(((account, group, name), _)) = rows.next(tx).await? {
        let user = tx.get::<Users>(&(account, name.clone())).await?;
        if !user.is_some_and(|user| user.groups.contains(&group)) {
            problems.push(format!("user {account}/{name} does not know {group}"));
        }
    }
    Ok(())
}

/// A key's user lists it, and a use is of a key.
async fn keys(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<AccessKeys>::new();
    while let Some(((id,), key)) = rows.next(tx).await? {
        let Some(account) = AccountId::new(key.account) else {
            continue;
        };
        let row = (account, key.user_name.to_lowercase());
        // A key of nobody is told of elsewhere.
        let user = tx.get::<Users>(&row).await?;
        if user.is_some_and(|user| !user.access_key_ids.contains(&id)) {
            problems.push(format!("user {account}/{} does not know key {id}", row.1));
        }
    }
    let mut rows = Scan::<AccessKeyUses>::new();
    while let Some((key, _)) = rows.next(tx).await? {
        if tx.get::<AccessKeys>(&key).await?.is_none() {
            problems.push(format!("access key {} was used and is none", key.0));
        }
    }
    Ok(())
}

/// An account and its alias know each other.
async fn aliases(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<AccountAliases>::new();
    while let Some(((alias,), of)) = rows.next(tx).await? {
        let account = match AccountId::new(of.account) {
            Some(account) => tx.get::<Accounts>(&(account,)).await?,
            None => None,
        };
        if account.and_then(|account| account.alias).as_ref() != Some(&alias) {
            problems.push(format!("account alias {alias} is of no account"));
        }
    }
    let mut rows = Scan::<Accounts>::new();
    while let Some(((id,), account)) = rows.next(tx).await? {
        if let Some(alias) = account.alias
            && tx.get::<AccountAliases>(&(alias.clone(),)).await?.is_none()
        {
            problems.push(format!("alias {alias} of account {id} has no row"));
        }
    }
    Ok(())
}
