use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, groups::GroupRef, users::UserRef},
    operation::Operation,
    shape::{Input, Nothing},
    tables::GroupMembers,
};

/// Takes a user out of a group.
///
/// Source: IAM API Reference, RemoveUserFromGroup.
pub struct RemoveUserFromGroup;

/// What is asked.
#[derive(Input)]
pub struct RemoveUserFromGroupInput {
    /// The group's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub group_name: String,
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
}

impl Operation for RemoveUserFromGroup {
    const NAME: &'static str = "RemoveUserFromGroup";
    const ACTION: &'static str = "iam:RemoveUserFromGroup";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = RemoveUserFromGroupInput;
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
        let group = target.into_inner().found()?;
        let mut found = UserRef::resolve(cx, &input.user_name).await?.changeable()?;
        let before = found.user.groups.len();
        found.user.groups.retain(|known| *known != key.1);
        if found.user.groups.len() == before {
            let text = format!("User {} is not in group {}", found.user.name, group.name);
            return Err(Error::NoSuchEntity(text.into()));
        }
        found.save(cx)?;
        cx.tx.delete::<GroupMembers>(&(key.0, key.1, found.key.1))?;
        Ok(Nothing)
    }
}
