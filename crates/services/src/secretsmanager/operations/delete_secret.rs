use strongroom_store::Mode;
use strongroom_types::{Arn, Timestamp};

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    jobs::Job,
    operation::Operation,
    secretsmanager::{
        Error, FoundSecret, Result, SecretRef, SecretsManager,
        event::service_event,
        removal,
        secret_ref::{draw_suffix, split_suffix},
    },
    shape::{Input, Output},
    tables::Jobs,
};

/// Days a deleted secret stays recoverable when the request does not say.
const DEFAULT_WINDOW_DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Schedules a secret for deletion, or deletes it at once.
///
/// Source: Secrets Manager API Reference, DeleteSecret.
pub struct DeleteSecret;

/// When to delete.
#[derive(Input)]
pub struct DeleteSecretInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// Days the secret stays recoverable: 7 to 30, 30 when absent.
    pub recovery_window_in_days: Option<i64>,
    /// Deletes at once. Cannot be undone.
    pub force_delete_without_recovery: Option<bool>,
}

/// What will be gone, and when.
#[derive(Output)]
pub struct DeleteSecretOutput {
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    pub name: Option<String>,
    /// The end of the recovery window.
    pub deletion_date: Option<Timestamp>,
}

impl Operation for DeleteSecret {
    const NAME: &'static str = "DeleteSecret";
    const ACTION: &'static str = "secretsmanager:DeleteSecret";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "InvalidParameterException",
        "InvalidRequestException",
        "InternalServiceError",
    ];
    type Service = SecretsManager;
    type Input = DeleteSecretInput;
    type Output = DeleteSecretOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        SecretRef::resolve(cx, &input.secret_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.some(
            "secretsmanager:ForceDeleteWithoutRecovery",
            input.force_delete_without_recovery,
        );
        keys.some(
            "secretsmanager:RecoveryWindowInDays",
            input.recovery_window_in_days,
        );
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let force = input.force_delete_without_recovery.unwrap_or(false);
        let days = window(force, input.recovery_window_in_days)?;
        if !force {
            return schedule(cx, secret.found()?, days);
        }
        let asked_for = secret.arn().clone();
        match secret.found() {
            Ok(found) => {
                removal::remove_now(cx, &found)?;
                Ok(output(found.arn.clone(), found.name(), cx.now))
            }
            // AWS answers a forced deletion of nothing as if it had been there.
            Err(Error::ResourceNotFound(_)) => {
                let arn = made_up(cx, asked_for, &input.secret_id);
                Ok(output(arn, input.secret_id, cx.now))
            }
            Err(error) => Err(error),
        }
    }
}

/// The ARN that a secret which never was might have had.
fn made_up(cx: &Context<'_>, asked_for: Arn, secret_id: &str) -> Arn {
    // A name may end as an ARN does, and then lacks the suffix all the same.
    if asked_for.as_str() == secret_id && split_suffix(asked_for.resource()).is_some() {
        return asked_for;
    }
    let (partition, service) = (asked_for.partition(), asked_for.service());
    let (region, account) = (asked_for.region(), asked_for.account());
    let resource = format_args!("{}-{}", asked_for.resource(), draw_suffix(cx));
    Arn::new(partition, service, region, account, resource)
}

fn window(force: bool, days: Option<i64>) -> Result<i64> {
    match days {
        Some(_) if force => Err(Error::InvalidParameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
                .into(),
        )),
        Some(7..=30) | None => Ok(days.unwrap_or(DEFAULT_WINDOW_DAYS)),
        Some(_) => Err(Error::InvalidParameter(
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).".into(),
        )),
    }
}

fn schedule(cx: &mut Context<'_>, mut found: FoundSecret, days: i64) -> Result<DeleteSecretOutput> {
    if found.secret.is_deleted() {
        return Err(Error::already_scheduled_for_deletion());
    }
    let now_ms = cx.now.as_millisecond();
    let due_ms = now_ms.saturating_add(days * DAY_MS);
    found.secret.deleted_ms = Some(now_ms);
    found.secret.deletion_due_ms = Some(due_ms);
    found.save(cx)?;
    let job = Job::delete_secret(&found.home, &found.secret.name, &found.secret.suffix);
    cx.tx.put::<Jobs>(&job.key(due_ms), &job)?;
    for version in &found.secret.versions {
        cx.events.push(service_event(
            &found,
            "StartSecretVersionDelete",
            &version.id,
        ));
    }
    let due = Timestamp::from_millisecond(due_ms).unwrap_or(cx.now);
    Ok(output(found.arn.clone(), found.name(), due))
}

fn output(arn: Arn, name: String, deletion_date: Timestamp) -> DeleteSecretOutput {
    DeleteSecretOutput {
        arn: Some(arn),
        name: Some(name),
        deletion_date: Some(deletion_date),
    }
}
