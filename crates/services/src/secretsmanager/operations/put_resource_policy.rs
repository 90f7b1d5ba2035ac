use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::Mode;
use strongroom_types::Arn;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::principals,
    operation::Operation,
    secretsmanager::{
        Error, ResourcePolicy, Result, SecretRef, SecretsManager,
        resource_policy::{
            DEFAULT, broad_access, check_policy_name, check_principals, locked_out, malformed,
        },
    },
    shape::{Input, Output},
    tables::SecretPolicies,
};

/// Gives a secret a resource policy in place of the one it has.
///
/// Source: Secrets Manager API Reference, PutResourcePolicy.
pub struct PutResourcePolicy;

/// The policy.
#[derive(Input)]
pub struct PutResourcePolicyInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// The JSON document.
    #[shape(length(1, 20480))]
    pub resource_policy: String,
    /// Whether to refuse a policy that lets everyone in.
    pub block_public_policy: Option<bool>,
    /// Users may write only `default`.
    #[shape(length(1, 64), pattern(r"[0-9A-Za-z\-\_]+"))]
    pub policy_name: Option<String>,
}

/// The secret.
#[derive(Output)]
pub struct PutResourcePolicyOutput {
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    pub name: Option<String>,
    /// `default`.
    pub policy_name: Option<String>,
}

impl Operation for PutResourcePolicy {
    const NAME: &'static str = "PutResourcePolicy";
    const ACTION: &'static str = "secretsmanager:PutResourcePolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "MalformedPolicyDocumentException",
        "ResourceNotFoundException",
        "InvalidParameterException",
        "InternalServiceError",
        "InvalidRequestException",
        "PublicPolicyException",
    ];
    type Service = SecretsManager;
    type Input = PutResourcePolicyInput;
    type Output = PutResourcePolicyOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        SecretRef::resolve(cx, &input.secret_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.some(
            "secretsmanager:BlockPublicPolicy",
            input.block_public_policy,
        );
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        check_policy_name(input.policy_name.as_deref())?;
        let policy = Policy::parse(&input.resource_policy, PolicyKind::Resource)
            .map_err(|error| malformed(&error))?;
        check_principals(cx, &policy).await?;
        if input.block_public_policy == Some(true) && broad_access(&policy) {
            return Err(Error::PublicPolicy(
                "You can't attach this policy because it allows broad access to the secret.".into(),
            ));
        }
        let mut keys = Keys::default();
        Self::condition_keys(&input, &mut keys);
        if let Some(message) = locked_out(cx, &*secret, &policy, &keys) {
            return Err(Error::AccessDenied(message.into()));
        }
        let mut found = secret.alive()?;
        found.secret.has_resource_policy = true;
        found.secret.last_changed_ms = cx.now.as_millisecond();
        found.save(cx)?;
        let partition = cx.services.partition;
        let row = ResourcePolicy {
            document: principals::to_ids(&mut cx.tx, partition, &input.resource_policy).await?,
        };
        cx.tx.put::<SecretPolicies>(&found.key(), &row)?;
        Ok(PutResourcePolicyOutput {
            name: Some(found.name()),
            arn: Some(found.arn),
            policy_name: Some(DEFAULT.to_owned()),
        })
    }
}
