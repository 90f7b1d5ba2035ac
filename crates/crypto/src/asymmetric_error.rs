/// Why an asymmetric key did not do what was asked. None of them tells
/// anything about key or plaintext bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AsymmetricError {
    /// A caller-made digest has another length than the algorithm's hash.
    #[error("the digest has the wrong length for the algorithm")]
    DigestLength,
    /// The library failed though nothing is known to be wrong with the input.
    #[error("the cryptography library failed")]
    Failed,
    /// A signature, ciphertext or wrapped key does not check.
    #[error("the signature, ciphertext or wrapped key does not check")]
    Invalid,
    /// The encoding is no key of this kind.
    #[error("the encoding is not a key of this kind")]
    Rejected,
    /// The plaintext is longer than the key and padding can carry.
    #[error("the plaintext is too long for the key")]
    TooLong,
    /// The key's spec has no such algorithm, or the algorithm no such message
    /// type.
    #[error("the algorithm does not suit the key or the message type")]
    Unsupported,
}
