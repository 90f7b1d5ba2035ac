use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        error::{Error, Result},
        shapes::{Tag, UnitShape},
        subject::Subject,
        tags, unit,
    },
    shape::{Input, Output},
};

/// Makes a unit below a root or another unit.
///
/// Source: AWS Organizations API Reference, CreateOrganizationalUnit.
pub struct CreateOrganizationalUnit;

/// What is asked.
#[derive(Input)]
pub struct CreateOrganizationalUnitInput {
    /// The root or unit.
    #[shape(
        length(0, 100),
        pattern(r"^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$")
    )]
    pub parent_id: String,
    /// The name.
    #[shape(length(1, 128), pattern(r"[\s\S]*"))]
    pub name: String,
    /// The tags.
    pub tags: Option<Vec<Tag>>,
}

/// What is answered.
#[derive(Output)]
pub struct CreateOrganizationalUnitOutput {
    /// The unit.
    pub organizational_unit: Option<UnitShape>,
}

impl Operation for CreateOrganizationalUnit {
    const NAME: &'static str = "CreateOrganizationalUnit";
    const ACTION: &'static str = "organizations:CreateOrganizationalUnit";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "ConstraintViolationException",
        "DuplicateOrganizationalUnitException",
        "InvalidInputException",
        "ParentNotFoundException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = CreateOrganizationalUnitInput;
    type Output = CreateOrganizationalUnitOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Subject::named(cx, &input.parent_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        tags::request_keys(input.tags.as_deref().unwrap_or_default(), keys);
    }

    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        tags::further_actions(input.tags.as_deref())
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        subject.parent().ok_or(Error::ParentNotFound)?;
        let tags = tags::checked(input.tags.unwrap_or_default())?;
        let (id, unit) = unit::create(cx, &org, &input.parent_id, input.name, tags).await?;
        let unit = describe::unit(cx, &org, &id, unit).await?;
        Ok(CreateOrganizationalUnitOutput {
            organizational_unit: Some(unit),
        })
    }
}
