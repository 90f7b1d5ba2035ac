//! Entities as IAM's answers have them.

mod details;
mod group;
mod instance_profile;
mod policy;
mod role;
mod user;

pub use details::{GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail};
pub use group::Group;
pub use instance_profile::InstanceProfile;
pub use policy::{Policy, PolicyVersion};
pub use role::{Role, RoleLastUsed};
pub use user::User;
