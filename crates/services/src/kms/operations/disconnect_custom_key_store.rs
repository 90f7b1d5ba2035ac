use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, NoResource},
    context::Context,
    kms::error::Result,
    kms::{Kms, custom_key_store},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Disconnects a custom key store. There are none: refused.
///
/// Source: KMS API Reference, DisconnectCustomKeyStore.
pub struct DisconnectCustomKeyStore;

/// What is asked.
#[derive(Input)]
pub struct DisconnectCustomKeyStoreInput {
    /// A custom key store; there are none yet.
    #[shape(length(1, 64))]
    pub custom_key_store_id: String,
}

impl Operation for DisconnectCustomKeyStore {
    const NAME: &'static str = "DisconnectCustomKeyStore";
    const ACTION: &'static str = "kms:DisconnectCustomKeyStore";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "CustomKeyStoreInvalidStateException",
        "CustomKeyStoreNotFoundException",
        "KMSInternalException",
    ];
    type Service = Kms;
    type Input = DisconnectCustomKeyStoreInput;
    type Output = Nothing;
    type Target = NoResource;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<NoResource> {
        let _ = (cx, input);
        Ok(NoResource)
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<NoResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let _ = (cx, target, input);
        custom_key_store::unsupported()
    }
}
