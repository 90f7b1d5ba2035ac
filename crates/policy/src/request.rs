use strongroom_types::{AccountId, Principal};

use crate::{ContextKeys, Policy};

/// What is asked for, by whom.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The action, such as `secretsmanager:GetSecretValue`.
    pub action: &'a str,
    /// Condition keys and their values.
    pub context: &'a dyn ContextKeys,
    /// For a federated user, the IAM user whose `GetFederationToken` made the
    /// session, where known: policies may name that user. Else `None`.
    pub issuer: Option<&'a Principal>,
    /// The partition of the deployment, `aws`.
    pub partition: &'a str,
    /// Who asks.
    pub principal: &'a Principal,
    /// The resource's ARN, or `*` for an operation without resources.
    pub resource: &'a str,
    /// Who owns the resource; `None` for an operation without resources,
    /// which always is one in the caller's own account.
    pub resource_account: Option<AccountId>,
}

/// A policy in its place, with the name that explanations give it.
#[derive(Clone, Copy, Debug)]
pub struct Attached<'a> {
    /// A managed policy's ARN, an inline policy's name; or nothing.
    pub name: Option<&'a str>,
    /// The policy.
    pub policy: &'a Policy,
}

impl<'a> From<&'a Policy> for Attached<'a> {
    fn from(policy: &'a Policy) -> Self {
        Self { name: None, policy }
    }
}

/// All policies that bear on a request.
///
/// A policy left out here is a policy not enforced: a `Deny` in it as well.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'a> {
    /// The user's or role's permissions boundary.
    pub boundary: Option<Attached<'a>>,
    /// Of the user and the user's groups, or of the role; none for root. For
    /// a federated user, those of the user who made the session.
    pub identity: &'a [Attached<'a>],
    /// The id of a KMS grant whose grantee, operations and constraints fit the
    /// request, if there is one.
    pub kms_grant: Option<&'a str>,
    /// Of the secret, key or role the request is about. Its kind decides
    /// whether it must allow: [`PolicyKind::Key`](crate::PolicyKind::Key) and
    /// [`PolicyKind::Trust`](crate::PolicyKind::Trust) must.
    pub resource: Option<Attached<'a>>,
    /// Resource control policies of the resource's account, a list for each
    /// level from the root to the account. Empty without an organization and
    /// for service-linked roles.
    pub resource_control: &'a [&'a [Attached<'a>]],
    /// Service control policies of the caller's account, a list for each
    /// level. Empty without an organization, in its management account and
    /// for service-linked roles; ignored for service principals and for
    /// identities of providers.
    pub service_control: &'a [&'a [Attached<'a>]],
    /// Policies passed when the session was made, which together limit it;
    /// `None` if none were, which leaves a role's session unlimited and a
    /// federated user without permissions.
    pub session: Option<&'a [Attached<'a>]>,
}
