use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Target},
    context::Context,
    iam::{
        Error, Iam, Result, answers::PolicyVersion, policies::version_number, policy_ref::PolicyRef,
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Returns a version of a managed policy with its document, which is percent-encoded.
///
/// Source: IAM API Reference, GetPolicyVersion.
pub struct GetPolicyVersion;

/// What is asked.
#[derive(Input)]
pub struct GetPolicyVersionInput {
    /// The managed policy's ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: String,
    /// The version's id, `v3`.
    #[shape(pattern(r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?"))]
    pub version_id: String,
}

/// The version.
#[derive(Output)]
pub struct GetPolicyVersionOutput {
    /// The version.
    pub policy_version: Option<PolicyVersion>,
}

impl Operation for GetPolicyVersion {
    const NAME: &'static str = "GetPolicyVersion";
    const ACTION: &'static str = "iam:GetPolicyVersion";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "InvalidInputException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = GetPolicyVersionInput;
    type Output = GetPolicyVersionOutput;
    type Target = PolicyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<PolicyRef> {
        let version = &input.version_id;
        Ok(PolicyRef::resolve(cx, &input.policy_arn)
            .await?
            .version(version))
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<PolicyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let arn = target.resource().to_owned();
        let policy = target.into_inner().found()?;
        let number = version_number(&input.version_id);
        let versions = policy.versions(cx.services.partition);
        let version = versions
            .iter()
            .find(|version| Some(version.number) == number);
        let version = version.ok_or_else(|| Error::no_policy_version(&arn, &input.version_id))?;
        Ok(GetPolicyVersionOutput {
            policy_version: Some(PolicyVersion::whole(version)),
        })
    }
}
