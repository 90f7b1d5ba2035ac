//! The operations of the AWS services, and their domain.
//!
//! Start with `operation.rs`: an operation is a type that implements
//! [`operation::Operation`], in a file of its own, and [`operation::Route`] is
//! the way of every request through one. What an operation may use is in
//! [`context`]; what it takes and gives is declared with [`shape`]; nothing
//! gets in but through [`authorize`].
//!
//! | to add | write | and one line in |
//! | --- | --- | --- |
//! | an operation | `<service>/operations/<operation>.rs` | `<service>/operations.rs` |
//! | a table | its record in `<service>/record.rs` | `tables.rs` |
//! | a background job | a `jobs::Kind` and its function | `jobs::run_due` |

mod ahead;
pub mod authorize;
pub mod cache;
pub mod cloudtrail;
pub mod config_rules;
pub mod context;
pub mod events;
pub mod explain;
pub mod iam;
pub mod invariants;
pub mod jobs;
pub mod kms;
pub mod lambda;
pub mod operation;
pub mod organizations;
pub mod protocol;
pub mod refusal;
mod scan;
pub mod secretsmanager;
pub mod shape;
pub mod sts;
pub mod tables;
