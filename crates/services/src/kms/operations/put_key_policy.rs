use serde_json::json;
use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    kms::{Kms, error::Result, key_policy, target::KeyRef},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Puts a key's policy in place of the one it has.
///
/// Source: KMS API Reference, PutKeyPolicy.
pub struct PutKeyPolicy;

/// What is asked.
#[derive(Input)]
pub struct PutKeyPolicyInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// `default`, the only one.
    #[shape(length(1, 128), pattern(r"[\w]+"))]
    pub policy_name: Option<String>,
    /// The key policy.
    #[shape(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub policy: String,
    /// Whether the policy may lock its writer out.
    pub bypass_policy_lockout_safety_check: Option<bool>,
}

impl Operation for PutKeyPolicy {
    const NAME: &'static str = "PutKeyPolicy";
    const ACTION: &'static str = "kms:PutKeyPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NotFoundException",
        "InvalidArnException",
        "MalformedPolicyDocumentException",
        "DependencyTimeoutException",
        "UnsupportedOperationException",
        "KMSInternalException",
        "LimitExceededException",
        "KMSInvalidStateException",
    ];
    type Service = Kms;
    type Input = PutKeyPolicyInput;
    type Output = Nothing;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        let bypass = input.bypass_policy_lockout_safety_check == Some(true);
        keys.one("kms:BypassPolicyLockoutSafetyCheck", bypass.to_string());
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        key_policy::check_name(input.policy_name.as_deref())?;
        let target = target.into_inner();
        let key = target.key().cloned();
        let key = key.ok_or_else(|| target.missing())?;
        let policy = key_policy::given(cx, &input.policy).await?;
        if input.bypass_policy_lockout_safety_check != Some(true) {
            key_policy::check_lockout(cx, &target, &policy)?;
        }
        let mut row = key.row.clone();
        row.policy = key_policy::kept(cx, &input.policy).await?;
        key.save(cx, &row)?;
        cx.remarks.response_elements = Some(json!({"keyId": key.arn.as_str()}));
        Ok(Nothing)
    }
}
