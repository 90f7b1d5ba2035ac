use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations,
        entity::Entity,
        error::{Error, Result},
        subject::Subject,
        unit,
    },
    shape::{Input, Nothing},
};

/// Removes a unit that nothing is in.
///
/// Source: AWS Organizations API Reference, DeleteOrganizationalUnit.
pub struct DeleteOrganizationalUnit;

/// What is asked.
#[derive(Input)]
pub struct DeleteOrganizationalUnitInput {
    /// The unit.
    #[shape(length(0, 68), pattern(r"^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$"))]
    pub organizational_unit_id: String,
}

impl Operation for DeleteOrganizationalUnit {
    const NAME: &'static str = "DeleteOrganizationalUnit";
    const ACTION: &'static str = "organizations:DeleteOrganizationalUnit";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "InvalidInputException",
        "OrganizationalUnitNotEmptyException",
        "OrganizationalUnitNotFoundException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = DeleteOrganizationalUnitInput;
    type Output = Nothing;
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
        let Some(Entity::Unit(id, _)) = subject.entity() else {
            return Err(Error::OrganizationalUnitNotFound);
        };
        unit::delete(cx, &org, id).await?;
        Ok(Nothing)
    }
}
