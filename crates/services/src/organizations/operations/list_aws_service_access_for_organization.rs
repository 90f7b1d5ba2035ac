use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{AwsOrganizations, error::Result, paging, subject::Subject},
    shape::{Input, Nothing, Output, Shape as _},
};

/// Lists the services that work in all accounts of the organization: none here
/// does, and none can be enabled.
///
/// Source: AWS Organizations API Reference, ListAWSServiceAccessForOrganization.
pub struct ListAWSServiceAccessForOrganization;

/// What is asked.
#[derive(Input)]
pub struct ListAWSServiceAccessForOrganizationInput {
    /// Asks for the next page.
    #[shape(length(0, 100000), pattern(r"[\s\S]*"), unrecorded)]
    pub next_token: Option<String>,
    /// Items on a page: 1 to 20.
    #[shape(range(1, 20))]
    pub max_results: Option<i64>,
}

/// What is answered.
#[derive(Output)]
pub struct ListAWSServiceAccessForOrganizationOutput {
    /// None.
    pub enabled_service_principals: Option<Vec<Nothing>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListAWSServiceAccessForOrganization {
    const NAME: &'static str = "ListAWSServiceAccessForOrganization";
    const ACTION: &'static str = "organizations:ListAWSServiceAccessForOrganization";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConstraintViolationException",
        "InvalidInputException",
        "ServiceException",
        "TooManyRequestsException",
        "UnsupportedAPIEndpointException",
    ];
    type Service = AwsOrganizations;
    type Input = ListAWSServiceAccessForOrganizationInput;
    type Output = ListAWSServiceAccessForOrganizationOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Subject> {
        Subject::none(cx).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        subject.managed(cx)?;
        let listing = paging::Listing::of(Self::NAME, cx, input.record());
        let none = Vec::new();
        let (page, next_token) =
            listing.page(cx, none, input.next_token.as_deref(), input.max_results)?;
        Ok(ListAWSServiceAccessForOrganizationOutput {
            enabled_service_principals: Some(page),
            next_token,
        })
    }
}
