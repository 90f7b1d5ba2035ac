//! An ordered key-value store with serialisable transactions, sealed.
//!
//! ```text
//! Store ── begin ──► Transaction   typed rows, own writes visible
//!                        │         seals and opens every value (seal.rs)
//!                        ▼
//!                     Backend      bytes: get, range, commit
//!                        │
//!                     Ledger       who may commit, tally of all rows
//!                        ▼
//!                  memory │ embedded
//! ```
//!
//! A [`Table`] names a kind of row: a number, a typed [`Key`] and a `prost`
//! record. A [`Transaction`] reads one committed state and its own changes;
//! [`Transaction::commit`] makes them durable together with the audit records
//! of what was done, or answers [`StoreError::Conflict`], upon which the whole
//! closure runs again.
//!
//! The backend is not trusted. Values are sealed for their place ([`Seal`]),
//! and a keyed sum over all rows shows what was removed or put back
//! ([`Store::verify`]). A failure is always an error, never "not found".
//!
//! To add a backend, implement `Backend` and `BackendTransaction`
//! (`backend.rs`) in a file of its own, give [`Store`] a constructor, and add
//! a line to `tests/it/exercise.rs`, so that it passes the suite that all pass.

mod backend;
mod backup;
mod draft;
mod embedded;
mod error;
mod key;
mod ledger;
mod memory;
mod observer;
mod seal;
mod store;
mod table;
mod tally;
mod transaction;
mod unseal;
mod verify;

pub use error::StoreError;
pub use key::{AsKeyPart, Key, KeyPart, KeyPrefix};
pub use observer::{Change, CommitObserver};
pub use seal::Seal;
pub use store::{Mode, Store, StoreFigures};
pub use table::Table;
pub use transaction::{Committed, MAX_KEY_BYTES, MAX_RECORD_BYTES, Transaction};
pub use unseal::{RootKey, UnsealSource};
pub use verify::{Problem, VerifyReport};
