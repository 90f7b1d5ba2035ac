//! The product put together: store, key, log, services.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use strongroom_crypto::{AsymmetricError, Random, SystemRandom};
use strongroom_services::{
    cloudtrail::{EventHistory, NoHistory},
    config_rules::{self, Rules},
    context::Services,
    iam::{self, Callers, flush_uses},
    jobs,
    kms::{KeyMaterial, flush_key_usages},
    lambda::{FunctionEndpoint, FunctionEndpoints, queue},
    operation::Turns,
    organizations::Organizations,
    secretsmanager::{Shared, count_secrets, flush_accesses, rotation},
    sts::IdentityProviders,
    tables::Functions,
};
use strongroom_store::{Mode, RootKey, Store};
use strongroom_types::{AccountId, Clock, Partition, Region, SystemClock, Timestamp};
use tokio::sync::watch;

use crate::{
    audit::{AuditLog, History, Options, Reached, Signer},
    authn::Authenticator,
    databases,
    events::{self, Endpoint},
    metrics::Requests,
    outbound::Outbound,
    outbox::{self, Outbox},
    rules,
};

/// How often work in the background is looked for.
const ROUND: Duration = Duration::from_secs(1);
/// How long the count of all secrets stands before they are counted again.
const RECOUNT: Duration = Duration::from_secs(60);

/// What a node needs to start.
pub struct Setup {
    /// The store's file.
    pub store: PathBuf,
    /// Opens the store.
    pub root_key: RootKey,
    /// The directory of the audit log.
    pub audit: PathBuf,
    /// How the audit log behaves.
    pub audit_options: Options,
    /// The partition of every ARN.
    pub partition: Partition,
    /// The Regions served.
    pub regions: Vec<Region>,
    /// A file of certificate authorities that vouch for databases, in place of
    /// the system's.
    pub authorities: Option<PathBuf>,
    /// Asks identity providers.
    pub outbound: Outbound,
    /// Who is told what happens.
    pub endpoints: Vec<Endpoint>,
    /// The rules that watch over secrets.
    pub rules: Rules,
    /// Functions that are endpoints of somebody else.
    pub function_endpoints: Vec<FunctionEndpoint>,
}

/// A running node.
pub struct App {
    /// The operations and what they share.
    pub services: Arc<Services>,
    pub(crate) authenticator: Authenticator,
    pub(crate) log: Arc<AuditLog>,
    reached: Reached,
    pub(crate) outbox: Outbox,
    /// Looks up events in the log.
    history: Arc<History>,
    /// Who is told what happens, and the log's directory.
    endpoints: (Arc<[Endpoint]>, PathBuf),
    /// The store's file.
    pub(crate) store_file: PathBuf,
    /// What is answered, counted.
    pub(crate) requests: Requests,
    /// When the node was opened.
    pub(crate) started: Timestamp,
    /// Whether work in the background is to end.
    stop: watch::Sender<bool>,
}

/// Why a node does not start, in a sentence for its operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The audit log.
    #[error("cannot open the audit log in {path}")]
    Audit {
        /// Its directory.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A function's name is taken.
    #[error(
        "the account {account} has a function `{name}` in {region} already, which an endpoint of \
         that name would hide; delete it, or choose another `name` for the endpoint"
    )]
    Function {
        /// Whose it is.
        account: AccountId,
        /// Its name.
        name: String,
        /// Where it is.
        region: Region,
    },
    /// The partition was changed.
    #[error(
        "the store was made in the partition `{made_in}`, which is part of every ARN and cannot \
         change to `{configured}`; set `partition` back"
    )]
    Partition {
        /// As configured now.
        configured: Partition,
        /// As stored.
        made_in: String,
    },
    /// The store.
    #[error("cannot open the store")]
    Store(#[from] strongroom_store::StoreError),
}

impl App {
    /// Opens store and log, and brings the log up to what the store has
    /// committed.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn open(setup: Setup) -> Result<Arc<Self>, StartError> {
        let store = Store::open(&setup.store, &setup.root_key)?;
        let configured = setup.partition;
        match iam::partition(&store).await? {
            Some(made_in) if made_in != configured.as_str() => {
                return Err(StartError::Partition {
                    configured,
                    made_in,
                });
            }
            _ => {}
        }
        let audit_error = |source| StartError::Audit {
            path: setup.audit.clone(),
            source,
        };
        let signer = audit_signer(&store).map_err(std::io::Error::other);
        let signer = Arc::new(signer.map_err(audit_error)?);
        let reached = Reached::compare(&store, &setup.audit, signer.public())
            .await
            .map_err(audit_error)?;
        let (log, recovered) = AuditLog::open(
            &setup.audit,
            setup.audit_options,
            Arc::new(SystemClock),
            signer,
        )
        .map_err(audit_error)?;
        outbox::recover(&store, &log, &recovered)
            .await
            .map_err(audit_error)?;
        let waking = log.wake_within();
        tokio::spawn(async move {
            if let Err(error) = waking.await {
                tracing::warn!(%error, "single reads of this node will cost a little more");
            }
        });
        let log = Arc::new(log);
        let history = Arc::new(History::of(Arc::clone(&log), &setup.audit));
        let known = Arc::clone(&history) as Arc<dyn EventHistory>;
        let services = Services {
            identity_providers: IdentityProviders::new(Arc::new(setup.outbound)),
            history: known,
            rules: Arc::new(setup.rules),
            ..services(store, setup.partition)
        };
        name_endpoints(&services, setup.function_endpoints).await?;
        let trust = databases::trust(setup.authorities.as_deref());
        services.secrets.rotation().trust(trust);
        // The embedded store is this process's alone.
        rotation::take_back(&services).await?;
        queue::take_back(&services).await?;
        config_rules::schedule(&services).await?;
        let services = Arc::new(services);
        services.secrets.rotation().connect(&services);
        Ok(Arc::new(Self {
            services,
            history,
            endpoints: (setup.endpoints.into(), setup.audit),
            store_file: setup.store,
            requests: Requests::new(),
            started: SystemClock.now(),
            authenticator: Authenticator::new(setup.regions),
            log,
            reached,
            outbox: Outbox::default(),
            stop: watch::Sender::new(false),
        }))
    }

    /// Copies audit records and does work that falls due, until
    /// [`App::stop`].
    pub async fn work(&self) {
        let copying = self.outbox.run(
            self.services.store.clone(),
            Arc::clone(&self.log),
            self.stop.subscribe(),
        );
        let rotating = rotation::run(Arc::clone(&self.services), self.stop.subscribe(), || {
            self.outbox.wake();
        });
        let (endpoints, directory) = self.endpoints.clone();
        let watching = rules::run(
            Arc::clone(&self.services),
            directory.clone(),
            self.stop.subscribe(),
            || self.outbox.wake(),
        );
        let telling = events::run(
            endpoints,
            Arc::clone(&self.services),
            directory,
            self.stop.subscribe(),
        );
        let calling = queue::run(Arc::clone(&self.services), self.stop.subscribe());
        tokio::join!(copying, self.rounds(), rotating, watching, telling, calling);
    }

    /// Who is told of events.
    pub(crate) fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints.0
    }

    /// Has [`App::work`] end once it has copied everything.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    async fn rounds(&self) {
        let mut stop = self.stop.subscribe();
        let mut ticks = tokio::time::interval(ROUND);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut counted: Option<Instant> = None;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            match jobs::run_due(&self.services).await {
                Ok(0) => {}
                Ok(_) => self.outbox.wake(),
                Err(error) => tracing::error!(%error, "cannot look for jobs; will retry"),
            }
            self.index_events().await;
            self.reached.note(&self.services.store).await;
            if counted.is_none_or(|counted| counted.elapsed() >= RECOUNT) {
                counted = self.count_secrets().await.then(Instant::now);
            }
            if let Err(error) = flush_accesses(&self.services).await {
                tracing::error!(%error, "cannot write the dates of reads; will retry");
            }
            if let Err(error) = flush_key_usages(&self.services).await {
                tracing::error!(%error, "cannot write the last uses of keys; will retry");
            }
            if let Err(error) = flush_uses(&self.services).await {
                tracing::error!(%error, "cannot write the last uses of access keys and roles");
            }
        }
    }

    /// Counts some of the secrets. Whether those were the last.
    async fn count_secrets(&self) -> bool {
        match count_secrets(&self.services).await {
            Ok(is_end) => is_end,
            Err(error) => {
                tracing::warn!(%error, "cannot count secrets; will retry");
                false
            }
        }
    }

    /// Makes indexes of the audit log that are missing.
    async fn index_events(&self) {
        let history = Arc::clone(&self.history);
        let indexing = tokio::task::spawn_blocking(move || history.index_some(Instant::now()));
        match indexing.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "cannot index the audit log; will retry"),
            Err(error) => tracing::error!(%error, "indexing the audit log failed"),
        }
    }

    /// Writes what is still in memory. To be awaited after the last answer
    /// and the end of [`App::work`].
    pub async fn close(&self) {
        if let Err(error) = flush_accesses(&self.services).await {
            tracing::error!(%error, "the dates of the last reads are lost");
        }
        if let Err(error) = flush_key_usages(&self.services).await {
            tracing::error!(%error, "the last uses of keys are lost");
        }
        if let Err(error) = flush_uses(&self.services).await {
            tracing::error!(%error, "the last uses of access keys and roles are lost");
        }
        if !self.log.close() {
            tracing::error!("the audit log did not close in time");
        }
        self.reached.note(&self.services.store).await;
        if let Err(error) = self.services.store.close().await {
            tracing::error!(%error, "the store did not close cleanly");
        }
    }
}

/// Has endpoints be functions, none of which hides another.
async fn name_endpoints(
    services: &Services,
    endpoints: Vec<FunctionEndpoint>,
) -> Result<(), StartError> {
    let mut tx = services.store.begin(Mode::Read).await?;
    for endpoint in &endpoints {
        let (account, name) = (endpoint.account, endpoint.name.clone());
        for region in Region::all().filter(|region| endpoint.is_in(account, *region)) {
            let key = (account, region, name.clone());
            if tx.get::<Functions>(&key).await?.is_some() {
                return Err(StartError::Function {
                    account,
                    name,
                    region,
                });
            }
        }
    }
    let endpoints = FunctionEndpoints::new(endpoints);
    services.secrets.rotation().name_endpoints(endpoints);
    Ok(())
}

/// Signs the audit log of a store. The key comes from the store's seal, so that
/// whoever has the log's files alone cannot sign.
///
/// # Errors
/// When the cryptography library does not take it.
pub fn audit_signer(store: &Store) -> Result<Signer, AsymmetricError> {
    Signer::from_seed(&store.seal().derive("audit digests"))
}

/// The operations on an open store. A store that is only inspected needs no
/// more of a node than this.
#[must_use]
pub fn services(store: Store, partition: Partition) -> Services {
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Services {
        partition,
        callers: Callers::of(&store),
        key_material: KeyMaterial::new(&store.seal().derive("kms backing keys"), &store),
        organizations: Organizations::of(&store, partition),
        secrets: Shared::of(&store, &store.seal().derive("page tokens")),
        turns: Turns::default(),
        identity_providers: IdentityProviders::unreachable(),
        history: Arc::new(NoHistory),
        rules: Arc::default(),
        store,
        clock,
        random,
    }
}
