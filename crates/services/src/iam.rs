//! Accounts, users, access keys, and what their policies say.
//!
//! What every request needs: [`Callers`] turns an access key id into a
//! [`Caller`], and [`bootstrap()`] makes the management account with its user
//! `admin`. Each operation of the API is a file under `operations/`.
//!
//! `place.rs`, `roles.rs`, `instance_profiles.rs`, `policies.rs`: what
//! operations are about; `attachments.rs`, `inline.rs`: policies of users,
//! groups and roles; `principals.rs`: users and roles in policy documents.

mod access_keys;
mod account;
mod answers;
mod attachments;
mod bootstrap;
mod caller;
mod callers;
mod document;
mod entity_type;
mod error;
mod groups;
mod inline;
mod instance_profiles;
mod invariants;
mod managed_policies;
mod names;
pub mod operations;
mod pages;
mod pass_role;
mod place;
mod policies;
mod policy_ref;
mod policy_usage;
pub(crate) mod principals;
mod providers;
mod record;
mod roles;
mod rows;
mod saml;
mod service_linked;
mod shared_providers;
mod simulation;
mod stand_in;
mod standing;
mod tags;
mod trust;
mod users;
mod uses;

pub(crate) use bootstrap::draw_account;
pub use bootstrap::{AdminKey, admin_key, bootstrap, management_home, partition};
pub(crate) use caller::claims;
pub use caller::{Caller, CallerSession};
pub use callers::{CallerError, Callers, Found};
pub use error::{Error, Result};
pub(crate) use invariants::check_iam;
pub(crate) use names::draw_id;
pub use record::{
    AccessKey, Account, AccountAlias, AttachedTo, Deployment, Group, GroupMember, InlinePolicy,
    InstanceProfile, LastUse, ManagedPolicy, OidcProvider, PasswordPolicy, PolicyAttachment,
    PolicyVersion, PrincipalName, Role, RoleDeletion, SamlKey, SamlProvider, Tag, User,
};
pub(crate) use stand_in::StandIn;
pub(crate) use standing::managed;
pub use standing::{NamedPolicy, Standing};
pub use uses::{Uses, flush_uses};

use crate::{
    operation::{Endpoints, Service},
    protocol::Query,
};

/// The service. It is in every Region at once, and signed for us-east-1.
pub struct Iam;

impl Service for Iam {
    const NAME: &'static str = "iam";
    const EVENT_SOURCE: &'static str = "iam.amazonaws.com";
    type Protocol = Query;
    const PROTOCOL: Query = Query {
        version: "2010-05-08",
        namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
        hides_values: true,
        internal_error: "ServiceFailure",
    };
    const ENDPOINTS: Endpoints = Endpoints::Global;
    type Error = Error;
}
