use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations,
        error::{Error, Result},
        paging,
        shapes::{Child, ChildType},
        subject::Subject,
    },
    shape::{Input, Output, Shape as _},
};

/// Lists the accounts or the units right below a root or unit.
///
/// Source: AWS Organizations API Reference, ListChildren.
pub struct ListChildren;

/// What is asked.
#[derive(Input)]
pub struct ListChildrenInput {
    /// The root or unit.
    #[shape(
        length(0, 100),
        pattern(r"^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$")
    )]
    pub parent_id: String,
    /// Accounts or units.
    pub child_type: ChildType,
    /// Asks for the next page.
    #[shape(length(0, 100000), pattern(r"[\s\S]*"), unrecorded)]
    pub next_token: Option<String>,
    /// Items on a page: 1 to 20.
    #[shape(range(1, 20))]
    pub max_results: Option<i64>,
}

/// What is answered.
#[derive(Output)]
pub struct ListChildrenOutput {
    /// What is below.
    pub children: Option<Vec<Child>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListChildren {
    const NAME: &'static str = "ListChildren";
    const ACTION: &'static str = "organizations:ListChildren";
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
    type Input = ListChildrenInput;
    type Output = ListChildrenOutput;
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
        let ids: Vec<String> = match input.child_type {
            ChildType::Account => {
                let members = org.members(cx).await?.into_iter();
                let here = members.filter(|(_, member)| member.parent == input.parent_id);
                here.map(|(account, _)| account.to_string()).collect()
            }
            ChildType::OrganizationalUnit => {
                let units = org.units(cx).await?.into_iter();
                let here = units.filter(|(_, unit)| unit.parent == input.parent_id);
                here.map(|(id, _)| id).collect()
            }
        };
        let child = |id: String| {
            let child = Child {
                id: Some(id.clone()),
                r#type: Some(input.child_type),
            };
            (id, child)
        };
        let children = ids.into_iter().map(child).collect();
        let (page, next_token) =
            listing.page(cx, children, input.next_token.as_deref(), input.max_results)?;
        Ok(ListChildrenOutput {
            children: Some(page),
            next_token,
        })
    }
}
