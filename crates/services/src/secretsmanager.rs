//! Secrets Manager: secrets, their versions, who may read them.
//!
//! `secret.rs` is the domain, pure; `secret_ref.rs` finds secrets by what
//! callers write; `value.rs` seals and opens values; each operation is a file
//! under `operations/`, listed in `operations.rs`.

mod access;
mod arguments;
mod census;
mod entry;
mod error;
mod event;
mod filters;
mod index;
mod invariants;
mod kept;
pub mod operations;
pub(crate) mod page_token;
mod password;
mod record;
mod removal;
mod resource_policy;
pub mod rotation;
mod secret;
mod secret_ref;
mod shared;
mod tags;
mod value;

pub use access::flush_accesses;
pub use census::{SecretCounts, count_secrets, counted};
pub use error::{Error, Result};
pub(crate) use invariants::check_secrets;
pub use kept::SecretRow;
pub(crate) use password::check_password_rules;
pub use record::{ResourcePolicy, SealedValue, Secret, Tag, Version};
pub use removal::remove_secret;
pub(crate) use rotation::{FunctionHome, record_lines};
pub use secret::{AWSCURRENT, AWSPENDING, AWSPREVIOUS};
pub(crate) use secret_ref::split_suffix;
pub use secret_ref::{FoundSecret, SecretRef};
pub use shared::Shared;
pub(crate) use value::explain_key;

use crate::{operation::Service, protocol::Json};

/// The service.
pub struct SecretsManager;

impl Service for SecretsManager {
    const NAME: &'static str = "secretsmanager";
    const EVENT_SOURCE: &'static str = "secretsmanager.amazonaws.com";
    type Protocol = Json;
    const PROTOCOL: Json = Json {
        capital_message: true,
        ..Json::new("secretsmanager")
    };
    type Error = Error;
}
