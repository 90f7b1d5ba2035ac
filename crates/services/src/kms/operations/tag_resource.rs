use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{Kms, arguments::Tag, error::Result, state::Deed, tags, target::KeyRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Tags a key.
///
/// Source: KMS API Reference, TagResource.
pub struct TagResource;

/// What is asked.
#[derive(Input)]
pub struct TagResourceInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Up to 50.
    pub tags: Vec<Tag>,
}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ACTION: &'static str = "kms:TagResource";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "KMSInternalException",
        "NotFoundException",
        "InvalidArnException",
        "KMSInvalidStateException",
        "LimitExceededException",
        "TagException",
    ];
    type Service = Kms;
    type Input = TagResourceInput;
    type Output = Nothing;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        tags::request_keys(&input.tags, keys);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        found.key.check(Deed::Describe, cx.now)?;
        let mut row = found.row(cx).await?;
        tags::set(&mut row.tags, tags::checked(input.tags)?)?;
        found.key.save(cx, &row)?;
        cx.remarks.response_elements = Some(json!({"keyId": found.key.arn.as_str()}));
        Ok(Nothing)
    }
}
