use std::sync::Arc;

use strongroom_store::Mode;
use zeroize::Zeroizing;

use crate::{
    authorize::{AnyResource, Authorized, Keys},
    context::Context,
    kms::{
        Kms,
        arguments::Tag,
        custom_key_store, encryption,
        error::{Error, Result},
        key::OpenKey,
        key_policy,
        material::hexadecimal,
        metadata,
        metadata::KeyMetadata,
        record,
        spec::{CustomerMasterKeySpec, KeySpec, KeyUsage, Origin},
        tags, target,
        target::KeyRef,
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Makes a key.
///
/// Source: KMS API Reference, CreateKey.
pub struct CreateKey;

/// The key that is to be.
#[derive(Input)]
pub struct CreateKeyInput {
    /// The key policy.
    #[shape(length(1, 131072), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub policy: Option<String>,
    /// Free text.
    #[shape(length(0, 8192))]
    pub description: Option<String>,
    /// What the key is for; needed unless it is symmetric.
    pub key_usage: Option<KeyUsage>,
    /// The kind of key, under its old name.
    pub customer_master_key_spec: Option<CustomerMasterKeySpec>,
    /// The kind of key; `SYMMETRIC_DEFAULT` if absent.
    pub key_spec: Option<KeySpec>,
    /// Where its material comes from.
    pub origin: Option<Origin>,
    /// A custom key store; there are none yet.
    #[shape(length(1, 64))]
    pub custom_key_store_id: Option<String>,
    /// Whether the policy may lock its writer out.
    pub bypass_policy_lockout_safety_check: Option<bool>,
    /// Up to 50.
    pub tags: Option<Vec<Tag>>,
    /// Whether it can have replicas in other Regions.
    pub multi_region: Option<bool>,
    /// A key in an external key store; there are none yet.
    #[shape(length(1, 128), pattern(r"^[a-zA-Z0-9-_.]+$"))]
    pub xks_key_id: Option<String>,
}

/// The new key.
#[derive(Output)]
pub struct CreateKeyOutput {
    /// What is told of the key.
    pub key_metadata: Option<KeyMetadata>,
}

impl Operation for CreateKey {
    const NAME: &'static str = "CreateKey";
    const ACTION: &'static str = "kms:CreateKey";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "MalformedPolicyDocumentException",
        "DependencyTimeoutException",
        "InvalidArnException",
        "UnsupportedOperationException",
        "KMSInternalException",
        "LimitExceededException",
        "TagException",
        "CustomKeyStoreNotFoundException",
        "CustomKeyStoreInvalidStateException",
        "CloudHsmClusterInvalidConfigurationException",
        "XksKeyInvalidConfigurationException",
        "XksKeyAlreadyInUseException",
        "XksKeyNotFoundException",
    ];
    type Service = Kms;
    type Input = CreateKeyInput;
    type Output = CreateKeyOutput;
    type Target = AnyResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<AnyResource> {
        Ok(AnyResource)
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        if let Ok((spec, usage)) = kind(input) {
            keys.one("kms:KeySpec", spec.as_str());
            keys.one("kms:CustomerMasterKeySpec", spec.as_str());
            keys.one("kms:KeyUsage", usage.as_str());
            keys.one("kms:CustomerMasterKeyUsage", usage.as_str());
        }
        keys.one(
            "kms:KeyOrigin",
            input.origin.unwrap_or(Origin::AwsKms).as_str(),
        );
        let multi_region = input.multi_region == Some(true);
        keys.one("kms:MultiRegion", multi_region.to_string());
        if multi_region {
            keys.one("kms:MultiRegionKeyType", "PRIMARY");
        }
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
        _: Authorized<AnyResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let home = cx.home();
        let (spec, usage) = kind(&input)?;
        if input.custom_key_store_id.is_some() || input.xks_key_id.is_some() {
            return custom_key_store::unsupported();
        }
        let external = match input.origin {
            None | Some(Origin::AwsKms) => false,
            Some(Origin::External) => true,
            Some(Origin::AwsCloudhsm | Origin::ExternalKeyStore) => {
                return custom_key_store::unsupported();
            }
        };
        let id = fresh_id(cx, input.multi_region == Some(true));
        let now_ms = cx.now.as_millisecond();
        let mut row = record::Key {
            created_ms: now_ms,
            spec: spec.as_str().to_owned(),
            usage: usage.as_str().to_owned(),
            external,
            description: input.description.unwrap_or_default(),
            policy: input
                .policy
                .unwrap_or_else(|| key_policy::delegating(&home)),
            multi_region: (input.multi_region == Some(true)).then(|| record::MultiRegion {
                primary: home.region.to_string(),
                replicas: Vec::new(),
            }),
            ..record::Key::default()
        };
        tags::set(
            &mut row.tags,
            tags::checked(input.tags.unwrap_or_default())?,
        )?;
        let policy = key_policy::given(cx, &row.policy).await?;
        row.policy = key_policy::kept(cx, &row.policy).await?;
        if !external {
            let (secret, public_key) = fresh_secret(cx, spec).await?;
            let material = &cx.services.key_material;
            let random = cx.services.random.as_ref();
            row.materials = vec![material.wrap(random, &home, &id, &secret, now_ms)];
            row.public_key = public_key;
        }
        let key = Arc::new(OpenKey::of(cx.services, &home, &id, row)?);
        if input.bypass_policy_lockout_safety_check != Some(true) {
            key_policy::check_lockout(cx, &KeyRef::opened(cx, &key), &policy)?;
        }
        key.save(cx, &key.row)?;
        cx.remarks.resources.push(target::resource(&key));
        Ok(CreateKeyOutput {
            key_metadata: Some(metadata::of(&key, &key.row, cx.now)),
        })
    }
}

/// The spec and the usage that a request asks for.
///
/// # Errors
/// `ValidationException`; `UnsupportedOperationException` for keys that the
/// library cannot make.
fn kind(input: &CreateKeyInput) -> Result<(KeySpec, KeyUsage)> {
    let spec = match (input.key_spec, input.customer_master_key_spec) {
        (Some(_), Some(_)) => {
            return Err(Error::validation(
                "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. \
                 CustomerMasterKeySpec is deprecated.",
            ));
        }
        (Some(spec), None) => spec,
        (None, Some(old)) => KeySpec::named(old.as_str()).unwrap_or(KeySpec::SymmetricDefault),
        (None, None) => KeySpec::SymmetricDefault,
    };
    if !spec.is_offered() {
        return Err(Error::unsupported(format!(
            "KeySpec {} is not supported in this Region.",
            spec.as_str()
        )));
    }
    let usage = match input.key_usage {
        Some(usage) => usage,
        None if spec == KeySpec::SymmetricDefault => KeyUsage::EncryptDecrypt,
        None => {
            return Err(Error::validation(
                "You must specify a KeyUsage value for all KMS keys except for symmetric \
                 encryption keys.",
            ));
        }
    };
    if !spec.allows(usage) {
        return Err(Error::validation(format!(
            "KeyUsage {} is not compatible with KeySpec {}",
            usage.as_str(),
            spec.as_str(),
        )));
    }
    Ok((spec, usage))
}

/// The id of a new key: a UUID, or `mrk-` and 32 digits.
fn fresh_id(cx: &Context<'_>, multi_region: bool) -> String {
    if multi_region {
        return format!("mrk-{}", hexadecimal(&cx.services.random.id()));
    }
    cx.services.random.uuid().to_string()
}

/// The bytes of new material, and the public half of a key pair.
async fn fresh_secret(
    cx: &mut Context<'_>,
    spec: KeySpec,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>)> {
    if let Some(pair) = spec.key_pair() {
        return encryption::fresh_key_pair(cx, pair).await;
    }
    let bytes = spec.mac().map_or(32, |mac| mac.library().tag_bytes());
    let mut secret = Zeroizing::new(vec![0; bytes]);
    cx.services.random.fill(&mut secret);
    Ok((secret, Vec::new()))
}
