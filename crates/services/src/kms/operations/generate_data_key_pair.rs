use std::collections::BTreeMap;

use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::{RecipientInfo, end_dry_run, no_recipient, plaintext},
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

/// Makes a key pair, and encrypts its private key under a KMS key.
///
/// Source: KMS API Reference, GenerateDataKeyPair.
pub struct GenerateDataKeyPair;

/// What is asked.
#[derive(Input)]
pub struct GenerateDataKeyPairInput {
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
    /// An enclave that alone shall read the answer; refused.
    pub recipient: Option<RecipientInfo>,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
}

/// What is answered.
#[derive(Output)]
pub struct GenerateDataKeyPairOutput {
    /// The private key under the KMS key.
    pub private_key_ciphertext_blob: Option<Blob>,
    /// The private key: DER of PKCS#8.
    pub private_key_plaintext: Option<Sensitive<Blob>>,
    /// DER of `SubjectPublicKeyInfo`.
    pub public_key: Option<Blob>,
    /// The key's ARN.
    pub key_id: Option<String>,
    /// The kind of key pair.
    pub key_pair_spec: Option<String>,
    /// The plaintext for an enclave; never, as there are none.
    pub ciphertext_for_recipient: Option<Blob>,
    /// Which material was used; 64 hexadecimal digits.
    pub key_material_id: Option<String>,
}

impl Operation for GenerateDataKeyPair {
    const NAME: &'static str = "GenerateDataKeyPair";
    const ACTION: &'static str = "kms:GenerateDataKeyPair";
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
    type Input = GenerateDataKeyPairInput;
    type Output = GenerateDataKeyPairOutput;
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
        no_recipient(input.recipient.as_ref())?;
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
        Ok(GenerateDataKeyPairOutput {
            private_key_ciphertext_blob: Some(Blob(made.blob)),
            private_key_plaintext: plaintext(private),
            public_key: Some(Blob(public)),
            key_id: Some(key.arn.to_string()),
            key_pair_spec: Some(input.key_pair_spec.as_str().to_owned()),
            ciphertext_for_recipient: None,
            key_material_id: made.material_id,
        })
    }
}
