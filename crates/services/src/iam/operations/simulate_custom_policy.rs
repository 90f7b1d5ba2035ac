use strongroom_store::Mode;
use strongroom_types::{AccountId, Principal};

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Error, Iam, Result,
        place::Place,
        simulation::{self, ContextEntry, EvaluationResult, Organization, Scenario, input_list},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Tells what policies that are nobody's would answer to requests.
///
/// Source: IAM API Reference, SimulateCustomPolicy.
pub struct SimulateCustomPolicy;

/// What is asked.
#[derive(Input)]
pub struct SimulateCustomPolicyInput {
    /// Policies of the caller, as identity policies.
    #[shape(each(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+")))]
    pub policy_input_list: Vec<String>,
    /// A permissions boundary; one at most.
    #[shape(each(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+")))]
    pub permissions_boundary_policy_input_list: Option<Vec<String>>,
    /// Service control policies, from the root to the account.
    #[shape(length(0, 7))]
    pub ordered_organization_policy_input_list: Option<Vec<OrderedOrganizationPolicy>>,
    /// The actions, without wildcards.
    #[shape(each(length(3, 128)))]
    pub action_names: Vec<String>,
    /// The resources; `*` when absent.
    #[shape(each(length(1, 2048)))]
    pub resource_arns: Option<Vec<String>>,
    /// The policy of the resources.
    #[shape(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub resource_policy: Option<String>,
    /// Account of the resources; the caller's when absent.
    #[shape(length(1, 2048))]
    pub resource_owner: Option<String>,
    /// ARN of the user who makes the requests; needed with a resource policy.
    #[shape(length(1, 2048))]
    pub caller_arn: Option<String>,
    /// Condition keys of the requests.
    pub context_entries: Option<Vec<ContextEntry>>,
    /// The scenario of `ec2:RunInstances`.
    #[shape(length(1, 64))]
    pub resource_handling_option: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
}

/// One page.
#[derive(Output)]
pub struct SimulateCustomPolicyOutput {
    /// A result for each action and resource.
    pub evaluation_results: Option<Vec<EvaluationResult>>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for SimulateCustomPolicy {
    const NAME: &'static str = "SimulateCustomPolicy";
    const ACTION: &'static str = "iam:SimulateCustomPolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["InvalidInputException", "PolicyEvaluationException"];
    type Service = Iam;
    type Input = SimulateCustomPolicyInput;
    type Output = SimulateCustomPolicyOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Place> {
        Ok(Place::account(cx))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let partition = cx.services.partition.as_str();
        let account = cx.request.caller.account;
        let resource_policy = simulation::resource_policy(input.resource_policy.as_deref())?;
        let caller = match &input.caller_arn {
            Some(arn) => Some(simulation::caller(cx, arn).await?),
            None if resource_policy.is_some() => {
                let text = "CallerArn is required with a ResourcePolicy.";
                return Err(Error::InvalidInput(text.into()));
            }
            None => None,
        };
        let bounds = input.permissions_boundary_policy_input_list.as_deref();
        let levels = input
            .ordered_organization_policy_input_list
            .unwrap_or_default();
        let levels = levels.iter().map(|level| {
            let policies = level.service_control_policy_input_list.as_deref();
            policies.unwrap_or_default()
        });
        let organization = Organization::given(levels)?;
        let (principal, tags) = caller
            .clone()
            .unwrap_or_else(|| (nobody(account), Vec::new()));
        let known = caller.as_ref().map(|(principal, _)| principal);
        let scenario = Scenario {
            identity: input_list("PolicyInputList", &input.policy_input_list)?,
            boundary: simulation::boundary(cx, bounds, None).await?,
            organization,
            resource_owner: match &input.resource_owner {
                Some(owner) => Some(simulation::owner(owner)?),
                None => principal.account(),
            },
            resource_policy,
            context: Scenario::keys(partition, known, &tags, input.context_entries)?,
            principal,
            actions: input.action_names,
            resources: input.resource_arns,
        };
        scenario.check(input.resource_handling_option.as_deref())?;
        let page = scenario.page(partition, input.marker.as_deref(), input.max_items)?;
        Ok(SimulateCustomPolicyOutput {
            evaluation_results: Some(page.items),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}

/// Service control policies of one level of an organization.
#[derive(Input)]
pub struct OrderedOrganizationPolicy {
    /// The policies.
    #[shape(each(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+")))]
    pub service_control_policy_input_list: Option<Vec<String>>,
}

/// Stands for a caller who is nobody in particular: identity policies do not
/// look at who it is.
fn nobody(account: AccountId) -> Principal {
    Principal::User {
        account,
        path: "/".into(),
        name: "simulated".into(),
        id: "".into(),
    }
}
