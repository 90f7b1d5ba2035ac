use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Iam, Result,
        tags::{self, Tag},
        users::UserRef,
    },
    operation::Operation,
    shape::{Input, Nothing},
};

/// Sets tags of a user.
///
/// Source: IAM API Reference, TagUser.
pub struct TagUser;

/// What is asked.
#[derive(Input)]
pub struct TagUserInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// Up to 50.
    #[shape(length(0, 50))]
    pub tags: Vec<Tag>,
}

impl Operation for TagUser {
    const NAME: &'static str = "TagUser";
    const ACTION: &'static str = "iam:TagUser";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "InvalidInputException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = TagUserInput;
    type Output = Nothing;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        Ok(UserRef::resolve(cx, &input.user_name).await?.shown_by_arn())
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        tags::request_keys(&input.tags, keys);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        tags::set(&mut found.user.tags, tags::checked(input.tags)?)?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
