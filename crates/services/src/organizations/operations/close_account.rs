use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, account,
        entity::Entity,
        error::{Error, Result},
        subject::Subject,
    },
    shape::{Input, Nothing},
};

/// Closes an account for good: nobody in it may do anything any more.
///
/// Source: AWS Organizations API Reference, CloseAccount.
pub struct CloseAccount;

/// What is asked.
#[derive(Input)]
pub struct CloseAccountInput {
    /// The account.
    #[shape(length(0, 12), pattern(r"^\d{12}$"))]
    pub account_id: String,
}

impl Operation for CloseAccount {
    const NAME: &'static str = "CloseAccount";
    const ACTION: &'static str = "organizations:CloseAccount";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AccountAlreadyClosedException",
        "AccountNotFoundException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "ConflictException",
        "ConstraintViolationException",
        "InvalidInputException",
        "ServiceException",
        "TooManyRequestsException",
        "UnsupportedAPIEndpointException",
    ];
    type Service = AwsOrganizations;
    type Input = CloseAccountInput;
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
        let Some(Entity::Account(account, member)) = subject.entity() else {
            return Err(Error::AccountNotFound);
        };
        if *account == org.management {
            return Err(Error::constraint(
                "CANNOT_CLOSE_MANAGEMENT_ACCOUNT",
                "You attempted to close the management account. To close the management account for the organization, you must first either remove or close all member accounts in the organization.",
            ));
        }
        if member.closed_ms.is_some() {
            return Err(Error::AccountAlreadyClosed);
        }
        account::close(cx, &org, *account, (**member).clone())?;
        Ok(Nothing)
    }
}
