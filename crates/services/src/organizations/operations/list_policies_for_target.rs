use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        error::{Error, Result},
        paging,
        policy_type::PolicyType,
        shapes::{PolicySummary, PolicyTypeName},
        subject::Subject,
    },
    shape::{Input, Output, Shape as _},
};

/// Lists the policies of a type that are attached right to a root, unit or account.
///
/// Source: AWS Organizations API Reference, ListPoliciesForTarget.
pub struct ListPoliciesForTarget;

/// What is asked.
#[derive(Input)]
pub struct ListPoliciesForTargetInput {
    /// The root, unit or account.
    #[shape(
        length(0, 100),
        pattern(r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$")
    )]
    pub target_id: String,
    /// The type.
    pub filter: PolicyTypeName,
    /// Asks for the next page.
    #[shape(length(0, 100000), pattern(r"[\s\S]*"), unrecorded)]
    pub next_token: Option<String>,
    /// Items on a page: 1 to 20.
    #[shape(range(1, 20))]
    pub max_results: Option<i64>,
}

/// What is answered.
#[derive(Output)]
pub struct ListPoliciesForTargetOutput {
    /// The policies.
    pub policies: Option<Vec<PolicySummary>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListPoliciesForTarget {
    const NAME: &'static str = "ListPoliciesForTarget";
    const ACTION: &'static str = "organizations:ListPoliciesForTarget";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "InvalidInputException",
        "ServiceException",
        "TargetNotFoundException",
        "TooManyRequestsException",
        "UnsupportedAPIEndpointException",
    ];
    type Service = AwsOrganizations;
    type Input = ListPoliciesForTargetInput;
    type Output = ListPoliciesForTargetOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Ok(Subject::named(cx, &input.target_id)
            .await?
            .of_type(PolicyType::named(input.filter.as_str())))
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        subject.attachable().ok_or(Error::TargetNotFound)?;
        let listing = paging::Listing::of(Self::NAME, cx, input.record());
        let mut policies = Vec::new();
        for id in org.attached(cx, &input.target_id).await? {
            if let Some(policy) = org.policy(cx, &id).await?
                && policy.policy_type().as_str() == input.filter.as_str()
            {
                policies.push((id.clone(), describe::summary(cx, &org, &id, &policy)));
            }
        }
        let (page, next_token) =
            listing.page(cx, policies, input.next_token.as_deref(), input.max_results)?;
        Ok(ListPoliciesForTargetOutput {
            policies: Some(page),
            next_token,
        })
    }
}
