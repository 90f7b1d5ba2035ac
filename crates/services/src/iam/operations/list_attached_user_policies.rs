use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        attachments::{self, AttachedPolicy},
        pages::page,
        users::UserRef,
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the managed policies that are attached to a user.
///
/// Source: IAM API Reference, ListAttachedUserPolicies.
pub struct ListAttachedUserPolicies;

/// What is asked.
#[derive(Input)]
pub struct ListAttachedUserPoliciesInput {
    /// The user's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// Only what is under this path; `/` when absent.
    #[shape(length(1, 512), pattern(r"((/[A-Za-z0-9\.,\+@=_-]+)*)/"))]
    pub path_prefix: Option<String>,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListAttachedUserPoliciesOutput {
    /// The policies, by name.
    pub attached_policies: Option<Vec<AttachedPolicy>>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListAttachedUserPolicies {
    const NAME: &'static str = "ListAttachedUserPolicies";
    const ACTION: &'static str = "iam:ListAttachedUserPolicies";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = ListAttachedUserPoliciesInput;
    type Output = ListAttachedUserPoliciesOutput;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        UserRef::resolve(cx, &input.user_name).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let attached = target.into_inner().found()?.attached_policies;
        let policies = attachments::answered(&attached, input.path_prefix.as_deref());
        let marker = input.marker.as_deref();
        let page = page(policies, AttachedPolicy::rank, marker, input.max_items)?;
        Ok(ListAttachedUserPoliciesOutput {
            attached_policies: Some(page.items),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
