use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    operation::Operation,
    secretsmanager::{Result, SecretRef, SecretsManager, arguments::Tag, tags},
    shape::{Input, Nothing},
};

/// Sets tags on a secret, each by its key.
///
/// Source: Secrets Manager API Reference, TagResource.
pub struct TagResource;

/// Which tags.
#[derive(Input)]
pub struct TagResourceInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// The tags to set.
    pub tags: Vec<Tag>,
}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ACTION: &'static str = "secretsmanager:TagResource";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "InvalidRequestException",
        "InvalidParameterException",
        "InternalServiceError",
    ];
    type Service = SecretsManager;
    type Input = TagResourceInput;
    type Output = Nothing;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        tags::check_count(&input.tags)?;
        SecretRef::resolve(cx, &input.secret_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        tags::request_keys(&input.tags, keys);
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Nothing> {
        let mut found = secret.alive()?;
        let before = found.asked_for(&input.secret_id);
        let mut keys = Keys::default();
        Self::condition_keys(&input, &mut keys);
        tags::set(&mut found.secret, tags::checked(input.tags)?)?;
        found.still_allows(cx, &before, Self::ACTION, &keys)?;
        found.secret.last_changed_ms = cx.now.as_millisecond();
        found.save(cx)?;
        Ok(Nothing)
    }
}
