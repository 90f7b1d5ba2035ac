use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        inline::{self, Owner},
        record::InlinePolicy,
        roles::RoleRef,
    },
    operation::Operation,
    shape::{Input, Nothing},
};

/// Writes a policy into a role, in place of one of the same name.
///
/// Source: IAM API Reference, PutRolePolicy.
pub struct PutRolePolicy;

/// What is asked.
#[derive(Input)]
pub struct PutRolePolicyInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
    /// The policy's name.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub policy_name: String,
    /// The JSON document.
    #[shape(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub policy_document: String,
}

impl Operation for PutRolePolicy {
    const NAME: &'static str = "PutRolePolicy";
    const ACTION: &'static str = "iam:PutRolePolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "LimitExceededException",
        "MalformedPolicyDocumentException",
        "NoSuchEntityException",
        "UnmodifiableEntityException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = PutRolePolicyInput;
    type Output = Nothing;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        Ok(RoleRef::resolve(cx, &input.role_name).await?.bounded())
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let policy = InlinePolicy {
            name: input.policy_name,
            document: input.policy_document,
        };
        let role = &mut found.role;
        inline::put(&mut role.inline_policies, Owner::Role, &role.name, policy)?;
        found.save(cx)?;
        Ok(Nothing)
    }
}
