//! Each operation of each service by each kind of caller: one readable table a
//! service, compared with `matrix/<service>.txt` letter by letter. `cargo xtask
//! tidy` asks for a row for every operation.
//!
//! After a change that is meant, write the tables anew with
//! `PERMISSION_MATRIX=write cargo test -p strongroom-services --test it matrix`.

mod cloudtrail;
mod iam;
mod kms;
mod lambda;
mod organizations;
mod secretsmanager;
mod sts;

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};
use strongroom_services::operation::Route;

use crate::{
    client::{Client, Refused, policy, root, user},
    world::World,
};

/// The table of a service. A column is its head, what that means, and what the
/// service makes of it.
pub struct Matrix<C: 'static> {
    /// The service's module, and the name of the table's file.
    pub service: &'static str,
    /// What the table shows.
    pub shows: &'static str,
    pub columns: &'static [(&'static str, &'static str, C)],
    pub routes: &'static [Route],
}

/// What a caller's own policies say of an operation.
#[derive(Clone, Copy)]
pub enum Identity {
    /// Everything is allowed but this operation.
    AllBut,
    /// Everything is allowed.
    Everything,
    /// There are none.
    Nothing,
    /// This operation is allowed, and nothing else.
    Only,
    /// The account's root user needs none.
    Root,
}

impl<C> Matrix<C> {
    /// Asserts that the table is as it was, given what comes of each operation
    /// called by a column's caller.
    pub async fn check(&self, outcome: impl AsyncFn(&'static Route, &str, &C) -> String) {
        let mut rows = vec![vec![String::new()]];
        rows[0].extend(self.columns.iter().map(|column| column.0.to_owned()));
        for route in self.routes {
            let mut row = vec![route.name.to_owned()];
            for (head, _, column) in self.columns {
                row.push(outcome(route, head, column).await);
            }
            rows.push(row);
        }
        self.compare(&self.table(&rows));
    }

    fn table(&self, rows: &[Vec<String>]) -> String {
        let mut table = format!("{}\n\n", self.shows);
        let heads = self.columns.iter().map(|(head, ..)| head.len());
        let head_width = heads.max().unwrap();
        for (head, meaning, _) in self.columns {
            writeln!(table, "{head:<head_width$} {meaning}").unwrap();
        }
        table.push('\n');
        let width = |place: usize| rows.iter().map(|row| row[place].len()).max().unwrap();
        let widths: Vec<usize> = (0..=self.columns.len()).map(width).collect();
        for row in rows {
            let cells = row.iter().zip(&widths);
            let cells: Vec<_> = cells
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            writeln!(table, "{}", cells.join(" ").trim_end()).unwrap();
        }
        table
    }

    #[track_caller]
    fn compare(&self, table: &str) {
        let (root, service) = (env!("CARGO_MANIFEST_DIR"), self.service);
        let file = format!("{root}/tests/it/matrix/{service}.txt");
        if std::env::var("PERMISSION_MATRIX").is_ok_and(|value| value == "write") {
            std::fs::write(&file, table).unwrap();
        }
        let stored = std::fs::read_to_string(file).unwrap_or_default();
        for (now, before) in table.lines().zip(stored.lines()) {
            assert_eq!(now, before);
        }
        assert_eq!(table, stored);
    }
}

/// A caller of an account with such policies about the actions.
pub async fn caller(
    world: &Arc<World>,
    number: u64,
    name: &str,
    identity: Identity,
    actions: &[&str],
) -> Client {
    let allow = |actions: &[&str]| json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    let deny = json!({"Effect": "Deny", "Action": actions, "Resource": "*"});
    let statements = match identity {
        Identity::AllBut => vec![allow(&["*"]), deny],
        Identity::Everything => vec![allow(&["*"])],
        Identity::Nothing => vec![],
        Identity::Only => vec![allow(actions)],
        Identity::Root => return root(world, number),
    };
    let policies: Vec<String> = statements.iter().map(policy).collect();
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    user(world, number, name, &policies).await
}

/// What a cell says of an answer.
pub fn cell(answer: Result<Value, Refused>) -> String {
    match answer {
        Ok(_) => "ok".to_owned(),
        Err((code, _)) => short(&code),
    }
}

/// An error's name, without what all have.
pub fn short(code: &str) -> String {
    let short = code.trim_end_matches("Exception");
    short.trim_start_matches("AWSOrganizations").to_owned()
}
