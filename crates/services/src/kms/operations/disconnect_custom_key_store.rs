use strongroom_store::Mode;

use crate::{
    authorize::{AnyResource, Authorized},
    context::Context,
    kms::{Kms, custom_key_store, error::Result},
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
    type Target = AnyResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<AnyResource> {
        Ok(AnyResource)
    }

    async fn run(
        _: &mut Context<'_>,
        _: Authorized<AnyResource>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        custom_key_store::unsupported()
    }
}
