use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        place::Place,
        simulation::{context_keys, input_list},
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the condition keys that policies ask for, each once.
///
/// Source: IAM API Reference, GetContextKeysForCustomPolicy.
pub struct GetContextKeysForCustomPolicy;

/// What is asked.
#[derive(Input)]
pub struct GetContextKeysForCustomPolicyInput {
    /// The policies.
    #[shape(each(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+")))]
    pub policy_input_list: Vec<String>,
}

/// The keys.
#[derive(Output)]
pub struct GetContextKeysForCustomPolicyOutput {
    /// The keys.
    pub context_key_names: Option<Vec<String>>,
}

impl Operation for GetContextKeysForCustomPolicy {
    const NAME: &'static str = "GetContextKeysForCustomPolicy";
    const ACTION: &'static str = "iam:GetContextKeysForCustomPolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["InvalidInputException"];
    type Service = Iam;
    type Input = GetContextKeysForCustomPolicyInput;
    type Output = GetContextKeysForCustomPolicyOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Place> {
        Ok(Place::account(cx))
    }

    async fn run(
        _: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let policies = input_list("PolicyInputList", &input.policy_input_list)?;
        Ok(GetContextKeysForCustomPolicyOutput {
            context_key_names: Some(context_keys(&policies)),
        })
    }
}
