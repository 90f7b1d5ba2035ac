use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Error, Iam, Result,
        groups::{self, GroupRef},
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::Groups,
};

/// Deletes a group that has no users and no policies.
///
/// Source: IAM API Reference, DeleteGroup.
pub struct DeleteGroup;

/// What is asked.
#[derive(Input)]
pub struct DeleteGroupInput {
    /// The group's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub group_name: String,
}

impl Operation for DeleteGroup {
    const NAME: &'static str = "DeleteGroup";
    const ACTION: &'static str = "iam:DeleteGroup";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "DeleteConflictException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteGroupInput;
    type Output = Nothing;
    type Target = GroupRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<GroupRef> {
        GroupRef::resolve(cx, &input.group_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<GroupRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.into_inner().changeable()?;
        let conflict = if !groups::members(cx, &found.key).await?.is_empty() {
            Some("Cannot delete entity, must remove users from group first.")
        } else if !found.group.attached_policies.is_empty() {
            Some("Cannot delete entity, must detach all policies first.")
        } else if !found.group.inline_policies.is_empty() {
            Some("Cannot delete entity, must delete policies first.")
        } else {
            None
        };
        if let Some(text) = conflict {
            return Err(Error::conflict(text));
        }
        cx.tx.delete::<Groups>(&found.key)?;
        Ok(Nothing)
    }
}
