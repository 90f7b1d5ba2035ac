use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Error, Iam, Result,
        instance_profiles::ProfileRef,
        pass_role::check_pass,
        roles::{EC2, RoleRef},
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::InstanceProfiles,
};

/// Puts a role into an instance profile, which can have one. The caller passes the
/// role to EC2, and must be allowed to.
///
/// Source: IAM API Reference, AddRoleToInstanceProfile.
pub struct AddRoleToInstanceProfile;

/// What is asked.
#[derive(Input)]
pub struct AddRoleToInstanceProfileInput {
    /// The instance profile's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub instance_profile_name: String,
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
}

impl Operation for AddRoleToInstanceProfile {
    const NAME: &'static str = "AddRoleToInstanceProfile";
    const ACTION: &'static str = "iam:AddRoleToInstanceProfile";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "EntityAlreadyExistsException",
        "LimitExceededException",
        "UnmodifiableEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = AddRoleToInstanceProfileInput;
    type Output = Nothing;
    type Target = ProfileRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<ProfileRef> {
        ProfileRef::resolve(cx, &input.instance_profile_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<ProfileRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let role = RoleRef::resolve(cx, &input.role_name).await?;
        check_pass(cx, &role, EC2)?;
        let role_key = role.key.clone();
        // Read with what is written, so that it cannot be deleted meanwhile.
        role.changeable()?;
        let (key, mut profile) = target.into_inner().found()?;
        if profile.role.is_some() {
            return Err(Error::over_quota("InstanceSessionsPerInstanceProfile", 1));
        }
        profile.role = Some(role_key.1);
        cx.tx.put::<InstanceProfiles>(&key, &profile)?;
        Ok(Nothing)
    }
}
