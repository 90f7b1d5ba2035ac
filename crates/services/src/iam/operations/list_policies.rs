use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result, answers::Policy, attachments, managed_policies, names, pages::page,
        place::Place, policies::Managed, policy_usage::PolicyUsage, rows,
    },
    operation::Operation,
    shape::{Input, Output, enumeration},
    tables::ManagedPolicies,
};

/// Lists managed policies: the account's, AWS's, or both.
///
/// Source: IAM API Reference, ListPolicies.
pub struct ListPolicies;

/// What is asked.
#[derive(Input)]
pub struct ListPoliciesInput {
    /// Whose policies; `All` when absent.
    pub scope: Option<PolicyScope>,
    /// Only those that are attached to a user, group or role.
    pub only_attached: Option<bool>,
    /// Only what is under this path; `/` when absent.
    #[shape(length(1, 512), pattern(r"((/[A-Za-z0-9\.,\+@=_-]+)*)/"))]
    pub path_prefix: Option<String>,
    /// Only those that are used in this way.
    pub policy_usage_filter: Option<PolicyUsage>,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListPoliciesOutput {
    /// The policies, by name.
    pub policies: Option<Vec<Policy>>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListPolicies {
    const NAME: &'static str = "ListPolicies";
    const ACTION: &'static str = "iam:ListPolicies";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["ServiceFailureException"];
    type Service = Iam;
    type Input = ListPoliciesInput;
    type Output = ListPoliciesOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        Ok(Place::policies(cx, input.path_prefix.as_deref()))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let scope = input.scope.unwrap_or(PolicyScope::All);
        let partition = cx.services.partition.as_str();
        let account = cx.request.caller.account;
        let mut policies = Vec::new();
        if scope != PolicyScope::Local {
            let aws = managed_policies::ALL.iter();
            policies.extend(aws.map(|policy| (policy.arn(partition), Managed::Aws(policy))));
        }
        if scope != PolicyScope::Aws {
            for policy in rows::all::<ManagedPolicies>(cx).await? {
                let arn = names::own_arn(cx, "policy", &policy.path, &policy.name);
                policies.push((arn.to_string(), Managed::Customer(policy)));
            }
        }
        let usage = attachments::all_usage(&mut cx.tx, account).await?;
        let used = |arn: &String| usage.get(arn).copied().unwrap_or_default();
        let prefix = input.path_prefix.as_deref().unwrap_or(names::ROOT);
        let only_attached = input.only_attached.unwrap_or(false);
        policies.retain(|(arn, policy)| {
            let usage = used(arn);
            let wanted = match input.policy_usage_filter {
                Some(PolicyUsage::PermissionsBoundary) => usage.boundaries > 0,
                Some(PolicyUsage::PermissionsPolicy) => usage.attachments > 0,
                None => !only_attached || usage.attachments > 0,
            };
            wanted && policy.path().starts_with(prefix)
        });
        let rank = |(_, policy): &(String, Managed)| {
            let of_aws = matches!(policy, Managed::Aws(_));
            format!("{}\n{of_aws}", policy.name().to_lowercase())
        };
        let page = page(policies, rank, input.marker.as_deref(), input.max_items)?;
        let listed = |(arn, policy): &(String, Managed)| Policy::listed(arn, policy, used(arn));
        Ok(ListPoliciesOutput {
            policies: Some(page.items.iter().map(listed).collect()),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}

enumeration! {
    /// Whose policies a list is of.
    pub enum PolicyScope { All = "All", Aws = "AWS", Local = "Local" }
}
