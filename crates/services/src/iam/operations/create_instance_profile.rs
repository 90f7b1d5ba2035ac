use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Error, Iam, Result,
        answers::InstanceProfile,
        instance_profiles::MAX_PROFILES,
        names,
        place::Place,
        record, rows,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Output},
    tables::InstanceProfiles,
};

/// Makes an instance profile without a role.
///
/// Source: IAM API Reference, CreateInstanceProfile.
pub struct CreateInstanceProfile;

/// What is asked.
#[derive(Input)]
pub struct CreateInstanceProfileInput {
    /// The instance profile's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub instance_profile_name: String,
    /// `/` or `/a/b/`; `/` when absent.
    #[shape(length(1, 512), pattern(r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)"))]
    pub path: Option<String>,
    /// Up to 50.
    #[shape(length(0, 50))]
    pub tags: Option<Vec<Tag>>,
}

/// The new profile.
#[derive(Output)]
pub struct CreateInstanceProfileOutput {
    /// The profile.
    pub instance_profile: InstanceProfile,
}

impl Operation for CreateInstanceProfile {
    const NAME: &'static str = "CreateInstanceProfile";
    const ACTION: &'static str = "iam:CreateInstanceProfile";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "EntityAlreadyExistsException",
        "InvalidInputException",
        "LimitExceededException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = CreateInstanceProfileInput;
    type Output = CreateInstanceProfileOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        let name = &input.instance_profile_name;
        Ok(Place::new(
            cx,
            "instance-profile",
            input.path.as_deref(),
            name,
        ))
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        if let Some(tags) = &input.tags {
            tags::request_keys(tags, keys);
        }
    }

    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        match &input.tags {
            Some(tags) if !tags.is_empty() => &["iam:TagInstanceProfile"],
            _ => &[],
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let name = input.instance_profile_name;
        let key = names::key(cx.request.caller.account, &name);
        if cx.tx.get::<InstanceProfiles>(&key).await?.is_some() {
            let text = format!("Instance Profile {name} already exists.");
            return Err(Error::EntityAlreadyExists(text.into()));
        }
        let mut profile = record::InstanceProfile {
            name,
            path: input.path.unwrap_or_else(|| names::ROOT.to_owned()),
            id: names::draw_id(cx.services.random.as_ref(), "AIPA"),
            created_ms: cx.now.as_millisecond(),
            ..record::InstanceProfile::default()
        };
        let given = tags::checked(input.tags.unwrap_or_default())?;
        tags::set(&mut profile.tags, given)?;
        rows::room::<InstanceProfiles>(cx, "InstanceProfilesPerAccount", MAX_PROFILES).await?;
        cx.tx.put::<InstanceProfiles>(&key, &profile)?;
        Ok(CreateInstanceProfileOutput {
            instance_profile: InstanceProfile::whole(cx, &profile).await?,
        })
    }
}
