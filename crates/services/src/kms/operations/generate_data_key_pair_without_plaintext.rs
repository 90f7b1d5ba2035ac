use std::collections::BTreeMap;

use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::end_dry_run,
        encryption, encryption_context,
        error::{Error, Result},
        spec::{DataKeyPairSpec, EncryptionAlgorithm, KeyUsage},
        state::Deed,
        target::KeyRef,
        usage,
    },
    operation::Operation,
    shape::{Blob, Input, Output},
};

/// Makes a key pair, and encrypts its private key under a KMS key. The private key itself is not answered.
///
/// Source: KMS API Reference, GenerateDataKeyPairWithoutPlaintext.
pub struct GenerateDataKeyPairWithoutPlaintext;

/// What is asked.
#[derive(Input)]
pub struct GenerateDataKeyPairWithoutPlaintextInput {
    /// Pairs that the ciphertext is bound to; not secret.
    pub encryption_context: Option<BTreeMap<String, String>>,
    /// The key: id, ARN, alias name or alias ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// The kind of key pair.
    pub key_pair_spec: DataKeyPairSpec,
    /// Tokens of grants; grants are in force at once, so that none is needed.
    #[shape(unrecorded, length(0, 10), each(length(1, 8192)))]
    pub grant_tokens: Option<Vec<String>>,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
}

/// What is answered.
#[derive(Output)]
pub struct GenerateDataKeyPairWithoutPlaintextOutput {
    /// The private key under the KMS key.
    pub private_key_ciphertext_blob: Option<Blob>,
    /// DER of `SubjectPublicKeyInfo`.
    pub public_key: Option<Blob>,
    /// The key's ARN.
    pub key_id: Option<String>,
    /// The kind of key pair.
    pub key_pair_spec: Option<String>,
    /// Which material was used; 64 hexadecimal digits.
    pub key_material_id: Option<String>,
}

impl Operation for GenerateDataKeyPairWithoutPlaintext {
    const NAME: &'static str = "GenerateDataKeyPairWithoutPlaintext";
    const ACTION: &'static str = "kms:GenerateDataKeyPairWithoutPlaintext";
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
        "UnsupportedOperationException",
        "DryRunOperationException",
    ];
    type Service = Kms;
    type Input = GenerateDataKeyPairWithoutPlaintextInput;
    type Output = GenerateDataKeyPairWithoutPlaintextOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        let tokens = input.grant_tokens.as_deref();
        KeyRef::granted(cx, &input.key_id, tokens, input.encryption_context.as_ref()).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        encryption_context::condition_keys(input.encryption_context.as_ref(), keys);
        keys.one("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
        keys.one("kms:DataKeyPairSpec", input.key_pair_spec.as_str());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.usable(cx, Deed::Encrypt, KeyUsage::EncryptDecrypt, Self::NAME)?;
        encryption::check_makes_data_keys(&key)?;
        let Some(spec) = input.key_pair_spec.key_pair() else {
            return Err(Error::unsupported(format!(
                "KeyPairSpec {} is not supported in this Region.",
                input.key_pair_spec.as_str()
            )));
        };
        encryption_context::pairs(&input.encryption_context)?;
        end_dry_run(input.dry_run)?;
        let (private, public) = encryption::fresh_key_pair(cx, spec).await?;
        let algorithm = EncryptionAlgorithm::SymmetricDefault;
        let made = encryption::encrypt(cx, &key, algorithm, &input.encryption_context, &private)?;
        usage::note(cx, &key, Self::NAME);
        encryption::remark(cx, made.material_id.as_deref());
        Ok(GenerateDataKeyPairWithoutPlaintextOutput {
            private_key_ciphertext_blob: Some(Blob(made.blob)),
            public_key: Some(Blob(public)),
            key_id: Some(key.arn.to_string()),
            key_pair_spec: Some(input.key_pair_spec.as_str().to_owned()),
            key_material_id: made.material_id,
        })
    }
}
