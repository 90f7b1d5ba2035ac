use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::end_dry_run,
        error::{Code, Error, Result},
        signing,
        spec::{KeyUsage, MacAlgorithm},
        state::Deed,
        target::KeyRef,
        usage,
    },
    operation::Operation,
    shape::{Blob, Input, Output},
};

/// Checks an HMAC.
///
/// Source: KMS API Reference, VerifyMac.
pub struct VerifyMac;

/// What is asked.
#[derive(Input)]
pub struct VerifyMacInput {
    /// The message, or its digest.
    #[shape(length(1, 4096))]
    pub message: Sensitive<Blob>,
    /// The key: id, ARN, alias name or alias ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// The algorithm.
    pub mac_algorithm: MacAlgorithm,
    /// The HMAC.
    #[shape(length(1, 6144))]
    pub mac: Blob,
    /// Tokens of grants; grants are in force at once, so that none is needed.
    #[shape(unrecorded, length(0, 10), each(length(1, 8192)))]
    pub grant_tokens: Option<Vec<String>>,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
}

/// What is answered.
#[derive(Output)]
pub struct VerifyMacOutput {
    /// The key's ARN.
    pub key_id: Option<String>,
    /// `true`.
    pub mac_valid: Option<bool>,
    /// The algorithm.
    pub mac_algorithm: Option<String>,
}

impl Operation for VerifyMac {
    const NAME: &'static str = "VerifyMac";
    const ACTION: &'static str = "kms:VerifyMac";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "DisabledException",
        "KeyUnavailableException",
        "InvalidKeyUsageException",
        "InvalidGrantTokenException",
        "KMSInternalException",
        "KMSInvalidMacException",
        "KMSInvalidStateException",
        "DryRunOperationException",
    ];
    type Service = Kms;
    type Input = VerifyMacInput;
    type Output = VerifyMacOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::granted(cx, &input.key_id, input.grant_tokens.as_deref(), None).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("kms:MacAlgorithm", input.mac_algorithm.as_str());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.usable(cx, Deed::Sign, KeyUsage::GenerateVerifyMac, Self::NAME)?;
        let secret = signing::mac_key(&key, input.mac_algorithm)?;
        if !secret.verify(&input.message.expose().0, &input.mac.0) {
            return Err(Error::kms(Code::InvalidMac, ""));
        }
        end_dry_run(input.dry_run)?;
        usage::note(cx, &key, Self::NAME);
        Ok(VerifyMacOutput {
            key_id: Some(key.arn.to_string()),
            mac_valid: Some(true),
            mac_algorithm: Some(input.mac_algorithm.as_str().to_owned()),
        })
    }
}
