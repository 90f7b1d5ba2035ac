use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        groups::GroupRef,
        inline::{self, Owner},
        record::InlinePolicy,
    },
    operation::Operation,
    shape::{Input, Nothing},
};

/// Writes a policy into a group, in place of one of the same name.
///
/// Source: IAM API Reference, PutGroupPolicy.
pub struct PutGroupPolicy;

/// What is asked.
#[derive(Input)]
pub struct PutGroupPolicyInput {
    /// The group's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub group_name: String,
    /// The policy's name.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub policy_name: String,
    /// The JSON document.
    #[shape(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub policy_document: String,
}

impl Operation for PutGroupPolicy {
    const NAME: &'static str = "PutGroupPolicy";
    const ACTION: &'static str = "iam:PutGroupPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "LimitExceededException",
        "MalformedPolicyDocumentException",
        "NoSuchEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = PutGroupPolicyInput;
    type Output = Nothing;
    type Target = GroupRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<GroupRef> {
        GroupRef::resolve(cx, &input.group_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<GroupRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let policy = InlinePolicy {
            name: input.policy_name,
            document: input.policy_document,
        };
        let group = &mut found.group;
        inline::put(
            &mut group.inline_policies,
            Owner::Group,
            &group.name,
            policy,
        )?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
