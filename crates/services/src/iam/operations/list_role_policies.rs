use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, inline, pages::page, roles::RoleRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the names of the policies that are written into a role.
///
/// Source: IAM API Reference, ListRolePolicies.
pub struct ListRolePolicies;

/// What is asked.
#[derive(Input)]
pub struct ListRolePoliciesInput {
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
pub struct ListRolePoliciesOutput {
    /// The names.
    pub policy_names: Vec<String>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListRolePolicies {
    const NAME: &'static str = "ListRolePolicies";
    const ACTION: &'static str = "iam:ListRolePolicies";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = ListRolePoliciesInput;
    type Output = ListRolePoliciesOutput;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        RoleRef::resolve(cx, &input.role_name).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let names = inline::names(&target.into_inner().found()?.inline_policies);
        let page = page(
            names,
            String::clone,
            input.marker.as_deref(),
            input.max_items,
        )?;
        Ok(ListRolePoliciesOutput {
            policy_names: page.items,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
