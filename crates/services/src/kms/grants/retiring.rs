//! The grant that RetireGrant is about, and who may retire it.

use std::sync::Arc;

use strongroom_policy::{Policy, Values};
use strongroom_types::{AccountId, Principal};

use super::{
    find,
    held::{is_who, names},
    missing, of_token,
};
use crate::{
    authorize::{Keys, Target},
    context::Context,
    kms::{
        error::{Code, Error, Result},
        key::{KeyName, OpenKey},
        record::Grant,
        target::{Forms, KeyRef},
    },
};

/// The grant that a request wants to retire.
pub struct RetiringRef {
    key: KeyRef,
    grant_id: String,
    grant: Option<Grant>,
    /// Whether the grant itself lets the caller retire it.
    is_entitled: bool,
}

/// A grant that the caller may retire.
pub(in crate::kms) struct Retiring {
    pub(in crate::kms) key: Arc<OpenKey>,
    pub(in crate::kms) grant_id: String,
    pub(in crate::kms) grant: Grant,
}

impl RetiringRef {
    /// Looks up a grant by its token, or by its key and id.
    ///
    /// # Errors
    /// `InvalidGrantTokenException`, `ValidationException`; as
    /// [`KeyRef::resolve`].
    pub(in crate::kms) async fn resolve(
        cx: &mut Context<'_>,
        token: Option<&str>,
        key_id: Option<&str>,
        grant_id: Option<&str>,
    ) -> Result<Self> {
        let (key, grant_id) = match (token, key_id, grant_id) {
            (Some(token), None, None) => {
                let place = of_token(cx, token)?;
                let invalid = || Error::kms(Code::InvalidGrantToken, "");
                let (home, id) = place.key(&cx.home()).ok_or_else(invalid)?;
                if home.region != cx.request.region {
                    return Err(invalid());
                }
                let key = KeyRef::named(cx, KeyName::Id(home, id)).await?;
                (key, place.grant_id)
            }
            (None, Some(key_id), Some(grant_id)) => {
                let key = KeyRef::resolve(cx, key_id, Forms::KeyOnly).await?;
                (key, grant_id.to_owned())
            }
            _ => {
                return Err(Error::validation(
                    "Either GrantToken, or KeyId and GrantId must be given.",
                ));
            }
        };
        let grant = match key.key().cloned() {
            Some(found) => find(cx, &found, &grant_id).await?,
            None => None,
        };
        // Who has the token knows that the grant was there.
        if token.is_some() && grant.is_none() {
            return Err(missing(&grant_id));
        }
        let is_entitled = grant.as_ref().is_some_and(|grant| {
            let names = names(cx);
            let may_retire = |operation: &String| operation == "RetireGrant";
            let caller = &cx.request.caller;
            let is = |name, id| names.contains(name) && is_who(id, &caller.principal);
            is(&grant.retiring, &grant.retiring_id)
                || is(&grant.grantee, &grant.grantee_id) && grant.operations.iter().any(may_retire)
                || matches!(caller.principal, Principal::Root { .. })
                    && caller.account.number() == grant.issuing_account
        });
        Ok(Self {
            key,
            grant_id,
            grant,
            is_entitled,
        })
    }

    /// The grant, if it is there.
    ///
    /// # Errors
    /// `NotFoundException`.
    pub(in crate::kms) fn found(self) -> Result<Retiring> {
        let key = self.key.key().cloned();
        let key = key.ok_or_else(|| self.key.missing())?;
        let grant = self.grant.ok_or_else(|| missing(&self.grant_id))?;
        Ok(Retiring {
            key,
            grant,
            grant_id: self.grant_id,
        })
    }
}

impl Target for RetiringRef {
    fn resource(&self) -> &str {
        self.key.resource()
    }

    fn shown(&self) -> Option<&str> {
        self.key.shown()
    }

    fn account(&self) -> Option<AccountId> {
        self.key.account()
    }

    fn policy(&self) -> Option<&Policy> {
        self.key.policy()
    }

    fn condition_keys(&self, keys: &mut Keys) {
        self.key.condition_keys(keys);
    }

    fn condition_key(&self, key: &str) -> Option<Values<'_>> {
        self.key.condition_key(key)
    }

    fn kms_grant(&self, _: &str) -> Option<&str> {
        self.is_entitled.then_some(self.grant_id.as_str())
    }
}
