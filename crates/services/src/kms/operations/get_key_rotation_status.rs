use strongroom_store::Mode;
use strongroom_types::Timestamp;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{
        Kms,
        arguments::time,
        error::Result,
        rotation,
        target::{Forms, KeyRef},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Tells whether and when a key rotates by itself.
///
/// Source: KMS API Reference, GetKeyRotationStatus.
pub struct GetKeyRotationStatus;

/// What is asked.
#[derive(Input)]
pub struct GetKeyRotationStatusInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
}

/// What is answered.
#[derive(Output)]
pub struct GetKeyRotationStatusOutput {
    /// Whether the key rotates by itself.
    pub key_rotation_enabled: Option<bool>,
    /// The key's ARN.
    pub key_id: Option<String>,
    /// Days between rotations; 365 if absent.
    pub rotation_period_in_days: Option<i64>,
    /// When it does next.
    pub next_rotation_date: Option<Timestamp>,
    /// When a rotation on demand began that has not ended; they end at once.
    pub on_demand_rotation_start_date: Option<Timestamp>,
}

impl Operation for GetKeyRotationStatus {
    const NAME: &'static str = "GetKeyRotationStatus";
    const ACTION: &'static str = "kms:GetKeyRotationStatus";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "InvalidArnException",
        "DependencyTimeoutException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "UnsupportedOperationException",
    ];
    type Service = Kms;
    type Input = GetKeyRotationStatusInput;
    type Output = GetKeyRotationStatusOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::resolve(cx, &input.key_id, Forms::KeyOnly).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<KeyRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        rotation::must_rotate(&found.key)?;
        let rotation = found.key.row.rotation.as_ref();
        Ok(GetKeyRotationStatusOutput {
            key_rotation_enabled: Some(rotation.is_some()),
            key_id: Some(found.key.arn.to_string()),
            rotation_period_in_days: rotation.map(|rotation| rotation.period_days),
            next_rotation_date: rotation.and_then(|rotation| time(rotation.next_ms)),
            on_demand_rotation_start_date: None,
        })
    }
}
