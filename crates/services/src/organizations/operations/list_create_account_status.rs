use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, account, describe,
        error::Result,
        paging,
        shapes::{CreateAccountState, CreateAccountStatus},
        subject::Subject,
    },
    shape::{Input, Output, Shape as _},
};

/// Lists requests to make accounts.
///
/// Source: AWS Organizations API Reference, ListCreateAccountStatus.
pub struct ListCreateAccountStatus;

/// What is asked.
#[derive(Input)]
pub struct ListCreateAccountStatusInput {
    /// In which of these states; any when absent.
    pub states: Option<Vec<CreateAccountState>>,
    /// Asks for the next page.
    #[shape(length(0, 100000), pattern(r"[\s\S]*"), unrecorded)]
    pub next_token: Option<String>,
    /// Items on a page: 1 to 20.
    #[shape(range(1, 20))]
    pub max_results: Option<i64>,
}

/// What is answered.
#[derive(Output)]
pub struct ListCreateAccountStatusOutput {
    /// The requests.
    pub create_account_statuses: Option<Vec<CreateAccountStatus>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListCreateAccountStatus {
    const NAME: &'static str = "ListCreateAccountStatus";
    const ACTION: &'static str = "organizations:ListCreateAccountStatus";
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
    type Input = ListCreateAccountStatusInput;
    type Output = ListCreateAccountStatusOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Subject> {
        Subject::none(cx).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        let listing = paging::Listing::of(Self::NAME, cx, input.record());
        let wanted = |status: &CreateAccountStatus| {
            let states = input.states.as_deref().unwrap_or_default();
            states.is_empty() || status.state.is_some_and(|state| states.contains(&state))
        };
        let requests = account::requests(cx, &org).await?;
        let statuses = requests
            .iter()
            .map(|(id, request)| (id.clone(), describe::request(id, request)))
            .filter(|(_, status)| wanted(status))
            .collect();
        let (page, next_token) =
            listing.page(cx, statuses, input.next_token.as_deref(), input.max_results)?;
        Ok(ListCreateAccountStatusOutput {
            create_account_statuses: Some(page),
            next_token,
        })
    }
}
