use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, account,
        entity::Entity,
        error::{Error, Result},
        service_event::Departure,
        subject::Subject,
    },
    shape::{Input, Nothing},
};

/// Makes an account stand alone again.
///
/// Source: AWS Organizations API Reference, RemoveAccountFromOrganization.
pub struct RemoveAccountFromOrganization;

/// What is asked.
#[derive(Input)]
pub struct RemoveAccountFromOrganizationInput {
    /// The account.
    #[shape(length(0, 12), pattern(r"^\d{12}$"))]
    pub account_id: String,
}

impl Operation for RemoveAccountFromOrganization {
    const NAME: &'static str = "RemoveAccountFromOrganization";
    const ACTION: &'static str = "organizations:RemoveAccountFromOrganization";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AccountNotFoundException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "ConstraintViolationException",
        "InvalidInputException",
        "MasterCannotLeaveOrganizationException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = RemoveAccountFromOrganizationInput;
    type Output = Nothing;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Subject::named(cx, &input.account_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        let Some(Entity::Account(account, _)) = subject.entity() else {
            return Err(Error::AccountNotFound);
        };
        if *account == org.management {
            return Err(Error::MasterCannotLeave);
        }
        account::leave(cx, &org, *account, Departure::Removed).await?;
        Ok(Nothing)
    }
}
