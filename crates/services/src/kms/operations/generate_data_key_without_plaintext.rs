use std::collections::BTreeMap;

use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::end_dry_run,
        data_key, encryption, encryption_context,
        error::Result,
        spec::{DataKeySpec, EncryptionAlgorithm, KeyUsage},
        state::Deed,
        target::KeyRef,
        usage,
    },
    operation::Operation,
    shape::{Blob, Input, Output},
};

/// Makes a data key, and encrypts it under a KMS key. Only the latter is answered.
///
/// Source: KMS API Reference, GenerateDataKeyWithoutPlaintext.
pub struct GenerateDataKeyWithoutPlaintext;

/// What is asked.
#[derive(Input)]
pub struct GenerateDataKeyWithoutPlaintextInput {
    /// The key: id, ARN, alias name or alias ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Pairs that the ciphertext is bound to; not secret.
    pub encryption_context: Option<BTreeMap<String, String>>,
    /// The length by its name, in place of `NumberOfBytes`.
    pub key_spec: Option<DataKeySpec>,
    /// Its length, in bytes.
    #[shape(range(1, 1024))]
    pub number_of_bytes: Option<i64>,
    /// Tokens of grants; grants are in force at once, so that none is needed.
    #[shape(unrecorded, length(0, 10), each(length(1, 8192)))]
    pub grant_tokens: Option<Vec<String>>,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
}

/// What is answered.
#[derive(Output)]
pub struct GenerateDataKeyWithoutPlaintextOutput {
    /// The ciphertext.
    pub ciphertext_blob: Option<Blob>,
    /// The key's ARN.
    pub key_id: Option<String>,
    /// Which material was used; 64 hexadecimal digits.
    pub key_material_id: Option<String>,
}

impl Operation for GenerateDataKeyWithoutPlaintext {
    const NAME: &'static str = "GenerateDataKeyWithoutPlaintext";
    const ACTION: &'static str = "kms:GenerateDataKeyWithoutPlaintext";
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
    type Input = GenerateDataKeyWithoutPlaintextInput;
    type Output = GenerateDataKeyWithoutPlaintextOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        let tokens = input.grant_tokens.as_deref();
        KeyRef::granted(cx, &input.key_id, tokens, input.encryption_context.as_ref()).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        encryption_context::condition_keys(input.encryption_context.as_ref(), keys);
        keys.one("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.usable(cx, Deed::Encrypt, KeyUsage::EncryptDecrypt, Self::NAME)?;
        encryption::check_makes_data_keys(&key)?;
        let length = data_key::length(input.key_spec, input.number_of_bytes, true)?;
        let data_key = data_key::fresh(cx, length);
        let algorithm = EncryptionAlgorithm::SymmetricDefault;
        let made = encryption::encrypt(cx, &key, algorithm, &input.encryption_context, &data_key)?;
        end_dry_run(input.dry_run)?;
        usage::note(cx, &key, Self::NAME);
        encryption::remark(cx, made.material_id.as_deref());
        Ok(GenerateDataKeyWithoutPlaintextOutput {
            ciphertext_blob: Some(Blob(made.blob)),
            key_id: Some(key.arn.to_string()),
            key_material_id: made.material_id,
        })
    }
}
