use strongroom_store::Mode;
use strongroom_types::Principal;

use crate::{
    authorize::{Authorized, Target as _},
    context::Context,
    iam::{
        Error, Iam, Result,
        simulation::{
            self, ContextEntry, EvaluationResult, Organization, PolicyIdentifier, Scenario, Source,
            excluded, input_list,
        },
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Tells what the policies of a user, group or role would answer to requests.
///
/// Source: IAM API Reference, SimulatePrincipalPolicy.
pub struct SimulatePrincipalPolicy;

/// What is asked.
#[derive(Input)]
pub struct SimulatePrincipalPolicyInput {
    /// ARN of the user, group or role.
    #[shape(length(20, 2048))]
    pub policy_source_arn: String,
    /// Policies of the caller, as identity policies.
    #[shape(each(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+")))]
    pub policy_input_list: Option<Vec<String>>,
    /// A permissions boundary; one at most.
    #[shape(each(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+")))]
    pub permissions_boundary_policy_input_list: Option<Vec<String>>,
    /// Policies of the source to leave out.
    #[shape(length(0, 256))]
    pub policy_exclusion_list: Option<Vec<PolicyIdentifier>>,
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
pub struct SimulatePrincipalPolicyOutput {
    /// A result for each action and resource.
    pub evaluation_results: Option<Vec<EvaluationResult>>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for SimulatePrincipalPolicy {
    const NAME: &'static str = "SimulatePrincipalPolicy";
    const ACTION: &'static str = "iam:SimulatePrincipalPolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "PolicyEvaluationException",
    ];
    type Service = Iam;
    type Input = SimulatePrincipalPolicyInput;
    type Output = SimulatePrincipalPolicyOutput;
    type Target = Source;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Source> {
        Source::resolve(cx, &input.policy_source_arn).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<Source>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let partition = cx.services.partition.as_str();
        let mut identity = target.policies(cx).await?;
        let exclusions = input.policy_exclusion_list.unwrap_or_default();
        let without_boundary = excluded(&mut identity, target.boundary(), &exclusions)?;
        let further = input.policy_input_list.unwrap_or_default();
        identity.extend(input_list("PolicyInputList", &further)?);
        let resource_policy = simulation::resource_policy(input.resource_policy.as_deref())?;
        let (principal, tags) = match &input.caller_arn {
            Some(arn) => simulation::caller(cx, arn).await?,
            None if resource_policy.is_some() && !target.is_user() => {
                let text = "CallerArn is required with a ResourcePolicy, unless PolicySourceArn is \
                            the ARN of a user.";
                return Err(Error::InvalidInput(text.into()));
            }
            None => {
                let account = target.account().unwrap_or(cx.request.caller.account);
                // A group makes no requests: its policies are asked as those of
                // a member.
                let member = || Principal::User {
                    account,
                    path: "/".into(),
                    name: "simulated".into(),
                    id: "".into(),
                };
                let principal = target.principal().unwrap_or_else(member);
                (principal, target.tags().to_vec())
            }
        };
        let bounds = input.permissions_boundary_policy_input_list.as_deref();
        let own = target.boundary().filter(|_| !without_boundary);
        let named = input.caller_arn.is_some() || target.principal().is_some();
        let known = named.then_some(&principal);
        let resource_owner = match &input.resource_owner {
            Some(owner) => Some(simulation::owner(owner)?),
            None => principal.account(),
        };
        let organization = if target.is_service_linked() {
            Organization::default()
        } else {
            Organization::of(cx, principal.account(), resource_owner, &exclusions)
        };
        let scenario = Scenario {
            identity,
            boundary: simulation::boundary(cx, bounds, own).await?,
            organization,
            resource_policy,
            resource_owner,
            context: Scenario::keys(partition, known, &tags, input.context_entries)?,
            principal,
            actions: input.action_names,
            resources: input.resource_arns,
        };
        scenario.check(input.resource_handling_option.as_deref())?;
        let page = scenario.page(partition, input.marker.as_deref(), input.max_items)?;
        Ok(SimulatePrincipalPolicyOutput {
            evaluation_results: Some(page.items),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
