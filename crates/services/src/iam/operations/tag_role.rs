use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Iam, Result,
        roles::RoleRef,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Nothing},
};

/// Sets tags of a role.
///
/// Source: IAM API Reference, TagRole.
pub struct TagRole;

/// What is asked.
#[derive(Input)]
pub struct TagRoleInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// Up to 50.
    #[shape(length(0, 50))]
    pub tags: Vec<Tag>,
}

impl Operation for TagRole {
    const NAME: &'static str = "TagRole";
    const ACTION: &'static str = "iam:TagRole";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "InvalidInputException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = TagRoleInput;
    type Output = Nothing;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        Ok(RoleRef::resolve(cx, &input.role_name).await?.shown_by_arn())
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        tags::request_keys(&input.tags, keys);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        tags::set(&mut found.role.tags, tags::checked(input.tags)?)?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
