use std::{collections::BTreeMap, fmt};

use zeroize::Zeroizing;

use crate::{
    Change, Mode, Store, StoreError,
    backend::{BackendTransaction, RawRow, Span, after},
    seal::{KEYRING_KEY, is_meta, open_row},
    store::Trust,
    table::end_of_prefix,
    tally::{TALLY_KEY, Tally, TallyKeys},
};

/// Rows read at a time.
const CHUNK: usize = 256;

/// What [`Store::verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Commits since the store was made. It never goes down, unless the whole
    /// store was put back as it once was.
    pub commits: u64,
    /// Position of the last audit record given out.
    pub position: u64,
    /// Rows by the number of their table; 255 is the outbox.
    pub tables: BTreeMap<u8, u64>,
    /// Everything that is wrong, in the order of keys.
    pub problems: Vec<Problem>,
}

/// Something wrong in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The table's number; 0 for what concerns the store as a whole.
    pub table: u8,
    /// The key's bytes, escaped.
    pub key: String,
    /// What is wrong with it.
    pub what: String,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, raw_key: &[u8], what: impl Into<String>) {
        let (table, key) = raw_key.split_first().unwrap_or((&0, &[]));
        self.problems.push(Problem {
            table: *table,
            key: key.escape_ascii().to_string(),
            what: what.into(),
        });
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, key, what } = self;
        write!(f, "table {table}, key `{key}`: {what}")
    }
}

impl Store {
    /// Reads every row of one state of the store, while it is in use: opens
    /// each seal, has `inspect` judge each row (`Err` says what is wrong with
    /// it; see [`Change::check`]), and compares the sum over all rows with the
    /// one that commits kept. It goes on after a problem and reports all.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Closed`]; what is corrupt is
    /// in the report.
    pub async fn verify(
        &self,
        mut inspect: impl FnMut(&Change) -> Result<(), String>,
    ) -> Result<VerifyReport, StoreError> {
        let mut report = VerifyReport::default();
        let mut snapshot = self.backend.begin(Mode::Read).await?;
        let mut audit = Auditor::new(TallyKeys::new(self.seal()));
        // Table by table: after a damaged page of one, the next is tried.
        for table in 0..=u8::MAX {
            let mut walk = Walk::table(table);
            loop {
                let rows = match walk.next(snapshot.as_mut()).await {
                    Ok(rows) if rows.is_empty() => break,
                    Ok(rows) => rows,
                    Err(StoreError::Corrupt { reason, .. }) => {
                        report.problem(&walk.span.start, format!("from here on, {reason}"));
                        break;
                    }
                    Err(error) => return Err(error),
                };
                for (key, sealed) in rows {
                    audit.see(&key, &sealed);
                    // A damaged page may hide a row from look-ups and still
                    // show it in ranges.
                    match snapshot.get(vec![key.clone()]).await {
                        Ok(found) if found.first() == Some(&Some(sealed.clone())) => {}
                        Ok(_) | Err(StoreError::Corrupt { .. }) => {
                            report.problem(&key, "looking it up does not find it");
                        }
                        Err(error) => return Err(error),
                    }
                    if is_meta(&key) {
                        if key != KEYRING_KEY && key != TALLY_KEY {
                            report.problem(&key, "it is none of the store's own rows");
                        }
                        continue;
                    }
                    *report.tables.entry(table).or_default() += 1;
                    match self.row(key, &sealed) {
                        Err((key, what)) => report.problem(&key, what),
                        Ok(row) => {
                            if let Err(what) = inspect(&row) {
                                report.problem(&row.raw_key, what);
                            }
                        }
                    }
                }
                tokio::task::yield_now().await;
            }
        }
        audit.finish(&mut report);
        match self.shared.trust {
            Trust::Full | Trust::Found { sound: true } => {}
            Trust::Found { sound: false } => {
                report.problem(&[], "pages of the file have wrong checksums");
            }
            Trust::Stale { missing } => {
                report.problem(&[], format!("the newest {missing} commits are missing"));
            }
        }
        Ok(report)
    }

    fn row(&self, raw_key: Vec<u8>, sealed: &[u8]) -> Result<Change, (Vec<u8>, String)> {
        match open_row(self.seal(), &raw_key, sealed) {
            Ok(plain) => Ok(Change {
                raw_key,
                value: Some(Zeroizing::new(plain.to_vec())),
            }),
            Err(StoreError::Corrupt { reason, .. }) => Err((raw_key, reason.to_owned())),
            Err(other) => Err((raw_key, other.to_string())),
        }
    }
}

/// A way through rows, some at a time.
pub(crate) struct Walk {
    span: Span,
}

impl Walk {
    /// Through one table.
    fn table(table: u8) -> Self {
        Self {
            span: Span {
                start: vec![table],
                end: end_of_prefix(&[table]),
            },
        }
    }

    /// Through everything.
    pub(crate) fn all() -> Self {
        Self {
            span: Span {
                start: Vec::new(),
                end: None,
            },
        }
    }

    /// The next rows; none at the end.
    pub(crate) async fn next(
        &mut self,
        snapshot: &mut dyn BackendTransaction,
    ) -> Result<Vec<RawRow>, StoreError> {
        let rows = snapshot.range(self.span.clone(), CHUNK).await?;
        if let Some((last, _)) = rows.last() {
            self.span.start = after(last);
        }
        Ok(rows)
    }
}

/// Adds up rows and compares them with the tally that lies among them.
pub(crate) struct Auditor {
    keys: TallyKeys,
    seen: Tally,
    kept: Option<Result<Tally, StoreError>>,
}

impl Auditor {
    pub(crate) fn new(keys: TallyKeys) -> Self {
        Self {
            keys,
            seen: Tally::default(),
            kept: None,
        }
    }

    pub(crate) fn see(&mut self, key: &[u8], sealed: &[u8]) {
        if key == TALLY_KEY {
            self.kept = Some(self.keys.open(sealed));
        } else if !is_meta(key) {
            self.seen.add(&self.keys, key, sealed);
        }
    }

    pub(crate) fn finish(&self, report: &mut VerifyReport) {
        match &self.kept {
            None => report.problem(TALLY_KEY, "the tally of all rows is missing"),
            Some(Err(_)) => report.problem(TALLY_KEY, "the tally of all rows is damaged"),
            Some(Ok(kept)) => {
                report.commits = kept.commits;
                report.position = kept.position;
                if !kept.agrees(&self.seen) {
                    report.problem(
                        TALLY_KEY,
                        format!(
                            "rows were changed, removed, added or put back behind the store's \
                             back: it holds {} rows and committed {}",
                            self.seen.rows, kept.rows
                        ),
                    );
                }
            }
        }
    }
}
