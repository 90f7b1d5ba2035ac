use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        error::{Error, Result},
        shapes::CreateAccountStatus,
        subject::Subject,
    },
    shape::{Input, Output},
    tables::OrganizationAccountRequests,
};

/// Tells what became of a request to make an account.
///
/// Source: AWS Organizations API Reference, DescribeCreateAccountStatus.
pub struct DescribeCreateAccountStatus;

/// What is asked.
#[derive(Input)]
pub struct DescribeCreateAccountStatusInput {
    /// The request's id.
    #[shape(length(0, 36), pattern(r"^car-[a-z0-9]{8,32}$"))]
    pub create_account_request_id: String,
}

/// What is answered.
#[derive(Output)]
pub struct DescribeCreateAccountStatusOutput {
    /// How far the request has come.
    pub create_account_status: Option<CreateAccountStatus>,
}

impl Operation for DescribeCreateAccountStatus {
    const NAME: &'static str = "DescribeCreateAccountStatus";
    const ACTION: &'static str = "organizations:DescribeCreateAccountStatus";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "CreateAccountStatusNotFoundException",
        "InvalidInputException",
        "ServiceException",
        "TooManyRequestsException",
        "UnsupportedAPIEndpointException",
    ];
    type Service = AwsOrganizations;
    type Input = DescribeCreateAccountStatusInput;
    type Output = DescribeCreateAccountStatusOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Subject> {
        Subject::none(cx).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        let key = (org.management, input.create_account_request_id);
        let request = cx.tx.get::<OrganizationAccountRequests>(&key).await?;
        let request = request.ok_or(Error::CreateAccountStatusNotFound)?;
        let create_account_status = Some(describe::request(&key.1, &request));
        Ok(DescribeCreateAccountStatusOutput {
            create_account_status,
        })
    }
}
