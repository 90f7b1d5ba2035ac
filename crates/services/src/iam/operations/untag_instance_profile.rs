use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{Iam, Result, instance_profiles::ProfileRef, tags},
    operation::Operation,
    shape::{Input, Nothing},
    tables::InstanceProfiles,
};

/// Removes tags from an instance profile. Those that are not there make no difference.
///
/// Source: IAM API Reference, UntagInstanceProfile.
pub struct UntagInstanceProfile;

/// What is asked.
#[derive(Input)]
pub struct UntagInstanceProfileInput {
    /// The instance profile's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub instance_profile_name: String,
    /// Keys of the tags, in any case.
    #[shape(
        length(0, 50),
        each(length(1, 128), pattern(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+"))
    )]
    pub tag_keys: Vec<String>,
}

impl Operation for UntagInstanceProfile {
    const NAME: &'static str = "UntagInstanceProfile";
    const ACTION: &'static str = "iam:UntagInstanceProfile";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UntagInstanceProfileInput;
    type Output = Nothing;
    type Target = ProfileRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<ProfileRef> {
        Ok(ProfileRef::resolve(cx, &input.instance_profile_name)
            .await?
            .shown_by_arn())
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.many("aws:TagKeys", input.tag_keys.clone());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<ProfileRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let (key, mut profile) = target.into_inner().found()?;
        tags::remove(&mut profile.tags, &input.tag_keys);
        cx.tx.put::<InstanceProfiles>(&key, &profile)?;
        Ok(Nothing)
    }
}
