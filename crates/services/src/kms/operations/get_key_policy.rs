use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    kms::{Kms, error::Result, key_policy, target::KeyRef},
    operation::Operation,
    shape::{Input, Output},
};

/// Shows the policy of a key.
///
/// Source: KMS API Reference, GetKeyPolicy.
pub struct GetKeyPolicy;

/// What is asked.
#[derive(Input)]
pub struct GetKeyPolicyInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// `default`, the only one.
    #[shape(length(1, 128), pattern(r"[\w]+"))]
    pub policy_name: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct GetKeyPolicyOutput {
    /// The key policy.
    pub policy: Option<String>,
    /// `default`, the only one.
    pub policy_name: Option<String>,
}

impl Operation for GetKeyPolicy {
    const NAME: &'static str = "GetKeyPolicy";
    const ACTION: &'static str = "kms:GetKeyPolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "InvalidArnException",
        "DependencyTimeoutException",
        "KMSInternalException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = GetKeyPolicyInput;
    type Output = GetKeyPolicyOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        key_policy::check_name(input.policy_name.as_deref())?;
        let found = target.found()?;
        let document = key_policy::shown(cx, &found.key.home, &found.key.row).await?;
        Ok(GetKeyPolicyOutput {
            policy: Some(document),
            policy_name: Some(key_policy::DEFAULT.to_owned()),
        })
    }
}
