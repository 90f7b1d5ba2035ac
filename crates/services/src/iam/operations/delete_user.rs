use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, attachments, principals, users::UserRef},
    operation::Operation,
    shape::{Input, Nothing},
    tables::Users,
};

/// Deletes a user that has no keys, no policies and no groups.
///
/// Source: IAM API Reference, DeleteUser.
pub struct DeleteUser;

/// What is asked.
#[derive(Input)]
pub struct DeleteUserInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
}

impl Operation for DeleteUser {
    const NAME: &'static str = "DeleteUser";
    const ACTION: &'static str = "iam:DeleteUser";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "LimitExceededException",
        "NoSuchEntityException",
        "DeleteConflictException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteUserInput;
    type Output = Nothing;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        UserRef::resolve(cx, &input.user_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let user = &found.user;
        let conflict = if !user.access_key_ids.is_empty() {
            Some("Cannot delete entity, must delete access keys first.")
        } else if !user.attached_policies.is_empty() {
            Some("Cannot delete entity, must detach all policies first.")
        } else if !user.inline_policies.is_empty() {
            Some("Cannot delete entity, must delete policies first.")
        } else if !user.groups.is_empty() {
            Some("Cannot delete entity, must remove users from group first.")
        } else {
            None
        };
        if let Some(text) = conflict {
            return Err(Error::conflict(text));
        }
        let name = user.name.clone();
        let entity = found.entity(&name);
        attachments::clear_boundary(cx, entity, &mut found.user.permissions_boundary)?;
        principals::forget(&mut cx.tx, &found.user.id)?;
        cx.tx.delete::<Users>(&found.key)?;
        Ok(Nothing)
    }
}
