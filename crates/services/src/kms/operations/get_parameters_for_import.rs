use strongroom_store::Mode;
use strongroom_types::{Sensitive, Timestamp};

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::time,
        encryption,
        error::Result,
        import,
        import::{WrappingAlgorithm, WrappingKeySpec},
        key,
        state::Deed,
        target::KeyRef,
    },
    operation::Operation,
    shape::{Blob, Input, Output},
};

/// Gives a public key to wrap material with, and a token that says so.
///
/// Source: KMS API Reference, GetParametersForImport.
pub struct GetParametersForImport;

/// What is asked.
#[derive(Input)]
pub struct GetParametersForImportInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// How the material will be wrapped.
    pub wrapping_algorithm: WrappingAlgorithm,
    /// The kind of key to wrap it with.
    pub wrapping_key_spec: WrappingKeySpec,
}

/// What is answered.
#[derive(Output)]
pub struct GetParametersForImportOutput {
    /// The key's ARN.
    pub key_id: Option<String>,
    /// What says which key it was wrapped with.
    pub import_token: Option<Blob>,
    /// The public key to wrap with: DER of `SubjectPublicKeyInfo`.
    pub public_key: Option<Sensitive<Blob>>,
    /// Until when both are good: a day.
    pub parameters_valid_to: Option<Timestamp>,
}

impl Operation for GetParametersForImport {
    const NAME: &'static str = "GetParametersForImport";
    const ACTION: &'static str = "kms:GetParametersForImport";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "InvalidArnException",
        "UnsupportedOperationException",
        "DependencyTimeoutException",
        "NotFoundException",
        "KMSInternalException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = GetParametersForImportInput;
    type Output = GetParametersForImportOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("kms:WrappingAlgorithm", input.wrapping_algorithm.as_str());
        keys.one("kms:WrappingKeySpec", input.wrapping_key_spec.as_str());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.found()?.key;
        key::must_be_external(&key)?;
        key.check(Deed::GetImportParameters, cx.now)?;
        let (algorithm, spec) = (input.wrapping_algorithm, input.wrapping_key_spec);
        let pair = import::check_wrapping(&key, algorithm, spec)?;
        let (private, public) = encryption::fresh_key_pair(cx, pair).await?;
        let (token, valid_to_ms) = import::token(cx, &key, algorithm, spec, &private);
        Ok(GetParametersForImportOutput {
            key_id: Some(key.arn.to_string()),
            import_token: Some(Blob(token)),
            public_key: Some(Sensitive::new(Blob(public))),
            parameters_valid_to: time(valid_to_ms),
        })
    }
}
