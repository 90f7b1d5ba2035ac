use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        entity::Entity,
        error::{Error, Result},
        policy::{self, available},
        policy_type::PolicyType,
        shapes::{PolicyTypeName, RootShape},
        subject::Subject,
    },
    shape::{Input, Output},
};

/// Enables a type of policy: from now on policies of it count, and AWS's own that
/// allows everything is attached everywhere.
///
/// Source: AWS Organizations API Reference, EnablePolicyType.
pub struct EnablePolicyType;

/// What is asked.
#[derive(Input)]
pub struct EnablePolicyTypeInput {
    /// The root.
    #[shape(length(0, 34), pattern(r"^r-[0-9a-z]{4,32}$"))]
    pub root_id: String,
    /// The type.
    pub policy_type: PolicyTypeName,
}

/// What is answered.
#[derive(Output)]
pub struct EnablePolicyTypeOutput {
    /// The root.
    pub root: Option<RootShape>,
}

impl Operation for EnablePolicyType {
    const NAME: &'static str = "EnablePolicyType";
    const ACTION: &'static str = "organizations:EnablePolicyType";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "ConstraintViolationException",
        "InvalidInputException",
        "PolicyTypeAlreadyEnabledException",
        "RootNotFoundException",
        "ServiceException",
        "TooManyRequestsException",
        "PolicyTypeNotAvailableForOrganizationException",
        "UnsupportedAPIEndpointException",
        "PolicyChangesInProgressException",
    ];
    type Service = AwsOrganizations;
    type Input = EnablePolicyTypeInput;
    type Output = EnablePolicyTypeOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Ok(Subject::named(cx, &input.root_id)
            .await?
            .of_type(PolicyType::named(input.policy_type.as_str())))
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut org = subject.managed(cx)?;
        let Some(Entity::Root) = subject.entity() else {
            return Err(Error::RootNotFound);
        };
        let policy_type = available(&org, input.policy_type)?;
        if org.is_enabled(policy_type) {
            return Err(Error::PolicyTypeAlreadyEnabled);
        }
        policy::enable(cx, &mut org, policy_type).await?;
        Ok(EnablePolicyTypeOutput {
            root: Some(describe::root(cx, &org)),
        })
    }
}
