use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations,
        error::{Error, Result},
        shapes::Tag,
        subject::Subject,
        tags,
    },
    shape::{Input, Nothing},
};

/// Sets tags on a root, unit, account or policy.
///
/// Source: AWS Organizations API Reference, TagResource.
pub struct TagResource;

/// What is asked.
#[derive(Input)]
pub struct TagResourceInput {
    /// The root, unit, account or policy.
    #[shape(length(0, 130), pattern(r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})|(^p-[0-9a-zA-Z_]{8,128})|(^rp-[0-9a-zA-Z_]{4,128})|(^rt-[0-9a-zA-Z_]{8,32})$"))]
    pub resource_id: String,
    /// The tags.
    pub tags: Vec<Tag>,
}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ACTION: &'static str = "organizations:TagResource";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "ConcurrentModificationException",
        "AWSOrganizationsNotInUseException",
        "TargetNotFoundException",
        "ConstraintViolationException",
        "InvalidInputException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = TagResourceInput;
    type Output = Nothing;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Subject::named(cx, &input.resource_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        tags::request_keys(&input.tags, keys);
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut org = subject.managed(cx)?;
        let entity = subject.entity().cloned().ok_or(Error::TargetNotFound)?;
        let tags = tags::set(entity.tags(&org), tags::checked(input.tags)?)?;
        entity.save_tags(cx, &mut org, tags)?;
        Ok(Nothing)
    }
}
