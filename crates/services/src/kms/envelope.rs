//! Sealing and opening secret values for a caller.
//!
//! Each value is sealed under a data key of its own, and the data key under a
//! KMS key, both bound to the encryption context `{SecretARN,
//! SecretVersionId}`. Every use of a KMS key leaves its own record, with the
//! key's ARN and the context, under the caller's identity.

use std::{fmt, io::Write as _, sync::Arc};

use strongroom_crypto::AeadKey;
use strongroom_policy::{Policy, Values};
use strongroom_store::StoreError;
use strongroom_types::{AccountId, Arn};
use zeroize::Zeroizing;

use super::{
    Kms,
    ciphertext::Header,
    encryption_context::{Pairs, associated},
    error::Error,
    grants::{self, Held},
    key::{self, KeyName, OpenKey},
    material::OpenMaterial,
    spec::{KeySpec, KeyUsage},
    state::Deed,
    symmetric, target, usage,
};
use crate::{
    authorize::{self, Keys, Target, Told, forwarded},
    cloudtrail::{Event, Kind, Recorded, quote},
    context::{Context, Home},
    operation::{Service as _, ServiceError as _},
};

/// KMS says no more than the name.
const INVALID_CIPHERTEXT: (&str, String) = ("InvalidCiphertextException", String::new());

/// Why a key could not be used.
#[derive(Debug)]
pub enum KeyError {
    /// The AWS managed key serves its own account only.
    AnotherAccount,
    /// The key is none that makes data keys.
    Asymmetric,
    /// A policy does not let the caller have the key used.
    Denied,
    /// The blob does not open: changed, or of another key or context.
    Ciphertext,
    /// There is no such key; the text is KMS's.
    NotFound(String),
    /// The key cannot be used now: it is disabled, waits for its deletion, or
    /// lacks its imported material.
    Unusable,
    /// The store could not be used.
    Store(StoreError),
}

impl From<StoreError> for KeyError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The encryption context of a secret's version.
#[derive(Clone, Debug)]
pub struct EncryptionContext {
    /// The secret's full ARN.
    pub secret_arn: Arn,
    /// The version's id.
    pub version_id: String,
}

/// A sealed value and how to open it.
pub struct Sealed {
    /// The value under its data key.
    pub ciphertext: Vec<u8>,
    /// The data key under the KMS key.
    pub encrypted_data_key: Vec<u8>,
}

/// A sealed value where it is stored.
#[derive(Clone, Copy)]
pub struct SealedRef<'a> {
    /// The value under its data key.
    pub ciphertext: &'a [u8],
    /// The data key under the KMS key.
    pub encrypted_data_key: &'a [u8],
}

impl EncryptionContext {
    /// Its pairs, in the order of their keys.
    fn pairs(&self) -> [(&str, &str); 2] {
        [
            ("SecretARN", self.secret_arn.as_str()),
            ("SecretVersionId", &self.version_id),
        ]
    }

    /// Request parameters as records have them, in JSON, with the context last:
    /// `before` is what stands before its value.
    fn recorded(&self, before: fmt::Arguments<'_>) -> String {
        let mut json = Vec::with_capacity(384);
        // Cannot fail: the writer is memory.
        let _ = json.write_fmt(before);
        json.extend_from_slice(br#"{"SecretARN":"#);
        quote(&mut json, self.secret_arn.as_str());
        json.extend_from_slice(br#","SecretVersionId":"#);
        quote(&mut json, &self.version_id);
        json.extend_from_slice(b"}}");
        String::from_utf8(json).unwrap_or_default()
    }
}

/// The key that a request chose for a secret of `home`: the one it names, or
/// the account's AWS managed key.
///
/// # Errors
/// [`KeyError::NotFound`].
pub async fn chosen_key(
    cx: &mut Context<'_>,
    home: &Home,
    named: Option<&str>,
) -> Result<Arc<OpenKey>, KeyError> {
    let name = named.map(|text| KeyName::parse(text, *home)).transpose();
    let opened = match name.map_err(not_there)? {
        None => key::default_key(cx, home).await?,
        Some(KeyName::Alias(of, alias)) if of == *home && alias == key::DEFAULT_ALIAS => {
            key::default_key(cx, home).await?
        }
        Some(name) => {
            let found = name.find(cx).await?;
            found.ok_or_else(|| not_there(name.missing()))?
        }
    };
    Ok(opened)
}

fn not_there(error: Error) -> KeyError {
    match error {
        Error::Store(error) => KeyError::Store(error),
        other => KeyError::NotFound(other.refusal().message.into_owned()),
    }
}

/// The ARN of the key that a request names, for policies; nothing if it names
/// none that is there.
///
/// # Errors
/// When the store fails.
pub async fn named_key(
    cx: &mut Context<'_>,
    home: &Home,
    named: Option<&str>,
) -> Result<Option<Arn>, StoreError> {
    let Some(Ok(name)) = named.map(|text| KeyName::parse(text, *home)) else {
        return Ok(None);
    };
    Ok(name.find(cx).await?.map(|key| key.arn.clone()))
}

/// Seals a value under a fresh data key: KMS's `GenerateDataKey`.
///
/// # Errors
/// [`KeyError::Denied`], [`KeyError::AnotherAccount`], [`KeyError::Unusable`],
/// [`KeyError::Asymmetric`].
pub async fn seal(
    cx: &mut Context<'_>,
    key: &OpenKey,
    context: &EncryptionContext,
    value: &[u8],
) -> Result<Sealed, KeyError> {
    let used = permitted(cx, key, Use::GenerateDataKey, context).await?;
    let data_key = cx.services.random.key();
    let encrypted_data_key = wrap(cx, used, key, context, data_key.as_ref())?;
    let random = cx.services.random.as_ref();
    let bound = associated(&[], &context.pairs());
    Ok(Sealed {
        encrypted_data_key,
        ciphertext: AeadKey::new(&data_key).seal(random, &bound, value),
    })
}

/// Opens a sealed value: KMS's `Decrypt`.
///
/// # Errors
/// [`KeyError::Denied`], [`KeyError::AnotherAccount`], [`KeyError::Unusable`];
/// [`KeyError::Ciphertext`] if it is not as it was sealed, or not in its place;
/// [`KeyError::NotFound`] if its key is gone.
pub async fn open(
    cx: &mut Context<'_>,
    home: &Home,
    context: &EncryptionContext,
    sealed: SealedRef<'_>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let data_key = unwrap(cx, home, context, sealed.encrypted_data_key).await?;
    let bound = associated(&[], &context.pairs());
    AeadKey::new(&data_key)
        .open(&bound, sealed.ciphertext)
        .map_err(|_| KeyError::Ciphertext)
}

/// Puts the data key of a sealed value under another KMS key: KMS's `Decrypt`
/// by the one and `Encrypt` by the other. The value itself stays as it is.
/// Nothing if the caller may not have the new key encrypt: then the value
/// stays under the old one.
///
/// # Errors
/// As [`open`] and [`seal`].
///
/// Source: Secrets Manager API Reference, UpdateSecret, `KmsKeyId`.
pub async fn rewrap(
    cx: &mut Context<'_>,
    home: &Home,
    context: &EncryptionContext,
    encrypted_data_key: &[u8],
    key: &OpenKey,
) -> Result<Option<Vec<u8>>, KeyError> {
    let data_key = unwrap(cx, home, context, encrypted_data_key).await?;
    match permitted(cx, key, Use::Encrypt, context).await {
        Ok(used) => wrap(cx, used, key, context, data_key.as_ref()).map(Some),
        Err(KeyError::Denied) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The data key of a sealed value.
async fn unwrap(
    cx: &mut Context<'_>,
    home: &Home,
    context: &EncryptionContext,
    encrypted_data_key: &[u8],
) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let decoded = Header::decode(encrypted_data_key);
    let Some((header, head, body)) = decoded else {
        keyless(cx, context, INVALID_CIPHERTEXT);
        return Err(KeyError::Ciphertext);
    };
    let home = Home {
        account: header.account,
        ..*home
    };
    let Some(key) = key::open(cx, &home, &header.key_id).await? else {
        let text = key::not_found(&home, &header.key_id);
        keyless(cx, context, ("NotFoundException", text.clone()));
        return Err(KeyError::NotFound(text));
    };
    let mut used = permitted(cx, &key, Use::Decrypt, context).await?;
    let opened = symmetric::decrypt(&key, &header, head, body, &context.pairs());
    let data_key = opened
        .and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok())
        .map(Zeroizing::new);
    if data_key.is_some() {
        used.additional_event_data = key.material(&header.material_id).map(material_used);
        usage::note(cx, &key, "Decrypt");
    } else {
        used.error = Some(INVALID_CIPHERTEXT);
    }
    cx.events.push(used);
    data_key.ok_or(KeyError::Ciphertext)
}

/// What AWS does when a key is chosen for a secret: one use of each kind, in
/// the caller's name, for nothing.
///
/// # Errors
/// [`KeyError::Denied`], [`KeyError::AnotherAccount`], [`KeyError::Unusable`],
/// [`KeyError::Asymmetric`].
pub async fn validate(
    cx: &mut Context<'_>,
    key: &OpenKey,
    secret_arn: &Arn,
) -> Result<(), KeyError> {
    let context = EncryptionContext {
        secret_arn: secret_arn.clone(),
        version_id: "RequestToValidateKeyAccess".to_owned(),
    };
    for how in [Use::GenerateDataKey, Use::Decrypt] {
        let mut used = permitted(cx, key, how, &context).await?;
        used.additional_event_data = key.current().map(material_used);
        cx.events.push(used);
    }
    Ok(())
}

/// How Secrets Manager uses keys.
#[derive(Clone, Copy)]
enum Use {
    Decrypt,
    Encrypt,
    GenerateDataKey,
}

impl Use {
    fn name(self) -> &'static str {
        match self {
            Self::Decrypt => "Decrypt",
            Self::Encrypt => "Encrypt",
            Self::GenerateDataKey => "GenerateDataKey",
        }
    }

    fn action(self) -> &'static str {
        match self {
            Self::Decrypt => "kms:Decrypt",
            Self::Encrypt => "kms:Encrypt",
            Self::GenerateDataKey => "kms:GenerateDataKey",
        }
    }

    /// The parameters as records have them, in JSON. An ARN of a key has
    /// nothing to escape.
    fn parameters(self, key: &OpenKey, context: &EncryptionContext) -> String {
        let key = key.arn.as_str();
        match self {
            Self::Decrypt => decrypt_parameters(context),
            Self::Encrypt => context.recorded(format_args!(
                r#"{{"keyId":"{key}","encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":"#
            )),
            Self::GenerateDataKey => context.recorded(format_args!(
                r#"{{"keyId":"{key}","keySpec":"AES_256","encryptionContext":"#
            )),
        }
    }
}

/// The event of a use of a key, if the caller may have it used and it can be;
/// a refusal is recorded here.
async fn permitted(
    cx: &mut Context<'_>,
    key: &OpenKey,
    how: Use,
    context: &EncryptionContext,
) -> Result<Event, KeyError> {
    let mut event = event(how.name(), Some(key), how.parameters(key, context));
    if let Err(message) = allowed(cx, key, how, context).await? {
        event.error = Some(("AccessDenied", message));
        event.owner = None;
        cx.events.push(event);
        return if key.home.account == cx.request.caller.account || !key.row.aws_managed {
            Err(KeyError::Denied)
        } else {
            Err(KeyError::AnotherAccount)
        };
    }
    let Err(error) = usable(cx, key, how) else {
        return Ok(event);
    };
    let refusal = error.refusal();
    event.error = Some((refusal.code, refusal.message.into_owned()));
    cx.events.push(event);
    if key.spec == KeySpec::SymmetricDefault {
        Err(KeyError::Unusable)
    } else {
        Err(KeyError::Asymmetric)
    }
}

/// Whether the key can be used now.
fn usable(cx: &Context<'_>, key: &OpenKey, how: Use) -> Result<(), Error> {
    key.check(Deed::Encrypt, cx.now)?;
    key.check_usage(KeyUsage::EncryptDecrypt, how.name())?;
    match key.spec {
        KeySpec::SymmetricDefault => Ok(()),
        spec => Err(Error::usage(&key.arn, spec.as_str(), how.name())),
    }
}

/// What an operator is told of the use of a key that sealing for a version, or
/// opening what was sealed for it, makes; nothing if the key is not there.
///
/// # Errors
/// When the store fails.
pub(crate) async fn explain(
    cx: &mut Context<'_>,
    home: &Home,
    context: &EncryptionContext,
    of: Explained<'_>,
) -> Result<Option<Told>, StoreError> {
    let (key, how) = match of {
        Explained::Sealing(named) => (chosen_key(cx, home, named).await.ok(), Use::GenerateDataKey),
        Explained::Opening(encrypted_data_key) => {
            let Some((header, ..)) = Header::decode(encrypted_data_key) else {
                return Ok(None);
            };
            let home = Home {
                account: header.account,
                ..*home
            };
            (key::open(cx, &home, &header.key_id).await?, Use::Decrypt)
        }
    };
    let Some(key) = key else {
        return Ok(None);
    };
    let pairs = context.pairs();
    let mut target = KeyInUse {
        key: &key,
        context: &pairs,
        caller: cx.request.caller.account,
        held: Vec::new(),
    };
    if key.row.has_grants {
        target.held = grants::held(cx, &key).await?;
    }
    let told = authorize::explain(cx, &target, how.action(), &Keys::default(), true);
    let usable = usable(cx, &key, how).map_err(|error| error.refusal().message.into_owned());
    Ok(Some(Told {
        verdict: told.verdict.and(usable),
        ..told
    }))
}

/// What use of a key an operator asks about.
#[derive(Clone, Copy)]
pub(crate) enum Explained<'a> {
    /// Opening the value with this encrypted data key.
    Opening(&'a [u8]),
    /// Sealing under the key of this name, or the account's own.
    Sealing(Option<&'a str>),
}

/// Whether policies or a grant let the caller have the key used; otherwise
/// KMS's text.
async fn allowed(
    cx: &mut Context<'_>,
    key: &OpenKey,
    how: Use,
    context: &EncryptionContext,
) -> Result<Result<(), String>, StoreError> {
    let pairs = context.pairs();
    let mut target = KeyInUse {
        key,
        context: &pairs,
        caller: cx.request.caller.account,
        held: Vec::new(),
    };
    let by_policy = forwarded(cx, &target, how.action(), &Keys::default());
    if by_policy.is_ok() || !key.row.has_grants {
        return Ok(by_policy);
    }
    target.held = Box::pin(grants::held(cx, key)).await?;
    Ok(forwarded(cx, &target, how.action(), &Keys::default()))
}

/// A key with what policies may ask of its use.
struct KeyInUse<'a> {
    key: &'a OpenKey,
    context: &'a Pairs<'a>,
    caller: AccountId,
    held: Vec<Held>,
}

impl Target for KeyInUse<'_> {
    fn resource(&self) -> &str {
        self.key.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(self.key.arn.as_str())
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.key.home.account)
    }

    fn policy(&self) -> Option<&Policy> {
        Some(&self.key.policy)
    }

    fn condition_keys(&self, keys: &mut Keys) {
        target::tag_keys(self.key, keys);
    }

    /// Source: KMS Developer Guide, "Condition keys for AWS KMS".
    fn condition_key(&self, key: &str) -> Option<Values<'_>> {
        if let Some(name) = key.strip_prefix("kms:encryptioncontext:") {
            let mut pairs = self.context.iter();
            let (_, value) = pairs.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
            return Some(Values::One((*value).into()));
        }
        Some(Values::One(match key {
            "kms:calleraccount" => self.caller.to_string().into(),
            "kms:encryptionalgorithm" => "SYMMETRIC_DEFAULT".into(),
            "kms:encryptioncontextkeys" => {
                let names = self.context.iter().map(|(name, _)| (*name).into());
                return Some(Values::Many(names.collect()));
            }
            "kms:viaservice" => key::via_service(&self.key.home).into(),
            _ => return target::key_condition(self.key, key),
        }))
    }

    fn is_aws_managed_key(&self) -> bool {
        self.key.row.aws_managed
    }

    fn kms_grant(&self, action: &str) -> Option<&str> {
        let operation = action.strip_prefix("kms:")?;
        let context = || {
            let pairs = self.context.iter();
            pairs
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect()
        };
        if self.held.is_empty() {
            return None;
        }
        let context = context();
        let fits = |held: &&Held| held.fits(operation, &context, None);
        self.held.iter().find(fits).map(|held| held.id.as_str())
    }
}

/// Records a `Decrypt` whose key is not there.
fn keyless(cx: &mut Context<'_>, context: &EncryptionContext, error: (&'static str, String)) {
    let mut event = event("Decrypt", None, decrypt_parameters(context));
    event.error = Some(error);
    cx.events.push(event);
}

/// A data key under a KMS key, with the record of the use.
fn wrap(
    cx: &mut Context<'_>,
    mut used: Event,
    key: &OpenKey,
    context: &EncryptionContext,
    data_key: &[u8],
) -> Result<Vec<u8>, KeyError> {
    let random = cx.services.random.as_ref();
    let (blob, material) =
        symmetric::encrypt(random, key, &context.pairs(), data_key).ok_or(KeyError::Unusable)?;
    used.additional_event_data = Some(material_used(material));
    usage::note(cx, key, used.name);
    cx.events.push(used);
    Ok(blob)
}

fn material_used(material: &OpenMaterial) -> Recorded {
    Recorded::Kept(Arc::clone(&material.recorded))
}

fn decrypt_parameters(context: &EncryptionContext) -> String {
    context.recorded(format_args!(
        r#"{{"encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":"#
    ))
}

fn event(name: &'static str, key: Option<&OpenKey>, parameters: String) -> Event {
    Event {
        request_parameters: Some(Recorded::Json(parameters)),
        resources: key.map(target::resource).into_iter().collect(),
        kind: Kind::Forwarded,
        owner: key.map(|key| key.home.account),
        ..Event::call(Kms::EVENT_SOURCE, name, true)
    }
}
