use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations,
        error::{Error, Result},
        policy,
        subject::Subject,
    },
    shape::{Input, Nothing},
};

/// Detaches a policy from a root, unit or account.
///
/// Source: AWS Organizations API Reference, DetachPolicy.
pub struct DetachPolicy;

/// What is asked.
#[derive(Input)]
pub struct DetachPolicyInput {
    /// The policy.
    #[shape(length(0, 130), pattern(r"^p-[0-9a-zA-Z_]{8,128}$"))]
    pub policy_id: String,
    /// The root, unit or account.
    #[shape(
        length(0, 100),
        pattern(r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$")
    )]
    pub target_id: String,
}

impl Operation for DetachPolicy {
    const NAME: &'static str = "DetachPolicy";
    const ACTION: &'static str = "organizations:DetachPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "ConstraintViolationException",
        "InvalidInputException",
        "PolicyNotAttachedException",
        "PolicyNotFoundException",
        "ServiceException",
        "TargetNotFoundException",
        "TooManyRequestsException",
        "UnsupportedAPIEndpointException",
        "PolicyChangesInProgressException",
    ];
    type Service = AwsOrganizations;
    type Input = DetachPolicyInput;
    type Output = Nothing;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Subject::named(cx, &input.policy_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        let (id, policy) = subject.policy().ok_or(Error::PolicyNotFound)?;
        let target = Subject::named(cx, &input.target_id).await?;
        target.also_allowed(cx, Self::ACTION)?;
        target.attachable().ok_or(Error::TargetNotFound)?;
        policy::detach(cx, &org, id, policy, &input.target_id).await?;
        Ok(Nothing)
    }
}
