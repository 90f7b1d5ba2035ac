//! Accounts, users, access keys, and what their policies say.
//!
//! The IAM API itself comes in a later stage. What stands here is what every
//! request needs: [`Callers`] turns an access key id into a [`Caller`], and
//! [`bootstrap()`] makes the management account with its user `admin`.

mod bootstrap;
mod callers;
mod managed_policies;
mod record;

pub use bootstrap::{AdminKey, admin_key, bootstrap, partition};
pub use callers::{Caller, Callers};
pub use record::{
    AccessKey, Account, AccountAlias, AttachedTo, Deployment, Group, GroupMember, InlinePolicy,
    InstanceProfile, ManagedPolicy, OidcProvider, PolicyAttachment, PolicyVersion, Role,
    SamlProvider, Tag, User,
};
