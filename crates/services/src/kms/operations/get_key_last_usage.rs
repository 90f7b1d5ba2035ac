use strongroom_store::Mode;
use strongroom_types::Timestamp;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{Kms, arguments::time, error::Result, target::KeyRef, usage},
    operation::Operation,
    shape::{Input, Output},
};

/// Tells when a key was last used.
///
/// Source: KMS API Reference, GetKeyLastUsage.
pub struct GetKeyLastUsage;

/// What is asked.
#[derive(Input)]
pub struct GetKeyLastUsageInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
}

/// What is answered.
#[derive(Output)]
pub struct GetKeyLastUsageOutput {
    /// The key's ARN.
    pub key_id: Option<String>,
    /// The last use, if there was any.
    pub key_last_usage: Option<KeyLastUsageData>,
    /// Since when uses are noted: always.
    pub tracking_start_date: Option<Timestamp>,
    /// When the key was made.
    pub key_creation_date: Option<Timestamp>,
}

/// The last use of a key.
#[derive(Output)]
pub struct KeyLastUsageData {
    /// What was done.
    pub operation: Option<String>,
    /// When, to the minute.
    pub timestamp: Option<Timestamp>,
    /// The record of it. Records are named when they are written, after the
    /// use is noted: the request is what leads there.
    pub cloud_trail_event_id: Option<String>,
    /// The request.
    pub kms_request_id: Option<String>,
}

impl Operation for GetKeyLastUsage {
    const NAME: &'static str = "GetKeyLastUsage";
    const ACTION: &'static str = "kms:GetKeyLastUsage";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "InvalidArnException",
        "DependencyTimeoutException",
        "KMSInternalException",
    ];
    type Service = Kms;
    type Input = GetKeyLastUsageInput;
    type Output = GetKeyLastUsageOutput;
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
        let usage = usage::last(cx, &found.key.place()).await?;
        let created = time(found.key.row.created_ms);
        Ok(GetKeyLastUsageOutput {
            key_id: Some(found.key.arn.to_string()),
            key_last_usage: usage.map(|usage| KeyLastUsageData {
                operation: Some(usage.operation),
                timestamp: time(usage.used_ms),
                cloud_trail_event_id: None,
                kms_request_id: Some(usage.request_id),
            }),
            tracking_start_date: created,
            key_creation_date: created,
        })
    }
}
