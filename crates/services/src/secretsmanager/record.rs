//! The rows in which secrets are stored. Field numbers are for ever: a field
//! is added, or retired by a comment, never given another meaning.

/// A secret without its values. Key: account, Region, name.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Secret {
    /// The name, unique in its account and Region.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The six random characters that end the ARN.
    #[prost(string, tag = "2")]
    pub suffix: String,
    /// Free text, up to 2,048 characters.
    #[prost(string, optional, tag = "3")]
    pub description: Option<String>,
    /// The key as the caller named it; absent for `aws/secretsmanager`.
    #[prost(string, optional, tag = "4")]
    pub kms_key_id: Option<String>,
    /// In the order in which they were first set.
    #[prost(message, repeated, tag = "5")]
    pub tags: Vec<Tag>,
    /// Whether there were ever tags: then none are `[]`, else absent.
    #[prost(bool, tag = "6")]
    pub ever_tagged: bool,
    /// In the order in which they were made.
    #[prost(message, repeated, tag = "7")]
    pub versions: Vec<Version>,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "8")]
    pub created_ms: i64,
    /// Milliseconds since the epoch, of the last change to value or metadata.
    #[prost(int64, tag = "9")]
    pub last_changed_ms: i64,
    /// Days since the epoch, of the last read of a value.
    #[prost(int64, optional, tag = "10")]
    pub last_accessed_day: Option<i64>,
    /// When DeleteSecret was called, in milliseconds since the epoch.
    #[prost(int64, optional, tag = "11")]
    pub deleted_ms: Option<i64>,
    /// When the recovery window ends, in milliseconds since the epoch.
    #[prost(int64, optional, tag = "12")]
    pub deletion_due_ms: Option<i64>,
    /// The service that manages the secret, if one does.
    #[prost(string, optional, tag = "13")]
    pub owning_service: Option<String>,
    /// The partner integration of a managed external secret.
    #[prost(string, optional, tag = "14")]
    pub r#type: Option<String>,
    /// Whether a row of [`ResourcePolicy`] exists, so that a read of a secret
    /// without one does not look for it.
    #[prost(bool, tag = "15")]
    pub has_resource_policy: bool,
    /// The token of the CreateSecret call, for its idempotency when the secret
    /// was made without a value.
    #[prost(string, tag = "16")]
    pub creation_token: String,
    /// How the secret rotates; absent if that was never set up.
    #[prost(message, optional, tag = "17")]
    pub rotation: Option<super::rotation::Rotation>,
}

/// One version of a secret, without its value.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Version {
    /// The client request token that made it, 32 to 64 characters.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Staging labels, unsorted.
    #[prost(string, repeated, tag = "2")]
    pub labels: Vec<String>,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub created_ms: i64,
    /// Days since the epoch.
    #[prost(int64, optional, tag = "4")]
    pub last_accessed_day: Option<i64>,
    /// False for the empty version that a rotation starts with.
    #[prost(bool, tag = "5")]
    pub has_value: bool,
    /// ARN of the key its value is sealed under; absent for the AWS managed
    /// key, which AWS lists as `DefaultEncryptionKey`.
    #[prost(string, optional, tag = "6")]
    pub kms_key_id: Option<String>,
}

/// A user's tag.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Tag {
    /// 1 to 128 characters.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Up to 256 characters.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// A version's value, sealed under its own data key. Key: account, Region,
/// name, suffix, version id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SealedValue {
    /// AES-256-GCM under the data key, bound to the encryption context.
    #[prost(bytes = "vec", tag = "1")]
    pub ciphertext: Vec<u8>,
    /// The data key as KMS wrapped it.
    #[prost(bytes = "vec", tag = "2")]
    pub encrypted_data_key: Vec<u8>,
    /// Whether the value was given as `SecretBinary`.
    #[prost(bool, tag = "3")]
    pub binary: bool,
}

/// A secret's resource policy, as it was put. Key: account, Region, name.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ResourcePolicy {
    /// The JSON document, up to 20,480 characters.
    #[prost(string, tag = "1")]
    pub document: String,
}
