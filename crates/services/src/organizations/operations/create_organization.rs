use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe,
        entity::Org,
        error::{Error, Result},
        shapes::{FeatureSet, OrganizationShape},
        subject::Subject,
    },
    shape::{Input, Output},
};

/// Makes an organization with the caller's account as its management account.
///
/// Source: AWS Organizations API Reference, CreateOrganization.
pub struct CreateOrganization;

/// What is asked.
#[derive(Input)]
pub struct CreateOrganizationInput {
    /// `ALL` when absent.
    pub feature_set: Option<FeatureSet>,
}

/// What is answered.
#[derive(Output)]
pub struct CreateOrganizationOutput {
    /// The organization.
    pub organization: Option<OrganizationShape>,
}

impl Operation for CreateOrganization {
    const NAME: &'static str = "CreateOrganization";
    const ACTION: &'static str = "organizations:CreateOrganization";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AlreadyInOrganizationException",
        "ConcurrentModificationException",
        "ConstraintViolationException",
        "InvalidInputException",
        "ServiceException",
        "TooManyRequestsException",
        "AccessDeniedForDependencyException",
    ];
    type Service = AwsOrganizations;
    type Input = CreateOrganizationInput;
    type Output = CreateOrganizationOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Subject> {
        Subject::none(cx).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        if subject.is_in_organization() {
            return Err(Error::AlreadyInOrganization);
        }
        let management = cx.request.caller.account;
        let org = Org::create(
            cx,
            management,
            input.feature_set == Some(FeatureSet::ConsolidatedBilling),
        )
        .await?;
        let organization = Some(describe::organization(cx, &org).await?);
        Ok(CreateOrganizationOutput { organization })
    }
}
