//! The house rules as tests. A rule is a function from the [`Tree`] to what it
//! found; add yours to [`RULES`], with unit tests on small trees beside it.

mod documents;
mod manifests;
mod operations;
mod sources;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::command::{Failure, Result, command, output};
use crate::project;

pub(crate) const HELP: &str = "\
Usage: cargo xtask tidy

Checks the house rules that no compiler knows: which crate may depend on which,
who names the cryptography library, how long a file may be, that every operation
has its file, its test, its record and its row in the permission matrix, that
decisions are listed, that nothing unfinished or of one machine alone is left.
Prints each breach with what to do about it.
";

/// A rule's name and the rule.
type Rule = (&'static str, fn(&Tree) -> Vec<Finding>);

const RULES: &[Rule] = &[
    ("dependency arrows", manifests::arrows),
    ("one cryptography library", manifests::cryptography),
    ("lints everywhere", manifests::lints),
    ("one integration-test binary", manifests::test_binaries),
    ("file length", sources::length),
    ("nothing unfinished", sources::leftovers),
    ("nothing of one machine", sources::machine_paths),
    ("operations and their tests", operations::tested),
    ("the permission matrix", operations::in_the_matrix),
    ("operations and their records", operations::recorded),
    ("decisions are listed", documents::decisions),
    ("changelog", documents::changelog),
];

/// The project's text files, by their path from its root.
#[derive(Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
}

/// A breach of a rule, and what to do about it.
#[derive(Debug, PartialEq)]
pub(crate) struct Finding {
    path: String,
    /// Counted from 1; 0 where the whole file is meant.
    line: usize,
    advice: String,
}

impl Finding {
    fn new(path: &str, line: usize, advice: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            advice: advice.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.advice),
            line => write!(f, "{}:{line}: {}", self.path, self.advice),
        }
    }
}

impl Tree {
    /// All that git tracks or would track. Files that are not UTF-8 are left
    /// out: no rule speaks of them.
    fn load(root: &Path) -> Result<Self> {
        let arguments = [
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ];
        let listing = output(&mut command(root, "git", arguments))?;
        let paths = listing.split('\0').filter(|path| !path.is_empty());
        let files = paths
            .filter_map(|path| Some((path.to_owned(), fs::read_to_string(root.join(path)).ok()?)))
            .collect();
        Ok(Self { files })
    }

    fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|&(path, text)| (path.to_owned(), text.to_owned()));
        Self {
            files: files.collect(),
        }
    }
}

/// Checks every rule.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if let Some(unknown) = arguments.first() {
        return Err(Failure::new(format!(
            "tidy takes no arguments, got `{unknown}`"
        )));
    }
    let tree = Tree::load(&project::root())?;
    let mut count = 0;
    for (name, rule) in RULES {
        let findings = rule(&tree);
        if !findings.is_empty() {
            println!("{name}:");
        }
        for finding in &findings {
            println!("  {finding}");
        }
        count += findings.len();
    }
    if count > 0 {
        return Err(Failure::new(format!("{count} breaches of the house rules")));
    }
    println!("tidy: {} rules hold", RULES.len());
    Ok(())
}
