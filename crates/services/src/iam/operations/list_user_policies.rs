use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, inline, pages::page, users::UserRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the names of the policies that are written into a user.
///
/// Source: IAM API Reference, ListUserPolicies.
pub struct ListUserPolicies;

/// What is asked.
#[derive(Input)]
pub struct ListUserPoliciesInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListUserPoliciesOutput {
    /// The names.
    pub policy_names: Vec<String>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListUserPolicies {
    const NAME: &'static str = "ListUserPolicies";
    const ACTION: &'static str = "iam:ListUserPolicies";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = ListUserPoliciesInput;
    type Output = ListUserPoliciesOutput;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        UserRef::resolve(cx, &input.user_name).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let names = inline::names(&target.into_inner().found()?.inline_policies);
        let page = page(
            names,
            String::clone,
            input.marker.as_deref(),
            input.max_items,
        )?;
        Ok(ListUserPoliciesOutput {
            policy_names: page.items,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
