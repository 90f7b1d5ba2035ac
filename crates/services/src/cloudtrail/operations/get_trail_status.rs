use strongroom_policy::Policy;
use strongroom_store::Mode;
use strongroom_types::{AccountId, Arn, Timestamp};

use crate::{
    authorize::{Authorized, Keys, Target},
    cloudtrail::{
        CloudTrail,
        error::{Error, Result},
        trail,
    },
    context::Context,
    operation::Operation,
    shape::{Input, Output},
};

/// Says how the trail is doing.
///
/// Source: CloudTrail API Reference, GetTrailStatus.
pub struct GetTrailStatus;

/// Which trail.
#[derive(Input)]
pub struct GetTrailStatusInput {
    /// Its name or ARN.
    pub name: String,
}

/// How it is doing. What speaks of buckets, topics and CloudWatch is absent:
/// there are none; so is what AWS no longer uses.
#[derive(Output)]
pub struct GetTrailStatusOutput {
    /// Whether events are recorded. If not, no request is answered.
    pub is_logging: Option<bool>,
    /// When a record was last written.
    pub latest_delivery_time: Option<Timestamp>,
    /// When the oldest record that is kept was written.
    pub start_logging_time: Option<Timestamp>,
    /// When a digest was last signed.
    pub latest_digest_delivery_time: Option<Timestamp>,
}

/// A trail, whether it exists or not.
pub struct TrailRef {
    requested: String,
    arn: Arn,
    account: AccountId,
    exists: bool,
}

impl Target for TrailRef {
    fn resource(&self) -> &str {
        self.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(self.arn.as_str())
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.account)
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, _: &mut Keys) {}
}

impl Operation for GetTrailStatus {
    const NAME: &'static str = "GetTrailStatus";
    const ACTION: &'static str = "cloudtrail:GetTrailStatus";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "CloudTrailARNInvalidException",
        "TrailNotFoundException",
        "InvalidTrailNameException",
        "UnsupportedOperationException",
        "OperationNotPermittedException",
    ];
    type Service = CloudTrail;
    type Input = GetTrailStatusInput;
    type Output = GetTrailStatusOutput;
    type Target = TrailRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<TrailRef> {
        let home = cx.home();
        let exists = trail::is_named(&input.name, &home)?;
        let arn = match input.name.parse() {
            Ok(arn) => arn,
            Err(_) => home.arn("cloudtrail", format_args!("trail/{}", input.name)),
        };
        Ok(TrailRef {
            requested: input.name.clone(),
            arn,
            account: home.account,
            exists,
        })
    }

    async fn run(
        cx: &mut Context<'_>,
        trail: Authorized<TrailRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let trail = trail.into_inner();
        if !trail.exists {
            let account = cx.home().account.to_string();
            return Err(Error::TrailNotFound(trail.requested, account));
        }
        let status = cx.services.history.status();
        Ok(GetTrailStatusOutput {
            is_logging: Some(status.is_writable),
            latest_delivery_time: status.latest,
            start_logging_time: status.started,
            latest_digest_delivery_time: status.latest_digest,
        })
    }
}
