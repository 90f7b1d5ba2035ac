use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, access_keys, users::UserRef},
    operation::Operation,
    shape::{Input, Nothing},
    tables::{AccessKeyUses, AccessKeys},
};

/// Deletes an access key.
///
/// Source: IAM API Reference, DeleteAccessKey.
pub struct DeleteAccessKey;

/// What is asked.
#[derive(Input)]
pub struct DeleteAccessKeyInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: Option<String>,
    /// `AKIA…`
    #[shape(length(16, 128), pattern(r"[\w]+"))]
    pub access_key_id: String,
}

impl Operation for DeleteAccessKey {
    const NAME: &'static str = "DeleteAccessKey";
    const ACTION: &'static str = "iam:DeleteAccessKey";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteAccessKeyInput;
    type Output = Nothing;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        UserRef::resolve_or_caller(cx, input.user_name.as_deref()).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let id = input.access_key_id;
        access_keys::of_user(cx, &found.user, &id).await?;
        found.user.access_key_ids.retain(|known| *known != id);
        found.save(cx)?;
        let row = (id,);
        cx.tx.delete::<AccessKeyUses>(&row)?;
        cx.tx.delete::<AccessKeys>(&row)?;
        Ok(Nothing)
    }
}
