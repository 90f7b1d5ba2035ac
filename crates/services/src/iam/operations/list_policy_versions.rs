use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result, answers::PolicyVersion, pages::page, policies::Version, policy_ref::PolicyRef,
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the versions of a managed policy, the newest first, without their documents.
///
/// Source: IAM API Reference, ListPolicyVersions.
pub struct ListPolicyVersions;

/// What is asked.
#[derive(Input)]
pub struct ListPolicyVersionsInput {
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListPolicyVersionsOutput {
    /// The versions.
    pub versions: Option<Vec<PolicyVersion>>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListPolicyVersions {
    const NAME: &'static str = "ListPolicyVersions";
    const ACTION: &'static str = "iam:ListPolicyVersions";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = ListPolicyVersionsInput;
    type Output = ListPolicyVersionsOutput;
    type Target = PolicyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<PolicyRef> {
        PolicyRef::resolve(cx, &input.policy_arn).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<PolicyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let policy = target.into_inner().found()?;
        let versions = policy.versions(cx.services.partition);
        // The newest first: the higher the number, the lower the rank.
        let rank = |version: &Version<'_>| format!("{:010}", u32::MAX - version.number);
        let page = page(versions, rank, input.marker.as_deref(), input.max_items)?;
        Ok(ListPolicyVersionsOutput {
            versions: Some(page.items.iter().map(PolicyVersion::listed).collect()),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
