use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, answers::InstanceProfile, names, pages::page, place::Place, record, rows},
    operation::Operation,
    shape::{Input, Output},
    tables::InstanceProfiles,
};

/// Lists the account's instance profiles under a path, without their tags.
///
/// Source: IAM API Reference, ListInstanceProfiles.
pub struct ListInstanceProfiles;

/// What is asked.
#[derive(Input)]
pub struct ListInstanceProfilesInput {
    /// Only what is under this path; `/` when absent.
    #[shape(length(1, 512), pattern(r"\u002F[\u0021-\u007F]*"))]
    pub path_prefix: Option<String>,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListInstanceProfilesOutput {
    /// The profiles, by name.
    pub instance_profiles: Vec<InstanceProfile>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListInstanceProfiles {
    const NAME: &'static str = "ListInstanceProfiles";
    const ACTION: &'static str = "iam:ListInstanceProfiles";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["ServiceFailureException"];
    type Service = Iam;
    type Input = ListInstanceProfilesInput;
    type Output = ListInstanceProfilesOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        Ok(Place::listing(
            cx,
            "instance-profile",
            input.path_prefix.as_deref(),
        ))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let prefix = input.path_prefix.as_deref().unwrap_or(names::ROOT);
        let mut profiles = rows::all::<InstanceProfiles>(cx).await?;
        profiles.retain(|profile| profile.path.starts_with(prefix));
        let rank = |profile: &record::InstanceProfile| profile.name.to_lowercase();
        let page = page(profiles, rank, input.marker.as_deref(), input.max_items)?;
        let mut instance_profiles = Vec::with_capacity(page.items.len());
        for profile in &page.items {
            instance_profiles.push(InstanceProfile::listed(cx, profile).await?);
        }
        Ok(ListInstanceProfilesOutput {
            instance_profiles,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
