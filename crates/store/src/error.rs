use std::{error::Error, path::PathBuf, sync::Arc};

/// Why the store did not do what it was asked. Nothing was changed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store was closed.
    #[error("the store is closed")]
    Closed,

    /// Another transaction changed what this one read. Run the whole closure
    /// again in a new transaction.
    #[error("another transaction changed what this one read")]
    Conflict,

    /// What is stored is not what was stored: damaged or tampered with.
    #[error("the store is corrupt at key `{key}` of table `{table}`: {reason}")]
    Corrupt {
        /// The table's name, or its number where the name is not known.
        table: String,
        /// The key's bytes, escaped; of a range, the bytes it starts with.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },

    /// A restore would overwrite an existing store.
    #[error("`{path}` exists; restore into a new place and move it there yourself")]
    Exists {
        /// The file that is in the way.
        path: PathBuf,
    },

    /// Another process, or another handle in this one, has the store open.
    #[error("another process has the store `{path}` open; stop it first")]
    InUse {
        /// The store's file.
        path: PathBuf,
    },

    /// The file is gone of a store that was there: its anchor still is.
    #[error(
        "the store `{path}` is gone, and `{anchor}` says that there was one; put it back, restore \
         a backup, or delete that file to begin with an empty store"
    )]
    Lost {
        /// The store's file.
        path: PathBuf,
        /// The note beside it.
        anchor: PathBuf,
    },

    /// The key that unseals the store could not be read.
    #[error("cannot read the root key from {place}: {reason}")]
    NoRootKey {
        /// Where it was looked for.
        place: String,
        /// Why it is not a key.
        reason: String,
    },

    /// A change was asked of a transaction begun with `Mode::Read`.
    #[error("a read transaction cannot change table `{table}`")]
    ReadOnly {
        /// The table's name.
        table: &'static str,
    },

    /// A key or a record is longer than the store takes.
    #[error("{what} of {bytes} bytes is longer than the store takes: {limit} bytes")]
    TooLarge {
        /// `a key` or `a record`.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// The longest there may be.
        limit: usize,
    },

    /// The disk or the database refused. Later it may work again.
    #[error("the store is unavailable: cannot {doing}")]
    Unavailable {
        /// What was attempted.
        doing: &'static str,
        /// What the system said.
        source: Arc<dyn Error + Send + Sync>,
    },

    /// The file was written by a newer release.
    #[error("the store has format {found}, and this release reads up to {known}; use a newer one")]
    UnknownFormat {
        /// The format found.
        found: u64,
        /// The newest format that this release reads.
        known: u64,
    },

    /// The store is intact, but sealed under another root key.
    #[error(
        "the root key does not open this store: it is intact but was sealed under another root \
         key; give the key that it was created with"
    )]
    WrongRootKey,
}

impl StoreError {
    /// A row found corrupt, by its bare key: the table's number, then the rest.
    pub(crate) fn corrupt(raw_key: &[u8], reason: &'static str) -> Self {
        let (table, key) = match raw_key.split_first() {
            Some((table, key)) => (format!("number {table}"), key),
            None => ("all".to_owned(), raw_key),
        };
        Self::Corrupt {
            table,
            key: key.escape_ascii().to_string(),
            reason,
        }
    }

    /// A failure of the system while `doing` something.
    pub(crate) fn unavailable(
        doing: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable {
            doing,
            source: Arc::from(source.into()),
        }
    }

    /// The same error with the table's name in it.
    pub(crate) fn of_table(self, name: &str) -> Self {
        match self {
            Self::Corrupt { key, reason, .. } => Self::Corrupt {
                table: name.to_owned(),
                key,
                reason,
            },
            other => other,
        }
    }
}
