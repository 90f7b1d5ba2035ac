use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Error, Iam, Result,
        answers::PolicyVersion,
        document,
        policies::{MAX_VERSIONS, Version},
        policy_ref::PolicyRef,
        record,
    },
    operation::Operation,
    shape::{Input, Output},
    tables::ManagedPolicies,
};

/// Adds a version to a managed policy, which can have five.
///
/// Source: IAM API Reference, CreatePolicyVersion.
pub struct CreatePolicyVersion;

/// What is asked.
#[derive(Input)]
pub struct CreatePolicyVersionInput {
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
    /// The JSON document.
    #[shape(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub policy_document: String,
    /// Whether the new version is to be the one in force.
    pub set_as_default: Option<bool>,
}

/// The new version.
#[derive(Output)]
pub struct CreatePolicyVersionOutput {
    /// The version, without its document.
    pub policy_version: Option<PolicyVersion>,
}

impl Operation for CreatePolicyVersion {
    const NAME: &'static str = "CreatePolicyVersion";
    const ACTION: &'static str = "iam:CreatePolicyVersion";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "MalformedPolicyDocumentException",
        "InvalidInputException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = CreatePolicyVersionInput;
    type Output = CreatePolicyVersionOutput;
    type Target = PolicyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<PolicyRef> {
        PolicyRef::resolve(cx, &input.policy_arn).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<PolicyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let (key, mut policy) = target.into_inner().own(cx, Self::ACTION)?;
        document::managed(&input.policy_document)?;
        if policy.versions.len() >= MAX_VERSIONS {
            return Err(Error::LimitExceeded(
                "A managed policy can have up to 5 versions. Before you create a new version, you \
                 must delete an existing version."
                    .into(),
            ));
        }
        let number = policy.last_version.saturating_add(1);
        let is_default = input.set_as_default.unwrap_or(false);
        policy.last_version = number;
        policy.updated_ms = cx.now.as_millisecond();
        if is_default {
            policy.default_version = number;
        }
        policy.versions.push(record::PolicyVersion {
            number,
            document: input.policy_document,
            created_ms: policy.updated_ms,
        });
        cx.tx.put::<ManagedPolicies>(&key, &policy)?;
        let version = Version {
            number,
            document: "".into(),
            created: Some(cx.now),
            is_default,
        };
        Ok(CreatePolicyVersionOutput {
            policy_version: Some(PolicyVersion::listed(&version)),
        })
    }
}
