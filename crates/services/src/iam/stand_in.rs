//! Principals without credentials, for an operator who asks what they may do.

use std::sync::Arc;

use strongroom_store::{Mode, Store, Transaction};
use strongroom_types::{AccountId, Arn, Partition, Sensitive, Timestamp};

use super::{
    caller::Caller,
    callers::{CallerError, Callers},
    standing::Standing,
};
use crate::sts::{
    session::{FederatedHolder, Holder, RoleHolder, Session, UserHolder},
    token::Opened,
};

/// How long the session of an operator's question lasts.
const HOUR_MS: i64 = 3_600_000;

/// Whom an operator asks about.
#[derive(Clone, Copy)]
pub(crate) struct StandIn<'a> {
    /// Its ARN.
    pub(crate) principal: &'a str,
    /// The ARN of the user who vouches for a federated user.
    pub(crate) issuer: Option<&'a str>,
    /// A policy that limits the session.
    pub(crate) session_policy: Option<&'a str>,
}

/// What the holder of a session may do by itself, and who it is.
type Held = Option<(Arc<Standing>, Holder)>;

/// Where standings are read.
struct Place<'a> {
    callers: &'a Callers,
    tx: Transaction,
    partition: Partition,
    account: AccountId,
    generation: u64,
}

impl Callers {
    /// The principal as a caller without credentials. A role stands for a
    /// session of it that begins now, without tags of its own; a federated user
    /// for one whom `issuer` vouches for, or the root user.
    ///
    /// # Errors
    /// As [`Callers::find`].
    pub(crate) async fn stand_in(
        &self,
        store: &Store,
        partition: Partition,
        now: Timestamp,
        asked: StandIn<'_>,
    ) -> Result<Option<Caller>, CallerError> {
        let Some((arn, account)) = near(asked.principal, partition) else {
            return Ok(None);
        };
        let mut place = Place {
            callers: self,
            generation: self.generation(),
            tx: store.begin(Mode::Read).await?,
            partition,
            account,
        };
        let (kind, name) = arn
            .resource()
            .split_once('/')
            .unwrap_or((arn.resource(), ""));
        let found = match (arn.service(), kind) {
            ("iam", "root") if name.is_empty() => {
                Some(Caller::root(partition, account, "", Sensitive::default())?)
            }
            ("iam", "user") => match place.user(last(name)).await? {
                Some(standing) => Some(Caller::of_user(partition, account, standing)?),
                None => None,
            },
            _ => {
                let held = match (arn.service(), kind, name.split_once('/')) {
                    ("iam", "role", _) => place.role(last(name), "explain").await?,
                    ("sts", "assumed-role", Some((role, session))) => {
                        place.role(role, session).await?
                    }
                    ("sts", "federated-user", _) => place.federated(name, asked.issuer).await?,
                    _ => None,
                };
                match held {
                    Some(held) => Some(place.session(held, now, asked.session_policy).await?),
                    None => None,
                }
            }
        };
        // Names are found in any case, ARNs have one.
        Ok(found.filter(|caller| {
            caller.arn == arn || caller.policy_arn.as_deref() == Some(arn.as_str())
        }))
    }
}

impl Place<'_> {
    async fn user(&mut self, name: &str) -> Result<Option<Arc<Standing>>, CallerError> {
        let (partition, account) = (self.partition, self.account);
        self.callers
            .user(&mut self.tx, partition, account, name, self.generation)
            .await
    }

    async fn role(&mut self, name: &str, session_name: &str) -> Result<Held, CallerError> {
        let (partition, account) = (self.partition, self.account);
        let standing = self
            .callers
            .role(&mut self.tx, partition, account, name, self.generation)
            .await?;
        Ok(standing.map(|standing| {
            let holder = RoleHolder {
                name: standing.name.to_string(),
                id: standing.id.to_string(),
                session_name: session_name.to_owned(),
            };
            (standing, Holder::Role(holder))
        }))
    }

    async fn federated(&mut self, name: &str, issuer: Option<&str>) -> Result<Held, CallerError> {
        let of = |issuer| {
            let holder = FederatedHolder {
                name: name.to_owned(),
                issuer,
            };
            Holder::Federated(holder)
        };
        let Some(issuer) = issuer else {
            return Ok(Some((Arc::new(Standing::of_root()?), of(None))));
        };
        let user = near(issuer, self.partition)
            .filter(|(_, account)| *account == self.account)
            .and_then(|(arn, _)| Some(last(arn.resource().strip_prefix("user/")?).to_owned()));
        let Some(user) = user else {
            return Ok(None);
        };
        let standing = self.user(&user).await?;
        Ok(standing.map(|standing| {
            let issuer = UserHolder {
                name: standing.name.to_string(),
                id: standing.id.to_string(),
            };
            (standing, of(Some(issuer)))
        }))
    }

    /// A session that begins now.
    async fn session(
        &mut self,
        (standing, holder): (Arc<Standing>, Holder),
        now: Timestamp,
        policy: Option<&str>,
    ) -> Result<Caller, CallerError> {
        let issued_ms = now.as_second().saturating_mul(1000);
        let session = Session {
            account: self.account.number(),
            issued_ms,
            expires_ms: issued_ms.saturating_add(HOUR_MS),
            holder: Some(holder),
            policy: policy.map(str::to_owned),
            ..Session::default()
        };
        let opened = Opened {
            session,
            secret_access_key: Sensitive::default(),
        };
        Caller::session(&mut self.tx, self.partition, standing, opened, "").await
    }
}

/// The last part of a path.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// An ARN of this partition, and its account.
fn near(arn: &str, partition: Partition) -> Option<(Arn, AccountId)> {
    let arn: Arn = arn.parse().ok()?;
    let account = arn.account().parse().ok()?;
    (arn.partition() == partition.as_str()).then_some((arn, account))
}
