use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        error::{Error, Result},
        paging,
        shapes::UnitShape,
        subject::Subject,
    },
    shape::{Input, Output, Shape as _},
};

/// Lists the units right below a root or unit.
///
/// Source: AWS Organizations API Reference, ListOrganizationalUnitsForParent.
pub struct ListOrganizationalUnitsForParent;

/// What is asked.
#[derive(Input)]
pub struct ListOrganizationalUnitsForParentInput {
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
pub struct ListOrganizationalUnitsForParentOutput {
    /// The units.
    pub organizational_units: Option<Vec<UnitShape>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListOrganizationalUnitsForParent {
    const NAME: &'static str = "ListOrganizationalUnitsForParent";
    const ACTION: &'static str = "organizations:ListOrganizationalUnitsForParent";
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
    type Input = ListOrganizationalUnitsForParentInput;
    type Output = ListOrganizationalUnitsForParentOutput;
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
        let mut units = Vec::new();
        for (id, unit) in org.units(cx).await? {
            if unit.parent == input.parent_id {
                let unit = describe::unit(cx, &org, &id, unit).await?;
                units.push((id, unit));
            }
        }
        let (page, next_token) =
            listing.page(cx, units, input.next_token.as_deref(), input.max_results)?;
        Ok(ListOrganizationalUnitsForParentOutput {
            organizational_units: Some(page),
            next_token,
        })
    }
}
