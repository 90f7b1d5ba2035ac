use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{AwsOrganizations, error::Result, paging, subject::Subject},
    shape::{Input, Nothing, Output, Shape as _},
};

/// Lists the accounts that administer something for the organization: none can
/// be registered here.
///
/// Source: AWS Organizations API Reference, ListDelegatedAdministrators.
pub struct ListDelegatedAdministrators;

/// What is asked.
#[derive(Input)]
pub struct ListDelegatedAdministratorsInput {
    /// Whose administrators, `cloudtrail.amazonaws.com`; none has any.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]*"))]
    pub service_principal: Option<String>,
    /// Asks for the next page.
    #[shape(length(0, 100000), pattern(r"[\s\S]*"), unrecorded)]
    pub next_token: Option<String>,
    /// Items on a page: 1 to 20.
    #[shape(range(1, 20))]
    pub max_results: Option<i64>,
}

/// What is answered.
#[derive(Output)]
pub struct ListDelegatedAdministratorsOutput {
    /// None.
    pub delegated_administrators: Option<Vec<Nothing>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListDelegatedAdministrators {
    const NAME: &'static str = "ListDelegatedAdministrators";
    const ACTION: &'static str = "organizations:ListDelegatedAdministrators";
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
    type Input = ListDelegatedAdministratorsInput;
    type Output = ListDelegatedAdministratorsOutput;
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
        Ok(ListDelegatedAdministratorsOutput {
            delegated_administrators: Some(page),
            next_token,
        })
    }
}
