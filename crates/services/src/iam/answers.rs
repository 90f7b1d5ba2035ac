//! Entities as IAM's answers have them.

mod details;
mod instance_profile;
mod policy;
mod role;

pub use details::{GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail};
pub use instance_profile::InstanceProfile;
pub use policy::{Policy, PolicyVersion};
pub use role::{Role, RoleLastUsed};
