use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        pages::page,
        simulation::{Source, SourcePolicy},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the policies of a user, group or role that allow anything of a service. Boundaries
/// and conditions are not looked at.
///
/// Source: IAM API Reference, ListPoliciesGrantingServiceAccess.
pub struct ListPoliciesGrantingServiceAccess;

/// What is asked.
#[derive(Input)]
pub struct ListPoliciesGrantingServiceAccessInput {
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// ARN of the user, group or role.
    #[shape(length(20, 2048))]
    pub arn: String,
    /// The services, `secretsmanager`.
    #[shape(length(1, 200), each(length(1, 64), pattern(r"[\w-]*")))]
    pub service_namespaces: Vec<String>,
}

/// One page.
#[derive(Output)]
pub struct ListPoliciesGrantingServiceAccessOutput {
    /// The policies by service.
    pub policies_granting_service_access: Vec<ListPoliciesGrantingServiceAccessEntry>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListPoliciesGrantingServiceAccess {
    const NAME: &'static str = "ListPoliciesGrantingServiceAccess";
    const ACTION: &'static str = "iam:ListPoliciesGrantingServiceAccess";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "InvalidInputException"];
    type Service = Iam;
    type Input = ListPoliciesGrantingServiceAccessInput;
    type Output = ListPoliciesGrantingServiceAccessOutput;
    type Target = Source;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Source> {
        Source::resolve(cx, &input.arn).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<Source>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let policies = target.policies(cx).await?;
        let services = input.service_namespaces.into_iter().zip(0_u32..).collect();
        let rank = |(_, number): &(String, u32)| format!("{number:010}");
        let page = page(services, rank, input.marker.as_deref(), None)?;
        let entry = |(service, _): (String, u32)| {
            let granting = policies.iter().filter(|policy| policy.grants_of(&service));
            ListPoliciesGrantingServiceAccessEntry {
                policies: Some(granting.map(PolicyGrantingServiceAccess::of).collect()),
                service_namespace: Some(service),
            }
        };
        Ok(ListPoliciesGrantingServiceAccessOutput {
            policies_granting_service_access: page.items.into_iter().map(entry).collect(),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}

/// The policies that allow something of one service.
#[derive(Output)]
pub struct ListPoliciesGrantingServiceAccessEntry {
    /// The service.
    pub service_namespace: Option<String>,
    /// The policies.
    pub policies: Option<Vec<PolicyGrantingServiceAccess>>,
}

/// A policy that allows something of a service.
#[derive(Output)]
pub struct PolicyGrantingServiceAccess {
    /// Its name.
    pub policy_name: String,
    /// `INLINE` or `MANAGED`.
    pub policy_type: String,
    /// The ARN of one that is managed.
    pub policy_arn: Option<String>,
    /// What an inline policy is written into: `USER`, `GROUP`, `ROLE`.
    pub entity_type: Option<String>,
    /// The name of that.
    pub entity_name: Option<String>,
}

impl PolicyGrantingServiceAccess {
    fn of(policy: &SourcePolicy) -> Self {
        let (policy_type, owner) = match policy.owner() {
            Some(owner) => ("INLINE", Some(owner)),
            None => ("MANAGED", None),
        };
        let (entity_type, entity_name) = owner.unzip();
        Self {
            policy_name: policy.name().to_owned(),
            policy_type: policy_type.to_owned(),
            policy_arn: policy.arn().map(str::to_owned),
            entity_type,
            entity_name,
        }
    }
}
