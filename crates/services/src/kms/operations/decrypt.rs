use std::collections::BTreeMap;

use serde_json::Value;
use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::{DryRunModifier, RecipientInfo, end_dry_run, no_recipient, plaintext},
        encryption, encryption_context,
        error::{Error, Result},
        spec::{EncryptionAlgorithm, KeyUsage},
        state::Deed,
        target::KeyRef,
        usage,
    },
    operation::Operation,
    shape::{Blob, Input, Output, Shape as _},
};

/// Decrypts what Encrypt, ReEncrypt or GenerateDataKey made.
///
/// Source: KMS API Reference, Decrypt.
pub struct Decrypt;

/// What is asked.
#[derive(Input)]
pub struct DecryptInput {
    /// The ciphertext.
    #[shape(length(1, 6144))]
    pub ciphertext_blob: Option<Blob>,
    /// Pairs that the ciphertext is bound to; not secret.
    pub encryption_context: Option<BTreeMap<String, String>>,
    /// Tokens of grants; grants are in force at once, so that none is needed.
    #[shape(unrecorded, length(0, 10), each(length(1, 8192)))]
    pub grant_tokens: Option<Vec<String>>,
    /// The key that must open it; needed for asymmetric keys.
    #[shape(length(1, 2048))]
    pub key_id: Option<String>,
    /// The algorithm; `SYMMETRIC_DEFAULT` if absent.
    pub encryption_algorithm: Option<EncryptionAlgorithm>,
    /// An enclave that alone shall read the answer; refused.
    pub recipient: Option<RecipientInfo>,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
    /// `IGNORE_CIPHERTEXT`: judge the dry run without a ciphertext.
    pub dry_run_modifiers: Option<Vec<DryRunModifier>>,
}

/// What is answered.
#[derive(Output)]
pub struct DecryptOutput {
    /// The key's ARN.
    pub key_id: Option<String>,
    /// The plaintext.
    pub plaintext: Option<Sensitive<Blob>>,
    /// The algorithm; `SYMMETRIC_DEFAULT` if absent.
    pub encryption_algorithm: Option<String>,
    /// The plaintext for an enclave; never, as there are none.
    pub ciphertext_for_recipient: Option<Blob>,
    /// Which material was used; 64 hexadecimal digits.
    pub key_material_id: Option<String>,
}

impl Operation for Decrypt {
    const NAME: &'static str = "Decrypt";
    const ACTION: &'static str = "kms:Decrypt";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "DisabledException",
        "InvalidCiphertextException",
        "KeyUnavailableException",
        "IncorrectKeyException",
        "InvalidKeyUsageException",
        "DependencyTimeoutException",
        "InvalidGrantTokenException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "DryRunOperationException",
    ];
    type Service = Kms;
    type Input = DecryptInput;
    type Output = DecryptOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        let mut keys = Keys::default();
        Self::condition_keys(input, &mut keys);
        encryption::key_of(
            cx,
            input.ciphertext_blob.as_ref(),
            input.key_id.as_deref(),
            input.grant_tokens.as_deref(),
            input.encryption_context.as_ref(),
            Self::ACTION,
            &keys,
        )
        .await
    }

    fn request_parameters(input: &Self::Input) -> Option<Value> {
        encryption::with_algorithms(input.record(), &["encryptionAlgorithm"])
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        encryption_context::condition_keys(input.encryption_context.as_ref(), keys);

        let algorithm = input
            .encryption_algorithm
            .unwrap_or(EncryptionAlgorithm::SymmetricDefault);
        keys.one("kms:EncryptionAlgorithm", algorithm.as_str());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let ignored = ignores_ciphertext(&input)?;
        let key = target.usable(cx, Deed::Encrypt, KeyUsage::EncryptDecrypt, Self::NAME)?;
        no_recipient(input.recipient.as_ref())?;
        let algorithm = input
            .encryption_algorithm
            .unwrap_or(EncryptionAlgorithm::SymmetricDefault);
        let Some(blob) = input.ciphertext_blob.filter(|_| !ignored) else {
            encryption::check_algorithm(&key, algorithm)?;
            return Err(Error::dry_run());
        };
        let opened = encryption::decrypt(&key, algorithm, &input.encryption_context, &blob.0)?;
        end_dry_run(input.dry_run)?;
        usage::note(cx, &key, Self::NAME);
        encryption::remark(cx, opened.material_id.as_deref());
        Ok(DecryptOutput {
            key_id: Some(key.arn.to_string()),
            plaintext: plaintext(opened.plaintext),
            encryption_algorithm: Some(algorithm.as_str().to_owned()),
            ciphertext_for_recipient: None,
            key_material_id: opened.material_id,
        })
    }
}

/// Whether a dry run is judged without its ciphertext.
///
/// # Errors
/// `ValidationException` where that is asked for and it is no dry run, or no
/// key is named; or where there is neither that nor a ciphertext.
fn ignores_ciphertext(input: &DecryptInput) -> Result<bool> {
    let ignored = input
        .dry_run_modifiers
        .as_ref()
        .is_some_and(|modifiers| !modifiers.is_empty());
    if ignored && (input.dry_run != Some(true) || input.key_id.is_none()) {
        return Err(Error::validation(
            "DryRunModifiers can be used only with DryRun and a KeyId.",
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
