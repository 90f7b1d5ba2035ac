//! The rows of KMS keys, aliases and grants. Field numbers are for ever.

/// A KMS key. Key of the row: account, Region, key id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Key {
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub created_ms: i64,
    /// Whether AWS's service owns it (`KeyManager` is `AWS`).
    #[prost(bool, tag = "2")]
    pub aws_managed: bool,
    /// Generations of key material, the oldest first. The current one is the
    /// last that does not wait for its rotation.
    #[prost(message, repeated, tag = "3")]
    pub materials: Vec<Material>,
    /// `KeySpec`; empty for `SYMMETRIC_DEFAULT`.
    #[prost(string, tag = "4")]
    pub spec: String,
    /// `KeyUsage`; empty for `ENCRYPT_DECRYPT`.
    #[prost(string, tag = "5")]
    pub usage: String,
    /// Whether the material is imported (`Origin` is `EXTERNAL`).
    #[prost(bool, tag = "6")]
    pub external: bool,
    /// Free text.
    #[prost(string, tag = "7")]
    pub description: String,
    /// The key policy, as it was put; empty for the fixed policy of a key that
    /// AWS manages.
    #[prost(string, tag = "8")]
    pub policy: String,
    /// In the order in which they came.
    #[prost(message, repeated, tag = "9")]
    pub tags: Vec<Tag>,
    /// Whether it was disabled.
    #[prost(bool, tag = "10")]
    pub disabled: bool,
    /// When it is destroyed, in milliseconds since the epoch.
    #[prost(int64, optional, tag = "11")]
    pub deletion_due_ms: Option<i64>,
    /// The days that it waits for its deletion; there while it waits, also for
    /// its replicas to go first.
    #[prost(int64, optional, tag = "12")]
    pub deletion_window_days: Option<i64>,
    /// Where its relatives are, for a multi-Region key.
    #[prost(message, optional, tag = "13")]
    pub multi_region: Option<MultiRegion>,
    /// When it is rotated automatically.
    #[prost(message, optional, tag = "14")]
    pub rotation: Option<Rotation>,
    /// The public half of an asymmetric key: DER of `SubjectPublicKeyInfo`.
    #[prost(bytes = "vec", tag = "15")]
    pub public_key: Vec<u8>,
    /// The names of its aliases, each with a row of its own.
    #[prost(string, repeated, tag = "16")]
    pub aliases: Vec<String>,
    /// Whether it ever had a grant.
    #[prost(bool, tag = "17")]
    pub has_grants: bool,
}

/// One generation of a key's material.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Material {
    /// 32 bytes; in hexadecimal it is AWS's `KeyMaterialId`. Random, or of
    /// imported material a keyed digest, so that the same material has the same
    /// id in every Region.
    #[prost(bytes = "vec", tag = "1")]
    pub id: Vec<u8>,
    /// The backing key, wrapped: 32 bytes of a symmetric key, the bytes of an
    /// HMAC key, PKCS#8 of an asymmetric one. Empty while imported material is
    /// not there.
    #[prost(bytes = "vec", tag = "2")]
    pub wrapped: Vec<u8>,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub created_ms: i64,
    /// How it became the current one.
    #[prost(enumeration = "RotationType", tag = "4")]
    pub rotation: i32,
    /// When it became so, in milliseconds since the epoch; absent for a key's
    /// first material.
    #[prost(int64, optional, tag = "5")]
    pub rotated_ms: Option<i64>,
    /// Whether imported material waits for RotateKeyOnDemand.
    #[prost(bool, tag = "6")]
    pub pending_rotation: bool,
    /// When imported material expires, in milliseconds since the epoch.
    #[prost(int64, optional, tag = "7")]
    pub valid_to_ms: Option<i64>,
    /// `KeyMaterialDescription` of imported material.
    #[prost(string, tag = "8")]
    pub description: String,
}

/// How a generation of material became the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum RotationType {
    /// It is the key's first.
    First = 0,
    /// By the schedule.
    Automatic = 1,
    /// By RotateKeyOnDemand.
    OnDemand = 2,
}

/// The relatives of a multi-Region key, the same in all of them.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct MultiRegion {
    /// The primary's Region.
    #[prost(string, tag = "1")]
    pub primary: String,
    /// The replicas' Regions, in the order in which they were made.
    #[prost(string, repeated, tag = "2")]
    pub replicas: Vec<String>,
}

/// Automatic rotation.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Rotation {
    /// Days between rotations.
    #[prost(int64, tag = "1")]
    pub period_days: i64,
    /// When the next one is due, in milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub next_ms: i64,
}

/// A tag.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Tag {
    /// 1 to 128 characters.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Up to 256 characters.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// An alias. Key of the row: account, Region, name.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Alias {
    /// The id of the key it stands for, in the same account and Region.
    #[prost(string, tag = "1")]
    pub target_key_id: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub created_ms: i64,
    /// When it came to stand for another key, in milliseconds since the
    /// epoch; zero if never.
    #[prost(int64, tag = "3")]
    pub updated_ms: i64,
}

/// A grant. Key of the row: account, Region, key id, grant id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Grant {
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub created_ms: i64,
    /// Who may use the key: an ARN, or a service's name.
    #[prost(string, tag = "2")]
    pub grantee: String,
    /// Whether the grantee is a service.
    #[prost(bool, tag = "3")]
    pub grantee_is_service: bool,
    /// Who may retire the grant; empty for nobody in particular.
    #[prost(string, tag = "4")]
    pub retiring: String,
    /// Whether that is a service.
    #[prost(bool, tag = "5")]
    pub retiring_is_service: bool,
    /// Names of `GrantOperation`, in the order given.
    #[prost(string, repeated, tag = "6")]
    pub operations: Vec<String>,
    /// Pairs that the encryption context must contain.
    #[prost(btree_map = "string, string", tag = "7")]
    pub context_subset: std::collections::BTreeMap<String, String>,
    /// Pairs that the encryption context must consist of.
    #[prost(btree_map = "string, string", tag = "8")]
    pub context_equals: std::collections::BTreeMap<String, String>,
    /// Which of the two, or a source, the grant is bound to.
    #[prost(enumeration = "Constraint", tag = "9")]
    pub constraint: i32,
    /// The friendly name; empty for none.
    #[prost(string, tag = "10")]
    pub name: String,
    /// The account that made it.
    #[prost(uint64, tag = "11")]
    pub issuing_account: u64,
    /// The resource that a service must act for; empty for any.
    #[prost(string, tag = "12")]
    pub source_arn: String,
    /// The unique id that the grantee had, if it is a user or a role: another
    /// of the same name later is not the grantee.
    #[prost(string, tag = "13")]
    pub grantee_id: String,
    /// The same of who may retire the grant.
    #[prost(string, tag = "14")]
    pub retiring_id: String,
}

/// What binds a grant to an encryption context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum Constraint {
    /// Nothing.
    Unbound = 0,
    /// `EncryptionContextSubset`.
    Subset = 1,
    /// `EncryptionContextEquals`.
    Equals = 2,
}

/// A row that says all it has to say by being there.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Present {}

/// A grant's id, found by another way than its key.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct GrantName {
    /// The grant's id.
    #[prost(string, tag = "1")]
    pub grant_id: String,
}

/// How many grants a key has.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct GrantCount {
    /// Grants.
    #[prost(uint64, tag = "1")]
    pub count: u64,
}

/// The last use of a key that is written down.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct LastUsage {
    /// `KeyLastUsageTrackingOperation`.
    #[prost(string, tag = "1")]
    pub operation: String,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub used_ms: i64,
    /// The request that used it.
    #[prost(string, tag = "3")]
    pub request_id: String,
}
