use serde::{Deserialize, Serialize};
use strongroom_services::{
    context::Services,
    invariants,
    tables::{self, ALL},
};
use strongroom_store::{Change, Problem, StoreError};

use super::said;

/// The number of the store's own table of audit records.
const OUTBOX: u8 = 255;
/// Problems in one answer.
const MOST: usize = 1000;

/// What reading everything found.
#[derive(Debug, Serialize, Deserialize)]
pub struct VerifyReport {
    /// Commits since the store was made. A number lower than one noted
    /// earlier means that the whole store was put back.
    pub commits: u64,
    /// Tables that have rows: their names, and how many.
    pub tables: Vec<(String, u64)>,
    /// What is wrong, a sentence each; the first thousand.
    pub problems: Vec<String>,
    /// How many more there are.
    pub more_problems: usize,
    /// Whether the rows' meaning was checked too. That of a damaged store's
    /// cannot be.
    pub meaning_checked: bool,
}

/// Reads every row and checks seals, sum, keys and records, and, unless
/// whole pages are missing, that they make sense together.
pub(super) async fn verify(services: &Services, is_damaged: bool) -> Result<VerifyReport, String> {
    let report = services.store.verify(check_row).await.map_err(said)?;
    let mut problems: Vec<String> = report.problems.iter().map(described).collect();
    if !is_damaged {
        match invariants::check(services).await {
            Ok(more) => problems.extend(more),
            // Told with the others already, and in the way of the rest.
            Err(StoreError::Corrupt { .. }) if !problems.is_empty() => {}
            Err(error) => return Err(said(error)),
        }
    }
    let tables = report.tables.iter();
    Ok(VerifyReport {
        commits: report.commits,
        tables: tables
            .map(|(table, rows)| (table_name(*table), *rows))
            .collect(),
        more_problems: problems.len().saturating_sub(MOST),
        problems: problems.into_iter().take(MOST).collect(),
        meaning_checked: !is_damaged,
    })
}

/// Whether a row is one that this release can read.
///
/// # Errors
/// A sentence that says what it is not.
pub fn check_row(row: &Change) -> Result<(), String> {
    match row.table() {
        OUTBOX => Ok(()),
        _ => tables::check(row).unwrap_or_else(|| Err("this release has no such table".to_owned())),
    }
}

fn described(problem: &Problem) -> String {
    let Problem { table, key, what } = problem;
    match table {
        0 => format!("the store as a whole: {what}"),
        _ => format!("table `{}`, key `{key}`: {what}", table_name(*table)),
    }
}

fn table_name(number: u8) -> String {
    if number == OUTBOX {
        return "Outbox".to_owned();
    }
    ALL.iter().find(|(id, _)| *id == number).map_or_else(
        || format!("number {number}"),
        |(_, name)| (*name).to_owned(),
    )
}
