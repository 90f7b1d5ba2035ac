use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{Kms, error::Result, key, rotation, state::Deed, target::KeyRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Gives a key new material now.
///
/// Source: KMS API Reference, RotateKeyOnDemand.
pub struct RotateKeyOnDemand;

/// What is asked.
#[derive(Input)]
pub struct RotateKeyOnDemandInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
}

/// What is answered.
#[derive(Output)]
pub struct RotateKeyOnDemandOutput {
    /// The key's ARN.
    pub key_id: Option<String>,
}

impl Operation for RotateKeyOnDemand {
    const NAME: &'static str = "RotateKeyOnDemand";
    const ACTION: &'static str = "kms:RotateKeyOnDemand";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "DisabledException",
        "InvalidArnException",
        "DependencyTimeoutException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "UnsupportedOperationException",
        "LimitExceededException",
        "ConflictException",
    ];
    type Service = Kms;
    type Input = RotateKeyOnDemandInput;
    type Output = RotateKeyOnDemandOutput;
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
        key::must_be_symmetric(&found.key)?;
        found.key.check(Deed::RotateOnDemand, cx.now)?;
        rotation::must_be_primary(&found.key)?;
        let mut row = found.row(cx).await?;
        let events = rotation::on_demand(cx, &found.key, &mut row).await?;
        cx.events.extend(events);
        found.key.save(cx, &row)?;
        Ok(RotateKeyOnDemandOutput {
            key_id: Some(found.key.arn.to_string()),
        })
    }
}
