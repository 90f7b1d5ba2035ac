//! Signatures and HMACs, as the operations share them.

use strongroom_crypto::{AsymmetricError, MacKey, Message, VerifyingKey};

use super::{
    error::{Code, Error, Result},
    key::OpenKey,
    material::{Secret, corrupt},
    spec::{MacAlgorithm, MessageType, SigningAlgorithm},
};

/// The key that makes HMACs by an algorithm.
///
/// # Errors
/// `InvalidKeyUsageException`.
pub(super) fn mac_key(key: &OpenKey, algorithm: MacAlgorithm) -> Result<&MacKey> {
    if key.spec.mac() != Some(algorithm) {
        return Err(Error::incompatible(algorithm.as_str(), key.spec.as_str()));
    }
    match key.current().map(|material| &material.secret) {
        Some(Secret::Mac(secret)) => Ok(secret),
        _ => Err(Error::state(&key.arn, "pending import")),
    }
}

/// Signs.
///
/// # Errors
/// `InvalidKeyUsageException`, `ValidationException`,
/// `UnsupportedOperationException`.
pub(super) fn sign(
    key: &OpenKey,
    algorithm: SigningAlgorithm,
    kind: MessageType,
    bytes: &[u8],
) -> Result<Vec<u8>> {
    let (library, message) = checked(key, algorithm, kind, bytes)?;
    let Some(Secret::Signing(secret)) = key.current().map(|material| &material.secret) else {
        return Err(Error::state(&key.arn, "pending import"));
    };
    secret
        .sign(library, message)
        .map_err(|error| refused(error, key, algorithm))
}

/// Checks a signature.
///
/// # Errors
/// `KMSInvalidSignatureException`; as [`sign`].
pub(super) fn verify(
    key: &OpenKey,
    algorithm: SigningAlgorithm,
    kind: MessageType,
    bytes: &[u8],
    signature: &[u8],
) -> Result<()> {
    let (library, message) = checked(key, algorithm, kind, bytes)?;
    let pair = key.spec.key_pair();
    let pair = pair.ok_or_else(|| corrupt(&key.home, &key.id))?;
    VerifyingKey::from_spki(pair, &key.row.public_key)
        .map_err(|_| corrupt(&key.home, &key.id))?
        .verify(library, message, signature)
        .map_err(|error| refused(error, key, algorithm))
}

fn checked<'m>(
    key: &OpenKey,
    algorithm: SigningAlgorithm,
    kind: MessageType,
    bytes: &'m [u8],
) -> Result<(strongroom_crypto::SigningAlgorithm, Message<'m>)> {
    if algorithm == SigningAlgorithm::Ed25519PhSha512
        && key.spec.signing_algorithms() == [SigningAlgorithm::Ed25519Sha512]
    {
        return Err(Error::unsupported(
            "SigningAlgorithm ED25519_PH_SHA_512 is not supported in this deployment.",
        ));
    }
    let suits = key.spec.signing_algorithms().contains(&algorithm);
    let library = algorithm.library().filter(|_| suits);
    let library =
        library.ok_or_else(|| Error::incompatible(algorithm.as_str(), key.spec.as_str()))?;
    let message = match (kind, library.digest_bytes()) {
        (MessageType::Raw, _) => Message::Raw(bytes),
        (MessageType::Digest, Some(length)) if bytes.len() == length => Message::Digest(bytes),
        (MessageType::Digest, Some(_)) => {
            return Err(Error::validation(format!(
                "Digest is invalid length for algorithm {}.",
                algorithm.as_str()
            )));
        }
        (MessageType::ExternalMu, None) if algorithm == SigningAlgorithm::MlDsaShake256 => {
            return Err(Error::unsupported(
                "MessageType EXTERNAL_MU is not supported in this deployment.",
            ));
        }
        (MessageType::Digest | MessageType::ExternalMu, _) => {
            return Err(Error::validation(format!(
                "Message type {} is not valid for algorithm {}.",
                kind.as_str(),
                algorithm.as_str()
            )));
        }
    };
    Ok((library, message))
}

fn refused(error: AsymmetricError, key: &OpenKey, algorithm: SigningAlgorithm) -> Error {
    match error {
        AsymmetricError::Invalid => Error::kms(Code::InvalidSignature, ""),
        AsymmetricError::DigestLength => Error::validation(format!(
            "Digest is invalid length for algorithm {}.",
            algorithm.as_str()
        )),
        AsymmetricError::Unsupported => Error::incompatible(algorithm.as_str(), key.spec.as_str()),
        AsymmetricError::Failed | AsymmetricError::Rejected | AsymmetricError::TooLong => {
            corrupt(&key.home, &key.id).into()
        }
    }
}
