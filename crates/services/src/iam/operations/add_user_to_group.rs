use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Error, Iam, Result,
        groups::{GroupRef, MAX_GROUPS_OF_USER},
        record,
        users::UserRef,
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::GroupMembers,
};

/// Puts a user into a group. One that is in it stays.
///
/// Source: IAM API Reference, AddUserToGroup.
pub struct AddUserToGroup;

/// What is asked.
#[derive(Input)]
pub struct AddUserToGroupInput {
    /// The group's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub group_name: String,
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
}

impl Operation for AddUserToGroup {
    const NAME: &'static str = "AddUserToGroup";
    const ACTION: &'static str = "iam:AddUserToGroup";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = AddUserToGroupInput;
    type Output = Nothing;
    type Target = GroupRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<GroupRef> {
        GroupRef::resolve(cx, &input.group_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<GroupRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.key.clone();
        target.into_inner().found()?;
        let mut found = UserRef::resolve(cx, &input.user_name).await?.changeable()?;
        let groups = &mut found.user.groups;
        if groups.contains(&key.1) {
            return Ok(Nothing);
        }
        if groups.len() >= MAX_GROUPS_OF_USER {
            return Err(Error::over_quota("GroupsPerUser", MAX_GROUPS_OF_USER));
        }
        groups.push(key.1.clone());
        found.save(cx)?;
        let row = (key.0, key.1, found.key.1);
        cx.tx.put::<GroupMembers>(&row, &record::GroupMember {})?;
        Ok(Nothing)
    }
}
