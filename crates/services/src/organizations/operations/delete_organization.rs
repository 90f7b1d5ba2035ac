use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations,
        error::{Error, Result},
        subject::Subject,
    },
    shape::{Input, Nothing},
};

/// Ends the organization, which has no accounts left but the management account.
///
/// Source: AWS Organizations API Reference, DeleteOrganization.
pub struct DeleteOrganization;

/// Nothing is asked.
#[derive(Input)]
pub struct DeleteOrganizationInput {}

impl Operation for DeleteOrganization {
    const NAME: &'static str = "DeleteOrganization";
    const ACTION: &'static str = "organizations:DeleteOrganization";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "ConstraintViolationException",
        "InvalidInputException",
        "OrganizationNotEmptyException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = DeleteOrganizationInput;
    type Output = Nothing;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Subject> {
        Subject::none(cx).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        if org.members(cx).await?.len() > 1 {
            return Err(Error::OrganizationNotEmpty);
        }
        org.delete(cx).await?;
        Ok(Nothing)
    }
}
