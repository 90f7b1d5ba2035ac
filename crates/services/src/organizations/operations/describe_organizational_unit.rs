use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        entity::Entity,
        error::{Error, Result},
        shapes::UnitShape,
        subject::Subject,
    },
    shape::{Input, Output},
};

/// Tells about a unit.
///
/// Source: AWS Organizations API Reference, DescribeOrganizationalUnit.
pub struct DescribeOrganizationalUnit;

/// What is asked.
#[derive(Input)]
pub struct DescribeOrganizationalUnitInput {
    /// The unit.
    #[shape(length(0, 68), pattern(r"^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$"))]
    pub organizational_unit_id: String,
}

/// What is answered.
#[derive(Output)]
pub struct DescribeOrganizationalUnitOutput {
    /// The unit.
    pub organizational_unit: Option<UnitShape>,
}

impl Operation for DescribeOrganizationalUnit {
    const NAME: &'static str = "DescribeOrganizationalUnit";
    const ACTION: &'static str = "organizations:DescribeOrganizationalUnit";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "InvalidInputException",
        "OrganizationalUnitNotFoundException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = DescribeOrganizationalUnitInput;
    type Output = DescribeOrganizationalUnitOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Subject::named(cx, &input.organizational_unit_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        let Some(Entity::Unit(id, unit)) = subject.entity() else {
            return Err(Error::OrganizationalUnitNotFound);
        };
        let unit = describe::unit(cx, &org, id, unit.clone()).await?;
        Ok(DescribeOrganizationalUnitOutput {
            organizational_unit: Some(unit),
        })
    }
}
