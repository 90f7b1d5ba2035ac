use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, tags, users::UserRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Removes tags from a user. Those that are not there make no difference.
///
/// Source: IAM API Reference, UntagUser.
pub struct UntagUser;

/// What is asked.
#[derive(Input)]
pub struct UntagUserInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// Keys of the tags, in any case.
    #[shape(length(0, 50), each(length(1, 128)))]
    pub tag_keys: Vec<String>,
}

impl Operation for UntagUser {
    const NAME: &'static str = "UntagUser";
    const ACTION: &'static str = "iam:UntagUser";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UntagUserInput;
    type Output = Nothing;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        Ok(UserRef::resolve(cx, &input.user_name).await?.shown_by_arn())
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.many("aws:TagKeys", input.tag_keys.clone());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        tags::remove(&mut found.user.tags, &input.tag_keys);
        found.save(cx)?;
        Ok(Nothing)
    }
}
