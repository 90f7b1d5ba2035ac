use std::collections::BTreeMap;

use serde_json::Value;
use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::end_dry_run,
        encryption, encryption_context,
        error::Result,
        spec::{EncryptionAlgorithm, KeyUsage},
        state::Deed,
        target::KeyRef,
        usage,
    },
    operation::Operation,
    shape::{Blob, Input, Output, Shape as _},
};

/// Encrypts up to 4,096 bytes.
///
/// Source: KMS API Reference, Encrypt.
pub struct Encrypt;

/// What is asked.
#[derive(Input)]
pub struct EncryptInput {
    /// The key: id, ARN, alias name or alias ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// The plaintext.
    #[shape(length(1, 4096))]
    pub plaintext: Sensitive<Blob>,
    /// Pairs that the ciphertext is bound to; not secret.
    pub encryption_context: Option<BTreeMap<String, String>>,
    /// Tokens of grants; grants are in force at once, so that none is needed.
    #[shape(unrecorded, length(0, 10), each(length(1, 8192)))]
    pub grant_tokens: Option<Vec<String>>,
    /// The algorithm; `SYMMETRIC_DEFAULT` if absent.
    pub encryption_algorithm: Option<EncryptionAlgorithm>,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
}

/// What is answered.
#[derive(Output)]
pub struct EncryptOutput {
    /// The ciphertext.
    pub ciphertext_blob: Option<Blob>,
    /// The key's ARN.
    pub key_id: Option<String>,
    /// The algorithm; `SYMMETRIC_DEFAULT` if absent.
    pub encryption_algorithm: Option<String>,
}

impl Operation for Encrypt {
    const NAME: &'static str = "Encrypt";
    const ACTION: &'static str = "kms:Encrypt";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "DisabledException",
        "KeyUnavailableException",
        "DependencyTimeoutException",
        "InvalidKeyUsageException",
        "InvalidGrantTokenException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "DryRunOperationException",
    ];
    type Service = Kms;
    type Input = EncryptInput;
    type Output = EncryptOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        let tokens = input.grant_tokens.as_deref();
        KeyRef::granted(cx, &input.key_id, tokens, input.encryption_context.as_ref()).await
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
        let key = target.usable(cx, Deed::Encrypt, KeyUsage::EncryptDecrypt, Self::NAME)?;
        let algorithm = input
            .encryption_algorithm
            .unwrap_or(EncryptionAlgorithm::SymmetricDefault);
        let plaintext = &input.plaintext.expose().0;
        let made = encryption::encrypt(cx, &key, algorithm, &input.encryption_context, plaintext)?;
        end_dry_run(input.dry_run)?;
        usage::note(cx, &key, Self::NAME);
        encryption::remark(cx, made.material_id.as_deref());
        Ok(EncryptOutput {
            ciphertext_blob: Some(Blob(made.blob)),
            key_id: Some(key.arn.to_string()),
            encryption_algorithm: Some(algorithm.as_str().to_owned()),
        })
    }
}
