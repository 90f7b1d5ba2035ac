use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{Kms, error::Result, state::Deed, tags, target::KeyRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Takes tags from a key.
///
/// Source: KMS API Reference, UntagResource.
pub struct UntagResource;

/// What is asked.
#[derive(Input)]
pub struct UntagResourceInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Keys of tags.
    #[shape(each(length(1, 128)))]
    pub tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ACTION: &'static str = "kms:UntagResource";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "KMSInternalException",
        "NotFoundException",
        "InvalidArnException",
        "KMSInvalidStateException",
        "TagException",
    ];
    type Service = Kms;
    type Input = UntagResourceInput;
    type Output = Nothing;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        tags::removed_keys(&input.tag_keys, keys);
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        found.key.check(Deed::Describe, cx.now)?;
        input
            .tag_keys
            .iter()
            .try_for_each(|name| tags::check_key(name))?;
        let mut row = found.row(cx).await?;
        row.tags.retain(|tag| !input.tag_keys.contains(&tag.key));
        found.key.save(cx, &row)?;
        cx.remarks.response_elements = Some(json!({"keyId": found.key.arn.as_str()}));
        Ok(Nothing)
    }
}
