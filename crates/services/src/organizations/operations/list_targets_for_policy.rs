use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        error::{Error, Result},
        paging,
        shapes::PolicyTargetSummary,
        subject::Subject,
    },
    shape::{Input, Output, Shape as _},
};

/// Lists the roots, units and accounts that a policy is attached to.
///
/// Source: AWS Organizations API Reference, ListTargetsForPolicy.
pub struct ListTargetsForPolicy;

/// What is asked.
#[derive(Input)]
pub struct ListTargetsForPolicyInput {
    /// The policy.
    #[shape(length(0, 130), pattern(r"^p-[0-9a-zA-Z_]{8,128}$"))]
    pub policy_id: String,
    /// Asks for the next page.
    #[shape(length(0, 100000), pattern(r"[\s\S]*"), unrecorded)]
    pub next_token: Option<String>,
    /// Items on a page: 1 to 20.
    #[shape(range(1, 20))]
    pub max_results: Option<i64>,
}

/// What is answered.
#[derive(Output)]
pub struct ListTargetsForPolicyOutput {
    /// Where it is attached.
    pub targets: Option<Vec<PolicyTargetSummary>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListTargetsForPolicy {
    const NAME: &'static str = "ListTargetsForPolicy";
    const ACTION: &'static str = "organizations:ListTargetsForPolicy";
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
    type Input = ListTargetsForPolicyInput;
    type Output = ListTargetsForPolicyOutput;
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
        let (id, _) = subject.policy().ok_or(Error::PolicyNotFound)?;
        let listing = paging::Listing::of(Self::NAME, cx, input.record());
        let mut targets = Vec::new();
        for (target, attached) in org.attachments(cx).await? {
            if attached == id
                && let Some(entity) = org.find(cx, &target).await?
            {
                targets.push((target.clone(), describe::target(cx, &org, &target, &entity)));
            }
        }
        let (page, next_token) =
            listing.page(cx, targets, input.next_token.as_deref(), input.max_results)?;
        Ok(ListTargetsForPolicyOutput {
            targets: Some(page),
            next_token,
        })
    }
}
