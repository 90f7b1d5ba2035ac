//! `strongroom verify`: everything read, and what is wrong with it.

use clap::Args;

use super::{
    Failure,
    output::{say, table},
    place::Place,
};
use crate::admin::{Report, Request, VerifyReport};

/// Which store.
#[derive(Args)]
pub(super) struct Verify {
    #[command(flatten)]
    place: Place,
}

impl Verify {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.place.site()?.perform(Request::Verify).await? {
            Report::Verify(found) => told(found),
            _ => Ok(()),
        }
    }
}

fn told(found: VerifyReport) -> Result<(), Failure> {
    let tables = found.tables.into_iter();
    let rows: Vec<_> = tables
        .map(|(name, rows)| [name, rows.to_string()])
        .collect();
    say(table(["TABLE", "ROWS"], &rows));
    say(format_args!(
        "Commits since the store was made: {}",
        found.commits
    ));
    if !found.meaning_checked {
        say("The file is damaged, so what the rows mean together was not checked.");
    }
    if found.problems.is_empty() && found.meaning_checked {
        say("Nothing is wrong.");
        return Ok(());
    }
    for problem in &found.problems {
        say(problem);
    }
    let count = found.problems.len() + found.more_problems;
    if found.more_problems > 0 {
        say(format_args!("… and {} more", found.more_problems));
    }
    Err(format!(
        "the store is not as it should be; problems found: {count}. Keep the file, and restore \
         the last good backup elsewhere"
    )
    .into())
}
