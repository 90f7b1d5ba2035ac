use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{Kms, error::Result, rotation, state::Deed, target::KeyRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Has a key keep its material until it is rotated on demand.
///
/// Source: KMS API Reference, DisableKeyRotation.
pub struct DisableKeyRotation;

/// What is asked.
#[derive(Input)]
pub struct DisableKeyRotationInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
}

impl Operation for DisableKeyRotation {
    const NAME: &'static str = "DisableKeyRotation";
    const ACTION: &'static str = "kms:DisableKeyRotation";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "DisabledException",
        "InvalidArnException",
        "DependencyTimeoutException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "UnsupportedOperationException",
    ];
    type Service = Kms;
    type Input = DisableKeyRotationInput;
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
        rotation::must_rotate(&found.key)?;
        found.key.check(Deed::Rotation, cx.now)?;
        rotation::must_be_primary(&found.key)?;
        let mut row = found.row(cx).await?;
        let key = &found.key;
        rotation::remove_job(&mut cx.tx, &key.home, &key.id, &row)?;
        row.rotation = None;
        rotation::share_schedule(&mut cx.tx, &key.home, &key.id, &row).await?;
        key.save(cx, &row)?;
        cx.remarks.response_elements = Some(json!({"keyId": found.key.arn.as_str()}));
        Ok(Nothing)
    }
}
