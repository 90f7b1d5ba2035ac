use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations, describe, error::Result, shapes::OrganizationShape, subject::Subject,
    },
    shape::{Input, Output},
};

/// Tells about the organization that the caller's account is in.
///
/// Source: AWS Organizations API Reference, DescribeOrganization.
pub struct DescribeOrganization;

/// Nothing is asked.
#[derive(Input)]
pub struct DescribeOrganizationInput {}

/// What is answered.
#[derive(Output)]
pub struct DescribeOrganizationOutput {
    /// The organization.
    pub organization: Option<OrganizationShape>,
}

impl Operation for DescribeOrganization {
    const NAME: &'static str = "DescribeOrganization";
    const ACTION: &'static str = "organizations:DescribeOrganization";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "ConcurrentModificationException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = DescribeOrganizationInput;
    type Output = DescribeOrganizationOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Subject> {
        Subject::none(cx).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.joined()?;
        let organization = Some(describe::organization(cx, &org).await?);
        Ok(DescribeOrganizationOutput { organization })
    }
}
