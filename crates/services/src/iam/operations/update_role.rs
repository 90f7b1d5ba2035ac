use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, roles::RoleRef, trust},
    operation::Operation,
    shape::{Input, Output},
};

/// Changes a role's description and the longest duration of its sessions.
///
/// Source: IAM API Reference, UpdateRole.
pub struct UpdateRole;

/// What is asked.
#[derive(Input)]
pub struct UpdateRoleInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// Up to 1,000 characters.
    #[shape(
        length(0, 1000),
        pattern(r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*")
    )]
    pub description: Option<String>,
    /// Seconds of the longest session: 3,600 to 43,200, 3,600 when absent.
    #[shape(range(3600, 43200))]
    pub max_session_duration: Option<i64>,
}

/// Nothing.
#[derive(Output)]
pub struct UpdateRoleOutput {}

impl Operation for UpdateRole {
    const NAME: &'static str = "UpdateRole";
    const ACTION: &'static str = "iam:UpdateRole";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "UnmodifiableEntityException",
        "NoSuchEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UpdateRoleInput;
    type Output = UpdateRoleOutput;
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
        if let Some(description) = input.description {
            found.role.description = Some(description).filter(|text| !text.is_empty());
        }
        if let Some(seconds) = input.max_session_duration {
            found.role.max_session_seconds = trust::session_seconds(Some(seconds));
        }
        found.save(cx)?;
        Ok(UpdateRoleOutput {})
    }
}
