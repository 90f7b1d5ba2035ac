use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    operation::Operation,
    secretsmanager::{Result, SecretRef, SecretsManager, tags},
    shape::{Input, Nothing},
};

/// Removes tags from a secret. Keys that it does not have are ignored.
///
/// Source: Secrets Manager API Reference, UntagResource.
pub struct UntagResource;

/// Which tags.
#[derive(Input)]
pub struct UntagResourceInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// Their keys.
    #[shape(each(length(1, 128)))]
    pub tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ACTION: &'static str = "secretsmanager:UntagResource";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "InvalidRequestException",
        "InvalidParameterException",
        "InternalServiceError",
    ];
    type Service = SecretsManager;
    type Input = UntagResourceInput;
    type Output = Nothing;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        tags::check_key_count(&input.tag_keys)?;
        SecretRef::resolve(cx, &input.secret_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.many("aws:TagKeys", input.tag_keys.clone());
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Nothing> {
        let mut found = secret.alive()?;
        let before = found.asked_for(&input.secret_id);
        for key in &input.tag_keys {
            tags::check_key(key)?;
        }
        found
            .secret
            .tags
            .retain(|tag| !input.tag_keys.contains(&tag.key));
        let mut keys = Keys::default();
        Self::condition_keys(&input, &mut keys);
        found.still_allows(cx, &before, Self::ACTION, &keys)?;
        found.secret.last_changed_ms = cx.now.as_millisecond();
        found.save(cx)?;
        Ok(Nothing)
    }
}
