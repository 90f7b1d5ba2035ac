use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, attachments, users::UserRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Takes a user's permissions boundary away.
///
/// Source: IAM API Reference, DeleteUserPermissionsBoundary.
pub struct DeleteUserPermissionsBoundary;

/// What is asked.
#[derive(Input)]
pub struct DeleteUserPermissionsBoundaryInput {
    /// The user's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
}

impl Operation for DeleteUserPermissionsBoundary {
    const NAME: &'static str = "DeleteUserPermissionsBoundary";
    const ACTION: &'static str = "iam:DeleteUserPermissionsBoundary";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = DeleteUserPermissionsBoundaryInput;
    type Output = Nothing;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        Ok(UserRef::resolve(cx, &input.user_name).await?.bounded())
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let name = found.user.name.clone();
        if found.user.permissions_boundary.is_none() {
            let text = format!("User {name} does not have a permissions boundary.");
            return Err(Error::NoSuchEntity(text.into()));
        }
        let entity = found.entity(&name);
        attachments::clear_boundary(cx, entity, &mut found.user.permissions_boundary)?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
