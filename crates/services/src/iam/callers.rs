use std::{fmt, sync::Arc};

use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::{CommitObserver, Mode, Store, StoreError, Table as _};
use strongroom_types::{AccountId, Arn, Partition, Principal, Sensitive};

use super::{
    managed_policies,
    record::{AccessKey, User},
};
use crate::{
    cache::Cache,
    cloudtrail::Identity,
    tables::{AccessKeys, Users},
};

/// Who signs with an access key, and what they may do.
pub struct Caller {
    /// Who it is.
    pub principal: Principal,
    /// The principal's account.
    pub account: AccountId,
    /// The ARN that names the caller in refusals and records.
    pub arn: Arn,
    /// The caller in audit records.
    pub identity: Identity,
    /// The key the request was signed with.
    pub access_key_id: String,
    /// The secret half of it, to derive signing keys from.
    pub secret_access_key: Sensitive<String>,
    /// Attached and inline policies, compiled.
    pub policies: Vec<IdentityPolicy>,
}

/// A policy of a user, with the name that explanations use.
pub struct IdentityPolicy {
    /// The ARN of a managed policy, the name of an inline one.
    pub name: String,
    /// The policy itself.
    pub policy: Policy,
}

/// Finds callers by access key id; remembers those that it found.
#[derive(Clone)]
pub struct Callers(Arc<Cache<String, Caller>>);

impl Callers {
    /// Remembers callers of this store.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        let cache = Arc::new(Cache::of(const { &[AccessKeys::ID, Users::ID] }));
        store.observe(Arc::clone(&cache) as Arc<dyn CommitObserver>);
        Self(cache)
    }

    /// The caller with this access key, if the key is known and active.
    ///
    /// # Errors
    /// When the store cannot answer, or holds a policy that it should not
    /// have taken: then nobody is let in.
    pub async fn find(
        &self,
        store: &Store,
        partition: Partition,
        access_key_id: &str,
    ) -> Result<Option<Arc<Caller>>, CallerError> {
        if let Some(caller) = self.0.get(access_key_id) {
            return Ok(Some(caller));
        }
        let generation = self.0.generation();
        let mut tx = store.begin(Mode::Read).await?;
        let Some(key) = tx.get::<AccessKeys>(&(access_key_id.to_owned(),)).await? else {
            return Ok(None);
        };
        let account = AccountId::new(key.account).ok_or(CallerError::Inconsistent)?;
        let user = tx
            .get::<Users>(&(account, key.user_name.to_lowercase()))
            .await?;
        let (Some(user), true) = (user, key.active) else {
            return Ok(None);
        };
        let caller = Arc::new(Caller::user(partition, account, user, access_key_id, &key)?);
        self.0
            .keep(access_key_id.to_owned(), Arc::clone(&caller), generation);
        Ok(Some(caller))
    }
}

/// Why it is not known who the caller is, although the key may be good.
#[derive(Debug, thiserror::Error)]
pub enum CallerError {
    /// An access key's row does not fit the user's.
    #[error("an access key and its user do not fit together")]
    Inconsistent,
    /// A policy in the store does not compile.
    #[error("cannot compile policy `{0}`")]
    Policy(String),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Caller {
    fn user(
        partition: Partition,
        account: AccountId,
        user: User,
        access_key_id: &str,
        key: &AccessKey,
    ) -> Result<Self, CallerError> {
        let managed = user.attached_policies.iter().map(|arn| {
            let document = managed_policies::document(arn);
            (
                arn,
                document.ok_or_else(|| CallerError::Policy(arn.clone())),
            )
        });
        let inline = user
            .inline_policies
            .iter()
            .map(|inline| (&inline.name, Ok(inline.document.as_str().into())));
        let mut policies = Vec::new();
        for (name, document) in managed.chain(inline) {
            let policy = Policy::parse(&document?, PolicyKind::Identity)
                .map_err(|_| CallerError::Policy(name.clone()))?;
            policies.push(IdentityPolicy {
                name: name.clone(),
                policy,
            });
        }
        let principal = Principal::User {
            account,
            path: user.path.into(),
            name: user.name.into(),
            id: user.id.into(),
        };
        let arn = principal
            .arn(partition.as_str())
            .ok_or(CallerError::Inconsistent)?;
        Ok(Self {
            identity: Identity::of(&principal, account, &arn, access_key_id),
            arn,
            principal,
            account,
            access_key_id: access_key_id.to_owned(),
            secret_access_key: Sensitive::new(key.secret.clone()),
            policies,
        })
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.arn.fmt(f)
    }
}
