use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations,
        account::{self, Wanted},
        describe,
        error::Result,
        shapes::CreateAccountState,
        shapes::{AccessToBilling, CreateAccountStatus, Tag},
        subject::Subject,
        tags,
    },
    shape::{Input, Output},
};

/// Makes an account in the organization, with a role that the management account may
/// assume.
///
/// As in AWS the request is answered at once and
/// [`DescribeCreateAccountStatus`](super::describe_create_account_status::DescribeCreateAccountStatus)
/// tells what became of it.
///
/// Source: AWS Organizations API Reference, CreateAccount.
pub struct CreateAccount;

/// What is asked.
#[derive(Input)]
pub struct CreateAccountInput {
    /// The owner's address.
    #[shape(length(6, 64), pattern(r"[^\s@]+@[^\s@]+\.[^\s@]+"), masked)]
    pub email: Sensitive<String>,
    /// The account's name.
    #[shape(length(1, 50), pattern(r"[\u0020-\u007E]+"), masked)]
    pub account_name: Sensitive<String>,
    /// The role to make in the account; `OrganizationAccountAccessRole` when absent.
    #[shape(length(0, 64), pattern(r"[\w+=,.@-]{1,64}"))]
    pub role_name: Option<String>,
    /// Whether users may see bills, of which there are none here.
    pub iam_user_access_to_billing: Option<AccessToBilling>,
    /// The tags.
    pub tags: Option<Vec<Tag>>,
}

/// What is answered.
#[derive(Output)]
pub struct CreateAccountOutput {
    /// How far the request has come.
    pub create_account_status: Option<CreateAccountStatus>,
}

impl Operation for CreateAccount {
    const NAME: &'static str = "CreateAccount";
    const ACTION: &'static str = "organizations:CreateAccount";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "ConstraintViolationException",
        "InvalidInputException",
        "FinalizingOrganizationException",
        "ServiceException",
        "TooManyRequestsException",
        "UnsupportedAPIEndpointException",
    ];
    type Service = AwsOrganizations;
    type Input = CreateAccountInput;
    type Output = CreateAccountOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Subject> {
        Subject::none(cx).await
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
        let tags = tags::checked(input.tags.unwrap_or_default())?;
        let wanted = Wanted {
            name: input.account_name.expose().clone(),
            email: input.email.expose().clone(),
            role: input.role_name,
            tags,
        };
        let (id, request) = account::create(cx, &org, wanted).await?;
        // What it came to is told by its status.
        let create_account_status = Some(CreateAccountStatus {
            state: Some(CreateAccountState::InProgress),
            completed_timestamp: None,
            account_id: None,
            failure_reason: None,
            ..describe::request(&id, &request)
        });
        Ok(CreateAccountOutput {
            create_account_status,
        })
    }
}
