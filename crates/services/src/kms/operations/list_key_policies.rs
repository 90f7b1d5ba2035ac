use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{Kms, error::Result, key_policy, pages::Page, target::KeyRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Names the policy of a key.
///
/// Source: KMS API Reference, ListKeyPolicies.
pub struct ListKeyPolicies;

/// What is asked.
#[derive(Input)]
pub struct ListKeyPoliciesInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Items of a page.
    #[shape(range(1, 1000))]
    pub limit: Option<i64>,
    /// Where the list goes on.
    #[shape(length(1, 1024), pattern(r"[\u0020-\u00FF]*"))]
    pub marker: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct ListKeyPoliciesOutput {
    /// `default`.
    pub policy_names: Option<Vec<String>>,
    /// Where the list goes on, if it does.
    #[shape(unrecorded)]
    pub next_marker: Option<String>,
    /// Whether it does.
    pub truncated: Option<bool>,
}

impl Operation for ListKeyPolicies {
    const NAME: &'static str = "ListKeyPolicies";
    const ACTION: &'static str = "kms:ListKeyPolicies";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "InvalidArnException",
        "DependencyTimeoutException",
        "KMSInternalException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = ListKeyPoliciesInput;
    type Output = ListKeyPoliciesOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let marker = input.marker.as_deref();
        Page::of(cx, Self::NAME, &[], input.limit, 1000, marker)?;
        target.found()?;
        Ok(ListKeyPoliciesOutput {
            policy_names: Some(vec![key_policy::DEFAULT.to_owned()]),
            next_marker: None,
            truncated: Some(false),
        })
    }
}
