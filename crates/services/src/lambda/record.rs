//! The rows in which functions are stored. Field numbers are for ever.

/// A function without its code. Key: account, Region, name.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FunctionRow {
    /// The name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// `python3.12`, …
    #[prost(string, tag = "2")]
    pub runtime: String,
    /// ARN of the execution role.
    #[prost(string, tag = "3")]
    pub role: String,
    /// `file.function`; empty where the runtime needs none.
    #[prost(string, tag = "4")]
    pub handler: String,
    /// Up to 256 characters.
    #[prost(string, tag = "5")]
    pub description: String,
    /// How long a call may take.
    #[prost(uint32, tag = "6")]
    pub timeout_seconds: u32,
    /// How much memory a call may use.
    #[prost(uint32, tag = "7")]
    pub memory_mib: u32,
    /// Environment variables.
    #[prost(message, repeated, tag = "8")]
    pub environment: Vec<Variable>,
    /// SHA-256 of the archive, in hexadecimal.
    #[prost(string, tag = "9")]
    pub code: String,
    /// Bytes of the archive.
    #[prost(uint64, tag = "10")]
    pub code_bytes: u64,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "11")]
    pub last_modified_ms: i64,
    /// Another after each change.
    #[prost(string, tag = "12")]
    pub revision_id: String,
    /// The statements of the resource policy.
    #[prost(message, repeated, tag = "13")]
    pub statements: Vec<Statement>,
    /// The user's tags.
    #[prost(message, repeated, tag = "14")]
    pub tags: Vec<Variable>,
    /// The number of a published version; zero is `$LATEST`.
    #[prost(uint64, tag = "15")]
    pub version: u64,
    /// Of `$LATEST` only: the number that was published last. None is given
    /// twice.
    #[prost(uint64, tag = "16")]
    pub last_version: u64,
}

/// What an account has set of a function that is built in. Key: account,
/// Region, name.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct BuiltinFunction {
    /// Environment variables.
    #[prost(message, repeated, tag = "1")]
    pub environment: Vec<Variable>,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub last_modified_ms: i64,
    /// Another after each change.
    #[prost(string, tag = "3")]
    pub revision_id: String,
}

/// A name for a version that can be moved. Key: account, Region, function,
/// name.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FunctionAlias {
    /// The name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The version's number; zero is `$LATEST`.
    #[prost(uint64, tag = "2")]
    pub version: u64,
    /// Up to 256 characters.
    #[prost(string, tag = "3")]
    pub description: String,
    /// Another after each change.
    #[prost(string, tag = "4")]
    pub revision_id: String,
    /// The statements of the alias's own resource policy.
    #[prost(message, repeated, tag = "5")]
    pub statements: Vec<Statement>,
}

/// A name and a value.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Variable {
    /// The name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// One statement of a function's resource policy.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Statement {
    /// `StatementId`.
    #[prost(string, tag = "1")]
    pub id: String,
    /// The statement, as JSON.
    #[prost(string, tag = "2")]
    pub json: String,
}

/// A function's archive. Key: account, Region, function, SHA-256.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FunctionCode {
    /// The zip archive.
    #[prost(bytes = "vec", tag = "1")]
    pub zip: Vec<u8>,
}

/// An event that waits for its function. Key: account, Region, function, id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FunctionEvent {
    /// The ARN that was called, with its qualifier.
    #[prost(string, tag = "1")]
    pub function: String,
    /// When it was accepted: milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub accepted_ms: i64,
    /// How often the function was called for it.
    #[prost(uint32, tag = "3")]
    pub attempts: u32,
    /// Whether the last of these calls has not come to its end.
    #[prost(bool, tag = "4")]
    pub running: bool,
}

/// What the function is called with. Key: as the event's.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FunctionEventPayload {
    /// JSON.
    #[prost(bytes = "vec", tag = "1")]
    pub payload: Vec<u8>,
}
