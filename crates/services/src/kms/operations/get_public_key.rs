use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{
        Kms,
        error::{Code, Error, Result},
        metadata,
        state::Deed,
        target::KeyRef,
    },
    operation::Operation,
    shape::{Blob, Input, Output},
};

/// Shows the public half of an asymmetric key.
///
/// Source: KMS API Reference, GetPublicKey.
pub struct GetPublicKey;

/// What is asked.
#[derive(Input)]
pub struct GetPublicKeyInput {
    /// The key: id, ARN, alias name or alias ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Tokens of grants; grants are in force at once, so that none is needed.
    #[shape(unrecorded, length(0, 10), each(length(1, 8192)))]
    pub grant_tokens: Option<Vec<String>>,
}

/// What is answered.
#[derive(Output)]
pub struct GetPublicKeyOutput {
    /// The key's ARN.
    pub key_id: Option<String>,
    /// DER of `SubjectPublicKeyInfo`.
    pub public_key: Option<Blob>,
    /// The kind of key, under its old name.
    pub customer_master_key_spec: Option<String>,
    /// The kind of key.
    pub key_spec: Option<String>,
    /// What the key is for.
    pub key_usage: Option<String>,
    /// Of a key for encryption.
    pub encryption_algorithms: Option<Vec<String>>,
    /// Of a key for signing.
    pub signing_algorithms: Option<Vec<String>>,
    /// Of a key for key agreement.
    pub key_agreement_algorithms: Option<Vec<String>>,
    /// Of a key for encapsulation; there are none.
    pub encapsulation_algorithms: Option<Vec<String>>,
}

impl Operation for GetPublicKey {
    const NAME: &'static str = "GetPublicKey";
    const ACTION: &'static str = "kms:GetPublicKey";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "DisabledException",
        "KeyUnavailableException",
        "DependencyTimeoutException",
        "UnsupportedOperationException",
        "InvalidArnException",
        "InvalidGrantTokenException",
        "InvalidKeyUsageException",
        "KMSInternalException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = GetPublicKeyInput;
    type Output = GetPublicKeyOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::granted(cx, &input.key_id, input.grant_tokens.as_deref(), None).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let found = target.found()?;
        let key = found.key;
        key.check(Deed::Sign, cx.now)?;
        if key.spec.key_pair().is_none() {
            return Err(Error::kms(Code::UnsupportedOperation, ""));
        }
        let algorithms = metadata::Algorithms::of(&key);
        let spec = key.spec.as_str().to_owned();
        Ok(GetPublicKeyOutput {
            key_id: Some(key.arn.to_string()),
            public_key: Some(Blob(key.row.public_key.clone())),
            customer_master_key_spec: key.spec.is_of_old().then(|| spec.clone()),
            key_spec: Some(spec),
            key_usage: Some(key.usage.as_str().to_owned()),
            encryption_algorithms: algorithms.encryption,
            signing_algorithms: algorithms.signing,
            key_agreement_algorithms: algorithms.key_agreement,
            encapsulation_algorithms: None,
        })
    }
}
