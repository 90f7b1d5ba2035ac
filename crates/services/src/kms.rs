//! KMS: keys that one can create, use, share, audit, disable and lose on
//! purpose, and what Secrets Manager does with them for its callers.
//!
//! `record.rs` says what a key is; `material.rs` wraps and opens its material;
//! `key.rs` finds and opens keys; `target.rs` is a key as policies see it;
//! `state.rs` is AWS's table of what can be done when. Each operation is a
//! file under `operations/`, listed in `operations.rs`. [`envelope`] seals and
//! opens secret values under data keys, each use authorized for the caller and
//! recorded.

mod aliases;
mod arguments;
mod ciphertext;
mod custom_key_store;
mod data_key;
mod deletion;
mod encryption;
mod encryption_context;
pub mod envelope;
mod error;
mod grants;
mod import;
mod invariants;
mod key;
mod key_policy;
mod material;
mod metadata;
mod multi_region;
pub mod operations;
mod pages;
mod record;
mod rotation;
mod service_event;
mod signing;
mod spec;
mod state;
mod symmetric;
mod tags;
mod target;
mod usage;
mod use_counts;

pub use deletion::delete_key;
pub use envelope::EncryptionContext;
pub use error::{Code, Error, Result};
pub use import::expire_material;
pub(crate) use invariants::check_keys;
pub use key::{KeyName, OpenKey};
pub use material::KeyMaterial;
pub use record::{
    Alias, Constraint, Grant, GrantCount, GrantName, Key, LastUsage, Material, MultiRegion,
    Present, Rotation, RotationType, Tag,
};
pub use rotation::rotate_key;
pub(crate) use target::KeyRef;
pub use usage::flush_key_usages;

use crate::{operation::Service, protocol::Json};

/// The service.
pub struct Kms;

impl Service for Kms {
    const NAME: &'static str = "kms";
    const EVENT_SOURCE: &'static str = "kms.amazonaws.com";
    type Protocol = Json;
    const PROTOCOL: Json = Json {
        empty_answers: true,
        ..Json::new("TrentService")
    };
    type Error = Error;
}
