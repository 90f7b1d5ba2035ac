use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::error::Result,
    kms::metadata::KeyMetadata,
    kms::target::KeyRef,
    kms::{Kms, metadata},
    operation::Operation,
    shape::{Input, Output},
};

/// Tells what there is to tell of a key.
///
/// Source: KMS API Reference, DescribeKey.
pub struct DescribeKey;

/// What is asked.
#[derive(Input)]
pub struct DescribeKeyInput {
    /// The key: id, ARN, alias name or alias ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Tokens of grants; grants are in force at once, so that none is needed.
    #[shape(unrecorded, length(0, 10), each(length(1, 8192)))]
    pub grant_tokens: Option<Vec<String>>,
}

/// What is answered.
#[derive(Output)]
pub struct DescribeKeyOutput {
    /// What is told of the key.
    pub key_metadata: Option<KeyMetadata>,
}

impl Operation for DescribeKey {
    const NAME: &'static str = "DescribeKey";
    const ACTION: &'static str = "kms:DescribeKey";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "InvalidArnException",
        "DependencyTimeoutException",
        "KMSInternalException",
    ];
    type Service = Kms;
    type Input = DescribeKeyInput;
    type Output = DescribeKeyOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::granted(cx, &input.key_id, input.grant_tokens.as_deref(), None).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let _ = input;
        let found = target.found()?;
        Ok(DescribeKeyOutput {
            key_metadata: Some(metadata::of(&found.key, &found.key.row, cx.now)),
        })
    }
}
