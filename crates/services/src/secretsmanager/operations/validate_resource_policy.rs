use strongroom_policy::{Policy, PolicyError, PolicyKind};
use strongroom_store::Mode;
use strongroom_types::AccountId;

use crate::{
    authorize::{Authorized, Keys, Target},
    context::Context,
    operation::Operation,
    secretsmanager::{
        Error, Result, SecretRef, SecretsManager,
        resource_policy::{broad_access, locked_out, malformed},
    },
    shape::{Input, Output},
};

/// Tells whether a resource policy is well formed, lets everyone in, or locks
/// the caller out; changes nothing.
///
/// Source: Secrets Manager API Reference, ValidateResourcePolicy.
pub struct ValidateResourcePolicy;

/// The policy, and the secret it is meant for.
#[derive(Input)]
pub struct ValidateResourcePolicyInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: Option<String>,
    /// The JSON document.
    #[shape(length(1, 20480))]
    pub resource_policy: String,
}

/// The verdict.
#[derive(Output)]
pub struct ValidateResourcePolicyOutput {
    /// Whether every check passed.
    pub policy_validation_passed: Option<bool>,
    /// The checks that did not.
    pub validation_errors: Option<Vec<ValidationErrorsEntry>>,
}

/// A check that did not pass.
#[derive(Output)]
pub struct ValidationErrorsEntry {
    /// The check.
    pub check_name: Option<String>,
    /// What is wrong.
    pub error_message: Option<String>,
}

/// The secret that the policy is meant for, if it is named.
pub struct MeantFor(Option<SecretRef>);

impl Operation for ValidateResourcePolicy {
    const NAME: &'static str = "ValidateResourcePolicy";
    const ACTION: &'static str = "secretsmanager:ValidateResourcePolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "MalformedPolicyDocumentException",
        "ResourceNotFoundException",
        "InvalidParameterException",
        "InternalServiceError",
        "InvalidRequestException",
    ];
    type Service = SecretsManager;
    type Input = ValidateResourcePolicyInput;
    type Output = ValidateResourcePolicyOutput;
    type Target = MeantFor;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<MeantFor> {
        Ok(MeantFor(match &input.secret_id {
            Some(secret_id) => Some(SecretRef::resolve(cx, secret_id).await?),
            None => None,
        }))
    }

    fn further_actions(_: &Self::Input) -> &'static [&'static str] {
        &["secretsmanager:PutResourcePolicy"]
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<MeantFor>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        if target.0.as_ref().is_some_and(|secret| !secret.exists()) {
            return Err(Error::no_secret());
        }
        let mut failed = Vec::new();
        let mut fail = |check: &str, message: String| {
            failed.push(ValidationErrorsEntry {
                check_name: Some(check.to_owned()),
                error_message: Some(message),
            });
        };
        match Policy::parse(&input.resource_policy, PolicyKind::Resource) {
            Err(error @ PolicyError::InvalidJson { .. }) => return Err(malformed(&error)),
            Err(error) => fail("POLICY_SYNTAX", error.to_string()),
            Ok(policy) => {
                if broad_access(&policy) {
                    fail(
                        "BROAD_ACCESS",
                        "The policy allows broad access to the secret.".to_owned(),
                    );
                }
                if let Some(message) = locked_out(cx, &*target, &policy, &Keys::default()) {
                    fail("CALLER_LOCKOUT", message);
                }
            }
        }
        Ok(ValidateResourcePolicyOutput {
            policy_validation_passed: Some(failed.is_empty()),
            validation_errors: Some(failed),
        })
    }
}

impl Target for MeantFor {
    fn resource(&self) -> &str {
        self.0.as_ref().map_or("*", Target::resource)
    }

    fn shown(&self) -> Option<&str> {
        self.0.as_ref().and_then(Target::shown)
    }

    fn account(&self) -> Option<AccountId> {
        self.0.as_ref().and_then(Target::account)
    }

    fn policy(&self) -> Option<&Policy> {
        self.0.as_ref().and_then(Target::policy)
    }

    fn condition_keys(&self, keys: &mut Keys) {
        if let Some(secret) = &self.0 {
            secret.condition_keys(keys);
        }
    }
}
