use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        error::{Error, Result},
        paging,
        shapes::AccountShape,
        subject::Subject,
    },
    shape::{Input, Output, Shape as _},
};

/// Lists the accounts right below a root or unit.
///
/// Source: AWS Organizations API Reference, ListAccountsForParent.
pub struct ListAccountsForParent;

/// What is asked.
#[derive(Input)]
pub struct ListAccountsForParentInput {
    /// The root or unit.
    #[shape(
        length(0, 100),
        pattern(r"^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$")
    )]
    pub parent_id: String,
    /// Asks for the next page.
    #[shape(length(0, 100000), pattern(r"[\s\S]*"), unrecorded)]
    pub next_token: Option<String>,
    /// Items on a page: 1 to 20.
    #[shape(range(1, 20))]
    pub max_results: Option<i64>,
}

/// What is answered.
#[derive(Output)]
pub struct ListAccountsForParentOutput {
    /// The accounts.
    pub accounts: Option<Vec<AccountShape>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListAccountsForParent {
    const NAME: &'static str = "ListAccountsForParent";
    const ACTION: &'static str = "organizations:ListAccountsForParent";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "InvalidInputException",
        "ParentNotFoundException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = ListAccountsForParentInput;
    type Output = ListAccountsForParentOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Subject::named(cx, &input.parent_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        subject.parent().ok_or(Error::ParentNotFound)?;
        let listing = paging::Listing::of(Self::NAME, cx, input.record());
        let mut accounts = Vec::new();
        for (account, member) in org.members(cx).await? {
            if member.parent != input.parent_id {
                continue;
            }
            accounts.push((
                account.to_string(),
                describe::account(cx, &org, account, member).await?,
            ));
        }
        let (page, next_token) =
            listing.page(cx, accounts, input.next_token.as_deref(), input.max_results)?;
        Ok(ListAccountsForParentOutput {
            accounts: Some(page),
            next_token,
        })
    }
}
