//! Values: given, sealed, opened, compared.

use std::{collections::BTreeSet, sync::Arc};

use strongroom_crypto::constant_time_eq;
use strongroom_store::Table;
use strongroom_types::{Arn, Sensitive};
use zeroize::Zeroizing;

use super::{
    error::{Error, Result},
    event::{rotation_event, service_event},
    kept,
    record::SealedValue,
    rotation,
    secret::{AWSCURRENT, AWSPENDING, AWSPREVIOUS, NewVersion},
    secret_ref::FoundSecret,
};
use crate::{
    context::{Context, Home},
    kms::{
        EncryptionContext, OpenKey,
        envelope::{self, Explained, KeyError},
    },
    shape::Blob,
    tables::SecretValues,
};

/// The largest value, in bytes of UTF-8 or of binary.
///
/// Source: Secrets Manager quotas.
const MAX_BYTES: usize = 65_536;

/// A secret value, in the kind in which it was given.
pub(super) enum Value {
    Binary(Sensitive<Blob>),
    String(Sensitive<String>),
}

impl Value {
    /// The value that a request gives, if it gives one.
    pub(super) fn given(
        string: Option<Sensitive<String>>,
        binary: Option<Sensitive<Blob>>,
    ) -> Result<Option<Self>> {
        let value = match (string, binary) {
            (Some(_), Some(_)) => return Err(Error::both_kinds()),
            (Some(string), None) => Self::String(string),
            (None, Some(binary)) => Self::Binary(binary),
            (None, None) => return Ok(None),
        };
        // The model counts characters; the limit is in bytes.
        if value.bytes().len() > MAX_BYTES {
            return Err(Error::Validation(
                "1 validation error detected: Value at 'secretString' failed to satisfy \
                 constraint: Member must have length less than or equal to 65536"
                    .into(),
            ));
        }
        Ok(Some(value))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Binary(binary) => &binary.expose().0,
            Self::String(string) => string.expose().as_bytes(),
        }
    }

    fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_))
    }

    fn is(&self, binary: bool, opened: &[u8]) -> bool {
        self.is_binary() == binary && constant_time_eq(self.bytes(), opened)
    }

    /// `SecretString` and `SecretBinary` of an answer.
    pub(super) fn into_members(self) -> (Option<Sensitive<String>>, Option<Sensitive<Blob>>) {
        match self {
            Self::Binary(binary) => (None, Some(binary)),
            Self::String(string) => (Some(string), None),
        }
    }
}

/// Writes a value into a new version of a secret and moves the labels, unless
/// a version of this token holds the same value already. The caller saves the
/// secret's row. Returns whether anything changed.
pub(super) async fn put(
    cx: &mut Context<'_>,
    found: &mut FoundSecret,
    token: &str,
    labels: Option<Vec<String>>,
    value: &Value,
) -> Result<bool> {
    if found
        .secret
        .version(token)
        .is_some_and(|version| version.has_value)
    {
        let (binary, opened) = open_sealed(cx, found, token).await?;
        return if value.is(binary, &opened) {
            Ok(false)
        } else {
            Err(Error::token_in_use(token, &found.arn))
        };
    }
    let named = found.secret.kms_key_id.clone();
    let key = envelope::chosen_key(cx, &found.home, named.as_deref()).await;
    let key = key.map_err(|error| encryption(error, named.as_deref()))?;
    let context = context(found, token);
    let sealed = envelope::seal(cx, &key, &context, value.bytes())
        .await
        .map_err(|error| encryption(error, named.as_deref()))?;
    let new = NewVersion {
        id: token.to_owned(),
        labels,
        kms_key_id: named.map(|_| key.arn.to_string()),
    };
    let current = |found: &FoundSecret| {
        let current = found.secret.labelled(AWSCURRENT);
        current.map(|version| version.id.clone())
    };
    let before = current(found);
    let pending = found.secret.pending().map(|version| version.id.clone());
    let added = found.secret.add_version(new, cx.now)?;
    for id in &added.removed {
        cx.tx.delete::<SecretValues>(&row(found, id))?;
        cx.events
            .push(service_event(found, "SecretVersionDeletion", id));
    }
    if added.abandoned_rotation {
        let pending = pending.unwrap_or_default();
        cx.events
            .push(rotation_event(found, "RotationAbandoned", &pending));
    }
    let row_value = SealedValue {
        ciphertext: sealed.ciphertext,
        encrypted_data_key: sealed.encrypted_data_key,
        binary: value.is_binary(),
    };
    cx.tx.put::<SecretValues>(&row(found, token), &row_value)?;
    if current(found) != before {
        rotation::changed_by_hand(cx, found)?;
    }
    Ok(true)
}

/// Puts the versions that carry one of AWS's labels under another key: their
/// data keys are encrypted anew, their values stay as they are. Without
/// permission to encrypt under the new key they stay under the old one, and so
/// do those whose key is gone.
pub(super) async fn reseal(
    cx: &mut Context<'_>,
    found: &mut FoundSecret,
    key: &OpenKey,
) -> Result<()> {
    let named = found
        .secret
        .kms_key_id
        .is_some()
        .then(|| key.arn.to_string());
    let labelled = [AWSCURRENT, AWSPENDING, AWSPREVIOUS].map(|label| {
        let version = found.secret.labelled(label)?;
        (version.has_value && version.kms_key_id != named).then(|| version.id.clone())
    });
    let ids: BTreeSet<String> = labelled.into_iter().flatten().collect();
    for id in ids {
        let at = row(found, &id);
        let stored = cx.tx.get::<SecretValues>(&at).await?;
        // The secret says that the version has a value, so its absence is damage.
        let mut stored = stored.ok_or_else(undecryptable)?;
        let bound = context(found, &id);
        let home = found.home;
        let rewrapped = envelope::rewrap(cx, &home, &bound, &stored.encrypted_data_key, key).await;
        let encrypted_data_key = match rewrapped {
            Ok(Some(encrypted_data_key)) => encrypted_data_key,
            // Under a key that is gone nothing can be read again. The secret
            // can still have another key, and then another value.
            Ok(None) | Err(KeyError::NotFound(_)) => continue,
            Err(error) => return Err(decryption(error)),
        };
        stored.encrypted_data_key = encrypted_data_key;
        cx.tx.put::<SecretValues>(&at, &stored)?;
        for version in found
            .secret
            .versions
            .iter_mut()
            .filter(|version| version.id == id)
        {
            version.kms_key_id.clone_from(&named);
        }
    }
    Ok(())
}

/// Reads a version's value for the caller and notes the access.
pub(super) async fn read(
    cx: &mut Context<'_>,
    found: &FoundSecret,
    version_id: &str,
) -> Result<Value> {
    let (binary, mut opened) = open_sealed(cx, found, version_id).await?;
    cx.services.secrets.accesses.note(found, version_id, cx.now);
    let bytes = std::mem::take(&mut *opened);
    if binary {
        return Ok(Value::Binary(Sensitive::new(Blob(bytes))));
    }
    match String::from_utf8(bytes) {
        Ok(string) => Ok(Value::String(Sensitive::new(string))),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err(undecryptable())
        }
    }
}

/// Whether a version's value is binary, and the value.
async fn open_sealed(
    cx: &mut Context<'_>,
    found: &FoundSecret,
    version_id: &str,
) -> Result<(bool, Zeroizing<Vec<u8>>)> {
    let row = kept::value(cx, found, version_id).await?;
    // The secret says that the version has a value, so its absence is damage.
    let row = row.ok_or_else(undecryptable)?;
    let sealed = envelope::SealedRef {
        ciphertext: &row.ciphertext,
        encrypted_data_key: &row.encrypted_data_key,
    };
    let opened = envelope::open(cx, &found.home, &context(found, version_id), sealed).await;
    Ok((row.binary, opened.map_err(decryption)?))
}

/// What an operator is told of the use of a KMS key that `action` on a secret
/// makes; nothing if it makes none.
///
/// # Errors
/// When the store fails.
pub(crate) async fn explain_key(
    cx: &mut Context<'_>,
    secret: &super::SecretRef,
    action: &str,
) -> Result<Option<crate::authorize::Told>> {
    let Some(found) = secret.as_found() else {
        return Ok(None);
    };
    let named = found.secret.kms_key_id.clone();
    match action {
        "secretsmanager:GetSecretValue" => {
            let current = found.secret.labelled(AWSCURRENT);
            let Some(id) = current.map(|version| version.id.clone()) else {
                return Ok(None);
            };
            let Some(row) = kept::value(cx, &found, &id).await? else {
                return Ok(None);
            };
            let of = Explained::Opening(&row.encrypted_data_key);
            Ok(envelope::explain(cx, &found.home, &context(&found, &id), of).await?)
        }
        "secretsmanager:PutSecretValue" => {
            let of = Explained::Sealing(named.as_deref());
            Ok(envelope::explain(cx, &found.home, &context(&found, ""), of).await?)
        }
        _ => Ok(None),
    }
}

/// The key of the row of a version's value.
pub(super) fn row(found: &FoundSecret, version_id: &str) -> <SecretValues as Table>::Key {
    let Home {
        account, region, ..
    } = found.home;
    (
        account,
        region,
        found.secret.name.clone(),
        found.secret.suffix.clone(),
        version_id.to_owned(),
    )
}

fn context(found: &FoundSecret, version_id: &str) -> EncryptionContext {
    EncryptionContext {
        secret_arn: found.arn.clone(),
        version_id: version_id.to_owned(),
    }
}

/// The key that a secret is to be under; one that the request names is tried
/// out first, as AWS does.
///
/// # Errors
/// `InvalidParameterException` if the key that is named is not there; the
/// same errors as a write under it.
pub(super) async fn choose_key(
    cx: &mut Context<'_>,
    home: &Home,
    arn: &Arn,
    named: Option<&str>,
) -> Result<Arc<OpenKey>> {
    let chosen = envelope::chosen_key(cx, home, named).await;
    let key = chosen.map_err(|error| encryption(error, named))?;
    if named.is_some() {
        envelope::validate(cx, &key, arn)
            .await
            .map_err(|error| encryption(error, named))?;
    }
    Ok(key)
}

fn encryption(error: KeyError, named: Option<&str>) -> Error {
    match error {
        KeyError::AnotherAccount => other_account(),
        KeyError::Denied => kms_denied(),
        KeyError::Asymmetric => Error::Encryption(
            "Secrets Manager can't encrypt the protected secret text using the provided KMS key: \
             Cannot generate a data key with an asymmetric KMS key"
                .into(),
        ),
        KeyError::NotFound(text) if named.is_some() => Error::InvalidParameter(
            format!("The operation failed because of an invalid KMS key: {text}").into(),
        ),
        KeyError::Ciphertext | KeyError::NotFound(_) | KeyError::Unusable => Error::Encryption(
            "Secrets Manager can't encrypt the protected secret text using the provided KMS key."
                .into(),
        ),
        KeyError::Store(error) => Error::Store(error),
    }
}

fn decryption(error: KeyError) -> Error {
    match error {
        KeyError::AnotherAccount => other_account(),
        KeyError::Denied => kms_denied(),
        KeyError::Asymmetric
        | KeyError::Ciphertext
        | KeyError::NotFound(_)
        | KeyError::Unusable => undecryptable(),
        KeyError::Store(error) => Error::Store(error),
    }
}

fn kms_denied() -> Error {
    Error::AccessDenied("Access to KMS is not allowed".into())
}

fn undecryptable() -> Error {
    Error::Decryption(
        "Secrets Manager can't decrypt the protected secret text using the provided KMS key."
            .into(),
    )
}

fn other_account() -> Error {
    Error::InvalidRequest(
        "You can't access a secret from a different AWS account if you encrypt the secret with \
         the default KMS service key."
            .into(),
    )
}
