use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result, answers::InstanceProfile, instance_profiles, pages::page, record,
        roles::RoleRef,
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the instance profiles that a role is in.
///
/// Source: IAM API Reference, ListInstanceProfilesForRole.
pub struct ListInstanceProfilesForRole;

/// What is asked.
#[derive(Input)]
pub struct ListInstanceProfilesForRoleInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListInstanceProfilesForRoleOutput {
    /// The profiles, by name.
    pub instance_profiles: Vec<InstanceProfile>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListInstanceProfilesForRole {
    const NAME: &'static str = "ListInstanceProfilesForRole";
    const ACTION: &'static str = "iam:ListInstanceProfilesForRole";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = ListInstanceProfilesForRoleInput;
    type Output = ListInstanceProfilesForRoleOutput;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        RoleRef::resolve(cx, &input.role_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.key.clone();
        target.into_inner().found()?;
        let profiles = instance_profiles::of_role(cx, &key.1).await?;
        let rank = |profile: &record::InstanceProfile| profile.name.to_lowercase();
        let page = page(profiles, rank, input.marker.as_deref(), input.max_items)?;
        let mut instance_profiles = Vec::with_capacity(page.items.len());
        for profile in &page.items {
            instance_profiles.push(InstanceProfile::listed(cx, profile).await?);
        }
        Ok(ListInstanceProfilesForRoleOutput {
            instance_profiles,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
