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
        unit,
    },
    shape::{Input, Output},
    tables::OrganizationUnits,
};

/// Gives a unit another name.
///
/// Source: AWS Organizations API Reference, UpdateOrganizationalUnit.
pub struct UpdateOrganizationalUnit;

/// What is asked.
#[derive(Input)]
pub struct UpdateOrganizationalUnitInput {
    /// The unit.
    #[shape(length(0, 68), pattern(r"^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$"))]
    pub organizational_unit_id: String,
    /// The name.
    #[shape(length(1, 128), pattern(r"[\s\S]*"))]
    pub name: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct UpdateOrganizationalUnitOutput {
    /// The unit.
    pub organizational_unit: Option<UnitShape>,
}

impl Operation for UpdateOrganizationalUnit {
    const NAME: &'static str = "UpdateOrganizationalUnit";
    const ACTION: &'static str = "organizations:UpdateOrganizationalUnit";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "DuplicateOrganizationalUnitException",
        "InvalidInputException",
        "OrganizationalUnitNotFoundException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = UpdateOrganizationalUnitInput;
    type Output = UpdateOrganizationalUnitOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Subject::named(cx, &input.organizational_unit_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        let Some(Entity::Unit(id, unit)) = subject.entity() else {
            return Err(Error::OrganizationalUnitNotFound);
        };
        let mut unit = unit.clone();
        if let Some(name) = input.name {
            unit::check_name(cx, &org, &unit.parent, &name, Some(id)).await?;
            unit.name = name;
            cx.tx
                .put::<OrganizationUnits>(&(org.management, id.clone()), &unit)?;
        }
        let unit = describe::unit(cx, &org, id, unit).await?;
        Ok(UpdateOrganizationalUnitOutput {
            organizational_unit: Some(unit),
        })
    }
}
