use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe, error::Result, paging, shapes::AccountShape, subject::Subject,
    },
    shape::{Input, Output, Shape as _},
};

/// Lists the accounts of the organization.
///
/// Source: AWS Organizations API Reference, ListAccounts.
pub struct ListAccounts;

/// What is asked.
#[derive(Input)]
pub struct ListAccountsInput {
    /// Asks for the next page.
    #[shape(length(0, 100000), pattern(r"[\s\S]*"), unrecorded)]
    pub next_token: Option<String>,
    /// Items on a page: 1 to 20.
    #[shape(range(1, 20))]
    pub max_results: Option<i64>,
}

/// What is answered.
#[derive(Output)]
pub struct ListAccountsOutput {
    /// The accounts.
    pub accounts: Option<Vec<AccountShape>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListAccounts {
    const NAME: &'static str = "ListAccounts";
    const ACTION: &'static str = "organizations:ListAccounts";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "InvalidInputException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = ListAccountsInput;
    type Output = ListAccountsOutput;
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
        let mut accounts = Vec::new();
        for (account, member) in org.members(cx).await? {
            accounts.push((
                account.to_string(),
                describe::account(cx, &org, account, member).await?,
            ));
        }
        let (page, next_token) =
            listing.page(cx, accounts, input.next_token.as_deref(), input.max_results)?;
        Ok(ListAccountsOutput {
            accounts: Some(page),
            next_token,
        })
    }
}
