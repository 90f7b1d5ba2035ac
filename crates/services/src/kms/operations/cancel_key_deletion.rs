use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{Kms, deletion, error::Result, state::Deed, target::KeyRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Calls a key's deletion off. The key is left disabled.
///
/// Source: KMS API Reference, CancelKeyDeletion.
pub struct CancelKeyDeletion;

/// What is asked.
#[derive(Input)]
pub struct CancelKeyDeletionInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
}

/// What is answered.
#[derive(Output)]
pub struct CancelKeyDeletionOutput {
    /// The key's ARN.
    pub key_id: Option<String>,
}

impl Operation for CancelKeyDeletion {
    const NAME: &'static str = "CancelKeyDeletion";
    const ACTION: &'static str = "kms:CancelKeyDeletion";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "InvalidArnException",
        "DependencyTimeoutException",
        "KMSInternalException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = CancelKeyDeletionInput;
    type Output = CancelKeyDeletionOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        found.key.check(Deed::CancelDeletion, cx.now)?;
        let mut row = found.row(cx).await?;
        deletion::cancel(&mut cx.tx, &found.key.home, &found.key.id, &mut row)?;
        found.key.save(cx, &row)?;
        Ok(CancelKeyDeletionOutput {
            key_id: Some(found.key.arn.to_string()),
        })
    }
}
