use std::sync::Arc;

use strongroom_crypto::constant_time_eq;
use strongroom_store::{CommitObserver, Mode, Store, StoreError, Table as _, Transaction};
use strongroom_types::{AccountId, Partition, Sensitive, Timestamp};

use super::{
    caller::{Caller, Key},
    principals,
    standing::Standing,
    uses::Uses,
};
use crate::{
    cache::{Cache, CacheFigures},
    sts::{
        authorization_message::AuthorizationMessages,
        session::{Holder, Session, UserHolder},
        token::SessionTokens,
    },
    tables::{AccessKeys, Groups, ManagedPolicies, Roles, Users},
};

/// Finds callers by access key id or session token; remembers those that it
/// found.
#[derive(Clone)]
pub struct Callers(Arc<Inner>);

struct Inner {
    uses: Uses,
    tokens: SessionTokens,
    messages: AuthorizationMessages,
    /// By long-term access key id.
    long_term: Arc<Cache<String, Caller>>,
    /// By temporary access key id, which is no proof of anything: the token
    /// has to be the same too.
    sessions: Arc<Cache<String, Caller>>,
    standings: Arc<Cache<Entity, Standing>>,
}

/// What a standing is of.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Entity {
    Role(AccountId, String),
    User(AccountId, String),
}

/// What a session token is good for.
#[derive(Debug)]
pub enum Found {
    /// The session's caller.
    Caller(Arc<Caller>),
    /// Nothing any more.
    Expired,
    /// Nothing: it was not made here, goes with another access key, or whoever
    /// it speaks for is gone.
    Unknown,
}

impl Callers {
    /// Remembers callers of this store.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        const ENTITIES: &[u8] = &[Users::ID, Groups::ID, Roles::ID, ManagedPolicies::ID];
        const ALL: &[u8] = &[
            AccessKeys::ID,
            Users::ID,
            Groups::ID,
            Roles::ID,
            ManagedPolicies::ID,
        ];
        let inner = Inner {
            uses: Uses::default(),
            tokens: SessionTokens::new(&store.seal().derive("session tokens")),
            messages: AuthorizationMessages::new(&store.seal().derive("authorization messages")),
            long_term: Arc::new(Cache::of(ALL)),
            sessions: Arc::new(Cache::of(ENTITIES)),
            standings: Arc::new(Cache::of(ENTITIES)),
        };
        store.observe(Arc::clone(&inner.long_term) as Arc<dyn CommitObserver>);
        store.observe(Arc::clone(&inner.sessions) as Arc<dyn CommitObserver>);
        store.observe(Arc::clone(&inner.standings) as Arc<dyn CommitObserver>);
        Self(Arc::new(inner))
    }

    /// How the caches do: those of callers by access key, of sessions, and of
    /// what users and roles may do.
    #[must_use]
    pub fn cache_figures(&self) -> [CacheFigures; 3] {
        let inner = &self.0;
        [
            inner.long_term.figures(),
            inner.sessions.figures(),
            inner.standings.figures(),
        ]
    }

    /// When access keys and roles were last used.
    #[must_use]
    pub fn uses(&self) -> &Uses {
        &self.0.uses
    }

    /// Makes and opens session tokens.
    #[must_use]
    pub fn tokens(&self) -> &SessionTokens {
        &self.0.tokens
    }

    /// To be asked before the transaction begins that standings are read by.
    pub(super) fn generation(&self) -> u64 {
        self.0.standings.generation()
    }

    /// Seals and opens what denials tell.
    #[must_use]
    pub(crate) fn messages(&self) -> &AuthorizationMessages {
        &self.0.messages
    }

    /// The caller with this long-term access key, if the key is known and
    /// active.
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
        match self.0.long_term.get(access_key_id) {
            Some(caller) => Ok(Some(caller)),
            // In a place of its own: else every request would carry the room
            // that this takes.
            None => Box::pin(self.load(store, partition, access_key_id)).await,
        }
    }

    async fn load(
        &self,
        store: &Store,
        partition: Partition,
        access_key_id: &str,
    ) -> Result<Option<Arc<Caller>>, CallerError> {
        let cache = &self.0.long_term;
        let generation = cache.generation();
        let standings = self.0.standings.generation();
        let mut tx = store.begin(Mode::Read).await?;
        let Some(key) = tx.get::<AccessKeys>(&(access_key_id.to_owned(),)).await? else {
            return Ok(None);
        };
        if !key.active {
            return Ok(None);
        }
        let account = AccountId::new(key.account).ok_or(CallerError::Inconsistent)?;
        let secret = Sensitive::new(key.secret.clone());
        let caller = if key.user_name.is_empty() {
            Caller::root(partition, account, access_key_id, secret)?
        } else {
            let standing = self
                .user(&mut tx, partition, account, &key.user_name, standings)
                .await?;
            let Some(standing) = standing else {
                return Ok(None);
            };
            let key = Key {
                id: access_key_id,
                secret,
            };
            Caller::user(partition, account, standing, key)?
        };
        let caller = Arc::new(caller);
        cache.keep(access_key_id.to_owned(), Arc::clone(&caller), generation);
        Ok(Some(caller))
    }

    /// The caller that a session token speaks for, if the token was made here
    /// for this access key and has not expired. Nothing of the session itself
    /// is looked up; what its role or user may do is.
    ///
    /// # Errors
    /// As [`Callers::find`].
    pub async fn find_session(
        &self,
        store: &Store,
        partition: Partition,
        access_key_id: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<Found, CallerError> {
        if let Some(caller) = self.0.sessions.get(access_key_id)
            && let Some(session) = &caller.session
            && constant_time_eq(session.token.expose().as_bytes(), token.as_bytes())
        {
            if session.statement.has_expired(now) {
                return Ok(Found::Expired);
            }
            return Ok(Found::Caller(caller));
        }
        let loaded = self.load_session(store, partition, access_key_id, token, now);
        Box::pin(loaded).await
    }

    async fn load_session(
        &self,
        store: &Store,
        partition: Partition,
        access_key_id: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<Found, CallerError> {
        let Some(opened) = self.0.tokens.open(token) else {
            return Ok(Found::Unknown);
        };
        if opened.session.access_key_id != access_key_id {
            return Ok(Found::Unknown);
        }
        if opened.session.has_expired(now) {
            return Ok(Found::Expired);
        }
        let cache = &self.0.sessions;
        let generation = cache.generation();
        let standings = self.0.standings.generation();
        let mut tx = store.begin(Mode::Read).await?;
        let standing = self
            .standing(&mut tx, partition, &opened.session, standings)
            .await?;
        let Some(standing) = standing else {
            return Ok(Found::Unknown);
        };
        let caller = Caller::session(&mut tx, partition, standing, opened, token).await?;
        let caller = Arc::new(caller);
        cache.keep(access_key_id.to_owned(), Arc::clone(&caller), generation);
        Ok(Found::Caller(caller))
    }

    /// What the session's holder may do by itself; nothing if that role or
    /// user is gone, even if one of the same name was made since.
    async fn standing(
        &self,
        tx: &mut Transaction,
        partition: Partition,
        session: &Session,
        generation: u64,
    ) -> Result<Option<Arc<Standing>>, CallerError> {
        let account = session.account().ok_or(CallerError::Inconsistent)?;
        let holder = session.holder.as_ref().ok_or(CallerError::Inconsistent)?;
        match holder {
            Holder::Role(role) => {
                let standing = self.role(tx, partition, account, &role.name, generation);
                Ok(standing.await?.filter(|it| *it.id == *role.id))
            }
            Holder::User(user) => self.behind(tx, partition, account, user, generation).await,
            Holder::Federated(federated) => match &federated.issuer {
                Some(user) => self.behind(tx, partition, account, user, generation).await,
                None => Standing::of_root().map(|standing| Some(Arc::new(standing))),
            },
            Holder::Root(_) => Ok(Some(Arc::default())),
        }
    }

    /// The user who made a session, also if it has another name by now.
    async fn behind(
        &self,
        tx: &mut Transaction,
        partition: Partition,
        account: AccountId,
        holder: &UserHolder,
        generation: u64,
    ) -> Result<Option<Arc<Standing>>, CallerError> {
        let UserHolder { name, id } = holder;
        let named = self.user(tx, partition, account, name, generation).await?;
        if let Some(standing) = named.filter(|standing| *standing.id == **id) {
            return Ok(Some(standing));
        }
        match principals::by_id(tx, id).await? {
            Some(principals::Found::User(owner, user)) if owner == account => {
                self.user(tx, partition, account, &user.name, generation)
                    .await
            }
            _ => Ok(None),
        }
    }

    pub(super) async fn user(
        &self,
        tx: &mut Transaction,
        partition: Partition,
        account: AccountId,
        name: &str,
        generation: u64,
    ) -> Result<Option<Arc<Standing>>, CallerError> {
        let entity = Entity::User(account, name.to_lowercase());
        if let Some(standing) = self.0.standings.get(&entity) {
            return Ok(Some(standing));
        }
        let Some(user) = tx.get::<Users>(&(account, name.to_lowercase())).await? else {
            return Ok(None);
        };
        let standing = Arc::new(Standing::of_user(tx, partition, account, user).await?);
        let cache = &self.0.standings;
        cache.keep(entity, Arc::clone(&standing), generation);
        Ok(Some(standing))
    }

    pub(super) async fn role(
        &self,
        tx: &mut Transaction,
        partition: Partition,
        account: AccountId,
        name: &str,
        generation: u64,
    ) -> Result<Option<Arc<Standing>>, CallerError> {
        let entity = Entity::Role(account, name.to_lowercase());
        if let Some(standing) = self.0.standings.get(&entity) {
            return Ok(Some(standing));
        }
        let Some(role) = tx.get::<Roles>(&(account, name.to_lowercase())).await? else {
            return Ok(None);
        };
        let standing = Arc::new(Standing::of_role(tx, partition, role).await?);
        let cache = &self.0.standings;
        cache.keep(entity, Arc::clone(&standing), generation);
        Ok(Some(standing))
    }
}

/// Why it is not known who the caller is, although the key may be good.
#[derive(Debug, thiserror::Error)]
pub enum CallerError {
    /// An access key's row does not fit the user's.
    #[error("an access key and its user do not fit together")]
    Inconsistent,
    /// A policy in the store does not compile, or is not there.
    #[error("cannot compile policy `{0}`")]
    Policy(String),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}
