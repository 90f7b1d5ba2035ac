//! What must be true of the stored rows, whatever was called and whenever the
//! process died. `strongroom verify` and the tests ask it.
//!
//! The store proves that rows are as they were written; this proves that they
//! were written right.

use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::{Mode, StoreError, Transaction};
use strongroom_types::AccountId;

use crate::{
    context::Services,
    iam, kms, lambda, organizations,
    scan::Scan,
    secretsmanager,
    tables::{AccessKeys, Accounts, Users},
};

/// Every rule that the rows of the store break, each in a sentence that names
/// the row and holds no secret; none if all is well.
///
/// # Errors
/// When the store cannot be read.
pub async fn check(services: &Services) -> Result<Vec<String>, StoreError> {
    let mut tx = services.store.begin(Mode::Read).await?;
    let mut problems = Vec::new();
    secretsmanager::check_secrets(services.partition, &mut tx, &mut problems).await?;
    iam::check_iam(services.partition, &mut tx, &mut problems).await?;
    users(&mut tx, &mut problems).await?;
    access_keys(&mut tx, &mut problems).await?;
    organizations::check_organizations(&mut tx, &mut problems).await?;
    kms::check_keys(services.partition, &mut tx, &mut problems).await?;
    lambda::check_functions(&mut tx, &mut problems).await?;
    Ok(problems)
}

async fn users(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<Users>::new();
    while let Some(((account, key), user)) = rows.next(tx).await? {
        if user.name.to_lowercase() != key {
            problems.push(format!("user {account}/{key} has another's key"));
        }
        if tx.get::<Accounts>(&(account,)).await?.is_none() {
            problems.push(format!("user {account}/{key} is of no account"));
        }
        for inline in &user.inline_policies {
            if Policy::parse(&inline.document, PolicyKind::Identity).is_err() {
                let name = &inline.name;
                problems.push(format!("policy {name} of user {account}/{key} is none"));
            }
        }
    }
    Ok(())
}

async fn access_keys(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<AccessKeys>::new();
    while let Some(((id,), key)) = rows.next(tx).await? {
        let user = match AccountId::new(key.account) {
            Some(account) => {
                let user = (account, key.user_name.to_lowercase());
                tx.get::<Users>(&user).await?
            }
            None => None,
        };
        if user.is_none() {
            problems.push(format!("access key {id} is of no user"));
        }
    }
    Ok(())
}
