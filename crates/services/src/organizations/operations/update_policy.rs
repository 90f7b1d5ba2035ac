use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        entity::PolicyOf,
        error::{Error, Result},
        policy,
        shapes::PolicyShape,
        subject::Subject,
    },
    shape::{Input, Output},
    tables::OrganizationPolicies,
};

/// Changes a policy's name, description or document.
///
/// Source: AWS Organizations API Reference, UpdatePolicy.
pub struct UpdatePolicy;

/// What is asked.
#[derive(Input)]
pub struct UpdatePolicyInput {
    /// The policy.
    #[shape(length(0, 130), pattern(r"^p-[0-9a-zA-Z_]{8,128}$"))]
    pub policy_id: String,
    /// The name.
    #[shape(length(1, 128), pattern(r"[\s\S]*"))]
    pub name: Option<String>,
    /// What it is for.
    #[shape(length(0, 512), pattern(r"[\s\S]*"))]
    pub description: Option<String>,
    /// The document.
    #[shape(length(1, 2147483647), pattern(r"[\s\S]*"))]
    pub content: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct UpdatePolicyOutput {
    /// The policy.
    pub policy: Option<PolicyShape>,
}

impl Operation for UpdatePolicy {
    const NAME: &'static str = "UpdatePolicy";
    const ACTION: &'static str = "organizations:UpdatePolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "ConstraintViolationException",
        "DuplicatePolicyException",
        "InvalidInputException",
        "MalformedPolicyDocumentException",
        "PolicyNotFoundException",
        "ServiceException",
        "TooManyRequestsException",
        "UnsupportedAPIEndpointException",
        "PolicyChangesInProgressException",
    ];
    type Service = AwsOrganizations;
    type Input = UpdatePolicyInput;
    type Output = UpdatePolicyOutput;
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
        let PolicyOf::Customer(policy_type, row) = policy else {
            return Err(policy::immutable());
        };
        let mut row = row.clone();
        if let Some(name) = input.name {
            policy::check_name(cx, &org, *policy_type, &name, Some(id)).await?;
            row.name = name;
        }
        if let Some(description) = input.description {
            row.description = description;
        }
        if let Some(content) = input.content {
            policy::check_content(*policy_type, &content)?;
            row.content = content;
        }
        cx.tx
            .put::<OrganizationPolicies>(&(org.management, id.to_owned()), &row)?;
        let policy = describe::policy(cx, &org, id, &PolicyOf::Customer(*policy_type, row));
        Ok(UpdatePolicyOutput {
            policy: Some(policy),
        })
    }
}
