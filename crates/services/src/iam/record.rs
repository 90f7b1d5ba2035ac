//! The rows of accounts, users and access keys. Field numbers are for ever.

use zeroize::Zeroize;

/// What the deployment is.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Deployment {
    /// The management account.
    #[prost(uint64, tag = "1")]
    pub management_account: u64,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub created_ms: i64,
    /// The partition, which is in every ARN and so in every encryption
    /// context: it can never change.
    #[prost(string, tag = "3")]
    pub partition: String,
}

/// An account.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Account {
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub created_ms: i64,
    /// The account's alias, if it has one; also a row of `AccountAliases`.
    #[prost(string, optional, tag = "2")]
    pub alias: Option<String>,
    /// The rules for passwords, if there are any.
    #[prost(message, optional, tag = "3")]
    pub password_policy: Option<PasswordPolicy>,
}

/// An account's rules for passwords.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PasswordPolicy {
    /// Characters.
    #[prost(uint32, tag = "1")]
    pub minimum_length: u32,
    /// Whether passwords have a symbol.
    #[prost(bool, tag = "2")]
    pub symbols: bool,
    /// Whether passwords have a digit.
    #[prost(bool, tag = "3")]
    pub numbers: bool,
    /// Whether passwords have an upper-case letter.
    #[prost(bool, tag = "4")]
    pub uppercase: bool,
    /// Whether passwords have a lower-case letter.
    #[prost(bool, tag = "5")]
    pub lowercase: bool,
    /// Whether users may change their own.
    #[prost(bool, tag = "6")]
    pub users_may_change: bool,
    /// Days after which passwords expire, if they do.
    #[prost(uint32, optional, tag = "7")]
    pub max_age_days: Option<u32>,
    /// Old passwords that cannot be used again.
    #[prost(uint32, optional, tag = "8")]
    pub reuse_prevention: Option<u32>,
    /// Whether only an administrator may renew a password that expired.
    #[prost(bool, optional, tag = "9")]
    pub hard_expiry: Option<bool>,
}

/// The last use of an access key or a role, kept loosely. Key of the row: the
/// access key's id; account and name in lower case of the role.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct LastUse {
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub used_ms: i64,
    /// The service, by its name in credential scopes.
    #[prost(string, tag = "2")]
    pub service: String,
    /// The Region.
    #[prost(string, tag = "3")]
    pub region: String,
}

/// An account alias, unique in the deployment. Key of the row: the alias.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct AccountAlias {
    /// The account that it stands for.
    #[prost(uint64, tag = "1")]
    pub account: u64,
}

/// A tag. Keys are unique in what is tagged, ignoring case.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Tag {
    /// 1 to 128 characters, case kept.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Up to 256 characters.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// An IAM user.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct User {
    /// The name with its case kept.
    #[prost(string, tag = "1")]
    pub name: String,
    /// `/` or `/a/b/`.
    #[prost(string, tag = "2")]
    pub path: String,
    /// `AIDA…`
    #[prost(string, tag = "3")]
    pub id: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub created_ms: i64,
    /// ARNs of attached managed policies.
    #[prost(string, repeated, tag = "5")]
    pub attached_policies: Vec<String>,
    /// Policies written into the user.
    #[prost(message, repeated, tag = "6")]
    pub inline_policies: Vec<InlinePolicy>,
    /// Names of the user's groups in lower case; also rows of `GroupMembers`.
    #[prost(string, repeated, tag = "7")]
    pub groups: Vec<String>,
    /// ARN of the managed policy that bounds the user's permissions.
    #[prost(string, optional, tag = "8")]
    pub permissions_boundary: Option<String>,
    /// The user's tags.
    #[prost(message, repeated, tag = "9")]
    pub tags: Vec<Tag>,
    /// Ids of the user's access keys, oldest first.
    #[prost(string, repeated, tag = "10")]
    pub access_key_ids: Vec<String>,
}

/// A group of users. Key of the row: account, name in lower case.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Group {
    /// The name with its case kept.
    #[prost(string, tag = "1")]
    pub name: String,
    /// `/` or `/a/b/`.
    #[prost(string, tag = "2")]
    pub path: String,
    /// `AGPA…`
    #[prost(string, tag = "3")]
    pub id: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub created_ms: i64,
    /// ARNs of attached managed policies.
    #[prost(string, repeated, tag = "5")]
    pub attached_policies: Vec<String>,
    /// Policies written into the group.
    #[prost(message, repeated, tag = "6")]
    pub inline_policies: Vec<InlinePolicy>,
}

/// That a user is in a group. Key of the row: account, group, user, both names
/// in lower case.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct GroupMember {}

/// A role. Key of the row: account, name in lower case.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Role {
    /// The name with its case kept.
    #[prost(string, tag = "1")]
    pub name: String,
    /// `/` or `/a/b/`.
    #[prost(string, tag = "2")]
    pub path: String,
    /// `AROA…`
    #[prost(string, tag = "3")]
    pub id: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub created_ms: i64,
    /// ARNs of attached managed policies.
    #[prost(string, repeated, tag = "5")]
    pub attached_policies: Vec<String>,
    /// Policies written into the role.
    #[prost(message, repeated, tag = "6")]
    pub inline_policies: Vec<InlinePolicy>,
    /// The JSON document that says who may assume the role.
    #[prost(string, tag = "7")]
    pub trust_policy: String,
    /// ARN of the managed policy that bounds the role's permissions.
    #[prost(string, optional, tag = "8")]
    pub permissions_boundary: Option<String>,
    /// The role's tags.
    #[prost(message, repeated, tag = "9")]
    pub tags: Vec<Tag>,
    /// Up to 1,000 characters.
    #[prost(string, optional, tag = "10")]
    pub description: Option<String>,
    /// The longest session, in seconds: 3,600 to 43,200.
    #[prost(uint32, tag = "11")]
    pub max_session_seconds: u32,
    /// The service whose role this is, for a service-linked role.
    #[prost(string, optional, tag = "12")]
    pub linked_service: Option<String>,
}

/// A customer managed policy. Key of the row: account, name in lower case.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ManagedPolicy {
    /// The name with its case kept.
    #[prost(string, tag = "1")]
    pub name: String,
    /// `/` or `/a/b/`.
    #[prost(string, tag = "2")]
    pub path: String,
    /// `ANPA…`
    #[prost(string, tag = "3")]
    pub id: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub created_ms: i64,
    /// Milliseconds since the epoch; a new version is an update.
    #[prost(int64, tag = "5")]
    pub updated_ms: i64,
    /// Up to 1,000 characters.
    #[prost(string, optional, tag = "6")]
    pub description: Option<String>,
    /// Up to five, oldest first.
    #[prost(message, repeated, tag = "7")]
    pub versions: Vec<PolicyVersion>,
    /// The number of the default version.
    #[prost(uint32, tag = "8")]
    pub default_version: u32,
    /// The policy's tags.
    #[prost(message, repeated, tag = "9")]
    pub tags: Vec<Tag>,
    /// The number that the last version made got; never used again.
    #[prost(uint32, tag = "10")]
    pub last_version: u32,
}

/// A version of a managed policy.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PolicyVersion {
    /// 3 in `v3`.
    #[prost(uint32, tag = "1")]
    pub number: u32,
    /// The JSON document.
    #[prost(string, tag = "2")]
    pub document: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub created_ms: i64,
}

/// That a managed policy is attached to something. Key of the row: account of
/// the entity, ARN of the policy, [`AttachedTo`] as a number, the entity's name
/// in lower case.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PolicyAttachment {}

/// What a managed policy is attached to, in the keys of its attachments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum AttachedTo {
    /// A group.
    Group = 1,
    /// A role.
    Role = 2,
    /// A user.
    User = 3,
    /// A role, as its permissions boundary.
    RoleBoundary = 4,
    /// A user, as its permissions boundary.
    UserBoundary = 5,
}

/// An instance profile. Key of the row: account, name in lower case.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct InstanceProfile {
    /// The name with its case kept.
    #[prost(string, tag = "1")]
    pub name: String,
    /// `/` or `/a/b/`.
    #[prost(string, tag = "2")]
    pub path: String,
    /// `AIPA…`
    #[prost(string, tag = "3")]
    pub id: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub created_ms: i64,
    /// The name of its role in lower case.
    #[prost(string, optional, tag = "5")]
    pub role: Option<String>,
    /// The profile's tags.
    #[prost(message, repeated, tag = "6")]
    pub tags: Vec<Tag>,
}

/// An OpenID Connect provider. Key of the row: account, URL without its scheme.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct OidcProvider {
    /// The issuer, without `https://`.
    #[prost(string, tag = "1")]
    pub url: String,
    /// Audiences that are accepted, up to 100.
    #[prost(string, repeated, tag = "2")]
    pub client_ids: Vec<String>,
    /// SHA-1 of the certificates that are trusted, up to five, 40 hexadecimal
    /// digits each.
    #[prost(string, repeated, tag = "3")]
    pub thumbprints: Vec<String>,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub created_ms: i64,
    /// The provider's tags.
    #[prost(message, repeated, tag = "5")]
    pub tags: Vec<Tag>,
}

/// A SAML provider. Key of the row: account, name.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SamlProvider {
    /// The name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The metadata document as it was given.
    #[prost(string, tag = "2")]
    pub metadata: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub created_ms: i64,
    /// Milliseconds since the epoch; when the metadata stops being valid.
    #[prost(int64, optional, tag = "4")]
    pub valid_until_ms: Option<i64>,
    /// The provider's tags.
    #[prost(message, repeated, tag = "5")]
    pub tags: Vec<Tag>,
    /// The unique id.
    #[prost(string, tag = "6")]
    pub id: String,
    /// Whether assertions must be encrypted, if that was said.
    #[prost(bool, optional, tag = "7")]
    pub encryption_required: Option<bool>,
    /// Keys that decrypt assertions, up to two.
    #[prost(message, repeated, tag = "8")]
    pub private_keys: Vec<SamlKey>,
}

/// A private key that decrypts a SAML provider's assertions.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub struct SamlKey {
    /// Its id.
    #[prost(string, tag = "1")]
    pub id: String,
    /// The key in PEM. The row is sealed like every other.
    #[prost(string, tag = "2")]
    pub pem: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub created_ms: i64,
}

impl std::fmt::Debug for SamlKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SamlKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Drop for SamlKey {
    fn drop(&mut self) {
        self.pem.zeroize();
    }
}

/// A policy written into a user, group or role.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct InlinePolicy {
    /// Unique in the user.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The JSON document.
    #[prost(string, tag = "2")]
    pub document: String,
}

/// A long-term access key of a user. Its id is the row's key.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub struct AccessKey {
    /// The user's account.
    #[prost(uint64, tag = "1")]
    pub account: u64,
    /// The user's name.
    #[prost(string, tag = "2")]
    pub user_name: String,
    /// The secret access key. The row is sealed like every other.
    #[prost(string, tag = "3")]
    pub secret: String,
    /// Whether it may be used.
    #[prost(bool, tag = "4")]
    pub active: bool,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "5")]
    pub created_ms: i64,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKey")
            .field("account", &self.account)
            .field("user_name", &self.user_name)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

impl Drop for AccessKey {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// A user or role by its unique id, which policies keep of it. Key of the row:
/// the id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PrincipalName {
    /// Its account.
    #[prost(uint64, tag = "1")]
    pub account: u64,
    /// A role; else a user.
    #[prost(bool, tag = "2")]
    pub role: bool,
    /// The name that it has now, in lower case.
    #[prost(string, tag = "3")]
    pub name: String,
}

/// That a service-linked role was asked to be deleted, and was. Key of the row:
/// account, id of the task.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct RoleDeletion {
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub done_ms: i64,
}
