//! The key that a request names, as policies see it.

use std::{collections::BTreeMap, sync::Arc};

use strongroom_policy::{Policy, PolicyKind, Values};
use strongroom_store::Mode;
use strongroom_types::{AccountId, Arn};

use super::{
    error::{Error, Result},
    grants::{self, Held},
    key::{KeyName, OpenKey, looks_like_an_id},
    key_policy,
    record::Key,
    spec::KeyUsage,
    state::Deed,
};
use crate::{
    authorize::{Authorized, Keys, Target, check},
    cloudtrail::Resource,
    context::Context,
    tables::KmsKeys,
};

/// How a request may name a key.
///
/// Source: KMS Developer Guide, "Key identifiers (KeyId)".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forms {
    /// Key id, key ARN, alias name, alias ARN: cryptographic operations,
    /// DescribeKey, GetPublicKey.
    Any,
    /// Key id or key ARN: what manages a key.
    KeyOnly,
}

/// The key that a request names, whether it is there or not: a missing one is
/// judged by the ARN it would have, so that nobody learns by asking which keys
/// another account has.
pub struct KeyRef {
    name: KeyName,
    arn: Arn,
    key: Option<Arc<OpenKey>>,
    /// Of a missing key of the caller's account: as if it had the policy that
    /// leaves all to identity policies.
    stand_in: Option<Policy>,
    caller: AccountId,
    /// The caller's grants that could bear on the request.
    held: Vec<Held>,
    context: BTreeMap<String, String>,
    /// What the caller asks to be granted.
    asked: Option<Box<super::record::Grant>>,
    /// Whether the operation is for keys of the caller's account alone,
    /// whatever a key's policy says.
    own_only: bool,
}

/// A key that exists and that the caller may use for the operation at hand.
pub(super) struct FoundKey {
    pub(super) key: Arc<OpenKey>,
}

impl KeyRef {
    /// Looks up what `key_id` names, for operations that take no grants.
    ///
    /// # Errors
    /// `InvalidArnException`, `NotFoundException` where it can name nothing.
    pub(super) async fn resolve(cx: &mut Context<'_>, key_id: &str, forms: Forms) -> Result<Self> {
        let name = KeyName::parse(key_id, cx.home())?;
        match &name {
            KeyName::Alias(..) if forms == Forms::KeyOnly => {
                // As any other text that is no key id.
                let error = if key_id.starts_with("arn:") {
                    Error::invalid_arn(format!("Invalid arn {key_id}"))
                } else {
                    Error::not_found(format!("Invalid keyId '{key_id}'"))
                };
                return Err(error);
            }
            KeyName::Id(_, id) if !looks_like_an_id(id) => return Err(name.missing()),
            _ => {}
        }
        Self::named(cx, name).await
    }

    /// As [`KeyRef::resolve`] by key id or ARN, for operations that are for keys
    /// of the caller's account alone.
    ///
    /// # Errors
    /// As [`KeyRef::resolve`].
    ///
    /// Source: KMS API Reference, "Cross-account use" of each operation.
    pub(super) async fn own(cx: &mut Context<'_>, key_id: &str) -> Result<Self> {
        let found = Self::resolve(cx, key_id, Forms::KeyOnly).await?;
        Ok(Self {
            own_only: true,
            ..found
        })
    }

    /// As [`KeyRef::resolve`], for an operation that grants may allow, with
    /// the encryption context that they may be bound to.
    ///
    /// # Errors
    /// As [`KeyRef::resolve`]; `InvalidGrantTokenException`.
    pub(super) async fn granted(
        cx: &mut Context<'_>,
        key_id: &str,
        tokens: Option<&[String]>,
        context: Option<&BTreeMap<String, String>>,
    ) -> Result<Self> {
        let found = Self::resolve(cx, key_id, Forms::Any).await?;
        found.with_grants(cx, tokens, context).await
    }

    /// The key with this ARN, with the caller's grants, for an operator who
    /// asks what the caller may do.
    ///
    /// # Errors
    /// As [`KeyRef::granted`].
    pub(crate) async fn asked_about(cx: &mut Context<'_>, arn: &str) -> Result<Self> {
        Self::granted(cx, arn, None, None).await
    }

    /// The key of a name.
    pub(super) async fn named(cx: &mut Context<'_>, name: KeyName) -> Result<Self> {
        let key = name.find(cx).await?;
        let caller = cx.request.caller.account;
        let stand_in = if key.is_none() && name.home().account == caller {
            Policy::parse(&key_policy::delegating(name.home()), PolicyKind::Key).ok()
        } else {
            None
        };
        if let Some(key) = &key {
            cx.remarks.resources.push(resource(key));
        }
        Ok(Self {
            arn: key
                .as_ref()
                .map_or_else(|| name.arn(), |key| key.arn.clone()),
            name,
            key,
            stand_in,
            caller,
            held: Vec::new(),
            context: BTreeMap::new(),
            asked: None,
            own_only: false,
        })
    }

    /// A key that is open already.
    pub(super) fn opened(cx: &Context<'_>, key: &Arc<OpenKey>) -> Self {
        Self {
            name: KeyName::Id(key.home, key.id.clone()),
            arn: key.arn.clone(),
            key: Some(Arc::clone(key)),
            stand_in: None,
            caller: cx.request.caller.account,
            held: Vec::new(),
            context: BTreeMap::new(),
            asked: None,
            own_only: false,
        }
    }

    /// Looks for the caller's grants of the key.
    ///
    /// # Errors
    /// `InvalidGrantTokenException`.
    pub(super) async fn with_grants(
        mut self,
        cx: &mut Context<'_>,
        tokens: Option<&[String]>,
        context: Option<&BTreeMap<String, String>>,
    ) -> Result<Self> {
        grants::check_tokens(cx, tokens)?;
        if let Some(key) = &self.key {
            self.held = grants::held(cx, key).await?;
            if !self.held.is_empty() {
                self.context = context.cloned().unwrap_or_default();
            }
        }
        Ok(self)
    }

    /// The grant that the caller asks for, which one of the caller's own may
    /// have to cover.
    pub(super) fn asking(mut self, grant: super::record::Grant) -> Self {
        self.asked = Some(Box::new(grant));
        self
    }

    /// The key, if it is there; not to be used before the caller is judged.
    pub(super) fn key(&self) -> Option<&Arc<OpenKey>> {
        self.key.as_ref()
    }

    /// KMS's answer where the key is not there.
    pub(super) fn missing(&self) -> Error {
        self.name.missing()
    }

    /// Answers a ciphertext's key that is hidden from the caller: one of
    /// another account that does not let the caller in, or none at all.
    ///
    /// # Errors
    /// `AccessDeniedException`.
    pub(super) fn or_hidden(self, cx: &Context<'_>, action: &str, keys: &Keys) -> Result<Self> {
        let foreign = self.name.home().account != self.caller;
        if self.key.is_none() || foreign && check(cx, &self, action, keys).is_err() {
            return Err(Error::hidden_key());
        }
        Ok(self)
    }
}

impl Authorized<KeyRef> {
    /// The key.
    ///
    /// # Errors
    /// `NotFoundException`.
    pub(super) fn found(self) -> Result<FoundKey> {
        let KeyRef { name, key, .. } = self.into_inner();
        let key = key.ok_or_else(|| name.missing())?;
        Ok(FoundKey { key })
    }

    /// The key, if it can have this done in its state and is for this use.
    ///
    /// # Errors
    /// `NotFoundException`, and those of the state and the usage.
    pub(super) fn usable(
        self,
        cx: &Context<'_>,
        deed: Deed,
        usage: KeyUsage,
        operation: &str,
    ) -> Result<Arc<OpenKey>> {
        let FoundKey { key } = self.found()?;
        key.check(deed, cx.now)?;
        key.check_usage(usage, operation)?;
        Ok(key)
    }
}

impl FoundKey {
    /// The key's row as the transaction sees it, to be changed and written
    /// back.
    ///
    /// # Errors
    /// When the store fails, or the key is gone meanwhile.
    pub(super) async fn row(&self, cx: &mut Context<'_>) -> Result<Key> {
        debug_assert_eq!(cx.mode, Mode::Write);
        let row = cx.tx.get::<KmsKeys>(&self.key.place()).await?;
        row.ok_or_else(|| Error::not_found(super::key::not_found(&self.key.home, &self.key.id)))
    }
}

impl Target for KeyRef {
    fn resource(&self) -> &str {
        self.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(self.arn.as_str())
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.name.home().account)
    }

    fn policy(&self) -> Option<&Policy> {
        match &self.key {
            Some(_) if self.own_only && self.name.home().account != self.caller => None,
            Some(key) => Some(&key.policy),
            // A key of another account that is not there lets nobody in, as
            // one that is there and does not.
            None => self.stand_in.as_ref(),
        }
    }

    fn condition_keys(&self, keys: &mut Keys) {
        if let Some(key) = &self.key {
            tag_keys(key, keys);
        }
    }

    fn condition_key(&self, name: &str) -> Option<Values<'_>> {
        match name {
            "kms:calleraccount" => Some(Values::One(self.caller.to_string().into())),
            "kms:requestalias" => match &self.name {
                KeyName::Alias(_, alias) => Some(Values::One(alias.as_str().into())),
                KeyName::Id(..) => None,
            },
            _ => key_condition(self.key.as_ref()?, name),
        }
    }

    fn is_aws_managed_key(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.row.aws_managed)
    }

    fn kms_grant(&self, action: &str) -> Option<&str> {
        let operation = action.strip_prefix("kms:")?;
        let fits = |held: &&Held| held.fits(operation, &self.context, self.asked.as_deref());
        self.held.iter().find(fits).map(|held| held.id.as_str())
    }
}

/// The condition keys of a key itself, less its tags.
///
/// Source: KMS Developer Guide, "Condition keys for AWS KMS".
pub(super) fn key_condition<'k>(key: &'k OpenKey, name: &str) -> Option<Values<'k>> {
    let value = match name {
        "kms:keyspec" | "kms:customermasterkeyspec" => key.spec.as_str(),
        "kms:keyusage" | "kms:customermasterkeyusage" => key.usage.as_str(),
        "kms:keyorigin" => key.origin(),
        "kms:multiregion" => {
            if key.row.multi_region.is_some() {
                "true"
            } else {
                "false"
            }
        }
        "kms:multiregionkeytype" => {
            let multi_region = key.row.multi_region.as_ref()?;
            if multi_region.primary == key.home.region.as_str() {
                "PRIMARY"
            } else {
                "REPLICA"
            }
        }
        "kms:resourcealiases" => {
            let aliases = key.row.aliases.iter();
            return Some(Values::Many(
                aliases.map(|alias| alias.as_str().into()).collect(),
            ));
        }
        _ => return None,
    };
    Some(Values::One(value.into()))
}

/// `aws:ResourceTag/…` of a key.
pub(super) fn tag_keys(key: &OpenKey, keys: &mut Keys) {
    for tag in &key.row.tags {
        keys.one(&format!("aws:ResourceTag/{}", tag.key), &tag.value);
    }
}

/// A key in the records of its use.
pub(super) fn resource(key: &OpenKey) -> Resource {
    Resource {
        account: key.home.account,
        r#type: "AWS::KMS::Key",
        arn: key.arn.shared(),
    }
}
