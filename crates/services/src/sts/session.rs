//! What a session is: who acts, with what limits, until when.
//!
//! A session is nowhere stored. It travels in its own token, sealed
//! (`token.rs`), and every node that has the deployment's key reads it there.
//! Field numbers are for ever: tokens outlive upgrades.

use strongroom_types::{AccountId, Timestamp};

/// A session, as its token states it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Session {
    /// `ASIA…`; the token goes with this access key and no other.
    #[prost(string, tag = "1")]
    pub access_key_id: String,
    /// Milliseconds since the epoch: the value of `aws:TokenIssueTime`.
    #[prost(int64, tag = "2")]
    pub issued_ms: i64,
    /// Milliseconds since the epoch; from then on the token is refused.
    #[prost(int64, tag = "3")]
    pub expires_ms: i64,
    /// The account that the session acts in.
    #[prost(uint64, tag = "4")]
    pub account: u64,
    /// Who acts.
    #[prost(oneof = "Holder", tags = "5, 6, 7, 8")]
    pub holder: Option<Holder>,
    /// The session policy that was passed inline.
    #[prost(string, optional, tag = "9")]
    pub policy: Option<String>,
    /// ARNs of managed policies that were passed as session policies.
    #[prost(string, repeated, tag = "10")]
    pub policy_arns: Vec<String>,
    /// Session tags, those handed down by the calling session among them.
    #[prost(message, repeated, tag = "11")]
    pub tags: Vec<SessionTag>,
    /// Set once, handed down to every session made with this one.
    #[prost(string, optional, tag = "12")]
    pub source_identity: Option<String>,
    /// Milliseconds since the epoch: when a device's code was last checked.
    #[prost(int64, optional, tag = "13")]
    pub mfa_ms: Option<i64>,
    /// The identity provider's word that the session rests on.
    #[prost(message, optional, tag = "14")]
    pub web_identity: Option<WebIdentity>,
    /// Makes the token as long as its caller asked for.
    #[prost(bytes = "vec", tag = "15")]
    pub padding: Vec<u8>,
}

/// Who acts in a session.
#[derive(Clone, PartialEq, Eq, prost::Oneof)]
pub enum Holder {
    /// `AssumeRole` and its kin.
    #[prost(message, tag = "5")]
    Role(RoleHolder),
    /// `GetFederationToken`.
    #[prost(message, tag = "6")]
    Federated(FederatedHolder),
    /// `GetSessionToken` of a user.
    #[prost(message, tag = "7")]
    User(UserHolder),
    /// `GetSessionToken` of the root user.
    #[prost(message, tag = "8")]
    Root(RootHolder),
}

/// A session of a role.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct RoleHolder {
    /// The role's name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// `AROA…`: a role of the same name made later is another role.
    #[prost(string, tag = "2")]
    pub id: String,
    /// The session's name.
    #[prost(string, tag = "3")]
    pub session_name: String,
}

/// A federated user, and who vouches.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FederatedHolder {
    /// The federated user's name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The user who made the session; absent for the root user.
    #[prost(message, optional, tag = "2")]
    pub issuer: Option<UserHolder>,
}

/// A user.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct UserHolder {
    /// The user's name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// `AIDA…`
    #[prost(string, tag = "2")]
    pub id: String,
}

/// The root user of the session's account.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct RootHolder {}

/// A session tag.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SessionTag {
    /// 1 to 128 characters, case kept.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Up to 256 characters.
    #[prost(string, tag = "2")]
    pub value: String,
    /// Whether sessions made with this one get the tag too.
    #[prost(bool, tag = "3")]
    pub transitive: bool,
}

/// What an OpenID Connect provider said.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct WebIdentity {
    /// The provider's ARN: the value of `aws:FederatedProvider`.
    #[prost(string, tag = "1")]
    pub provider: String,
    /// The issuer without `https://`: what the claims' condition keys begin
    /// with.
    #[prost(string, tag = "2")]
    pub issuer: String,
    /// `aud`, `sub`, `amr` and their like, by name.
    #[prost(message, repeated, tag = "3")]
    pub claims: Vec<Claim>,
}

/// A claim that policies may ask for.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Claim {
    /// `aud`
    #[prost(string, tag = "1")]
    pub name: String,
    /// One value, or several of a claim that is a list.
    #[prost(string, repeated, tag = "2")]
    pub values: Vec<String>,
    /// Whether the claim is a list.
    #[prost(bool, tag = "3")]
    pub many: bool,
}

impl Session {
    /// The account that the session acts in.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        AccountId::new(self.account)
    }

    /// When it was made.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        time(self.issued_ms)
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        time(self.expires_ms)
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at()
    }

    /// Whether a role acts: then another role is assumed by chaining.
    #[must_use]
    pub fn is_of_role(&self) -> bool {
        matches!(self.holder, Some(Holder::Role(_)))
    }

    /// Whether policies limit the session. Policies may be passed that are
    /// all managed.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.policy.is_some() || !self.policy_arns.is_empty()
    }

    /// The tag with this key, ignoring case.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&SessionTag> {
        self.tags.iter().find(|tag| same_key(&tag.key, key))
    }
}

impl WebIdentity {
    /// The claim of this name.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.name == name)
    }
}

/// Whether two tag keys are one: case is kept and ignored.
#[must_use]
pub fn same_key(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

/// No time that a token states is out of range, for it was a clock's.
fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
