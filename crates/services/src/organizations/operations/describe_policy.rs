use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        error::{Error, Result},
        shapes::PolicyShape,
        subject::Subject,
    },
    shape::{Input, Output},
};

/// Tells about a policy, with its document.
///
/// Source: AWS Organizations API Reference, DescribePolicy.
pub struct DescribePolicy;

/// What is asked.
#[derive(Input)]
pub struct DescribePolicyInput {
    /// The policy.
    #[shape(length(0, 130), pattern(r"^p-[0-9a-zA-Z_]{8,128}$"))]
    pub policy_id: String,
}

/// What is answered.
#[derive(Output)]
pub struct DescribePolicyOutput {
    /// The policy.
    pub policy: Option<PolicyShape>,
}

impl Operation for DescribePolicy {
    const NAME: &'static str = "DescribePolicy";
    const ACTION: &'static str = "organizations:DescribePolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "InvalidInputException",
        "PolicyNotFoundException",
        "ServiceException",
        "TooManyRequestsException",
        "UnsupportedAPIEndpointException",
    ];
    type Service = AwsOrganizations;
    type Input = DescribePolicyInput;
    type Output = DescribePolicyOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Subject::named(cx, &input.policy_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        let (id, policy) = subject.policy().ok_or(Error::PolicyNotFound)?;
        let policy = describe::policy(cx, &org, id, policy);
        Ok(DescribePolicyOutput {
            policy: Some(policy),
        })
    }
}
