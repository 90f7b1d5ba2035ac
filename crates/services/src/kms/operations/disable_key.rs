use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{Kms, error::Result, state::Deed, target::KeyRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Makes a key unusable until it is enabled.
///
/// Source: KMS API Reference, DisableKey.
pub struct DisableKey;

/// What is asked.
#[derive(Input)]
pub struct DisableKeyInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
}

impl Operation for DisableKey {
    const NAME: &'static str = "DisableKey";
    const ACTION: &'static str = "kms:DisableKey";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "InvalidArnException",
        "DependencyTimeoutException",
        "KMSInternalException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = DisableKeyInput;
    type Output = Nothing;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        found.key.check(Deed::Enable, cx.now)?;
        let mut row = found.row(cx).await?;
        row.disabled = true;

        found.key.save(cx, &row)?;
        cx.remarks.response_elements = Some(json!({"keyId": found.key.arn.as_str()}));
        Ok(Nothing)
    }
}
