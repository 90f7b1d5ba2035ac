use std::sync::Arc;

use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::{Context, Home},
    kms::{
        Kms,
        arguments::Tag,
        error::{Code, Error, Result},
        key::OpenKey,
        key_policy, metadata,
        metadata::KeyMetadata,
        multi_region,
        state::Deed,
        tags,
        target::KeyRef,
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Makes a replica of a multi-Region primary key in another Region.
///
/// Source: KMS API Reference, ReplicateKey.
pub struct ReplicateKey;

/// What is asked.
#[derive(Input)]
pub struct ReplicateKeyInput {
    /// The key: its id or ARN.
    #[shape(length(1, 2048))]
    pub key_id: String,
    /// Where to.
    #[shape(length(1, 32), pattern(r"^([a-z]+-){2,3}\d+$"))]
    pub replica_region: String,
    /// The key policy.
    #[shape(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub policy: Option<String>,
    /// Whether the policy may lock its writer out.
    pub bypass_policy_lockout_safety_check: Option<bool>,
    /// Free text.
    #[shape(length(0, 8192))]
    pub description: Option<String>,
    /// Up to 50.
    pub tags: Option<Vec<Tag>>,
}

/// What is answered.
#[derive(Output)]
pub struct ReplicateKeyOutput {
    /// What is told of the replica.
    pub replica_key_metadata: Option<KeyMetadata>,
    /// Its key policy.
    pub replica_policy: Option<String>,
    /// Its tags.
    pub replica_tags: Option<Vec<Tag>>,
}

impl Operation for ReplicateKey {
    const NAME: &'static str = "ReplicateKey";
    const ACTION: &'static str = "kms:ReplicateKey";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "AlreadyExistsException",
        "DisabledException",
        "InvalidArnException",
        "KMSInvalidStateException",
        "KMSInternalException",
        "LimitExceededException",
        "MalformedPolicyDocumentException",
        "NotFoundException",
        "TagException",
        "UnsupportedOperationException",
    ];
    type Service = Kms;
    type Input = ReplicateKeyInput;
    type Output = ReplicateKeyOutput;
    type Target = KeyRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<KeyRef> {
        KeyRef::own(cx, &input.key_id).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("kms:ReplicaRegion", &input.replica_region);
        let bypass = input.bypass_policy_lockout_safety_check == Some(true);
        keys.one("kms:BypassPolicyLockoutSafetyCheck", bypass.to_string());
        if let Some(tags) = &input.tags {
            tags::request_keys(tags, keys);
        }
    }

    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        if input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
            &["kms:TagResource"]
        } else {
            &[]
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<KeyRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.found()?.key;
        multi_region::must_be_primary(&key)?;
        key.check(Deed::Replicate, cx.now)?;
        let region = multi_region::region(&input.replica_region)?;
        if region == key.home.region || multi_region::relative(cx, &key, region).await?.is_some() {
            return Err(Error::kms(
                Code::AlreadyExists,
                format!("Key {} already exists in region {region}.", key.id),
            ));
        }
        let home = Home { region, ..key.home };
        let text = input
            .policy
            .unwrap_or_else(|| key_policy::delegating(&home));
        let policy = key_policy::given(cx, &text).await?;
        let tags = tags::checked(input.tags.unwrap_or_default())?;
        let mut row = multi_region::replica_row(cx, &key, &home)?;
        row.policy = key_policy::kept(cx, &text).await?;
        row.description = input.description.unwrap_or_default();
        tags::set(&mut row.tags, tags)?;
        let replica = Arc::new(OpenKey::of(cx.services, &home, &key.id, row)?);
        if input.bypass_policy_lockout_safety_check != Some(true) {
            key_policy::check_lockout(cx, &KeyRef::opened(cx, &replica), &policy)?;
        }
        multi_region::join(cx, &key, &replica).await?;
        let shown = multi_region::opened_again(cx, &home, &key.id).await?;
        Ok(ReplicateKeyOutput {
            replica_key_metadata: Some(metadata::of(&shown, &shown.row, cx.now)),
            replica_policy: Some(key_policy::shown(cx, &home, &shown.row).await?),
            replica_tags: Some(shown.row.tags.iter().map(Tag::from).collect()),
        })
    }
}
