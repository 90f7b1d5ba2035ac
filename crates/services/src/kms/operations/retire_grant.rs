use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{Kms, arguments::end_dry_run, error::Result, grants},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Ends a grant, in the name of who may retire it.
///
/// Source: KMS API Reference, RetireGrant.
pub struct RetireGrant;

/// What is asked.
#[derive(Input)]
pub struct RetireGrantInput {
    /// A token of the grant.
    #[shape(unrecorded, length(1, 8192))]
    pub grant_token: Option<String>,
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: Option<String>,
    /// The grant's id.
    #[shape(length(1, 128))]
    pub grant_id: Option<String>,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
}

impl Operation for RetireGrant {
    const NAME: &'static str = "RetireGrant";
    const ACTION: &'static str = "kms:RetireGrant";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidArnException",
        "InvalidGrantTokenException",
        "InvalidGrantIdException",
        "NotFoundException",
        "DependencyTimeoutException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "DryRunOperationException",
    ];
    type Service = Kms;
    type Input = RetireGrantInput;
    type Output = Nothing;
    type Target = grants::RetiringRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<grants::RetiringRef> {
        grants::RetiringRef::resolve(
            cx,
            input.grant_token.as_deref(),
            input.key_id.as_deref(),
            input.grant_id.as_deref(),
        )
        .await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<grants::RetiringRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let grants::Retiring {
            key,
            grant_id,
            grant,
        } = target.into_inner().found()?;
        end_dry_run(input.dry_run)?;
        grants::remove(cx, &key, &grant_id, &grant).await?;
        cx.remarks.response_elements = Some(json!({"keyId": key.arn.as_str()}));
        Ok(Nothing)
    }
}
