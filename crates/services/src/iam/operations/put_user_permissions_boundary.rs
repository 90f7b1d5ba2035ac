use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, attachments, users::UserRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Bounds what a user may do by a managed policy, in place of one that does.
///
/// Source: IAM API Reference, PutUserPermissionsBoundary.
pub struct PutUserPermissionsBoundary;

/// What is asked.
#[derive(Input)]
pub struct PutUserPermissionsBoundaryInput {
    /// The user's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// ARN of the managed policy that bounds what it may do.
    #[shape(length(20, 2048))]
    pub permissions_boundary: String,
}

impl Operation for PutUserPermissionsBoundary {
    const NAME: &'static str = "PutUserPermissionsBoundary";
    const ACTION: &'static str = "iam:PutUserPermissionsBoundary";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "PolicyNotAttachableException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = PutUserPermissionsBoundaryInput;
    type Output = Nothing;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        UserRef::resolve(cx, &input.user_name).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("iam:PermissionsBoundary", &input.permissions_boundary);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let name = found.user.name.clone();
        let entity = found.entity(&name);
        let boundary = &mut found.user.permissions_boundary;
        attachments::set_boundary(cx, entity, boundary, &input.permissions_boundary).await?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
