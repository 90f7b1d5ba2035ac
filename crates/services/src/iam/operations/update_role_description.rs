use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, answers::Role, roles::RoleRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Changes a role's description. `UpdateRole` does the same.
///
/// Source: IAM API Reference, UpdateRoleDescription.
pub struct UpdateRoleDescription;

/// What is asked.
#[derive(Input)]
pub struct UpdateRoleDescriptionInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// Up to 1,000 characters.
    #[shape(
        length(0, 1000),
        pattern(r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*")
    )]
    pub description: String,
}

/// The role.
#[derive(Output)]
pub struct UpdateRoleDescriptionOutput {
    /// The role.
    pub role: Option<Role>,
}

impl Operation for UpdateRoleDescription {
    const NAME: &'static str = "UpdateRoleDescription";
    const ACTION: &'static str = "iam:UpdateRoleDescription";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "UnmodifiableEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UpdateRoleDescriptionInput;
    type Output = UpdateRoleDescriptionOutput;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        RoleRef::resolve(cx, &input.role_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        found.role.description = Some(input.description).filter(|text| !text.is_empty());
        found.save(cx)?;
        Ok(UpdateRoleDescriptionOutput {
            role: Some(Role::listed(cx, &found.role).await?),
        })
    }
}
