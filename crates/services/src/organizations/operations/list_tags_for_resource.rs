use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    organizations::{
        AwsOrganizations,
        error::{Error, Result},
        paging,
        shapes::Tag,
        subject::Subject,
    },
    shape::{Input, Output, Shape as _},
};

/// Lists the tags of a root, unit, account or policy.
///
/// Source: AWS Organizations API Reference, ListTagsForResource.
pub struct ListTagsForResource;

/// What is asked.
#[derive(Input)]
pub struct ListTagsForResourceInput {
    /// The root, unit, account or policy.
    #[shape(length(0, 130), pattern(r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})|(^p-[0-9a-zA-Z_]{8,128})|(^rp-[0-9a-zA-Z_]{4,128})|(^rt-[0-9a-zA-Z_]{8,32})$"))]
    pub resource_id: String,
    /// Asks for the next page.
    #[shape(length(0, 100000), pattern(r"[\s\S]*"), unrecorded)]
    pub next_token: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct ListTagsForResourceOutput {
    /// The tags.
    pub tags: Option<Vec<Tag>>,
    /// Asks for the next page.
    pub next_token: Option<String>,
}

impl Operation for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    const ACTION: &'static str = "organizations:ListTagsForResource";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "AccessDeniedException",
        "AWSOrganizationsNotInUseException",
        "TargetNotFoundException",
        "InvalidInputException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    type Service = AwsOrganizations;
    type Input = ListTagsForResourceInput;
    type Output = ListTagsForResourceOutput;
    type Target = Subject;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Subject> {
        Subject::named(cx, &input.resource_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        subject: Authorized<Subject>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let org = subject.managed(cx)?;
        let entity = subject.entity().cloned().ok_or(Error::TargetNotFound)?;
        let listing = paging::Listing::of(Self::NAME, cx, input.record());
        let tags = (entity.tags(&org).into_iter())
            .map(|tag| {
                (
                    tag.key.clone(),
                    Tag {
                        key: tag.key,
                        value: tag.value,
                    },
                )
            })
            .collect();
        let (page, next_token) = listing.page(cx, tags, input.next_token.as_deref(), None)?;
        Ok(ListTagsForResourceOutput {
            tags: Some(page),
            next_token,
        })
    }
}
