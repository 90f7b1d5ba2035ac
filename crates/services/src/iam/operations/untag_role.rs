use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, roles::RoleRef, tags},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Removes tags from a role. Those that are not there make no difference.
///
/// Source: IAM API Reference, UntagRole.
pub struct UntagRole;

/// What is asked.
#[derive(Input)]
pub struct UntagRoleInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// Keys of the tags, in any case.
    #[shape(
        length(0, 50),
        each(length(1, 128), pattern(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+"))
    )]
    pub tag_keys: Vec<String>,
}

impl Operation for UntagRole {
    const NAME: &'static str = "UntagRole";
    const ACTION: &'static str = "iam:UntagRole";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UntagRoleInput;
    type Output = Nothing;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        Ok(RoleRef::resolve(cx, &input.role_name).await?.shown_by_arn())
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.many("aws:TagKeys", input.tag_keys.clone());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        tags::remove(&mut found.role.tags, &input.tag_keys);
        found.save(cx)?;
        Ok(Nothing)
    }
}
