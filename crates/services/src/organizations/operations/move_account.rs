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
    },
    shape::{Input, Nothing},
    tables::OrganizationMembers,
};

/// Moves an account from one root or unit to another.
///
/// Source: AWS Organizations API Reference, MoveAccount.
pub struct MoveAccount;

/// What is asked.
#[derive(Input)]
pub struct MoveAccountInput {
    /// The account.
    #[shape(length(0, 12), pattern(r"^\d{12}$"))]
    pub account_id: String,
    /// Where the account is.
    #[shape(
        length(0, 100),
        pattern(r"^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$")
    )]
    pub source_parent_id: String,
    /// Where it goes.
    #[shape(
        length(0, 100),
        pattern(r"^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$")
    )]
    pub destination_parent_id: String,
}

impl Operation for MoveAccount {
    const NAME: &'static str = "MoveAccount";
    const ACTION: &'static str = "organizations:MoveAccount";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "InvalidInputException",
        "SourceParentNotFoundException",
        "DestinationParentNotFoundException",
        "DuplicateAccountException",
        "AccountNotFoundException",
        "TooManyRequestsException",
        "ConcurrentModificationException",
        "AWSOrganizationsNotInUseException",
        "ServiceException",
    ];
    type Service = AwsOrganizations;
    type Input = MoveAccountInput;
    type Output = Nothing;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Subject::named(cx, &input.account_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        for parent in [&input.source_parent_id, &input.destination_parent_id] {
            Subject::named(cx, parent)
                .await?
                .also_allowed(cx, Self::ACTION)?;
        }
        let Some(Entity::Account(account, member)) = subject.entity() else {
            return Err(Error::AccountNotFound);
        };
        let source = org.find(cx, &input.source_parent_id).await?;
        if source.is_none() || member.parent != input.source_parent_id {
            return Err(Error::SourceParentNotFound);
        }
        if org.find(cx, &input.destination_parent_id).await?.is_none() {
            return Err(Error::DestinationParentNotFound);
        }
        if input.source_parent_id == input.destination_parent_id {
            return Err(Error::DuplicateAccount);
        }
        let mut member = (**member).clone();
        member.parent = input.destination_parent_id;
        cx.tx.put::<OrganizationMembers>(&(*account,), &member)?;
        Ok(Nothing)
    }
}
