use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        entity::Entity,
        error::{Error, Result},
        shapes::AccountShape,
        subject::Subject,
    },
    shape::{Input, Output},
};

/// Tells about an account of the organization.
///
/// Source: AWS Organizations API Reference, DescribeAccount.
pub struct DescribeAccount;

/// What is asked.
#[derive(Input)]
pub struct DescribeAccountInput {
    /// The account.
    #[shape(length(0, 12), pattern(r"^\d{12}$"))]
    pub account_id: String,
}

/// What is answered.
#[derive(Output)]
pub struct DescribeAccountOutput {
    /// The account.
    pub account: Option<AccountShape>,
}

impl Operation for DescribeAccount {
    const NAME: &'static str = "DescribeAccount";
    const ACTION: &'static str = "organizations:DescribeAccount";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AccountNotFoundException",
        "AWSOrganizationsNotInUseException",
        "InvalidInputException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = DescribeAccountInput;
    type Output = DescribeAccountOutput;
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
        let account = describe::account(cx, &org, *account, (**member).clone()).await?;
        Ok(DescribeAccountOutput {
            account: Some(account),
        })
    }
}
