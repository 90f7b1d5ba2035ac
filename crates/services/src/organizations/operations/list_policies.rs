use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        entity::PolicyOf,
        error::Result,
        paging,
        policy_type::PolicyType,
        shapes::{PolicySummary, PolicyTypeName},
        subject::Subject,
    },
    shape::{Input, Output, Shape as _},
};

/// Lists the policies of a type, AWS's own among them.
///
/// Source: AWS Organizations API Reference, ListPolicies.
pub struct ListPolicies;

/// What is asked.
#[derive(Input)]
pub struct ListPoliciesInput {
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
pub struct ListPoliciesOutput {
    /// The policies.
    pub policies: Option<Vec<PolicySummary>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListPolicies {
    const NAME: &'static str = "ListPolicies";
    const ACTION: &'static str = "organizations:ListPolicies";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "InvalidInputException",
        "ServiceException",
        "TooManyRequestsException",
        "UnsupportedAPIEndpointException",
    ];
    type Service = AwsOrganizations;
    type Input = ListPoliciesInput;
    type Output = ListPoliciesOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Ok(Subject::none(cx)
            .await?
            .of_type(PolicyType::named(input.filter.as_str())))
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        let listing = paging::Listing::of(Self::NAME, cx, input.record());
        let mut policies = org.policies(cx).await?;
        if let Some(policy_type) = PolicyType::named(input.filter.as_str()) {
            let managed = policy_type.managed();
            policies.push((managed.id.to_owned(), PolicyOf::Aws(managed)));
        }
        let summaries = policies
            .into_iter()
            .filter(|(_, policy)| policy.policy_type().as_str() == input.filter.as_str())
            .map(|(id, policy)| (id.clone(), describe::summary(cx, &org, &id, &policy)))
            .collect();
        let (page, next_token) = listing.page(
            cx,
            summaries,
            input.next_token.as_deref(),
            input.max_results,
        )?;
        Ok(ListPoliciesOutput {
            policies: Some(page),
            next_token,
        })
    }
}
