use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        entity::PolicyOf,
        error::Result,
        policy::{self, available},
        policy_type::PolicyType,
        record,
        shapes::{PolicyShape, PolicyTypeName, Tag},
        subject::Subject,
        tags,
    },
    shape::{Input, Output},
};

/// Makes a policy, which counts once it is attached.
///
/// Source: AWS Organizations API Reference, CreatePolicy.
pub struct CreatePolicy;

/// What is asked.
#[derive(Input)]
pub struct CreatePolicyInput {
    /// The document.
    #[shape(length(1, 2147483647), pattern(r"[\s\S]*"))]
    pub content: String,
    /// What it is for.
    #[shape(length(0, 512), pattern(r"[\s\S]*"))]
    pub description: String,
    /// The name.
    #[shape(length(1, 128), pattern(r"[\s\S]*"))]
    pub name: String,
    /// The type.
    pub r#type: PolicyTypeName,
    /// The tags.
    pub tags: Option<Vec<Tag>>,
}

/// What is answered.
#[derive(Output)]
pub struct CreatePolicyOutput {
    /// The policy.
    pub policy: Option<PolicyShape>,
}

impl Operation for CreatePolicy {
    const NAME: &'static str = "CreatePolicy";
    const ACTION: &'static str = "organizations:CreatePolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "ConstraintViolationException",
        "DuplicatePolicyException",
        "InvalidInputException",
        "MalformedPolicyDocumentException",
        "PolicyTypeNotAvailableForOrganizationException",
        "ServiceException",
        "TooManyRequestsException",
        "UnsupportedAPIEndpointException",
    ];
    type Service = AwsOrganizations;
    type Input = CreatePolicyInput;
    type Output = CreatePolicyOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Ok(Subject::none(cx)
            .await?
            .of_type(PolicyType::named(input.r#type.as_str())))
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        tags::request_keys(input.tags.as_deref().unwrap_or_default(), keys);
    }

    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        tags::further_actions(input.tags.as_deref())
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        let policy_type = available(&org, input.r#type)?;
        let tags = tags::checked(input.tags.unwrap_or_default())?;
        policy::check_content(policy_type, &input.content)?;
        policy::check_name(cx, &org, policy_type, &input.name, None).await?;
        let row = record::Policy {
            name: input.name,
            description: input.description,
            policy_type: policy_type.as_str().to_owned(),
            content: input.content,
            created_ms: cx.now.as_millisecond(),
            tags,
        };
        let id = policy::create(cx, &org, policy_type, &row).await?;
        let policy = describe::policy(cx, &org, &id, &PolicyOf::Customer(policy_type, row));
        Ok(CreatePolicyOutput {
            policy: Some(policy),
        })
    }
}
