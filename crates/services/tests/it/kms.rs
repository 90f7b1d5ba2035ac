//! KMS: keys by the API, and what Secrets Manager does with them.

mod access;
mod ciphertexts;
mod families;
mod grants;
mod imports;
mod lockdown;
mod rotations;
pub mod support;
