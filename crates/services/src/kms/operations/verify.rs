use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::end_dry_run,
        error::Result,
        signing,
        spec::{KeyUsage, MessageType, SigningAlgorithm},
        state::Deed,
        target::KeyRef,
        usage,
    },
    operation::Operation,
    shape::{Blob, Input, Output},
};

/// Checks a signature.
///
/// Source: KMS API Reference, Verify.
pub struct Verify;

/// What is asked.
#[derive(Input)]
pub struct VerifyInput {
    /// The key: id, ARN, alias name or alias ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// The message, or its digest.
    #[shape(length(1, 4096))]
    pub message: Sensitive<Blob>,
    /// Whether the message is a message or its digest; `RAW` if absent.
    pub message_type: Option<MessageType>,
    /// The signature.
    #[shape(length(1, 6144))]
    pub signature: Blob,
    /// The algorithm.
    pub signing_algorithm: SigningAlgorithm,
    /// Tokens of grants; grants are in force at once, so that none is needed.
    #[shape(unrecorded, length(0, 10), each(length(1, 8192)))]
    pub grant_tokens: Option<Vec<String>>,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
}

/// What is answered.
#[derive(Output)]
pub struct VerifyOutput {
    /// The key's ARN.
    pub key_id: Option<String>,
    /// `true`.
    pub signature_valid: Option<bool>,
    /// The algorithm.
    pub signing_algorithm: Option<String>,
}

impl Operation for Verify {
    const NAME: &'static str = "Verify";
    const ACTION: &'static str = "kms:Verify";
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
        "KMSInvalidSignatureException",
        "DryRunOperationException",
    ];
    type Service = Kms;
    type Input = VerifyInput;
    type Output = VerifyOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::granted(cx, &input.key_id, input.grant_tokens.as_deref(), None).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("kms:SigningAlgorithm", input.signing_algorithm.as_str());
        keys.one(
            "kms:MessageType",
            input.message_type.unwrap_or(MessageType::Raw).as_str(),
        );
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.usable(cx, Deed::Sign, KeyUsage::SignVerify, Self::NAME)?;
        let kind = input.message_type.unwrap_or(MessageType::Raw);
        let bytes = &input.message.expose().0;
        signing::verify(
            &key,
            input.signing_algorithm,
            kind,
            bytes,
            &input.signature.0,
        )?;
        end_dry_run(input.dry_run)?;
        usage::note(cx, &key, Self::NAME);
        Ok(VerifyOutput {
            key_id: Some(key.arn.to_string()),
            signature_valid: Some(true),
            signing_algorithm: Some(input.signing_algorithm.as_str().to_owned()),
        })
    }
}
