use std::collections::BTreeMap;

use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, place::Place, rows},
    operation::Operation,
    shape::{Input, Output},
    tables::{
        Groups, InstanceProfiles, ManagedPolicies, OidcProviders, Roles, SamlProviders, Users,
    },
};

/// Counts what the account has, and tells its quotas.
///
/// Source: IAM API Reference, GetAccountSummary.
pub struct GetAccountSummary;

/// What is asked.
#[derive(Input)]
pub struct GetAccountSummaryInput {}

/// The numbers.
#[derive(Output)]
pub struct GetAccountSummaryOutput {
    /// Numbers, by their names.
    pub summary_map: Option<BTreeMap<String, i64>>,
}

/// Quotas, and what no account here has.
///
/// Source: IAM User Guide, IAM and STS quotas; IAM API Reference, example of
/// GetAccountSummary.
const ALWAYS: &[(&str, i64)] = &[
    ("AccessKeysPerUserQuota", 2),
    ("AccountAccessKeysPresent", 0),
    ("AccountMFAEnabled", 0),
    ("AccountPasswordPresent", 0),
    ("AccountSigningCertificatesPresent", 0),
    ("AssumeRolePolicySizeQuota", 2048),
    ("AttachedPoliciesPerGroupQuota", 10),
    ("AttachedPoliciesPerRoleQuota", 10),
    ("AttachedPoliciesPerUserQuota", 10),
    ("GlobalEndpointTokenVersion", 2),
    ("GroupPolicySizeQuota", 5120),
    ("GroupsPerUserQuota", 10),
    ("GroupsQuota", 300),
    ("InstanceProfilesQuota", 1000),
    ("MFADevices", 0),
    ("MFADevicesInUse", 0),
    ("PoliciesQuota", 1500),
    ("PolicySizeQuota", 6144),
    ("PolicyVersionsInUseQuota", 10000),
    ("RolePolicySizeQuota", 10240),
    ("RolesQuota", 1000),
    ("ServerCertificates", 0),
    ("ServerCertificatesQuota", 20),
    ("SigningCertificatesPerUserQuota", 2),
    ("UserPolicySizeQuota", 2048),
    ("UsersQuota", 5000),
    ("VersionsPerPolicyQuota", 5),
];

impl Operation for GetAccountSummary {
    const NAME: &'static str = "GetAccountSummary";
    const ACTION: &'static str = "iam:GetAccountSummary";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["ServiceFailureException"];
    type Service = Iam;
    type Input = GetAccountSummaryInput;
    type Output = GetAccountSummaryOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Place> {
        Ok(Place::account(cx))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let policies = rows::all::<ManagedPolicies>(cx).await?;
        let versions = policies.iter().map(|policy| policy.versions.len()).sum();
        let users = rows::all::<Users>(cx).await?.len();
        let groups = rows::all::<Groups>(cx).await?.len();
        let roles = rows::all::<Roles>(cx).await?.len();
        let profiles = rows::all::<InstanceProfiles>(cx).await?.len();
        let providers = rows::all::<OidcProviders>(cx).await?.len()
            + rows::all::<SamlProviders>(cx).await?.len();
        let counted: [(&str, usize); 7] = [
            ("Groups", groups),
            ("InstanceProfiles", profiles),
            ("Policies", policies.len()),
            ("PolicyVersionsInUse", versions),
            ("Providers", providers),
            ("Roles", roles),
            ("Users", users),
        ];
        let counted = counted
            .into_iter()
            .map(|(name, count)| (name, i64::try_from(count).unwrap_or(i64::MAX)));
        let all = counted.chain(ALWAYS.iter().copied());
        Ok(GetAccountSummaryOutput {
            summary_map: Some(all.map(|(name, count)| (name.to_owned(), count)).collect()),
        })
    }
}
