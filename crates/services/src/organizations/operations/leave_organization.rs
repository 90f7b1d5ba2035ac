use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, account,
        error::{Error, Result},
        service_event::Departure,
        subject::Subject,
    },
    shape::{Input, Nothing},
};

/// Takes the caller's account out of its organization.
///
/// Source: AWS Organizations API Reference, LeaveOrganization.
pub struct LeaveOrganization;

/// Nothing is asked.
#[derive(Input)]
pub struct LeaveOrganizationInput {}

impl Operation for LeaveOrganization {
    const NAME: &'static str = "LeaveOrganization";
    const ACTION: &'static str = "organizations:LeaveOrganization";
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
    type Input = LeaveOrganizationInput;
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
        let org = subject.joined()?;
        let account = cx.request.caller.account;
        if account == org.management {
            return Err(Error::MasterCannotLeave);
        }
        account::leave(cx, &org, account, Departure::Left).await?;
        Ok(Nothing)
    }
}
