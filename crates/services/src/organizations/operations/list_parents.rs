use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations,
        entity::Entity,
        error::{Error, Result},
        paging,
        shapes::Parent,
        shapes::ParentType,
        subject::Subject,
    },
    shape::{Input, Output, Shape as _},
};

/// Lists the root or unit right above an account or unit, of which there is one.
///
/// Source: AWS Organizations API Reference, ListParents.
pub struct ListParents;

/// What is asked.
#[derive(Input)]
pub struct ListParentsInput {
    /// The account or unit.
    #[shape(
        length(0, 100),
        pattern(r"^(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$")
    )]
    pub child_id: String,
    /// Asks for the next page.
    #[shape(length(0, 100000), pattern(r"[\s\S]*"), unrecorded)]
    pub next_token: Option<String>,
    /// Items on a page: 1 to 20.
    #[shape(range(1, 20))]
    pub max_results: Option<i64>,
}

/// What is answered.
#[derive(Output)]
pub struct ListParentsOutput {
    /// What is above.
    pub parents: Option<Vec<Parent>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListParents {
    const NAME: &'static str = "ListParents";
    const ACTION: &'static str = "organizations:ListParents";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ChildNotFoundException",
        "InvalidInputException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = ListParentsInput;
    type Output = ListParentsOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Subject::named(cx, &input.child_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        let listing = paging::Listing::of(Self::NAME, cx, input.record());
        let id = match subject.entity() {
            Some(Entity::Account(_, member)) => member.parent.clone(),
            Some(Entity::Unit(_, unit)) => unit.parent.clone(),
            _ => return Err(Error::ChildNotFound),
        };
        let parent_type = if id == org.row.root_id {
            ParentType::Root
        } else {
            ParentType::OrganizationalUnit
        };
        let parent = Parent {
            id: Some(id.clone()),
            r#type: Some(parent_type),
        };
        let parents = vec![(id, parent)];
        let (page, next_token) =
            listing.page(cx, parents, input.next_token.as_deref(), input.max_results)?;
        Ok(ListParentsOutput {
            parents: Some(page),
            next_token,
        })
    }
}
