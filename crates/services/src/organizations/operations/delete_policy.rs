use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations,
        entity::PolicyOf,
        error::{Error, Result},
        policy,
        subject::Subject,
    },
    shape::{Input, Nothing},
    tables::OrganizationPolicies,
};

/// Removes a policy that is attached nowhere.
///
/// Source: AWS Organizations API Reference, DeletePolicy.
pub struct DeletePolicy;

/// What is asked.
#[derive(Input)]
pub struct DeletePolicyInput {
    /// The policy.
    #[shape(length(0, 130), pattern(r"^p-[0-9a-zA-Z_]{8,128}$"))]
    pub policy_id: String,
}

impl Operation for DeletePolicy {
    const NAME: &'static str = "DeletePolicy";
    const ACTION: &'static str = "organizations:DeletePolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "InvalidInputException",
        "PolicyInUseException",
        "PolicyNotFoundException",
        "ServiceException",
        "TooManyRequestsException",
        "UnsupportedAPIEndpointException",
    ];
    type Service = AwsOrganizations;
    type Input = DeletePolicyInput;
    type Output = Nothing;
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
        let PolicyOf::Customer(..) = policy else {
            return Err(policy::immutable());
        };
        let attachments = org.attachments(cx).await?;
        if attachments.iter().any(|(_, attached)| attached == id) {
            return Err(Error::PolicyInUse);
        }
        cx.tx
            .delete::<OrganizationPolicies>(&(org.management, id.to_owned()))?;
        Ok(Nothing)
    }
}
