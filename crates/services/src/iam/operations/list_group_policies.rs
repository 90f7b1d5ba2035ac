use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, groups::GroupRef, inline, pages::page},
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the names of the policies that are written into a group.
///
/// Source: IAM API Reference, ListGroupPolicies.
pub struct ListGroupPolicies;

/// What is asked.
#[derive(Input)]
pub struct ListGroupPoliciesInput {
    /// The group's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub group_name: String,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListGroupPoliciesOutput {
    /// The names.
    pub policy_names: Vec<String>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListGroupPolicies {
    const NAME: &'static str = "ListGroupPolicies";
    const ACTION: &'static str = "iam:ListGroupPolicies";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = ListGroupPoliciesInput;
    type Output = ListGroupPoliciesOutput;
    type Target = GroupRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<GroupRef> {
        GroupRef::resolve(cx, &input.group_name).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<GroupRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let names = inline::names(&target.into_inner().found()?.inline_policies);
        let page = page(
            names,
            String::clone,
            input.marker.as_deref(),
            input.max_items,
        )?;
        Ok(ListGroupPoliciesOutput {
            policy_names: page.items,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
