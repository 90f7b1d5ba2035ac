use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{Kms, error::Result, rotation, state::Deed, target::KeyRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Makes a disabled key usable again.
///
/// Source: KMS API Reference, EnableKey.
pub struct EnableKey;

/// What is asked.
#[derive(Input)]
pub struct EnableKeyInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
}

impl Operation for EnableKey {
    const NAME: &'static str = "EnableKey";
    const ACTION: &'static str = "kms:EnableKey";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "InvalidArnException",
        "DependencyTimeoutException",
        "KMSInternalException",
        "LimitExceededException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = EnableKeyInput;
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
        row.disabled = false;
        if let Some(next) = row.rotation.as_ref().map(|rotation| rotation.next_ms) {
            // A rotation that fell due while the key was disabled is made up for.
            if next <= cx.now.as_millisecond() {
                rotation::put_job(&mut cx.tx, &found.key.home, &found.key.id, &row)?;
            }
        }
        found.key.save(cx, &row)?;
        cx.remarks.response_elements = Some(json!({"keyId": found.key.arn.as_str()}));
        Ok(Nothing)
    }
}
