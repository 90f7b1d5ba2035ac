use strongroom_store::Mode;
use strongroom_types::Arn;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    secretsmanager::{
        Result, SecretRef, SecretsManager,
        resource_policy::{DEFAULT, check_policy_name},
    },
    shape::{Input, Output},
    tables::SecretPolicies,
};

/// Takes a secret's resource policy away, if it has one.
///
/// Source: Secrets Manager API Reference, DeleteResourcePolicy.
pub struct DeleteResourcePolicy;

/// Which policy.
#[derive(Input)]
pub struct DeleteResourcePolicyInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// `default` when absent; users may delete no other.
    #[shape(length(1, 64), pattern(r"[0-9A-Za-z\-\_]+"))]
    pub policy_name: Option<String>,
}

/// The secret.
#[derive(Output)]
pub struct DeleteResourcePolicyOutput {
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    pub name: Option<String>,
    /// `default`.
    pub policy_name: Option<String>,
}

impl Operation for DeleteResourcePolicy {
    const NAME: &'static str = "DeleteResourcePolicy";
    const ACTION: &'static str = "secretsmanager:DeleteResourcePolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "InternalServiceError",
        "InvalidRequestException",
        "InvalidParameterException",
    ];
    type Service = SecretsManager;
    type Input = DeleteResourcePolicyInput;
    type Output = DeleteResourcePolicyOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        SecretRef::resolve(cx, &input.secret_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        check_policy_name(input.policy_name.as_deref())?;
        let mut found = secret.found()?;
        if found.secret.has_resource_policy {
            found.secret.has_resource_policy = false;
            found.secret.last_changed_ms = cx.now.as_millisecond();
            found.save(cx)?;
            cx.tx.delete::<SecretPolicies>(&found.key())?;
        }
        Ok(DeleteResourcePolicyOutput {
            name: Some(found.name()),
            arn: Some(found.arn),
            policy_name: Some(DEFAULT.to_owned()),
        })
    }
}
