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
}

/// A policy written into a user.
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
