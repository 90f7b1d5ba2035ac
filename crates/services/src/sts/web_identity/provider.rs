//! The keys of identity providers: fetched by discovery, and kept a while.

use std::{
    collections::HashMap,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use strongroom_types::Timestamp;

use super::keys::KeySet;
use crate::{
    context::Context,
    iam::OidcProvider,
    sts::error::{Error, Result},
};

/// Seconds that a provider's keys are used without asking again.
const FRESH_SECONDS: i64 = 3_600;
/// Seconds that a provider is left alone after it was asked: for keys that it
/// does not have, or when it did not answer.
const PAUSE_SECONDS: i64 = 10;
/// Providers whose keys are kept.
const PROVIDERS: usize = 1_000;

/// Gets documents from web servers. It is the server's, so that nothing here
/// knows HTTP.
pub trait Fetch: Send + Sync {
    /// Gets what is at `url`: `https://…`, or `http://…` of this machine. The
    /// server's certificate is trusted if it comes from a known authority or if
    /// the SHA-1 of one in its chain is among `thumbprints`, 40 hexadecimal
    /// digits each.
    fn get(&self, url: String, thumbprints: Vec<String>) -> Fetching;
}

/// A document on its way.
pub type Fetching = Pin<Box<dyn Future<Output = std::result::Result<Fetched, FetchError>> + Send>>;

/// A document.
#[derive(Debug)]
pub struct Fetched {
    /// The document.
    pub body: Vec<u8>,
    /// Why its server was trusted; nothing of this machine's own.
    pub trusted: Option<Trusted>,
}

/// Why a server's certificate was trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trusted {
    /// It comes from a known authority.
    Authority,
    /// It, or one in its chain, is named by a thumbprint.
    Thumbprint,
}

/// Why a document could not be got, for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FetchError(pub String);

/// Knows the keys of identity providers. All of it can be dropped.
#[derive(Clone)]
pub struct IdentityProviders(Arc<Inner>);

struct Inner {
    fetch: Arc<dyn Fetch>,
    known: Mutex<HashMap<String, Known>>,
}

/// What the last question of a provider came to.
#[derive(Clone)]
struct Known {
    keys: Option<Arc<KeySet>>,
    asked_at: Timestamp,
}

impl IdentityProviders {
    /// Asks providers by `fetch`.
    #[must_use]
    pub fn new(fetch: Arc<dyn Fetch>) -> Self {
        Self(Arc::new(Inner {
            fetch,
            known: Mutex::default(),
        }))
    }

    /// Asks nobody: no provider can be reached.
    #[must_use]
    pub fn unreachable() -> Self {
        struct Nobody;
        impl Fetch for Nobody {
            fn get(&self, _: String, _: Vec<String>) -> Fetching {
                Box::pin(async { Err(FetchError("nothing is reachable from here".to_owned())) })
            }
        }
        Self::new(Arc::new(Nobody))
    }

    fn known(&self, name: &str) -> Option<Known> {
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).cloned()
    }

    fn keep(&self, name: String, keys: Option<Arc<KeySet>>, asked_at: Timestamp) {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= PROVIDERS {
            known.clear();
        }
        known.insert(name, Known { keys, asked_at });
    }
}

impl fmt::Debug for IdentityProviders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityProviders")
    }
}

/// The keys of a provider, among them the one that is meant, if the provider
/// has it. Asks the provider if what is known is old, or if the key is not in
/// it: providers change their keys, and say so by a new id.
///
/// # Errors
/// `IDPCommunicationError`.
pub(super) async fn keys(
    cx: &mut Context<'_>,
    issuer: &str,
    provider: &OidcProvider,
    key_id: Option<&str>,
) -> Result<Arc<KeySet>> {
    let providers = cx.services.identity_providers.clone();
    let thumbprints = provider.thumbprints.clone();
    // Another account may trust another certificate of the same issuer.
    let name = format!("keys of {issuer} by {}", thumbprints.join(","));
    let age = |asked_at: Timestamp| cx.now.as_second() - asked_at.as_second();
    if let Some(Known { keys, asked_at }) = providers.known(&name) {
        let asked = age(asked_at);
        match keys {
            Some(keys) if asked < FRESH_SECONDS && (keys.has(key_id) || asked < PAUSE_SECONDS) => {
                return Ok(keys);
            }
            None if asked < PAUSE_SECONDS => return Err(unreachable(issuer)),
            _ => {}
        }
    }
    let (fetch, url) = (Arc::clone(&providers.0.fetch), issuer.to_owned());
    let fetched = cx.ahead(name.clone(), move || async move {
        discover(fetch.as_ref(), &url, &thumbprints).await
    })?;
    let keys = match fetched.as_ref() {
        Ok(keys) => Some(Arc::clone(keys)),
        Err(error) => {
            tracing::warn!(issuer, %error, "cannot get the keys of an identity provider");
            None
        }
    };
    providers.keep(name, keys.clone(), cx.now);
    keys.ok_or_else(|| unreachable(issuer))
}

/// Asks a provider where its keys are, and then for them.
///
/// Source: OpenID Connect Discovery 1.0, section 4.
async fn discover(
    fetch: &dyn Fetch,
    issuer: &str,
    thumbprints: &[String],
) -> std::result::Result<Arc<KeySet>, FetchError> {
    #[derive(serde::Deserialize)]
    struct Configuration {
        issuer: String,
        jwks_uri: String,
    }
    let wrong = |what: &str| FetchError(format!("{what} of {issuer}"));
    let url = format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    );
    let document = fetch.get(url, thumbprints.to_vec()).await?;
    let configuration: Configuration = serde_json::from_slice(&document.body)
        .map_err(|_| wrong("cannot read the configuration document"))?;
    if configuration.issuer != issuer {
        return Err(wrong("another issuer is in the configuration document"));
    }
    let keys = fetch
        .get(configuration.jwks_uri, thumbprints.to_vec())
        .await?;
    // A thumbprint for either is what it rests on.
    let trusted = document.trusted.max(keys.trusted);
    let keys = KeySet::parse(&keys.body, trusted).ok_or_else(|| wrong("cannot read the keys"))?;
    Ok(Arc::new(keys))
}

fn unreachable(issuer: &str) -> Error {
    let issuer: String = issuer.chars().take(255).collect();
    Error::IdpCommunication(
        format!("Couldn't retrieve verification key from your identity provider {issuer}").into(),
    )
}
