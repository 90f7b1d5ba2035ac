use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use strongroom_crypto::sha256;
use strongroom_store::Transaction;
use strongroom_types::{AccountId, Arn, Partition, Principal, Sensitive, Timestamp};

use super::{
    callers::CallerError,
    standing::{self, NamedPolicy, Standing},
};
use crate::{
    cloudtrail::Identity,
    sts::{
        session::{Claim, Holder, Session, WebIdentity, same_key},
        token::Opened,
    },
};

/// How much later than the last noted use of an access key another is noted.
const NOTES_APART_MS: i64 = 60_000;

/// Who signs with an access key, and what they may do.
pub struct Caller {
    /// Who it is.
    pub principal: Principal,
    /// For a federated user, the user or root user who vouches.
    pub issuer: Option<Principal>,
    /// The principal's account.
    pub account: AccountId,
    /// The ARN that names the caller in refusals and records.
    pub arn: Arn,
    /// The value of `aws:PrincipalArn`.
    pub policy_arn: Option<Box<str>>,
    /// The caller in audit records.
    pub identity: Identity,
    /// The key the request was signed with.
    pub access_key_id: String,
    /// The secret half of it, to derive signing keys from.
    pub secret_access_key: Sensitive<String>,
    /// Tells secrets of the same access key id apart: zero for long-term keys,
    /// chance for temporary ones.
    pub secret_version: u64,
    /// What the user or role behind the caller may do.
    pub standing: Arc<Standing>,
    /// What is so of temporary credentials alone.
    pub session: Option<CallerSession>,
    /// The values of `aws:PrincipalTag/…`, by the key in lower case.
    tags: Vec<(Box<str>, Box<str>)>,
    /// What an identity provider said, by the condition key in lower case.
    claims: Vec<(Box<str>, Claim)>,
    /// When a use of the access key was last noted, in milliseconds since the
    /// epoch.
    noted_ms: AtomicI64,
}

/// What a caller's session adds and limits.
pub struct CallerSession {
    /// What the token states.
    pub statement: Session,
    /// Session policies, compiled; nothing if none were passed.
    pub policies: Option<Vec<NamedPolicy>>,
    /// The token that was opened to this.
    pub token: Sensitive<String>,
}

/// An access key, both halves.
pub(super) struct Key<'a> {
    pub(super) id: &'a str,
    pub(super) secret: Sensitive<String>,
}

impl Caller {
    /// A user who signs with a long-term access key.
    pub(super) fn user(
        partition: Partition,
        account: AccountId,
        standing: Arc<Standing>,
        key: Key<'_>,
    ) -> Result<Self, CallerError> {
        let principal = user(account, &standing);
        Self::new(partition, principal, None, standing, key, None)
    }

    /// Whoever sends a request that needs no signature. It is of no account
    /// and has no policies; who it is shows from what is in the request.
    #[must_use]
    pub fn anonymous(partition: Partition) -> Self {
        let account = AccountId::NONE;
        Self {
            principal: Principal::Federated {
                provider: "".into(),
                id: "".into(),
            },
            issuer: None,
            account,
            arn: Arn::new(partition.as_str(), "sts", "", account, "anonymous"),
            policy_arn: None,
            identity: Identity::of_web_identity_user(),
            access_key_id: String::new(),
            secret_access_key: Sensitive::default(),
            secret_version: 0,
            standing: Arc::default(),
            session: None,
            tags: Vec::new(),
            claims: Vec::new(),
            noted_ms: AtomicI64::new(0),
        }
    }

    /// The root user of an account.
    ///
    /// # Errors
    /// None.
    pub fn root(
        partition: Partition,
        account: AccountId,
        access_key_id: &str,
        secret: Sensitive<String>,
    ) -> Result<Self, CallerError> {
        let principal = Principal::Root { account };
        let key = Key {
            id: access_key_id,
            secret,
        };
        Self::new(partition, principal, None, Arc::default(), key, None)
    }

    /// A service that calls by itself, for a resource of this account. `arn`
    /// names it in refusals.
    pub(crate) fn service(name: &'static str, account: AccountId, arn: Arn) -> Self {
        Self {
            principal: Principal::Service { name: name.into() },
            issuer: None,
            account,
            arn,
            policy_arn: None,
            identity: Identity::of_service(name),
            access_key_id: String::new(),
            secret_access_key: Sensitive::default(),
            secret_version: 0,
            standing: Arc::default(),
            session: None,
            tags: Vec::new(),
            claims: Vec::new(),
            noted_ms: AtomicI64::new(0),
        }
    }

    /// A service's own role at work inside the process: a session that needs
    /// no credentials.
    ///
    /// # Errors
    /// When the policy is none, or the principal is no role's session.
    pub(crate) fn service_role(
        partition: Partition,
        principal: Principal,
        policy: &str,
    ) -> Result<Self, CallerError> {
        let Principal::AssumedRole {
            path,
            role_name,
            role_id,
            ..
        } = &principal
        else {
            return Err(CallerError::Inconsistent);
        };
        let standing = Standing {
            path: path.clone(),
            name: role_name.clone(),
            id: role_id.clone(),
            identity: vec![standing::compile(role_name, policy)?],
            service_linked: true,
            ..Standing::default()
        };
        let key = Key {
            id: "",
            secret: Sensitive::default(),
        };
        Self::new(partition, principal, None, Arc::new(standing), key, None)
    }

    /// A user without an access key.
    pub(super) fn of_user(
        partition: Partition,
        account: AccountId,
        standing: Arc<Standing>,
    ) -> Result<Self, CallerError> {
        let key = Key {
            id: "",
            secret: Sensitive::default(),
        };
        Self::user(partition, account, standing, key)
    }

    /// Whoever a session token speaks for.
    pub(super) async fn session(
        tx: &mut Transaction,
        partition: Partition,
        standing: Arc<Standing>,
        opened: Opened,
        token: &str,
    ) -> Result<Self, CallerError> {
        let Opened {
            mut session,
            secret_access_key: secret,
        } = opened;
        let account = session.account().ok_or(CallerError::Inconsistent)?;
        let (principal, issuer) = match session.holder.as_ref() {
            Some(Holder::Role(role)) => {
                let principal = Principal::AssumedRole {
                    account,
                    path: standing.path.clone(),
                    role_name: standing.name.clone(),
                    role_id: standing.id.clone(),
                    session_name: role.session_name.as_str().into(),
                };
                (principal, None)
            }
            Some(Holder::Federated(federated)) => {
                let issuer = match federated.issuer {
                    Some(_) => user(account, &standing),
                    None => Principal::Root { account },
                };
                let name = federated.name.as_str().into();
                (Principal::FederatedUser { account, name }, Some(issuer))
            }
            Some(Holder::User(_)) => (user(account, &standing), None),
            Some(Holder::Root(_)) => (Principal::Root { account }, None),
            None => return Err(CallerError::Inconsistent),
        };
        let policies = policies(tx, partition, &session).await?;
        let id = session.access_key_id.clone();
        let key = Key { id: &id, secret };
        session.padding = Vec::new();
        let session = CallerSession {
            statement: session,
            policies,
            token: Sensitive::new(token.to_owned()),
        };
        Self::new(partition, principal, issuer, standing, key, Some(session))
    }

    fn new(
        partition: Partition,
        principal: Principal,
        issuer: Option<Principal>,
        standing: Arc<Standing>,
        key: Key<'_>,
        session: Option<CallerSession>,
    ) -> Result<Self, CallerError> {
        let partition = partition.as_str();
        let arn = principal.arn(partition).ok_or(CallerError::Inconsistent)?;
        let account = principal.account().ok_or(CallerError::Inconsistent)?;
        let statement = session.as_ref().map(|session| &session.statement);
        Ok(Self {
            identity: Identity::of(partition, &principal, issuer.as_ref(), key.id, statement),
            policy_arn: principal
                .policy_arn(partition)
                .map(|arn| arn.as_str().into()),
            tags: principal_tags(&standing, statement),
            claims: statement
                .and_then(|session| session.web_identity.as_ref())
                .map(claims)
                .unwrap_or_default(),
            noted_ms: AtomicI64::new(0),
            principal,
            issuer,
            account,
            arn,
            access_key_id: key.id.to_owned(),
            secret_version: match session {
                Some(_) => digest(&key.secret),
                None => 0,
            },
            secret_access_key: key.secret,
            standing,
            session,
        })
    }

    /// The value of `aws:PrincipalTag/<key>`; `key` is in lower case.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        let mut tags = self.tags.iter();
        tags.find(|(known, _)| **known == *key)
            .map(|(_, value)| &**value)
    }

    /// Every principal tag, keys in lower case.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tags.iter().map(|(key, value)| (&**key, &**value))
    }

    /// What the identity provider behind the session claimed; `key` is a
    /// condition key in lower case, such as `example.com:sub`.
    #[must_use]
    pub fn claim(&self, key: &str) -> Option<&Claim> {
        let mut claims = self.claims.iter();
        claims
            .find(|(known, _)| **known == *key)
            .map(|(_, claim)| claim)
    }

    /// Whether it is a while since a use of the access key was noted. Then it
    /// is taken as noted now.
    pub(super) fn use_is_worth_a_note(&self, now: Timestamp) -> bool {
        let now_ms = now.as_millisecond();
        let due = now_ms - self.noted_ms.load(Ordering::Relaxed) >= NOTES_APART_MS;
        if due {
            self.noted_ms.store(now_ms, Ordering::Relaxed);
        }
        due
    }

    /// What the session's token states, for temporary credentials.
    #[must_use]
    pub fn statement(&self) -> Option<&Session> {
        self.session.as_ref().map(|session| &session.statement)
    }
}

fn user(account: AccountId, standing: &Standing) -> Principal {
    Principal::User {
        account,
        path: standing.path.clone(),
        name: standing.name.clone(),
        id: standing.id.clone(),
    }
}

fn digest(secret: &Sensitive<String>) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = sha256(secret.expose().as_bytes());
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// The session's policies, compiled. If one of them is gone, nobody knows what
/// it denied, and the session may do nothing.
async fn policies(
    tx: &mut Transaction,
    partition: Partition,
    session: &Session,
) -> Result<Option<Vec<NamedPolicy>>, CallerError> {
    if !session.is_limited() {
        return Ok(None);
    }
    let mut policies = Vec::new();
    if let Some(document) = &session.policy {
        policies.push(standing::compile("session policy", document)?);
    }
    for arn in &session.policy_arns {
        match standing::managed(tx, partition, arn).await? {
            Some(policy) => policies.push(policy),
            None => return Ok(Some(Vec::new())),
        }
    }
    Ok(Some(policies))
}

/// The tags of user or role, overridden by the session's.
fn principal_tags(standing: &Standing, session: Option<&Session>) -> Vec<(Box<str>, Box<str>)> {
    let session_tags = session.map_or(&[][..], |session| &session.tags);
    let kept = standing
        .tags
        .iter()
        .filter(|(key, _)| !session_tags.iter().any(|tag| same_key(&tag.key, key)))
        .map(|(key, value)| (key.to_lowercase().into(), value.clone()));
    let added = session_tags
        .iter()
        .map(|tag| (tag.key.to_lowercase().into(), tag.value.as_str().into()));
    kept.chain(added).collect()
}

/// The condition keys of an identity provider's claims, in lower case.
pub(crate) fn claims(identity: &WebIdentity) -> Vec<(Box<str>, Claim)> {
    let key = |claim: &Claim| format!("{}:{}", identity.issuer, claim.name).to_lowercase();
    let claims = identity.claims.iter();
    claims
        .map(|claim| (key(claim).into(), claim.clone()))
        .collect()
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.arn.fmt(f)
    }
}
