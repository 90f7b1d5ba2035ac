//! Finding, making and opening KMS keys.

use std::sync::Arc;

use strongroom_crypto::{AeadKey, Random};
use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::{CommitObserver, Store, StoreError, Table as _};
use strongroom_types::{AccountId, Arn, Region};
use zeroize::Zeroizing;

use super::record::{Alias, Key, Material};
use crate::{
    cache::Cache,
    context::{Context, Home},
    tables::{KmsAliases, KmsKeys},
};

/// The alias of the AWS managed key that secrets are under by default.
pub(super) const DEFAULT_ALIAS: &str = "alias/aws/secretsmanager";

/// Bytes that wrapped material is bound to, before its key's identity.
const WRAPPING: &[u8] = b"strongroom kms backing key 1";

/// Wraps and opens backing keys, and remembers opened ones. What is
/// remembered is key schedules, never a value decrypted with them.
pub struct KeyMaterial {
    wrapping: AeadKey,
    opened: Arc<Cache<(AccountId, Region, String), OpenKey>>,
}

/// A KMS key that is ready to be used.
pub struct OpenKey {
    /// The key's ARN.
    pub arn: Arn,
    /// Where it lives.
    pub home: Home,
    /// Its id.
    pub id: String,
    /// Its key policy, compiled.
    pub policy: Policy,
    materials: Vec<([u8; 32], AeadKey)>,
}

/// How a request names a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyName {
    /// `alias/…`, in an account and Region.
    Alias(Home, String),
    /// A key id, in an account and Region.
    Id(Home, String),
}

impl KeyMaterial {
    /// Wraps under this key, which the store's seal derives.
    #[must_use]
    pub fn new(wrapping: &[u8; 32], store: &Store) -> Self {
        let opened = Arc::new(Cache::of(const { &[KmsKeys::ID] }));
        store.observe(Arc::clone(&opened) as Arc<dyn CommitObserver>);
        Self {
            wrapping: AeadKey::new(wrapping),
            opened,
        }
    }

    /// The generation of the opened keys.
    pub(crate) fn generation(&self) -> u64 {
        self.opened.generation()
    }

    fn wrap(&self, random: &dyn Random, home: &Home, key_id: &str, created_ms: i64) -> Material {
        let mut id = [0; 32];
        random.fill(&mut id);
        let wrapped = self
            .wrapping
            .seal(random, &bound_to(home, key_id, &id), &*random.key());
        Material {
            id: id.to_vec(),
            wrapped,
            created_ms,
        }
    }

    fn open(&self, home: &Home, key_id: &str, key: &Key) -> Result<OpenKey, StoreError> {
        let corrupt = || StoreError::Corrupt {
            table: KmsKeys::NAME.to_owned(),
            key: format!("{}/{}/{key_id}", home.account, home.region),
            reason: "its key material does not open",
        };
        let open = |material: &Material| {
            let id: [u8; 32] = material.id.as_slice().try_into().ok()?;
            let bytes = self
                .wrapping
                .open(&bound_to(home, key_id, &id), &material.wrapped)
                .ok()?;
            let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(bytes.as_slice().try_into().ok()?);
            Some((id, AeadKey::new(&bytes)))
        };
        let materials: Option<Vec<_>> = key.materials.iter().map(open).collect();
        Ok(OpenKey {
            arn: home.arn("kms", format_args!("key/{key_id}")),
            home: *home,
            id: key_id.to_owned(),
            policy: Policy::parse(&managed_policy(home), PolicyKind::Key).map_err(|_| corrupt())?,
            materials: materials
                .filter(|all| !all.is_empty())
                .ok_or_else(corrupt)?,
        })
    }
}

impl OpenKey {
    /// The newest material, which encrypts.
    pub(super) fn current(&self) -> Option<&([u8; 32], AeadKey)> {
        self.materials.last()
    }

    /// The material of an older ciphertext.
    pub(super) fn material(&self, id: &[u8; 32]) -> Option<&AeadKey> {
        self.materials
            .iter()
            .find(|(known, _)| known == id)
            .map(|(_, key)| key)
    }
}

impl KeyName {
    /// Reads a key id, key ARN, alias name or alias ARN as AWS's operations
    /// take it; names without an ARN are the caller's own.
    ///
    /// # Errors
    /// KMS's message about an ARN that is none, or of another Region.
    pub fn parse(text: &str, home: Home) -> Result<Self, String> {
        let named = |home: Home, resource: &str| {
            if resource.starts_with("alias/") {
                Self::Alias(home, resource.to_owned())
            } else {
                Self::Id(
                    home,
                    resource.strip_prefix("key/").unwrap_or(resource).to_owned(),
                )
            }
        };
        if !text.starts_with("arn:") {
            return Ok(named(home, text));
        }
        let invalid = || format!("Invalid arn {text}");
        let arn: Arn = text.parse().map_err(|_| invalid())?;
        if arn.service() != "kms" || arn.partition() != home.partition.as_str() {
            return Err(invalid());
        }
        if arn.region() != home.region.as_str() {
            return Err(format!("Invalid arn {}", arn.region()));
        }
        let account = arn.account().parse().map_err(|_| invalid())?;
        Ok(named(Home { account, ..home }, arn.resource()))
    }

    /// The key's home and id; or KMS's message about a key that is not there.
    pub(super) async fn resolve(
        &self,
        cx: &mut Context<'_>,
    ) -> Result<Result<(Home, String), String>, StoreError> {
        match self {
            Self::Alias(home, name) => {
                let alias = cx
                    .tx
                    .get::<KmsAliases>(&(home.account, home.region, name.clone()))
                    .await?;
                Ok(alias
                    .map(|alias| (*home, alias.target_key_id))
                    .ok_or_else(|| {
                        format!(
                            "Alias {} is not found.",
                            home.arn("kms", format_args!("{name}"))
                        )
                    }))
            }
            Self::Id(home, id) => {
                let key = cx
                    .tx
                    .get::<KmsKeys>(&(home.account, home.region, id.clone()))
                    .await?;
                Ok(key
                    .map(|_| (*home, id.clone()))
                    .ok_or_else(|| not_found(home, id)))
            }
        }
    }
}

/// Opens a key that is known to exist.
pub(super) async fn open(
    cx: &mut Context<'_>,
    home: &Home,
    id: &str,
) -> Result<Option<Arc<OpenKey>>, StoreError> {
    let cached = (home.account, home.region, id.to_owned());
    let material = &cx.services.key_material;
    let generation = cx.generations.kms_keys;
    if let Some(key) = material.opened.get_at(&cached, generation) {
        return Ok(Some(key));
    }
    let Some(key) = cx.tx.get::<KmsKeys>(&cached).await? else {
        return Ok(None);
    };
    let key = Arc::new(material.open(home, id, &key)?);
    material.opened.keep(cached, Arc::clone(&key), generation);
    Ok(Some(key))
}

/// The AWS managed key `aws/secretsmanager` of an account and Region, made
/// now if this is its first use. Only in a transaction that writes.
pub(super) async fn default_key(
    cx: &mut Context<'_>,
    home: &Home,
) -> Result<Arc<OpenKey>, StoreError> {
    let row = (home.account, home.region, DEFAULT_ALIAS.to_owned());
    if let Some(alias) = cx.tx.get::<KmsAliases>(&row).await? {
        let corrupt = || StoreError::Corrupt {
            table: KmsAliases::NAME.to_owned(),
            key: DEFAULT_ALIAS.to_owned(),
            reason: "it stands for a key that is not there",
        };
        return open(cx, home, &alias.target_key_id)
            .await?
            .ok_or_else(corrupt);
    }
    let random = cx.services.random.as_ref();
    let created_ms = cx.now.as_millisecond();
    let id = random.uuid();
    let key = Key {
        created_ms,
        aws_managed: true,
        materials: vec![cx.services.key_material.wrap(random, home, &id, created_ms)],
    };
    let opened = cx.services.key_material.open(home, &id, &key)?;
    cx.tx
        .put::<KmsKeys>(&(home.account, home.region, id.clone()), &key)?;
    cx.tx.put::<KmsAliases>(
        &row,
        &Alias {
            target_key_id: id,
            created_ms,
        },
    )?;
    Ok(Arc::new(opened))
}

/// KMS's message about a key id that names no key.
pub(super) fn not_found(home: &Home, id: &str) -> String {
    let looks_like_an_id = id.starts_with("mrk-") || (id.len() == 36 && id.contains('-'));
    if looks_like_an_id {
        format!(
            "Key '{}' does not exist",
            home.arn("kms", format_args!("key/{id}"))
        )
    } else {
        format!("Invalid keyId '{id}'")
    }
}

/// The service that uses the managed key, as `kms:ViaService` has it.
pub(super) fn via_service(home: &Home) -> String {
    format!("secretsmanager.{}.amazonaws.com", home.region)
}

/// The fixed policy of `aws/secretsmanager`: anyone in its account, through
/// Secrets Manager; the account may look at it.
///
/// Source: Secrets Manager User Guide, "Key policy for the AWS managed key".
fn managed_policy(home: &Home) -> String {
    let Home {
        partition, account, ..
    } = home;
    serde_json::json!({
        "Version": "2012-10-17",
        "Id": "auto-secretsmanager-2",
        "Statement": [
            {
                "Sid": "Allow access through AWS Secrets Manager for all principals in the \
                        account that are authorized to use AWS Secrets Manager",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [
                    "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                    "kms:CreateGrant", "kms:DescribeKey",
                ],
                "Resource": "*",
                "Condition": {"StringEquals": {
                    "kms:CallerAccount": account.to_string(),
                    "kms:ViaService": via_service(home),
                }},
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": {"AWS": format!("arn:{partition}:iam::{account}:root")},
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    })
    .to_string()
}

fn bound_to(home: &Home, key_id: &str, material_id: &[u8; 32]) -> Vec<u8> {
    let place = format!("/{}/{}/{key_id}/", home.account, home.region);
    [WRAPPING, place.as_bytes(), material_id].concat()
}
