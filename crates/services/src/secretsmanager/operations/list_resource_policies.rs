use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    secretsmanager::{Result, SecretRef, SecretsManager, page_token},
    shape::{Input, Output},
};

/// The name of the one policy that users may put on a secret.
const DEFAULT: &str = "default";

/// Lists the names of a secret's resource policies: `default`, or none.
///
/// Source: Secrets Manager API Reference, ListResourcePolicies.
pub struct ListResourcePolicies;

/// Which secret.
#[derive(Input)]
pub struct ListResourcePoliciesInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// Names on a page: 1 to 100, 100 when absent. There is at most one.
    #[shape(range(1, 100))]
    pub max_results: Option<i64>,
    /// Where the page begins: the `NextToken` of the page before.
    #[shape(length(1, 4096), unrecorded)]
    pub next_token: Option<String>,
}

/// All there are.
#[derive(Output)]
pub struct ListResourcePoliciesOutput {
    /// The policies, `default` first.
    pub resource_policies: Vec<ResourcePolicySummary>,
    /// Asks for the next page, if there is one.
    pub next_token: Option<String>,
}

/// A policy in a list.
#[derive(Output)]
pub struct ResourcePolicySummary {
    /// Its name.
    pub policy_name: Option<String>,
}

impl Operation for ListResourcePolicies {
    const NAME: &'static str = "ListResourcePolicies";
    const ACTION: &'static str = "secretsmanager:ListResourcePolicies";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "InvalidNextTokenException",
        "InternalServiceError",
        "InvalidRequestException",
        "InvalidParameterException",
    ];
    type Service = SecretsManager;
    type Input = ListResourcePoliciesInput;
    type Output = ListResourcePoliciesOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        SecretRef::resolve(cx, &input.secret_id).await
    }

    async fn run(
        _: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = secret.found()?;
        // Every list is one page, so no token was ever given.
        if input.next_token.is_some() {
            return Err(page_token::invalid());
        }
        let names = found.secret.has_resource_policy.then_some(DEFAULT);
        let summary = |name: &str| ResourcePolicySummary {
            policy_name: Some(name.to_owned()),
        };
        Ok(ListResourcePoliciesOutput {
            resource_policies: names.into_iter().map(summary).collect(),
            next_token: None,
        })
    }
}
