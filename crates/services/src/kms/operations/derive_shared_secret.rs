use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::{RecipientInfo, end_dry_run, no_recipient, plaintext},
        error::{Error, Result},
        material::Secret,
        spec::{KeyAgreementAlgorithm, KeyUsage},
        state::Deed,
        target::KeyRef,
        usage,
    },
    operation::Operation,
    shape::{Blob, Input, Output},
};

/// Derives what a key and another side's public key have in common.
///
/// Source: KMS API Reference, DeriveSharedSecret.
pub struct DeriveSharedSecret;

/// What is asked.
#[derive(Input)]
pub struct DeriveSharedSecretInput {
    /// The key: id, ARN, alias name or alias ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// `ECDH`.
    pub key_agreement_algorithm: KeyAgreementAlgorithm,
    /// The other side's public key.
    #[shape(length(1, 8192))]
    pub public_key: Blob,
    /// Tokens of grants; grants are in force at once, so that none is needed.
    #[shape(unrecorded, length(0, 10), each(length(1, 8192)))]
    pub grant_tokens: Option<Vec<String>>,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
    /// An enclave that alone shall read the answer; refused.
    pub recipient: Option<RecipientInfo>,
}

/// What is answered.
#[derive(Output)]
pub struct DeriveSharedSecretOutput {
    /// The key's ARN.
    pub key_id: Option<String>,
    /// The raw shared secret.
    pub shared_secret: Option<Sensitive<Blob>>,
    /// The plaintext for an enclave; never, as there are none.
    pub ciphertext_for_recipient: Option<Blob>,
    /// `ECDH`.
    pub key_agreement_algorithm: Option<String>,
    /// Where the key's material comes from.
    pub key_origin: Option<String>,
}

impl Operation for DeriveSharedSecret {
    const NAME: &'static str = "DeriveSharedSecret";
    const ACTION: &'static str = "kms:DeriveSharedSecret";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "DisabledException",
        "KeyUnavailableException",
        "DependencyTimeoutException",
        "InvalidGrantTokenException",
        "InvalidKeyUsageException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "DryRunOperationException",
    ];
    type Service = Kms;
    type Input = DeriveSharedSecretInput;
    type Output = DeriveSharedSecretOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::granted(cx, &input.key_id, input.grant_tokens.as_deref(), None).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one(
            "kms:KeyAgreementAlgorithm",
            input.key_agreement_algorithm.as_str(),
        );
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.usable(cx, Deed::Sign, KeyUsage::KeyAgreement, Self::NAME)?;
        no_recipient(input.recipient.as_ref())?;
        let Some(Secret::Agreement(private)) = key.current().map(|it| &it.secret) else {
            return Err(Error::state(&key.arn, "pending import"));
        };
        let shared = private.agree(&input.public_key.0);
        let shared = shared
            .map_err(|_| Error::validation("The public key is not valid for the KMS key."))?;
        end_dry_run(input.dry_run)?;
        usage::note(cx, &key, Self::NAME);
        Ok(DeriveSharedSecretOutput {
            key_id: Some(key.arn.to_string()),
            shared_secret: plaintext(shared),
            ciphertext_for_recipient: None,
            key_agreement_algorithm: Some(input.key_agreement_algorithm.as_str().to_owned()),
            key_origin: Some(key.origin().to_owned()),
        })
    }
}
