//! What an account has once: its alias, its password policy.

use super::{
    error::{Error, Result},
    record::Account,
};
use crate::{context::Context, tables::Accounts};

/// The caller's account.
///
/// # Errors
/// `NoSuchEntity` if there is none, which no credential is of.
pub(super) async fn own(cx: &mut Context<'_>) -> Result<Account> {
    let account = cx.request.caller.account;
    let found = cx.tx.get::<Accounts>(&(account,)).await?;
    found.ok_or_else(|| Error::NoSuchEntity(format!("Account {account} cannot be found.").into()))
}

/// Keeps what was changed of the caller's account.
///
/// # Errors
/// When the store fails.
pub(super) fn save(cx: &mut Context<'_>, account: &Account) -> Result<()> {
    let id = cx.request.caller.account;
    Ok(cx.tx.put::<Accounts>(&(id,), account)?)
}

/// Whether a text can be an account's alias: lower-case letters, digits and
/// single hyphens within.
///
/// Source: IAM's model, `accountAliasType`.
pub(super) fn is_alias(text: &str) -> bool {
    let of_alias = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.chars().all(of_alias)
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[test]
fn an_alias_is_a_host_name_with_single_hyphens() {
    for good in ["abc", "a-b-c", "0a9"] {
        assert!(is_alias(good), "{good}");
    }
    for bad in ["-ab", "ab-", "a--b", "Abc", "a_b", "é"] {
        assert!(!is_alias(bad), "{bad}");
    }
}
