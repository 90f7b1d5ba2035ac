use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, instance_profiles::ProfileRef},
    operation::Operation,
    shape::{Input, Nothing},
    tables::InstanceProfiles,
};

/// Deletes an instance profile that has no role.
///
/// Source: IAM API Reference, DeleteInstanceProfile.
pub struct DeleteInstanceProfile;

/// What is asked.
#[derive(Input)]
pub struct DeleteInstanceProfileInput {
    /// The instance profile's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub instance_profile_name: String,
}

impl Operation for DeleteInstanceProfile {
    const NAME: &'static str = "DeleteInstanceProfile";
    const ACTION: &'static str = "iam:DeleteInstanceProfile";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "DeleteConflictException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteInstanceProfileInput;
    type Output = Nothing;
    type Target = ProfileRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<ProfileRef> {
        ProfileRef::resolve(cx, &input.instance_profile_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<ProfileRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let (key, profile) = target.into_inner().found()?;
        if profile.role.is_some() {
            return Err(Error::conflict(
                "Cannot delete entity, must remove roles from instance profile first.",
            ));
        }
        cx.tx.delete::<InstanceProfiles>(&key)?;
        Ok(Nothing)
    }
}
