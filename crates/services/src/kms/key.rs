//! Finding, opening and making KMS keys.

use std::sync::Arc;

use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::{Mode, StoreError, Table as _};
use strongroom_types::{AccountId, Arn, Region, Timestamp};

use super::{
    error::{Code, Error, Result},
    key_policy,
    material::{OpenMaterial, corrupt, spec_of, usage_of},
    record::{Alias, Key, Material},
    rotation,
    spec::{KeySpec, KeyUsage},
    state::{self, Deed, KeyState},
    usage::Noted,
};
use crate::{
    context::{Context, Home, Services},
    tables::{KmsAliases, KmsKeys},
};

/// The alias of the AWS managed key that secrets are under by default.
pub(super) const DEFAULT_ALIAS: &str = "alias/aws/secretsmanager";

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
    /// Its row.
    pub(super) row: Key,
    pub(super) spec: KeySpec,
    pub(super) usage: KeyUsage,
    pub(super) noted: Noted,
    materials: Vec<OpenMaterial>,
}

/// How a request names a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyName {
    /// `alias/…`, in an account and Region.
    Alias(Home, String),
    /// A key id, in an account and Region.
    Id(Home, String),
}

impl OpenKey {
    /// Opens the key of a row.
    pub(super) fn of(
        services: &Services,
        home: &Home,
        id: &str,
        row: Key,
    ) -> std::result::Result<Self, StoreError> {
        let corrupt = || corrupt(home, id);
        let document = key_policy::document(home, &row);
        Ok(Self {
            arn: home.arn("kms", format_args!("key/{id}")),
            home: *home,
            id: id.to_owned(),
            policy: Policy::parse(&document, PolicyKind::Key).map_err(|_| corrupt())?,
            materials: services.key_material.open(home, id, &row)?,
            spec: spec_of(&row).ok_or_else(corrupt)?,
            usage: usage_of(&row).ok_or_else(corrupt)?,
            noted: Noted::default(),
            row,
        })
    }

    /// The key of its row.
    pub(super) fn place(&self) -> (AccountId, Region, String) {
        (self.home.account, self.home.region, self.id.clone())
    }

    /// The newest material, which encrypts.
    pub(super) fn current(&self) -> Option<&OpenMaterial> {
        self.materials.last()
    }

    /// The material of an older ciphertext.
    pub(super) fn material(&self, id: &[u8; 32]) -> Option<&OpenMaterial> {
        self.materials.iter().find(|known| known.id == *id)
    }

    /// `KeyState`, at a time.
    pub(super) fn state(&self, now: Timestamp) -> KeyState {
        state_of(&self.row, now)
    }

    /// # Errors
    /// When the key's state does not let it.
    pub(super) fn check(&self, deed: Deed, now: Timestamp) -> Result<()> {
        state::check(deed, self.state(now), &self.arn)
    }

    /// `Origin`.
    pub(super) fn origin(&self) -> &'static str {
        if self.row.external {
            "EXTERNAL"
        } else {
            "AWS_KMS"
        }
    }

    /// # Errors
    /// `InvalidKeyUsageException`.
    pub(super) fn check_usage(&self, usage: KeyUsage, operation: &str) -> Result<()> {
        if self.usage == usage {
            Ok(())
        } else {
            Err(Error::usage(&self.arn, self.usage.as_str(), operation))
        }
    }

    /// Writes the key's row in place of the one that it was opened from.
    pub(super) fn save(&self, cx: &mut Context<'_>, row: &Key) -> Result<()> {
        Ok(cx.tx.put::<KmsKeys>(&self.place(), row)?)
    }
}

/// The state of a key's row at a time.
pub(super) fn state_of(row: &Key, now: Timestamp) -> KeyState {
    if row.deletion_due_ms.is_some() {
        KeyState::PendingDeletion
    } else if row.deletion_window_days.is_some() {
        KeyState::PendingReplicaDeletion
    } else if row.external && !has_all_material(row, now) {
        KeyState::PendingImport
    } else if row.disabled {
        KeyState::Disabled
    } else {
        KeyState::Enabled
    }
}

/// Whether all imported material is there that ciphertexts may need.
fn has_all_material(row: &Key, now: Timestamp) -> bool {
    let now_ms = now.as_millisecond();
    let mut needed = row
        .materials
        .iter()
        .filter(|material| !material.pending_rotation)
        .peekable();
    let is_there = |material: &Material| {
        !material.wrapped.is_empty() && material.valid_to_ms.is_none_or(|ms| ms > now_ms)
    };
    needed.peek().is_some() && needed.all(is_there)
}

/// The material that encrypts, of a row.
pub(super) fn current_of(row: &Key) -> Option<&Material> {
    row.materials
        .iter()
        .rev()
        .find(|material| !material.pending_rotation)
}

impl KeyName {
    /// Reads a key id, key ARN, alias name or alias ARN as AWS's operations
    /// take it; names without an ARN are the caller's own.
    ///
    /// # Errors
    /// `NotFoundException` or `InvalidArnException` for an ARN that is none, or
    /// of another Region.
    pub fn parse(text: &str, home: Home) -> Result<Self> {
        if !text.starts_with("arn:") {
            return Ok(if text.starts_with("alias/") {
                Self::Alias(home, text.to_owned())
            } else {
                Self::Id(home, text.to_owned())
            });
        }
        let invalid = || Error::invalid_arn(format!("Invalid arn {text}"));
        let arn: Arn = text.parse().map_err(|_| invalid())?;
        if arn.service() != "kms" || arn.partition() != home.partition.as_str() {
            return Err(invalid());
        }
        if arn.region() != home.region.as_str() {
            return Err(Error::not_found(format!("Invalid arn {}", arn.region())));
        }
        let account = arn.account().parse().map_err(|_| invalid())?;
        let home = Home { account, ..home };
        if arn.resource().starts_with("alias/") {
            return Ok(Self::Alias(home, arn.resource().to_owned()));
        }
        let id = arn.resource().strip_prefix("key/").ok_or_else(invalid)?;
        Ok(Self::Id(home, id.to_owned()))
    }

    /// Where it is looked for.
    pub(super) fn home(&self) -> &Home {
        match self {
            Self::Alias(home, _) | Self::Id(home, _) => home,
        }
    }

    /// The ARN of what is named, be it there or not.
    pub(super) fn arn(&self) -> Arn {
        match self {
            Self::Alias(home, name) => home.arn("kms", format_args!("{name}")),
            Self::Id(home, id) => home.arn("kms", format_args!("key/{id}")),
        }
    }

    /// KMS's answer where it names nothing.
    pub(super) fn missing(&self) -> Error {
        match self {
            Self::Alias(..) => Error::not_found(format!("Alias {} is not found.", self.arn())),
            Self::Id(home, id) => Error::not_found(not_found(home, id)),
        }
    }

    /// The id of the key, if there is an alias of this name; the key itself
    /// may be missing.
    pub(super) async fn id(
        &self,
        cx: &mut Context<'_>,
    ) -> std::result::Result<Option<String>, StoreError> {
        match self {
            Self::Alias(home, name) => {
                let row = (home.account, home.region, name.clone());
                let alias = cx.tx.get::<KmsAliases>(&row).await?;
                Ok(alias.map(|alias| alias.target_key_id))
            }
            Self::Id(_, id) => Ok(Some(id.clone())),
        }
    }

    /// The key itself, if it is there.
    pub(super) async fn find(
        &self,
        cx: &mut Context<'_>,
    ) -> std::result::Result<Option<Arc<OpenKey>>, StoreError> {
        match self.id(cx).await? {
            Some(id) => open(cx, self.home(), &id).await,
            None => Ok(None),
        }
    }
}

/// Opens a key, if it is there.
///
/// A transaction that writes reads the key's row also where the key is
/// remembered, so that it conflicts with a change of the key or its policy
/// that commits before it does.
pub(super) async fn open(
    cx: &mut Context<'_>,
    home: &Home,
    id: &str,
) -> std::result::Result<Option<Arc<OpenKey>>, StoreError> {
    let place = (home.account, home.region, id.to_owned());
    let material = &cx.services.key_material;
    let generation = cx.generations.kms_keys;
    let remembered = material.opened.get_at(&place, generation);
    if remembered.is_some() && cx.mode == Mode::Read {
        return Ok(remembered);
    }
    let Some(row) = Box::pin(cx.tx.get::<KmsKeys>(&place)).await? else {
        return Ok(None);
    };
    if let Some(key) = remembered.filter(|key| key.row == row) {
        return Ok(Some(key));
    }
    let key = Arc::new(OpenKey::of(cx.services, home, id, row.clone())?);
    // What the transaction itself has written is not to be remembered.
    if cx.mode == Mode::Read {
        cx.services
            .key_material
            .opened
            .keep(place, Arc::clone(&key), generation);
    }
    Ok(Some(key))
}

/// The AWS managed key `aws/secretsmanager` of an account and Region, made
/// now if this is its first use. Only in a transaction that writes.
pub(super) async fn default_key(
    cx: &mut Context<'_>,
    home: &Home,
) -> std::result::Result<Arc<OpenKey>, StoreError> {
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
    let id = random.uuid().to_string();
    let material = &cx.services.key_material;
    let first = material.wrap(random, home, &id, random.key().as_ref(), created_ms);
    let key = Key {
        created_ms,
        aws_managed: true,
        description: "Default key that protects my Secrets Manager data when no other key is \
                      defined"
            .to_owned(),
        materials: vec![first],
        aliases: vec![DEFAULT_ALIAS.to_owned()],
        // AWS rotates its own keys every year.
        rotation: Some(rotation::schedule(rotation::USUAL_DAYS, cx.now)),
        ..Key::default()
    };
    rotation::put_job(&mut cx.tx, home, &id, &key)?;
    let opened = OpenKey::of(cx.services, home, &id, key)?;
    cx.tx.put::<KmsKeys>(&opened.place(), &opened.row)?;
    cx.tx.put::<KmsAliases>(
        &row,
        &Alias {
            target_key_id: id,
            created_ms,
            updated_ms: 0,
        },
    )?;
    Ok(Arc::new(opened))
}

/// Whether a text has the form of a key id.
pub(super) fn looks_like_an_id(id: &str) -> bool {
    let digits = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if let Some(rest) = id.strip_prefix("mrk-") {
        return digits(rest, 32);
    }
    let parts: Vec<&str> = id.split('-').collect();
    let lengths = [8, 4, 4, 4, 12];
    parts.len() == lengths.len()
        && parts
            .iter()
            .zip(lengths)
            .all(|(part, length)| digits(part, length))
}

/// KMS's message about a key id that names no key.
pub(super) fn not_found(home: &Home, id: &str) -> String {
    if looks_like_an_id(id) {
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

/// # Errors
/// `UnsupportedOperationException` if the key's material is not made here.
pub(super) fn must_be_own(key: &OpenKey) -> Result<()> {
    if key.row.external {
        return Err(Error::origin(&key.arn, key.origin()));
    }
    Ok(())
}

/// # Errors
/// `UnsupportedOperationException` if the key's material is not imported.
pub(super) fn must_be_external(key: &OpenKey) -> Result<()> {
    if !key.row.external {
        return Err(Error::origin(&key.arn, key.origin()));
    }
    Ok(())
}

/// # Errors
/// `UnsupportedOperationException`, without a text as AWS has it, unless the
/// key is a symmetric one for encryption.
pub(super) fn must_be_symmetric(key: &OpenKey) -> Result<()> {
    if key.spec == KeySpec::SymmetricDefault {
        return Ok(());
    }
    Err(Error::kms(Code::UnsupportedOperation, ""))
}
