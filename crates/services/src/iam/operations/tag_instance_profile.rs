use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Iam, Result,
        instance_profiles::ProfileRef,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::InstanceProfiles,
};

/// Sets tags of an instance profile.
///
/// Source: IAM API Reference, TagInstanceProfile.
pub struct TagInstanceProfile;

/// What is asked.
#[derive(Input)]
pub struct TagInstanceProfileInput {
    /// The instance profile's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub instance_profile_name: String,
    /// Up to 50.
    #[shape(length(0, 50))]
    pub tags: Vec<Tag>,
}

impl Operation for TagInstanceProfile {
    const NAME: &'static str = "TagInstanceProfile";
    const ACTION: &'static str = "iam:TagInstanceProfile";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "LimitExceededException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = TagInstanceProfileInput;
    type Output = Nothing;
    type Target = ProfileRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<ProfileRef> {
        Ok(ProfileRef::resolve(cx, &input.instance_profile_name)
            .await?
            .shown_by_arn())
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        tags::request_keys(&input.tags, keys);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<ProfileRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let (key, mut profile) = target.into_inner().found()?;
        tags::set(&mut profile.tags, tags::checked(input.tags)?)?;
        cx.tx.put::<InstanceProfiles>(&key, &profile)?;
        Ok(Nothing)
    }
}
