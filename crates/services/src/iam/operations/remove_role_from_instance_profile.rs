use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, instance_profiles::ProfileRef, names},
    operation::Operation,
    shape::{Input, Nothing},
    tables::InstanceProfiles,
};

/// Takes a role out of an instance profile.
///
/// Source: IAM API Reference, RemoveRoleFromInstanceProfile.
pub struct RemoveRoleFromInstanceProfile;

/// What is asked.
#[derive(Input)]
pub struct RemoveRoleFromInstanceProfileInput {
    /// The instance profile's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub instance_profile_name: String,
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
}

impl Operation for RemoveRoleFromInstanceProfile {
    const NAME: &'static str = "RemoveRoleFromInstanceProfile";
    const ACTION: &'static str = "iam:RemoveRoleFromInstanceProfile";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "UnmodifiableEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = RemoveRoleFromInstanceProfileInput;
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
        let (key, mut profile) = target.into_inner().found()?;
        let role = names::key(key.0, &input.role_name).1;
        if profile.role.as_ref() != Some(&role) {
            return Err(Error::not_found("role", &input.role_name));
        }
        profile.role = None;
        cx.tx.put::<InstanceProfiles>(&key, &profile)?;
        Ok(Nothing)
    }
}
