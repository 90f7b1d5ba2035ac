use std::{fs, io, path::Path};

use tokio::{sync::mpsc, task::spawn_blocking};

use crate::{
    Change, Mode, RootKey, Store, StoreError, VerifyReport,
    embedded::{backend, begin_draft, remove_anchor, write_file},
    table::META,
    tally::TallyKeys,
    verify::{Auditor, Walk},
};

/// Chunks of rows on their way to the backup's file.
const CHUNKS_AHEAD: usize = 4;

impl Store {
    /// Copies one state of the store into a new store file at `path`, while
    /// the store is in use. Values stay sealed, under the same root key. The
    /// file is for its owner alone, and appears once it is whole and durable.
    ///
    /// The sum over all rows is checked on the way: a damaged store makes no
    /// backup that looks like one. Answers with what was copied.
    ///
    /// # Errors
    /// [`StoreError::Exists`], [`StoreError::Corrupt`],
    /// [`StoreError::Unavailable`], [`StoreError::Closed`].
    pub async fn backup(&self, path: &Path) -> Result<VerifyReport, StoreError> {
        let mut snapshot = self.backend.begin(Mode::Read).await?;
        let (send, mut receive) = mpsc::channel(CHUNKS_AHEAD);
        let path = path.to_owned();
        let file = spawn_blocking(move || {
            write_file(&path, || {
                receive.blocking_recv().unwrap_or_else(|| Err(cut_short()))
            })
        });
        let mut auditor = Auditor::new(TallyKeys::new(self.seal()));
        let mut report = VerifyReport::default();
        let mut walk = Walk::all();
        loop {
            let mut rows = walk.next(snapshot.as_mut()).await;
            if let Ok(rows) = &rows {
                for (key, sealed) in rows {
                    auditor.see(key, sealed);
                    if let Some(table) = key.first().filter(|table| **table != META) {
                        *report.tables.entry(*table).or_default() += 1;
                    }
                }
            }
            let last = rows.as_ref().is_ok_and(Vec::is_empty);
            if last {
                auditor.finish(&mut report);
                if !report.is_sound() {
                    rows = Err(StoreError::corrupt(
                        &[],
                        "the sum over all rows is wrong; verify the store",
                    ));
                }
            }
            let over = last || rows.is_err();
            // The file's side hangs up when it failed, and says so below.
            if send.send(rows).await.is_err() || over {
                break;
            }
        }
        drop(send);
        file.await
            .map_err(|error| StoreError::unavailable("write the backup", error))??;
        Ok(report)
    }

    /// Makes the store `target` from the backup at `backup`, which is verified
    /// first and not changed. `inspect` as in [`Store::verify`].
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is a `target`;
    /// [`StoreError::Corrupt`] naming the first problem of the backup; as
    /// [`Store::open`].
    pub async fn restore(
        backup: &Path,
        target: &Path,
        root: &RootKey,
        inspect: impl FnMut(&Change) -> Result<(), String>,
    ) -> Result<VerifyReport, StoreError> {
        let draft = begin_draft(target)?;
        let mut from = fs::File::open(backup).map_err(restoring)?;
        if io::copy(&mut from, &mut draft.file()).map_err(restoring)? == 0 {
            return Err(StoreError::corrupt(&[], "the backup is an empty file"));
        }
        let store = Self::open_on(backend(draft.file())?, root)?;
        let report = store.verify(inspect).await?;
        store.close().await?;
        if let Some(problem) = report.problems.first() {
            return Err(StoreError::Corrupt {
                table: format!("number {}", problem.table),
                key: problem.key.clone(),
                reason: "the backup is damaged there; verify it",
            });
        }
        // The note of a store that was here before would call this one stale.
        remove_anchor(target)
            .and_then(|()| draft.finish())
            .map_err(restoring)?;
        Ok(report)
    }
}

fn restoring(error: io::Error) -> StoreError {
    StoreError::unavailable("restore the backup", error)
}

fn cut_short() -> StoreError {
    StoreError::unavailable("write the backup", "the copying was given up")
}
