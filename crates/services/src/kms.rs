//! KMS keys, and what Secrets Manager does with them for its callers.
//!
//! The KMS API itself comes in a later stage. What stands here is the key
//! hierarchy: [`KeyMaterial`] wraps backing keys, [`envelope`] seals and opens
//! values under data keys, each use authorized for the caller and recorded.

mod ciphertext;
pub mod envelope;
mod key;
mod record;

pub use envelope::EncryptionContext;
pub use key::{KeyMaterial, KeyName, OpenKey};
pub use record::{Alias, Key};
