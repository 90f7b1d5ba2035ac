use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::{AnyResource, Authorized},
    context::Context,
    kms::{
        Kms,
        arguments::{RecipientInfo, no_recipient, plaintext},
        custom_key_store, data_key,
        error::{Error, Result},
    },
    operation::Operation,
    shape::{Blob, Input, Output},
};

/// Draws random bytes.
///
/// Source: KMS API Reference, GenerateRandom.
pub struct GenerateRandom;

/// What is asked.
#[derive(Input)]
pub struct GenerateRandomInput {
    /// Its length, in bytes.
    #[shape(range(1, 1024), unrecorded)]
    pub number_of_bytes: Option<i64>,
    /// A custom key store; there are none yet.
    #[shape(length(1, 64), unrecorded)]
    pub custom_key_store_id: Option<String>,
    /// An enclave that alone shall read the answer; refused.
    pub recipient: Option<RecipientInfo>,
}

/// What is answered.
#[derive(Output)]
pub struct GenerateRandomOutput {
    /// The plaintext.
    pub plaintext: Option<Sensitive<Blob>>,
    /// The plaintext for an enclave; never, as there are none.
    pub ciphertext_for_recipient: Option<Blob>,
}

impl Operation for GenerateRandom {
    const NAME: &'static str = "GenerateRandom";
    const ACTION: &'static str = "kms:GenerateRandom";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "DependencyTimeoutException",
        "KMSInternalException",
        "UnsupportedOperationException",
        "CustomKeyStoreNotFoundException",
        "CustomKeyStoreInvalidStateException",
    ];
    type Service = Kms;
    type Input = GenerateRandomInput;
    type Output = GenerateRandomOutput;
    type Target = AnyResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<AnyResource> {
        Ok(AnyResource)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<AnyResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        no_recipient(input.recipient.as_ref())?;
        if input.custom_key_store_id.is_some() {
            return custom_key_store::unsupported();
        }
        let length = input
            .number_of_bytes
            .and_then(|bytes| usize::try_from(bytes).ok());
        let length = length.ok_or_else(|| Error::validation("NumberOfBytes is required."))?;
        Ok(GenerateRandomOutput {
            plaintext: plaintext(data_key::fresh(cx, length)),
            ciphertext_for_recipient: None,
        })
    }
}
