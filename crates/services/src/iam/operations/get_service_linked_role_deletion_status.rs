use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, place::Place},
    operation::Operation,
    shape::{Input, Output},
    tables::RoleDeletions,
};

/// Tells how the deletion of a service-linked role went.
///
/// Source: IAM API Reference, GetServiceLinkedRoleDeletionStatus.
pub struct GetServiceLinkedRoleDeletionStatus;

/// What is asked.
#[derive(Input)]
pub struct GetServiceLinkedRoleDeletionStatusInput {
    /// The task's id, as the deletion answered it.
    #[shape(length(1, 1000))]
    pub deletion_task_id: String,
}

/// The state of the task.
#[derive(Output)]
pub struct GetServiceLinkedRoleDeletionStatusOutput {
    /// `SUCCEEDED`: it is done by the time it is asked for.
    pub status: String,
    /// Why it failed; never here.
    pub reason: Option<DeletionTaskFailureReasonType>,
}

impl Operation for GetServiceLinkedRoleDeletionStatus {
    const NAME: &'static str = "GetServiceLinkedRoleDeletionStatus";
    const ACTION: &'static str = "iam:GetServiceLinkedRoleDeletionStatus";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = GetServiceLinkedRoleDeletionStatusInput;
    type Output = GetServiceLinkedRoleDeletionStatusOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        // task/aws-service-role/<service>/<role>/<random>
        let role = input.deletion_task_id.strip_prefix("task/");
        let role = role
            .and_then(|rest| rest.rsplit_once('/'))
            .map(|(role, _)| role);
        let (path, name) = role
            .and_then(|role| role.rsplit_once('/'))
            .unwrap_or_default();
        Ok(Place::new(cx, "role", Some(&format!("/{path}/")), name))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = (cx.request.caller.account, input.deletion_task_id);
        if cx.tx.get::<RoleDeletions>(&key).await?.is_none() {
            return Err(Error::not_found("deletion task", &key.1));
        }
        Ok(GetServiceLinkedRoleDeletionStatusOutput {
            status: "SUCCEEDED".to_owned(),
            reason: None,
        })
    }
}

/// Why a deletion failed.
#[derive(Output)]
pub struct DeletionTaskFailureReasonType {
    /// In words.
    pub reason: Option<String>,
    /// Where the role is in use.
    pub role_usage_list: Option<Vec<RoleUsageType>>,
}

/// Where a role is in use.
#[derive(Output)]
pub struct RoleUsageType {
    /// The Region.
    pub region: Option<String>,
    /// ARNs.
    pub resources: Option<Vec<String>>,
}
