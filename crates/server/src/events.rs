//! Events out: what the audit log records, told to webhooks and to syslog.
//!
//! Each endpoint follows the log's segments from a place of its own, which is
//! kept in the store and moves only past records that the endpoint has, wants
//! none of, or refused for good. So an endpoint that is down holds up nobody,
//! misses nothing that the log still has, and may be told something twice.
//!
//! - `feed.rs`: the records from a place on, as events that are wanted
//! - `ledger.rs`: the place, and what was refused
//! - `health.rs`: whether an endpoint is down, and for how long to leave it alone
//! - `figures.rs`: the same for whoever scrapes
//! - `webhook.rs`, `signature.rs`: events as signed HTTP requests
//! - `delivery.rs`: several of them at a time
//! - `syslog.rs`: events as syslog messages

mod delivery;
mod feed;
mod figures;
mod health;
mod ledger;
mod signature;
mod syslog;
mod webhook;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use strongroom_services::{config_rules::Rules, context::Services};
use tokio::{sync::watch, task::JoinSet};

pub(crate) use self::ledger::Ledger;
use self::{
    feed::{Feed, Wants},
    figures::Figures,
    syslog::Syslog,
    webhook::Webhook,
};
use crate::{
    audit::LogReader,
    config::{EventAddress, EventEndpoint},
    outbound::{Peer, RootsError, client_config, roots},
};

/// Pause before an endpoint is tried again whose place cannot be read.
const PAUSE: Duration = Duration::from_secs(5);

/// Somebody who is told what happens.
pub struct Endpoint {
    name: String,
    from_oldest: bool,
    wants: Arc<Wants>,
    means: Means,
    figures: Arc<Figures>,
}

#[derive(Clone)]
enum Means {
    Syslog(Arc<Syslog>),
    Webhook(Arc<Webhook>),
}

/// Why an endpoint cannot be told anything, in a sentence for its operator.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The authorities that its certificate is to come from.
    #[error(transparent)]
    Authorities(#[from] RootsError),
    /// The key that signs requests.
    #[error("cannot read the key in {path}: {source}")]
    Key {
        /// Its file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What is in the key's file.
    #[error(
        "{0} holds no key for a webhook: write `whsec_` and the base64 of 24 to 64 random bytes"
    )]
    NoKey(PathBuf),
    /// The TLS library.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
    /// No host in its URL.
    #[error("the URL of the endpoint `{0}` names no host")]
    Url(String),
}

impl Endpoint {
    /// The endpoint as it is configured; `authorities` is where the authorities
    /// are that it trusts if it says nothing itself, `rules` say which of their
    /// findings are for whom.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn open(
        config: &EventEndpoint,
        authorities: Option<&Path>,
        rules: &Rules,
    ) -> Result<Self, EndpointError> {
        let own = config.certificate_authorities.as_deref();
        let tls = || {
            let roots = roots(own.or(authorities).map(Path::to_owned))?;
            Ok::<_, EndpointError>(client_config(Arc::new(roots))?)
        };
        let no_host = || EndpointError::Url(config.name.clone());
        let means = match &config.address {
            EventAddress::SyslogTls(url) => {
                let mut tls = tls()?;
                tls.alpn_protocols.clear();
                let peer = Peer::of(url, syslog::TLS_PORT, Some(tls)).ok_or_else(no_host)?;
                Means::Syslog(Arc::new(Syslog::over_tls(peer)))
            }
            EventAddress::SyslogUdp(url) => {
                let peer = Peer::of(url, syslog::UDP_PORT, None).ok_or_else(no_host)?;
                Means::Syslog(Arc::new(Syslog::over_udp(peer)))
            }
            EventAddress::Webhook {
                url,
                secret_file,
                attempts,
            } => {
                let (port, tls) = match url.scheme_str() {
                    Some("https") => (443, Some(tls()?)),
                    _ => (80, None),
                };
                let peer = Peer::of(url, port, tls).ok_or_else(no_host)?;
                let key = signature::Key::read(secret_file)?;
                Means::Webhook(Arc::new(Webhook::new(url, peer, key, *attempts)))
            }
        };
        Ok(Self {
            name: config.name.clone(),
            from_oldest: config.from_oldest,
            wants: Arc::new(Wants {
                rules: feed::targets(&config.name, rules),
                pattern: config.pattern.clone(),
                read_events: config.read_events,
            }),
            means,
            figures: Arc::default(),
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is doing.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    async fn run(&self, services: Arc<Services>, directory: &Path, stop: watch::Receiver<bool>) {
        let reader = Arc::new(LogReader::of(directory));
        let mut ledger = loop {
            let opened = Ledger::open(&services, &self.name, &reader, self.from_oldest).await;
            match opened {
                Ok(ledger) => break ledger,
                Err(why) => tracing::error!(
                    endpoint = self.name,
                    why,
                    "cannot find out what an endpoint was told; will retry"
                ),
            }
            if rest(PAUSE, &stop).await {
                return;
            }
        };
        ledger.figures = Arc::clone(&self.figures);
        let feed = Feed::new(reader, ledger.place(), Arc::clone(&self.wants));
        match &self.means {
            Means::Syslog(syslog) => syslog.run(&services, feed, ledger, stop).await,
            Means::Webhook(webhook) => {
                delivery::run(Arc::clone(webhook), services, feed, ledger, stop).await;
            }
        }
    }
}

/// Tells all endpoints what the audit log in `directory` records, until `stop`.
pub async fn run(
    endpoints: Arc<[Endpoint]>,
    services: Arc<Services>,
    directory: PathBuf,
    stop: watch::Receiver<bool>,
) {
    let mut running = JoinSet::new();
    for place in 0..endpoints.len() {
        let (endpoints, services) = (Arc::clone(&endpoints), Arc::clone(&services));
        let (directory, stop) = (directory.clone(), stop.clone());
        running.spawn(async move {
            if let Some(endpoint) = endpoints.get(place) {
                endpoint.run(services, &directory, stop).await;
            }
        });
    }
    while let Some(ended) = running.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "an endpoint is told nothing any more");
        }
    }
}

/// Waits, unless it is time to stop; whether it is.
pub(crate) async fn rest(pause: Duration, stop: &watch::Receiver<bool>) -> bool {
    let mut stop = stop.clone();
    let stopped = stop.wait_for(|stop| *stop);
    tokio::time::timeout(pause, stopped).await.is_ok()
}
