use strongroom_store::Mode;

use crate::{
    authorize::{AnyResource, Authorized},
    context::Context,
    kms::{Kms, custom_key_store, error::Result},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Deletes a custom key store. There are none: refused.
///
/// Source: KMS API Reference, DeleteCustomKeyStore.
pub struct DeleteCustomKeyStore;

/// What is asked.
#[derive(Input)]
pub struct DeleteCustomKeyStoreInput {
    /// A custom key store; there are none yet.
    #[shape(length(1, 64))]
    pub custom_key_store_id: String,
}

impl Operation for DeleteCustomKeyStore {
    const NAME: &'static str = "DeleteCustomKeyStore";
    const ACTION: &'static str = "kms:DeleteCustomKeyStore";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "CustomKeyStoreHasCMKsException",
        "CustomKeyStoreInvalidStateException",
        "CustomKeyStoreNotFoundException",
        "KMSInternalException",
    ];
    type Service = Kms;
    type Input = DeleteCustomKeyStoreInput;
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
