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
        spec::{KeyUsage, MacAlgorithm},
        state::Deed,
        target::KeyRef,
        usage,
    },
    operation::Operation,
    shape::{Blob, Input, Output},
};

/// Makes an HMAC of a message.
///
/// Source: KMS API Reference, GenerateMac.
pub struct GenerateMac;

/// What is asked.
#[derive(Input)]
pub struct GenerateMacInput {
    /// The message, or its digest.
    #[shape(length(1, 4096))]
    pub message: Sensitive<Blob>,
    /// The key: id, ARN, alias name or alias ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// The algorithm.
    pub mac_algorithm: MacAlgorithm,
    /// Tokens of grants; grants are in force at once, so that none is needed.
    #[shape(unrecorded, length(0, 10), each(length(1, 8192)))]
    pub grant_tokens: Option<Vec<String>>,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
}

/// What is answered.
#[derive(Output)]
pub struct GenerateMacOutput {
    /// The HMAC.
    pub mac: Option<Blob>,
    /// The algorithm.
    pub mac_algorithm: Option<String>,
    /// The key's ARN.
    pub key_id: Option<String>,
}

impl Operation for GenerateMac {
    const NAME: &'static str = "GenerateMac";
    const ACTION: &'static str = "kms:GenerateMac";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "DisabledException",
        "KeyUnavailableException",
        "InvalidKeyUsageException",
        "InvalidGrantTokenException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "DryRunOperationException",
    ];
    type Service = Kms;
    type Input = GenerateMacInput;
    type Output = GenerateMacOutput;
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
        let tag = signing::mac_key(&key, input.mac_algorithm)?.tag(&input.message.expose().0);
        end_dry_run(input.dry_run)?;
        usage::note(cx, &key, Self::NAME);
        Ok(GenerateMacOutput {
            mac: Some(Blob(tag)),
            mac_algorithm: Some(input.mac_algorithm.as_str().to_owned()),
            key_id: Some(key.arn.to_string()),
        })
    }
}
