use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::end_dry_run,
        error::Result,
        grants,
        target::{Forms, KeyRef},
    },
    operation::Operation,
    shape::{Input, Nothing},
};

/// Ends a grant, in the name of the key.
///
/// Source: KMS API Reference, RevokeGrant.
pub struct RevokeGrant;

/// What is asked.
#[derive(Input)]
pub struct RevokeGrantInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// The grant's id.
    #[shape(length(1, 128))]
    pub grant_id: String,
    /// Whether to check only, and end with an error that says so.
    pub dry_run: Option<bool>,
}

impl Operation for RevokeGrant {
    const NAME: &'static str = "RevokeGrant";
    const ACTION: &'static str = "kms:RevokeGrant";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "DependencyTimeoutException",
        "InvalidArnException",
        "InvalidGrantIdException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "DryRunOperationException",
    ];
    type Service = Kms;
    type Input = RevokeGrantInput;
    type Output = Nothing;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::resolve(cx, &input.key_id, Forms::KeyOnly).await
    }

    fn condition_keys(_: &Self::Input, keys: &mut Keys) {
        keys.one("kms:GrantIsForAWSResource", "false");
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        let grant = grants::find(cx, &found.key, &input.grant_id).await?;
        let grant = grant.ok_or_else(|| grants::missing(&input.grant_id))?;
        end_dry_run(input.dry_run)?;
        grants::remove(cx, &found.key, &input.grant_id, &grant).await?;
        cx.remarks.response_elements = Some(json!({"keyId": found.key.arn.as_str()}));
        Ok(Nothing)
    }
}
