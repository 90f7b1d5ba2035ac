//! Encrypting and decrypting under symmetric keys: what blobs are made of.

use strongroom_crypto::Random;
use zeroize::Zeroizing;

use super::{
    ciphertext::Header,
    encryption_context::{Pairs, associated},
    key::OpenKey,
    material::{OpenMaterial, Secret},
};

/// A new blob, and the material that made it; nothing if the key has none for
/// it.
pub(super) fn encrypt<'k>(
    random: &dyn Random,
    key: &'k OpenKey,
    context: &Pairs<'_>,
    plaintext: &[u8],
) -> Option<(Vec<u8>, &'k OpenMaterial)> {
    let material = key.current()?;
    let Secret::Symmetric(secret) = &material.secret else {
        return None;
    };
    let header = Header {
        account: key.home.account,
        key_id: key.id.clone(),
        material_id: material.id,
    };
    let head = header.encode();
    let sealed = secret.seal(random, &associated(&head, context), plaintext);
    Some(([head, sealed].concat(), material))
}

/// What is in a blob: `head` and `body` are its parts. Nothing if it is
/// changed, or of another key or context.
pub(super) fn decrypt(
    key: &OpenKey,
    header: &Header,
    head: &[u8],
    body: &[u8],
    context: &Pairs<'_>,
) -> Option<Zeroizing<Vec<u8>>> {
    if header.key_id != key.id || header.account != key.home.account {
        return None;
    }
    let Secret::Symmetric(secret) = &key.material(&header.material_id)?.secret else {
        return None;
    };
    secret.open(&associated(head, context), body).ok()
}
