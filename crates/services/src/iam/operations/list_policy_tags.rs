use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        policy_ref::PolicyRef,
        tags::{self, Tag},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists a managed policy's tags.
///
/// Source: IAM API Reference, ListPolicyTags.
pub struct ListPolicyTags;

/// What is asked.
#[derive(Input)]
pub struct ListPolicyTagsInput {
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
pub struct ListPolicyTagsOutput {
    /// The tags, by key.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListPolicyTags {
    const NAME: &'static str = "ListPolicyTags";
    const ACTION: &'static str = "iam:ListPolicyTags";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "ServiceFailureException",
        "InvalidInputException",
    ];
    type Service = Iam;
    type Input = ListPolicyTagsInput;
    type Output = ListPolicyTagsOutput;
    type Target = PolicyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<PolicyRef> {
        PolicyRef::resolve(cx, &input.policy_arn).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<PolicyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let policy = target.into_inner().found()?;
        let page = tags::page(policy.tags(), input.marker.as_deref(), input.max_items)?;
        Ok(ListPolicyTagsOutput {
            tags: page.items,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
