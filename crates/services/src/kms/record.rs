//! The rows of KMS keys and aliases. Field numbers are for ever.

/// A KMS key. Key of the row: account, Region, key id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Key {
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub created_ms: i64,
    /// Whether AWS's service owns it (`KeyManager` is `AWS`).
    #[prost(bool, tag = "2")]
    pub aws_managed: bool,
    /// Generations of key material, the current one last.
    #[prost(message, repeated, tag = "3")]
    pub materials: Vec<Material>,
}

/// One generation of a key's material.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Material {
    /// Random, 32 bytes; in hexadecimal it is AWS's `KeyMaterialId`.
    #[prost(bytes = "vec", tag = "1")]
    pub id: Vec<u8>,
    /// The 256-bit backing key, wrapped.
    #[prost(bytes = "vec", tag = "2")]
    pub wrapped: Vec<u8>,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub created_ms: i64,
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
}
