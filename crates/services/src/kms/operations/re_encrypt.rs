use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys, authorize},
    context::Context,
    kms::{
        Kms,
        arguments::{DryRunModifier, end_dry_run},
        ciphertext::Header,
        encryption, encryption_context,
        error::{Error, Result},
        key::OpenKey,
        spec::{EncryptionAlgorithm, KeyUsage},
        state::Deed,
        target::KeyRef,
        usage,
    },
    operation::Operation,
    shape::{Blob, Input, Output, Shape as _},
};

/// Decrypts a ciphertext and encrypts what was in it under another key or context, all inside KMS.
///
/// Source: KMS API Reference, ReEncrypt.
pub struct ReEncrypt;

/// What is asked.
#[derive(Input)]
pub struct ReEncryptInput {
    /// The ciphertext.
    #[shape(length(1, 6144))]
    pub ciphertext_blob: Option<Blob>,
    /// The pairs that the ciphertext is bound to.
    pub source_encryption_context: Option<BTreeMap<String, String>>,
    /// The key that it is under.
    #[shape(length(1, 2048))]
    pub source_key_id: Option<String>,
    /// The key to put it under.
    #[shape(length(1, 2048))]
    pub destination_key_id: String,
    /// The pairs to bind it to.
    pub destination_encryption_context: Option<BTreeMap<String, String>>,
    /// How it was encrypted.
    pub source_encryption_algorithm: Option<EncryptionAlgorithm>,
    /// How to encrypt it.
    pub destination_encryption_algorithm: Option<EncryptionAlgorithm>,
    /// Tokens of grants; grants are in force at once, so that none is needed.
    #[shape(unrecorded, length(0, 10), each(length(1, 8192)))]
    pub grant_tokens: Option<Vec<String>>,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
    /// `IGNORE_CIPHERTEXT`: judge the dry run without a ciphertext.
    pub dry_run_modifiers: Option<Vec<DryRunModifier>>,
}

/// What is answered.
#[derive(Output)]
pub struct ReEncryptOutput {
    /// The ciphertext.
    pub ciphertext_blob: Option<Blob>,
    /// The key that it is under.
    pub source_key_id: Option<String>,
    /// The key's ARN.
    pub key_id: Option<String>,
    /// How it was encrypted.
    pub source_encryption_algorithm: Option<String>,
    /// How to encrypt it.
    pub destination_encryption_algorithm: Option<String>,
    /// Which material decrypted.
    pub source_key_material_id: Option<String>,
    /// Which material encrypted.
    pub destination_key_material_id: Option<String>,
}

impl Operation for ReEncrypt {
    const NAME: &'static str = "ReEncrypt";
    const ACTION: &'static str = "kms:ReEncryptFrom";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "DisabledException",
        "InvalidCiphertextException",
        "KeyUnavailableException",
        "IncorrectKeyException",
        "DependencyTimeoutException",
        "InvalidKeyUsageException",
        "InvalidGrantTokenException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "DryRunOperationException",
    ];
    type Service = Kms;
    type Input = ReEncryptInput;
    type Output = ReEncryptOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        let mut keys = Keys::default();
        Self::condition_keys(input, &mut keys);
        encryption::key_of(
            cx,
            input.ciphertext_blob.as_ref(),
            input.source_key_id.as_deref(),
            input.grant_tokens.as_deref(),
            input.source_encryption_context.as_ref(),
            Self::ACTION,
            &keys,
        )
        .await
    }

    fn request_parameters(input: &Self::Input) -> Option<Value> {
        encryption::with_algorithms(
            input.record(),
            &[
                "sourceEncryptionAlgorithm",
                "destinationEncryptionAlgorithm",
            ],
        )
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        encryption_context::condition_keys(input.source_encryption_context.as_ref(), keys);
        let algorithm = input.source_encryption_algorithm;
        let algorithm = algorithm.unwrap_or(EncryptionAlgorithm::SymmetricDefault);
        keys.one("kms:EncryptionAlgorithm", algorithm.as_str());
        let same = same_key(input);
        keys.some("kms:ReEncryptOnSameKey", same);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let ignored = ignores_ciphertext(&input)?;
        let key = target.usable(cx, Deed::Encrypt, KeyUsage::EncryptDecrypt, Self::NAME)?;
        let to = KeyRef::granted(
            cx,
            &input.destination_key_id,
            input.grant_tokens.as_deref(),
            input.destination_encryption_context.as_ref(),
        )
        .await?;
        let mut keys = Keys::default();
        destination_keys(&input, &key, to.key().map(AsRef::as_ref), &mut keys);
        let to = authorize::<_, Error>(cx, to, "kms:ReEncryptTo", &[], &keys)?;
        let to = to.usable(cx, Deed::Encrypt, KeyUsage::EncryptDecrypt, Self::NAME)?;
        let usual = EncryptionAlgorithm::SymmetricDefault;
        let from_algorithm = input.source_encryption_algorithm.unwrap_or(usual);
        let to_algorithm = input.destination_encryption_algorithm.unwrap_or(usual);
        let Some(blob) = input.ciphertext_blob.filter(|_| !ignored) else {
            encryption::check_algorithm(&key, from_algorithm)?;
            encryption::check_algorithm(&to, to_algorithm)?;
            return Err(Error::dry_run());
        };
        let opened = encryption::decrypt(
            &key,
            from_algorithm,
            &input.source_encryption_context,
            &blob.0,
        )?;
        let context = &input.destination_encryption_context;
        let made = encryption::encrypt(cx, &to, to_algorithm, context, &opened.plaintext)?;
        end_dry_run(input.dry_run)?;
        for used in [&key, &to] {
            usage::note(cx, used, Self::NAME);
        }
        cx.remarks.additional_event_data = Some(json!({
            "sourceKeyMaterialId": opened.material_id, "destinationKeyMaterialId": made.material_id,
        }));
        Ok(ReEncryptOutput {
            ciphertext_blob: Some(Blob(made.blob)),
            source_key_id: Some(key.arn.to_string()),
            key_id: Some(to.arn.to_string()),
            source_encryption_algorithm: Some(from_algorithm.as_str().to_owned()),
            destination_encryption_algorithm: Some(to_algorithm.as_str().to_owned()),
            source_key_material_id: opened.material_id,
            destination_key_material_id: made.material_id,
        })
    }
}

/// Whether source and destination are the same key, where both are named by
/// their ids or ARNs, or the ciphertext itself names the source.
fn same_key(input: &ReEncryptInput) -> Option<bool> {
    let id = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let from = match (&input.source_key_id, &input.ciphertext_blob) {
        (Some(named), _) => id(named),
        (None, Some(blob)) => Header::decode(&blob.0)?.0.key_id,
        (None, None) => return None,
    };
    Some(from == id(&input.destination_key_id))
}

fn destination_keys(input: &ReEncryptInput, from: &OpenKey, to: Option<&OpenKey>, keys: &mut Keys) {
    encryption_context::condition_keys(input.destination_encryption_context.as_ref(), keys);
    let algorithm = input.destination_encryption_algorithm;
    let algorithm = algorithm.unwrap_or(EncryptionAlgorithm::SymmetricDefault);
    keys.one("kms:EncryptionAlgorithm", algorithm.as_str());
    let same = to.is_some_and(|to| to.arn == from.arn);
    keys.one("kms:ReEncryptOnSameKey", same.to_string());
}

/// Whether a dry run is judged without its ciphertext.
///
/// # Errors
/// `ValidationException` where that is asked for and it is no dry run, or no
/// source is named; or where there is neither that nor a ciphertext.
fn ignores_ciphertext(input: &ReEncryptInput) -> Result<bool> {
    let ignored = input
        .dry_run_modifiers
        .as_ref()
        .is_some_and(|modifiers| !modifiers.is_empty());
    if ignored && (input.dry_run != Some(true) || input.source_key_id.is_none()) {
        return Err(Error::validation(
            "DryRunModifiers can be used only with DryRun and a SourceKeyId.",
        ));
    }
    if !ignored && input.ciphertext_blob.is_none() {
        return Err(Error::validation(
            "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy \
             constraint: Member must not be null",
        ));
    }
    Ok(ignored)
}
