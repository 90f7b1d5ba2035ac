//! The rows of organizations. Field numbers are for ever.

/// An organization. Key of the row: its management account.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Organization {
    /// `o-` and ten letters and digits.
    #[prost(string, tag = "1")]
    pub id: String,
    /// `r-` and four letters and digits.
    #[prost(string, tag = "2")]
    pub root_id: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub created_ms: i64,
    /// Policy types that are enabled in the root, as AWS's names.
    #[prost(string, repeated, tag = "4")]
    pub enabled_types: Vec<String>,
    /// The root's tags.
    #[prost(message, repeated, tag = "5")]
    pub root_tags: Vec<Tag>,
    /// Whether only billing is shared, so that there are no policies.
    #[prost(bool, tag = "6")]
    pub billing_only: bool,
}

/// That an account belongs to an organization. Key of the row: the account.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Member {
    /// The organization's management account.
    #[prost(uint64, tag = "1")]
    pub management_account: u64,
    /// 1 to 50 characters.
    #[prost(string, tag = "2")]
    pub name: String,
    /// The owner's address, unique in the deployment.
    #[prost(string, tag = "3")]
    pub email: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub joined_ms: i64,
    /// The root's or unit's id.
    #[prost(string, tag = "5")]
    pub parent: String,
    /// The account's tags.
    #[prost(message, repeated, tag = "6")]
    pub tags: Vec<Tag>,
    /// Milliseconds since the epoch; when the account was closed, if it was.
    #[prost(int64, optional, tag = "7")]
    pub closed_ms: Option<i64>,
    /// Whether the organization made the account.
    #[prost(bool, tag = "8")]
    pub created: bool,
}

/// An organizational unit. Key of the row: management account, id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Unit {
    /// 1 to 128 characters, unique in the parent.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The root's or unit's id.
    #[prost(string, tag = "2")]
    pub parent: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub created_ms: i64,
    /// The unit's tags.
    #[prost(message, repeated, tag = "4")]
    pub tags: Vec<Tag>,
}

/// A policy of an organization. Key of the row: management account, id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Policy {
    /// 1 to 128 characters, unique in its type.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Up to 512 characters.
    #[prost(string, tag = "2")]
    pub description: String,
    /// `SERVICE_CONTROL_POLICY` or `RESOURCE_CONTROL_POLICY`.
    #[prost(string, tag = "3")]
    pub policy_type: String,
    /// The document.
    #[prost(string, tag = "4")]
    pub content: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "5")]
    pub created_ms: i64,
    /// The policy's tags.
    #[prost(message, repeated, tag = "6")]
    pub tags: Vec<Tag>,
}

/// That a policy is attached. Key of the row: management account, the id of
/// the root, unit or account, the policy's id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Attachment {}

/// A request to make an account. Key of the row: management account, id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct AccountRequest {
    /// The account's name as asked for.
    #[prost(string, tag = "1")]
    pub account_name: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub requested_ms: i64,
    /// The account that was made; absent if none was.
    #[prost(uint64, optional, tag = "3")]
    pub account: Option<u64>,
    /// Why none was made, in AWS's words.
    #[prost(string, optional, tag = "4")]
    pub failure: Option<String>,
}

/// A tag. Keys are unique in what is tagged.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Tag {
    /// 1 to 128 characters.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Up to 256 characters.
    #[prost(string, tag = "2")]
    pub value: String,
}
