//! Entities as IAM's answers have them.

mod instance_profile;
mod policy;
mod role;

pub use instance_profile::InstanceProfile;
pub use policy::{Policy, PolicyVersion};
pub use role::{Role, RoleLastUsed};
