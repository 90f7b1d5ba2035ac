use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{Kms, error::Result, rotation, state::Deed, target::KeyRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Has a key get new material by itself, every so many days.
///
/// Source: KMS API Reference, EnableKeyRotation.
pub struct EnableKeyRotation;

/// What is asked.
#[derive(Input)]
pub struct EnableKeyRotationInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Days between rotations; 365 if absent.
    #[shape(range(90, 2560))]
    pub rotation_period_in_days: Option<i64>,
}

impl Operation for EnableKeyRotation {
    const NAME: &'static str = "EnableKeyRotation";
    const ACTION: &'static str = "kms:EnableKeyRotation";
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
    type Input = EnableKeyRotationInput;
    type Output = Nothing;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        let period = input
            .rotation_period_in_days
            .unwrap_or(rotation::USUAL_DAYS);
        keys.one("kms:RotationPeriodInDays", period.to_string());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        rotation::must_rotate(&found.key)?;
        found.key.check(Deed::Rotation, cx.now)?;
        rotation::must_be_primary(&found.key)?;
        let mut row = found.row(cx).await?;
        let period = input
            .rotation_period_in_days
            .unwrap_or(rotation::USUAL_DAYS);
        let key = &found.key;
        rotation::remove_job(&mut cx.tx, &key.home, &key.id, &row)?;
        row.rotation = Some(rotation::schedule(period, cx.now));
        rotation::put_job(&mut cx.tx, &key.home, &key.id, &row)?;
        rotation::share_schedule(&mut cx.tx, &key.home, &key.id, &row).await?;
        key.save(cx, &row)?;
        cx.remarks.response_elements = Some(json!({"keyId": found.key.arn.as_str()}));
        Ok(Nothing)
    }
}
