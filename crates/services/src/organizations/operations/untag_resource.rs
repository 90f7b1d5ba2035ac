use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations,
        error::{Error, Result},
        subject::Subject,
        tags,
    },
    shape::{Input, Nothing},
};

/// Removes tags from a root, unit, account or policy.
///
/// Source: AWS Organizations API Reference, UntagResource.
pub struct UntagResource;

/// What is asked.
#[derive(Input)]
pub struct UntagResourceInput {
    /// The root, unit, account or policy.
    #[shape(length(0, 130), pattern(r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})|(^p-[0-9a-zA-Z_]{8,128})|(^rp-[0-9a-zA-Z_]{4,128})|(^rt-[0-9a-zA-Z_]{8,32})$"))]
    pub resource_id: String,
    /// The keys.
    #[shape(each(length(1, 128), pattern(r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$")))]
    pub tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ACTION: &'static str = "organizations:UntagResource";
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
    type Input = UntagResourceInput;
    type Output = Nothing;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Subject::named(cx, &input.resource_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.many("aws:TagKeys", input.tag_keys.clone());
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut org = subject.managed(cx)?;
        let entity = subject.entity().cloned().ok_or(Error::TargetNotFound)?;
        for key in &input.tag_keys {
            tags::check_key(key)?;
        }
        let mut tags = entity.tags(&org);
        tags.retain(|tag| !input.tag_keys.contains(&tag.key));
        entity.save_tags(cx, &mut org, tags)?;
        Ok(Nothing)
    }
}
