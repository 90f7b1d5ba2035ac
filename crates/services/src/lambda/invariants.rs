//! What must be true of the rows of functions.

use strongroom_rotation::Template;
use strongroom_store::{StoreError, Transaction};

use super::{FunctionRow, builtin::Builtin};
use crate::{
    scan::Scan,
    tables::{
        BuiltinFunctions, FunctionAliases, FunctionCodes, FunctionEventPayloads, FunctionEvents,
        FunctionJobs, FunctionVersions, Functions,
    },
};

/// Adds what the rows of functions break.
pub(crate) async fn check_functions(
    tx: &mut Transaction,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    functions(tx, problems).await?;
    builtins(tx, problems).await?;
    versions(tx, problems).await?;
    aliases(tx, problems).await?;
    codes(tx, problems).await?;
    events(tx, problems).await
}

async fn functions(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<Functions>::new();
    while let Some(((account, region, name), row)) = rows.next(tx).await? {
        let of = format!("function {account}/{region}/{name}");
        if row.name != name || row.version != 0 {
            problems.push(format!("{of} has another's key"));
        }
        let code = (account, region, name, row.code);
        if tx.get::<FunctionCodes>(&code).await?.is_none() {
            problems.push(format!("{of} has no archive"));
        }
    }
    Ok(())
}

async fn builtins(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<BuiltinFunctions>::new();
    while let Some(((account, region, name), row)) = rows.next(tx).await? {
        let builtin = Template::named(&name).map(|template| Builtin { template, row });
        if builtin.is_none_or(|builtin| builtin.environment().is_err()) {
            problems.push(format!(
                "the environment of function {account}/{region}/{name} means nothing"
            ));
        }
    }
    Ok(())
}

async fn versions(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<FunctionVersions>::new();
    while let Some(((account, region, name, number), row)) = rows.next(tx).await? {
        let of = format!("version {number} of function {account}/{region}/{name}");
        let latest = tx
            .get::<Functions>(&(account, region, name.clone()))
            .await?;
        let published = latest.is_some_and(|latest| number <= latest.last_version);
        if row.name != name || row.version != number || number == 0 || !published {
            problems.push(format!("{of} was never published"));
        }
        let code = (account, region, name, row.code);
        if tx.get::<FunctionCodes>(&code).await?.is_none() {
            problems.push(format!("{of} has no archive"));
        }
    }
    Ok(())
}

async fn aliases(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<FunctionAliases>::new();
    while let Some(((account, region, name, alias), row)) = rows.next(tx).await? {
        let version = (account, region, name.clone(), row.version);
        let is_there = match row.version {
            0 => tx
                .get::<Functions>(&(account, region, name.clone()))
                .await?
                .is_some(),
            _ => tx.get::<FunctionVersions>(&version).await?.is_some(),
        };
        if row.name != alias || !is_there {
            problems.push(format!(
                "alias {alias} of function {account}/{region}/{name} stands for nothing"
            ));
        }
    }
    Ok(())
}

/// Archives that nobody has would stay for ever.
async fn codes(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut last: Option<<FunctionCodes as strongroom_store::Table>::Key> = None;
    loop {
        // One at a time: they are large.
        let rows = tx.range::<FunctionCodes>((), last.as_ref(), 1).await?;
        let Some((key, _)) = rows.into_iter().next() else {
            return Ok(());
        };
        let (account, region, name, code) = key.clone();
        let has = |row: &FunctionRow| row.code == code;
        let place = (account, region, name.clone());
        let latest = tx.get::<Functions>(&place).await?;
        let versions = tx
            .range::<FunctionVersions>(place, None, usize::MAX)
            .await?;
        if !latest
            .iter()
            .chain(versions.iter().map(|(_, row)| row))
            .any(has)
        {
            problems.push(format!(
                "an archive of function {account}/{region}/{name} is nobody's"
            ));
        }
        last = Some(key);
    }
}

async fn events(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let (mut events, mut jobs) = (0, 0);
    let mut rows = Scan::<FunctionEvents>::new();
    while let Some((key, _)) = rows.next(tx).await? {
        events += 1;
        if tx.get::<FunctionEventPayloads>(&key).await?.is_none() {
            let (account, region, name, id) = key;
            problems.push(format!(
                "event {id} of function {account}/{region}/{name} has no payload"
            ));
        }
    }
    let mut rows = Scan::<FunctionJobs>::new();
    while rows.next(tx).await?.is_some() {
        jobs += 1;
    }
    if events != jobs {
        problems.push(format!(
            "{events} events wait for functions, with {jobs} jobs"
        ));
    }
    Ok(())
}
