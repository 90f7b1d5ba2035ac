use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        entity::Entity,
        error::{Error, Result},
        policy,
        policy_type::PolicyType,
        shapes::{PolicyTypeName, RootShape},
        subject::Subject,
    },
    shape::{Input, Output},
};

/// Disables a type of policy and detaches all policies of it.
///
/// Source: AWS Organizations API Reference, DisablePolicyType.
pub struct DisablePolicyType;

/// What is asked.
#[derive(Input)]
pub struct DisablePolicyTypeInput {
    /// The root.
    #[shape(length(0, 34), pattern(r"^r-[0-9a-z]{4,32}$"))]
    pub root_id: String,
    /// The type.
    pub policy_type: PolicyTypeName,
}

/// What is answered.
#[derive(Output)]
pub struct DisablePolicyTypeOutput {
    /// The root.
    pub root: Option<RootShape>,
}

impl Operation for DisablePolicyType {
    const NAME: &'static str = "DisablePolicyType";
    const ACTION: &'static str = "organizations:DisablePolicyType";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "ConstraintViolationException",
        "InvalidInputException",
        "PolicyTypeNotEnabledException",
        "RootNotFoundException",
        "ServiceException",
        "TooManyRequestsException",
        "UnsupportedAPIEndpointException",
        "PolicyChangesInProgressException",
    ];
    type Service = AwsOrganizations;
    type Input = DisablePolicyTypeInput;
    type Output = DisablePolicyTypeOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Ok(Subject::named(cx, &input.root_id)
            .await?
            .of_type(PolicyType::named(input.policy_type.as_str())))
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut org = subject.managed(cx)?;
        let Some(Entity::Root) = subject.entity() else {
            return Err(Error::RootNotFound);
        };
        let policy_type = PolicyType::named(input.policy_type.as_str())
            .filter(|it| org.is_enabled(*it))
            .ok_or(Error::PolicyTypeNotEnabled)?;
        policy::disable(cx, &mut org, policy_type).await?;
        Ok(DisablePolicyTypeOutput {
            root: Some(describe::root(cx, &org)),
        })
    }
}
