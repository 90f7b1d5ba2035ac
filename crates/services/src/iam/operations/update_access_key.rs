use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Error, Iam, Result,
        access_keys::{self, Status},
        users::UserRef,
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::AccessKeys,
};

/// Lets an access key be used, or not.
///
/// Source: IAM API Reference, UpdateAccessKey.
pub struct UpdateAccessKey;

/// What is asked.
#[derive(Input)]
pub struct UpdateAccessKeyInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: Option<String>,
    /// `AKIA…`
    #[shape(length(16, 128), pattern(r"[\w]+"))]
    pub access_key_id: String,
    /// Whether it may be used.
    pub status: Status,
}

impl Operation for UpdateAccessKey {
    const NAME: &'static str = "UpdateAccessKey";
    const ACTION: &'static str = "iam:UpdateAccessKey";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "ServiceFailureException",
        "InvalidInputException",
    ];
    type Service = Iam;
    type Input = UpdateAccessKeyInput;
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
        let user = target.into_inner().found()?;
        let mut key = access_keys::of_user(cx, &user, &input.access_key_id).await?;
        key.active = match input.status {
            Status::Active => true,
            Status::Inactive => false,
            Status::Expired => {
                let text = "An access key cannot be given the status Expired.";
                return Err(Error::InvalidInput(text.into()));
            }
        };
        cx.tx.put::<AccessKeys>(&(input.access_key_id,), &key)?;
        Ok(Nothing)
    }
}
