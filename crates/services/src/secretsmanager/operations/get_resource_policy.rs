use strongroom_store::Mode;
use strongroom_types::Arn;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::principals,
    operation::Operation,
    secretsmanager::{Error, Result, SecretRef, SecretsManager, resource_policy::DEFAULT},
    shape::{Input, Output},
    tables::SecretPolicies,
};

/// Returns a secret's resource policy as it was put.
///
/// Source: Secrets Manager API Reference, GetResourcePolicy.
pub struct GetResourcePolicy;

/// Which policy.
#[derive(Input)]
pub struct GetResourcePolicyInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// `default` when absent.
    #[shape(length(1, 64), pattern(r"[0-9A-Za-z\-\_]+"))]
    pub policy_name: Option<String>,
}

/// The policy.
#[derive(Output)]
pub struct GetResourcePolicyOutput {
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    pub name: Option<String>,
    /// The JSON document; absent if there is none.
    pub resource_policy: Option<String>,
    /// `default`; absent if there is no policy.
    pub policy_name: Option<String>,
}

impl Operation for GetResourcePolicy {
    const NAME: &'static str = "GetResourcePolicy";
    const ACTION: &'static str = "secretsmanager:GetResourcePolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "InternalServiceError",
        "InvalidParameterException",
        "InvalidRequestException",
    ];
    type Service = SecretsManager;
    type Input = GetResourcePolicyInput;
    type Output = GetResourcePolicyOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        SecretRef::resolve(cx, &input.secret_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = secret.found()?;
        if let Some(other) = input.policy_name.filter(|name| name != DEFAULT) {
            return Err(Error::ResourceNotFound(
                format!("Secrets Manager can't find the resource policy {other}.").into(),
            ));
        }
        let row = if found.secret.has_resource_policy {
            cx.tx.get::<SecretPolicies>(&found.key()).await?
        } else {
            None
        };
        let document = match &row {
            Some(row) => {
                let partition = cx.services.partition;
                Some(principals::to_arns(&mut cx.tx, partition, &row.document).await?)
            }
            None => None,
        };
        Ok(GetResourcePolicyOutput {
            name: Some(found.name()),
            arn: Some(found.arn),
            policy_name: row.as_ref().map(|_| DEFAULT.to_owned()),
            resource_policy: document,
        })
    }
}
