//! Versions that were published: copies of a function that never change.

use strongroom_crypto::sha256;

use super::{
    error::Result,
    function::FunctionRef,
    record::{FunctionCode, FunctionRow},
};
use crate::{
    context::Context,
    tables::{FunctionCodes, FunctionVersions, Functions},
};

/// Versions that are read at a time.
const PAGE: usize = 100;

/// Writes `$LATEST` as it was changed, and its archive if that was.
pub(super) async fn put(
    cx: &mut Context<'_>,
    function: &FunctionRef,
    mut row: FunctionRow,
    zip: Option<Vec<u8>>,
) -> Result<FunctionRow> {
    row.last_modified_ms = cx.now.as_millisecond();
    row.revision_id = cx.services.random.uuid().to_string();
    if let Some(zip) = zip {
        let before = std::mem::replace(&mut row.code, hex::encode(sha256(&zip)));
        if before != row.code {
            release(cx, function, &before).await?;
        }
        row.code_bytes = u64::try_from(zip.len()).unwrap_or(u64::MAX);
        let key = code_key(function, &row.code);
        cx.tx.put::<FunctionCodes>(&key, &FunctionCode { zip })?;
    }
    cx.tx.put::<Functions>(&function.key(), &row)?;
    Ok(row)
}

/// Publishes `$LATEST`, unless the version that was published last is the
/// same.
///
/// Source: Lambda API Reference, PublishVersion.
pub(super) async fn publish(
    cx: &mut Context<'_>,
    function: &FunctionRef,
    mut latest: FunctionRow,
    description: Option<String>,
) -> Result<FunctionRow> {
    let last_key = function.version_key(latest.last_version);
    if let Some(last) = cx.tx.get::<FunctionVersions>(&last_key).await?
        && is_same(&last, &latest)
    {
        return Ok(last);
    }
    latest.last_version += 1;
    let version = FunctionRow {
        version: latest.last_version,
        last_version: 0,
        description: description.unwrap_or_else(|| latest.description.clone()),
        last_modified_ms: cx.now.as_millisecond(),
        revision_id: cx.services.random.uuid().to_string(),
        statements: Vec::new(),
        tags: Vec::new(),
        ..latest.clone()
    };
    cx.tx.put::<Functions>(&function.key(), &latest)?;
    let key = function.version_key(version.version);
    cx.tx.put::<FunctionVersions>(&key, &version)?;
    Ok(version)
}

/// Whether two versions do the same.
fn is_same(one: &FunctionRow, other: &FunctionRow) -> bool {
    let what = |row: &FunctionRow| {
        (
            row.code.clone(),
            row.runtime.clone(),
            row.role.clone(),
            row.handler.clone(),
            (row.timeout_seconds, row.memory_mib),
            row.environment.clone(),
        )
    };
    what(one) == what(other)
}

/// Published versions after this one, the oldest first.
pub(super) async fn after(
    cx: &mut Context<'_>,
    function: &FunctionRef,
    number: u64,
    most: usize,
) -> Result<Vec<FunctionRow>> {
    let after = function.version_key(number);
    let rows = cx
        .tx
        .range::<FunctionVersions>(function.key(), Some(&after), most);
    Ok(rows.await?.into_iter().map(|(_, row)| row).collect())
}

/// Deletes a published version, and its archive with the last that has it.
pub(super) async fn delete(
    cx: &mut Context<'_>,
    function: &FunctionRef,
    version: &FunctionRow,
) -> Result<()> {
    let key = function.version_key(version.version);
    cx.tx.delete::<FunctionVersions>(&key)?;
    let latest = cx.tx.get::<Functions>(&function.key()).await?;
    if latest.is_none_or(|latest| latest.code != version.code) {
        release(cx, function, &version.code).await?;
    }
    Ok(())
}

/// Deletes a function with all of its versions.
pub(super) async fn delete_all(
    cx: &mut Context<'_>,
    function: &FunctionRef,
    latest: &FunctionRow,
) -> Result<()> {
    cx.tx.delete::<Functions>(&function.key())?;
    cx.tx
        .delete::<FunctionCodes>(&code_key(function, &latest.code))?;
    loop {
        let versions = after(cx, function, 0, PAGE).await?;
        if versions.is_empty() {
            return Ok(());
        }
        for version in versions {
            let key = function.version_key(version.version);
            cx.tx.delete::<FunctionVersions>(&key)?;
            cx.tx
                .delete::<FunctionCodes>(&code_key(function, &version.code))?;
        }
    }
}

/// Deletes an archive that `$LATEST` does not have any more, if no published
/// version has it.
async fn release(cx: &mut Context<'_>, function: &FunctionRef, code: &str) -> Result<()> {
    let mut last = 0;
    loop {
        let versions = after(cx, function, last, PAGE).await?;
        if versions.iter().any(|version| version.code == code) {
            return Ok(());
        }
        match versions.last() {
            Some(version) => last = version.version,
            None => break,
        }
    }
    if !code.is_empty() {
        cx.tx.delete::<FunctionCodes>(&code_key(function, code))?;
    }
    Ok(())
}

fn code_key(function: &FunctionRef, code: &str) -> <FunctionCodes as strongroom_store::Table>::Key {
    let (account, region, name) = function.key();
    (account, region, name, code.to_owned())
}
