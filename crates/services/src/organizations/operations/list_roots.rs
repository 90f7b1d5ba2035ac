use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe, error::Result, paging, shapes::RootShape, subject::Subject,
    },
    shape::{Input, Output, Shape as _},
};

/// Lists the roots of the organization, of which there is one.
///
/// Source: AWS Organizations API Reference, ListRoots.
pub struct ListRoots;

/// What is asked.
#[derive(Input)]
pub struct ListRootsInput {
    /// Asks for the next page.
    #[shape(length(0, 100000), pattern(r"[\s\S]*"), unrecorded)]
    pub next_token: Option<String>,
    /// Items on a page: 1 to 20.
    #[shape(range(1, 20))]
    pub max_results: Option<i64>,
}

/// What is answered.
#[derive(Output)]
pub struct ListRootsOutput {
    /// The root.
    pub roots: Option<Vec<RootShape>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListRoots {
    const NAME: &'static str = "ListRoots";
    const ACTION: &'static str = "organizations:ListRoots";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "InvalidInputException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = ListRootsInput;
    type Output = ListRootsOutput;
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
        let roots = vec![(org.row.root_id.clone(), describe::root(cx, &org))];
        let (page, next_token) =
            listing.page(cx, roots, input.next_token.as_deref(), input.max_results)?;
        Ok(ListRootsOutput {
            roots: Some(page),
            next_token,
        })
    }
}
