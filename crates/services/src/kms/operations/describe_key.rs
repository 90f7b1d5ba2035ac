use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{
        Kms,
        error::Result,
        key::{self, DEFAULT_ALIAS, KeyName},
        metadata,
        metadata::KeyMetadata,
        target::KeyRef,
    },
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
        make_default_key(cx, &input.key_id).await?;
        KeyRef::granted(cx, &input.key_id, input.grant_tokens.as_deref(), None).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        Ok(DescribeKeyOutput {
            key_metadata: Some(metadata::of(&found.key, &found.key.row, cx.now)),
        })
    }
}

/// Makes AWS's own key if it is asked for by its alias and was never used.
///
/// Source: KMS API Reference, DescribeKey, `KeyId`.
async fn make_default_key(cx: &mut Context<'_>, key_id: &str) -> Result<()> {
    let home = cx.home();
    let name = KeyName::parse(key_id, home)?;
    let is_default = name == KeyName::Alias(home, DEFAULT_ALIAS.to_owned());
    if !is_default || name.id(cx).await?.is_some() {
        return Ok(());
    }
    if cx.mode == Mode::Read {
        return Err(cx.ahead.write().into());
    }
    key::default_key(cx, &home).await?;
    Ok(())
}
