use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, answers::InstanceProfile, instance_profiles::ProfileRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Returns an instance profile with its role.
///
/// Source: IAM API Reference, GetInstanceProfile.
pub struct GetInstanceProfile;

/// What is asked.
#[derive(Input)]
pub struct GetInstanceProfileInput {
    /// The instance profile's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub instance_profile_name: String,
}

/// The profile.
#[derive(Output)]
pub struct GetInstanceProfileOutput {
    /// The profile.
    pub instance_profile: InstanceProfile,
}

impl Operation for GetInstanceProfile {
    const NAME: &'static str = "GetInstanceProfile";
    const ACTION: &'static str = "iam:GetInstanceProfile";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = GetInstanceProfileInput;
    type Output = GetInstanceProfileOutput;
    type Target = ProfileRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<ProfileRef> {
        ProfileRef::resolve(cx, &input.instance_profile_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<ProfileRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let (_, profile) = target.into_inner().found()?;
        Ok(GetInstanceProfileOutput {
            instance_profile: InstanceProfile::whole(cx, &profile).await?,
        })
    }
}
