use strongroom_store::Mode;
use strongroom_types::{AccountId, Arn, Sensitive};

use crate::{
    authorize::{Authorized, Keys, Target},
    context::{Context, Home, Services},
    kms::envelope,
    operation::Operation,
    secretsmanager::{
        Error, FoundSecret, Result, Secret, SecretsManager,
        arguments::{ReplicaRegion, Tag, kms_key_id, token},
        secret::MAX_SECRETS,
        secret_ref::{check_name, draw_suffix},
        tags, value,
    },
    shape::{Blob, Input, Output},
    tables::Secrets,
};

/// Makes a secret, with a first version if a value is given.
///
/// Source: Secrets Manager API Reference, CreateSecret.
pub struct CreateSecret;

/// The new secret.
#[derive(Input)]
pub struct CreateSecretInput {
    /// Letters, digits and `/_+=.@-`.
    #[shape(length(1, 512))]
    pub name: String,
    /// Becomes the id of the first version; makes a repeated call harmless.
    #[shape(length(32, 64))]
    pub client_request_token: Option<String>,
    /// Free text.
    #[shape(length(0, 2048))]
    pub description: Option<String>,
    /// The key that values are sealed under; absent for `aws/secretsmanager`.
    #[shape(length(0, 2048))]
    pub kms_key_id: Option<String>,
    /// The value, as bytes.
    #[shape(length(1, 65536))]
    pub secret_binary: Option<Sensitive<Blob>>,
    /// The value, as text.
    #[shape(length(1, 65536))]
    pub secret_string: Option<Sensitive<String>>,
    /// Up to 50.
    pub tags: Option<Vec<Tag>>,
    /// Regions to replicate to. Comes with replication; refused until then.
    #[shape(length(1, 2147483647))]
    pub add_replica_regions: Option<Vec<ReplicaRegion>>,
    /// Whether replicas replace secrets of the same name.
    pub force_overwrite_replica_secret: Option<bool>,
    /// The partner integration of a managed external secret; refused until
    /// there are any.
    #[shape(length(0, 256))]
    pub r#type: Option<String>,
    /// The primary of a cross-account replica; refused until replication.
    #[shape(name = "CrossAccountPrimaryARN", length(20, 2048))]
    pub cross_account_primary_arn: Option<String>,
}

/// What was made.
#[derive(Output)]
pub struct CreateSecretOutput {
    /// The secret's ARN, with its new suffix.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    #[shape(unrecorded)]
    pub name: Option<String>,
    /// The first version's id; absent if there is no value.
    #[shape(unrecorded)]
    pub version_id: Option<String>,
}

/// The secret that is to be, and the one of its name that may be there.
pub struct NewSecret {
    name: String,
    arn: Arn,
    home: Home,
    existing: Option<Secret>,
    /// The key that the request names.
    key_arn: Option<Arn>,
}

impl Operation for CreateSecret {
    const NAME: &'static str = "CreateSecret";
    const ACTION: &'static str = "secretsmanager:CreateSecret";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterException",
        "InvalidRequestException",
        "LimitExceededException",
        "EncryptionFailure",
        "ResourceExistsException",
        "ResourceNotFoundException",
        "MalformedPolicyDocumentException",
        "InternalServiceError",
        "PreconditionNotMetException",
        "DecryptionFailure",
    ];
    type Service = SecretsManager;
    type Input = CreateSecretInput;
    type Output = CreateSecretOutput;
    type Target = NewSecret;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<NewSecret> {
        // `!` is for the names of secrets that services manage.
        if input.name.contains('!') {
            return Err(Error::invalid_name());
        }
        check_name(&input.name)?;
        tags::check_count(input.tags.as_deref().unwrap_or_default())?;
        let home = cx.home();
        let key = (home.account, home.region, input.name.clone());
        let existing = cx.tx.get::<Secrets>(&key).await?;
        let arn = home.arn("secretsmanager", format_args!("secret:{}", input.name));
        Ok(NewSecret {
            name: input.name.clone(),
            arn,
            key_arn: envelope::named_key(cx, &home, input.kms_key_id.as_deref()).await?,
            home,
            existing,
        })
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.one("secretsmanager:Name", &input.name);
        keys.some("secretsmanager:Description", input.description.as_ref());
        keys.some("secretsmanager:KmsKeyId", input.kms_key_id.as_ref());
        keys.some(
            "secretsmanager:ForceOverwriteReplicaSecret",
            input.force_overwrite_replica_secret,
        );
        keys.some("secretsmanager:Type", input.r#type.as_ref());
        if let Some(replicas) = &input.add_replica_regions {
            let regions = replicas.iter().filter_map(|replica| replica.region.clone());
            keys.many("secretsmanager:AddReplicaRegions", regions.collect());
        }
        if let Some(tags) = &input.tags {
            tags::request_keys(tags, keys);
        }
        // The secret that is to be has the request's tags (source: IAM User Guide,
        // tutorial on attribute-based access control, whose one policy lets a secret
        // be made by what `aws:ResourceTag` will be).
        for tag in input.tags.iter().flatten() {
            if let Some(key) = &tag.key {
                tags::resource_keys(key, tag.value.as_deref().unwrap_or_default(), keys);
            }
        }
    }

    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        if input.tags.is_some() {
            &["secretsmanager:TagResource"]
        } else {
            &[]
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<NewSecret>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        refuse_later_stages(&input)?;
        let target = target.into_inner();
        let token = token(input.client_request_token)?;
        let value = value::Value::given(input.secret_string, input.secret_binary)?;
        let tags = tags::checked(input.tags.unwrap_or_default())?;
        if let Some(existing) = target.existing {
            return repeated(cx, &target.home, existing, &token, value).await;
        }

        check_quota(cx.services, &target.home).await?;
        let kms_key_id = kms_key_id(input.kms_key_id);
        let now_ms = cx.now.as_millisecond();
        let mut secret = Secret {
            name: target.name,
            suffix: draw_suffix(cx),
            description: input.description.filter(|text| !text.is_empty()),
            kms_key_id,
            created_ms: now_ms,
            last_changed_ms: now_ms,
            creation_token: token.clone(),
            ..Secret::default()
        };
        tags::set(&mut secret, tags)?;
        let arn = secret.arn(&target.home);
        let mut found = FoundSecret {
            arn,
            home: target.home,
            secret: secret.into(),
            policy: None,
        };
        let named = found.secret.kms_key_id.clone();
        value::choose_key(cx, &found.home, &found.arn, named.as_deref()).await?;
        if let Some(value) = &value {
            value::put(cx, &mut found, &token, None, value).await?;
        }
        found.save(cx)?;
        let version_id = value.map(|_| token);
        Ok(CreateSecretOutput {
            arn: Some(found.arn.clone()),
            name: Some(found.name()),
            version_id,
        })
    }
}

impl Target for NewSecret {
    fn resource(&self) -> &str {
        self.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.home.account)
    }

    fn policy(&self) -> Option<&strongroom_policy::Policy> {
        None
    }

    fn condition_keys(&self, keys: &mut Keys) {
        keys.some("secretsmanager:KmsKeyArn", self.key_arn.as_ref());
    }
}

/// A call of a name that is taken: the same call again is answered as the
/// first time, any other is refused.
async fn repeated(
    cx: &mut Context<'_>,
    home: &Home,
    existing: Secret,
    token: &str,
    value: Option<value::Value>,
) -> Result<CreateSecretOutput> {
    if existing.is_deleted() {
        return Err(Error::name_scheduled_for_deletion());
    }
    let mut found = FoundSecret {
        arn: existing.arn(home),
        home: *home,
        secret: existing.into(),
        policy: None,
    };
    let same_call = match &value {
        // Either the value is the same, or the token is in use for another.
        Some(value) => {
            found
                .secret
                .version(token)
                .is_some_and(|version| version.has_value)
                && !value::put(cx, &mut found, token, None, value).await?
        }
        None => found.secret.creation_token == token && found.secret.version(token).is_none(),
    };
    if !same_call {
        return Err(Error::name_exists(&found.secret.name));
    }
    let version_id = value.map(|_| token.to_owned());
    Ok(CreateSecretOutput {
        arn: Some(found.arn.clone()),
        name: Some(found.name()),
        version_id,
    })
}

/// Counts in memory, so that creations do not contend for a counter's row.
/// Those that run at the same moment may go over the quota by their number.
async fn check_quota(services: &Services, home: &Home) -> Result<()> {
    let index = &services.secrets.index;
    let count = index
        .count(&services.store, (home.account, home.region))
        .await?;
    if count < MAX_SECRETS {
        Ok(())
    } else {
        Err(Error::too_many_secrets())
    }
}

fn refuse_later_stages(input: &CreateSecretInput) -> Result<()> {
    let refused = if input.add_replica_regions.is_some() {
        "AddReplicaRegions: this deployment does not replicate secrets to other Regions."
    } else if input.cross_account_primary_arn.is_some() {
        "CrossAccountPrimaryARN: this deployment does not replicate secrets between accounts."
    } else if input.r#type.as_ref().is_some_and(|kind| !kind.is_empty()) {
        "Type: this deployment has no managed external secrets."
    } else {
        return Ok(());
    };
    Err(Error::InvalidParameter(refused.into()))
}
