use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        simulation::{Source, context_keys, input_list},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the condition keys that the policies of a user, group or role ask for, each once; of
/// a user, also those of the user's groups.
///
/// Source: IAM API Reference, GetContextKeysForPrincipalPolicy.
pub struct GetContextKeysForPrincipalPolicy;

/// What is asked.
#[derive(Input)]
pub struct GetContextKeysForPrincipalPolicyInput {
    /// ARN of the user, group or role.
    #[shape(length(20, 2048))]
    pub policy_source_arn: String,
    /// Further policies.
    #[shape(each(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+")))]
    pub policy_input_list: Option<Vec<String>>,
}

/// The keys.
#[derive(Output)]
pub struct GetContextKeysForPrincipalPolicyOutput {
    /// The keys.
    pub context_key_names: Option<Vec<String>>,
}

impl Operation for GetContextKeysForPrincipalPolicy {
    const NAME: &'static str = "GetContextKeysForPrincipalPolicy";
    const ACTION: &'static str = "iam:GetContextKeysForPrincipalPolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "InvalidInputException"];
    type Service = Iam;
    type Input = GetContextKeysForPrincipalPolicyInput;
    type Output = GetContextKeysForPrincipalPolicyOutput;
    type Target = Source;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Source> {
        Source::resolve(cx, &input.policy_source_arn).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<Source>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut policies = target.policies(cx).await?;
        let further = input.policy_input_list.unwrap_or_default();
        policies.extend(input_list("PolicyInputList", &further)?);
        Ok(GetContextKeysForPrincipalPolicyOutput {
            context_key_names: Some(context_keys(&policies)),
        })
    }
}
