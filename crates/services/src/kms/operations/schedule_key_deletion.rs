use strongroom_store::Mode;
use strongroom_types::Timestamp;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::time,
        deletion,
        error::{Error, Result},
        key,
        state::Deed,
        target::KeyRef,
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Has a key destroyed when a window of days has passed.
///
/// Source: KMS API Reference, ScheduleKeyDeletion.
pub struct ScheduleKeyDeletion;

/// What is asked.
#[derive(Input)]
pub struct ScheduleKeyDeletionInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Days until the deletion: 7 to 30.
    #[shape(range(1, 365))]
    pub pending_window_in_days: Option<i64>,
}

/// What is answered.
#[derive(Output)]
pub struct ScheduleKeyDeletionOutput {
    /// The key's ARN.
    pub key_id: Option<String>,
    /// When the key is destroyed.
    pub deletion_date: Option<Timestamp>,
    /// The key's state.
    pub key_state: Option<String>,
    /// Days until the deletion: 7 to 30.
    pub pending_window_in_days: Option<i64>,
}

/// Days that a key waits at least. The model's own bounds are wider.
const SHORTEST_DAYS: i64 = 7;
/// Days that a key waits at most, and where the request does not say.
const LONGEST_DAYS: i64 = 30;

impl Operation for ScheduleKeyDeletion {
    const NAME: &'static str = "ScheduleKeyDeletion";
    const ACTION: &'static str = "kms:ScheduleKeyDeletion";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "InvalidArnException",
        "DependencyTimeoutException",
        "KMSInternalException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = ScheduleKeyDeletionInput;
    type Output = ScheduleKeyDeletionOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        let days = input.pending_window_in_days.unwrap_or(LONGEST_DAYS);
        keys.one(
            "kms:ScheduleKeyDeletionPendingWindowInDays",
            days.to_string(),
        );
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        found.key.check(Deed::ScheduleDeletion, cx.now)?;
        let days = input.pending_window_in_days.unwrap_or(LONGEST_DAYS);
        if !(SHORTEST_DAYS..=LONGEST_DAYS).contains(&days) {
            return Err(Error::validation(format!(
                "PendingWindowInDays must be between {SHORTEST_DAYS} and {LONGEST_DAYS}"
            )));
        }
        let mut row = found.row(cx).await?;
        let key = &found.key;
        deletion::schedule(&mut cx.tx, &key.home, &key.id, &mut row, days, cx.now)?;
        key.save(cx, &row)?;
        Ok(ScheduleKeyDeletionOutput {
            key_id: Some(key.arn.to_string()),
            deletion_date: row.deletion_due_ms.and_then(time),
            key_state: Some(key::state_of(&row, cx.now).as_str().to_owned()),
            pending_window_in_days: Some(days),
        })
    }
}
