//! What an operation may use: the deployment, the request, the transaction.

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use strongroom_crypto::Random;
use strongroom_store::{Mode, Store, StoreError, Transaction};
use strongroom_types::{AccountId, Arn, Clock, Partition, Region, Timestamp};

use crate::{
    ahead::Ahead,
    authorize::Story,
    cloudtrail::{Event, EventHistory, Identity, Resource},
    config_rules::Rules,
    iam::{Caller, Callers},
    kms::KeyMaterial,
    operation::Turns,
    organizations::{Bearing, Bearings, Organizations},
    secretsmanager::Shared,
    sts::IdentityProviders,
};

/// Everything that lives as long as the process and is shared by all requests.
pub struct Services {
    /// The partition of every ARN made here.
    pub partition: Partition,
    /// All that is remembered.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Who has which access key, and what their policies say.
    pub callers: Callers,
    /// Opens the key material of KMS keys.
    pub key_material: KeyMaterial,
    /// What organizations say about their accounts.
    pub organizations: Organizations,
    /// What Secrets Manager keeps in memory.
    pub secrets: Shared,
    /// Who writes next where many want to.
    pub turns: Turns,
    /// Knows the keys of identity providers.
    pub identity_providers: IdentityProviders,
    /// The records that were written, for LookupEvents.
    pub history: Arc<dyn EventHistory>,
    /// The rules that watch over secrets.
    pub rules: Arc<Rules>,
}

/// Where a resource lives: Regions and accounts are separate keyspaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Home {
    /// The partition, `aws`.
    pub partition: Partition,
    /// The owner.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
}

impl Home {
    /// The ARN of a resource that lives here.
    #[must_use]
    pub fn arn(&self, service: &str, resource: fmt::Arguments<'_>) -> Arn {
        Arn::new(
            self.partition.as_str(),
            service,
            self.region.as_str(),
            self.account,
            resource,
        )
    }
}

/// A request whose sender is known.
#[derive(Debug)]
pub struct Request {
    /// `x-amzn-RequestId`, a UUID.
    pub id: String,
    /// Who signed it.
    pub caller: Arc<Caller>,
    /// The Region of the endpoint, from the signature's scope.
    pub region: Region,
    /// Where it came from.
    pub source_ip: IpAddr,
    /// The `User-Agent` header, up to 1 KiB.
    pub user_agent: Option<String>,
    /// The `Referer` header, up to 1 KiB.
    pub referer: Option<String>,
    /// The VPC endpoint that the request came through, if the listener that it
    /// reached is one.
    pub vpc_endpoint: Option<Arc<VpcEndpoint>>,
    /// The `Host` header or `:authority`.
    pub host: Option<String>,
    /// How it was encrypted on the way; absent for plain HTTP.
    pub tls: Option<Tls>,
}

/// A private way in: a listener that the operator says is a VPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpcEndpoint {
    /// `vpce-…`, the value of `aws:SourceVpce`.
    pub id: String,
    /// `vpc-…`, the value of `aws:SourceVpc`.
    pub vpc: Option<String>,
    /// The account that owns the endpoint.
    pub account: Option<AccountId>,
}

/// The connection's encryption, in CloudTrail's words.
#[derive(Clone, Debug)]
pub struct Tls {
    /// `TLSv1.3`.
    pub version: String,
    /// `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// `X25519MLKEM768`; not known for a resumed TLS 1.2 session.
    pub key_exchange: Option<String>,
}

impl Tls {
    /// Of a call that never leaves the process: as safe from eavesdropping as
    /// policies ask, and nothing to record.
    #[must_use]
    pub fn in_process() -> Self {
        Self {
            version: String::new(),
            cipher_suite: String::new(),
            key_exchange: None,
        }
    }

    /// Whether there is a connection that it is of.
    pub(crate) fn is_of_a_connection(&self) -> bool {
        !self.version.is_empty()
    }
}

/// What an operation works with. It may be thrown away and made anew when the
/// transaction meets a conflict, so nothing outside it is changed by an
/// operation.
pub struct Context<'r> {
    /// The deployment.
    pub services: &'r Services,
    /// The request being answered.
    pub request: &'r Request,
    /// The time of the request; the same however long it takes.
    pub now: Timestamp,
    /// Whether the transaction writes.
    pub(crate) mode: Mode,
    /// The one transaction of the request.
    pub tx: Transaction,
    /// Further events to record with the request's own: KMS uses on behalf of
    /// the caller, service events.
    pub events: Vec<Event>,
    /// What the record of the request's own call says beside what was asked and
    /// answered.
    pub(crate) remarks: Remarks,
    /// What organizations said about their accounts when the transaction
    /// began.
    pub(crate) bearings: Arc<Bearings>,
    /// How far what is in memory had come before the transaction began.
    pub(crate) generations: Generations,
    /// What was done before the transaction, for this request.
    pub(crate) ahead: Ahead,
    /// Why the caller was last denied something.
    pub(crate) denial: Mutex<Option<Story>>,
    /// Who acts, where only the operation finds out: whoever an identity
    /// provider vouches for. And whose trail that is on.
    pub(crate) acting: Option<(Identity, AccountId)>,
}

/// What the record of a call says beside what was asked and answered.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    /// The resources that were used: for KMS the keys.
    pub(crate) resources: Vec<Resource>,
    /// The account that owns what the call is about.
    pub(crate) owner: Option<AccountId>,
    /// What `requestParameters` have beside what the request says itself.
    pub(crate) request_parameters: Vec<(&'static str, serde_json::Value)>,
    /// `additionalEventData`.
    pub(crate) additional_event_data: Option<serde_json::Value>,
    /// `responseElements` of a change, where they are not what it answers.
    pub(crate) response_elements: Option<serde_json::Value>,
}

/// The generations of the caches whose rows a transaction reads. A cached
/// value is one that the transaction would read if its cache has not changed
/// since.
#[derive(Clone, Copy)]
pub(crate) struct Generations {
    pub(crate) kms_keys: u64,
    pub(crate) resource_policies: u64,
    /// Absent when a request is run again: then nothing that is kept is used.
    pub(crate) secrets: Option<u64>,
}

impl<'r> Context<'r> {
    /// Opens the transaction of a request.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn begin(
        services: &'r Services,
        request: &'r Request,
        now: Timestamp,
        mode: Mode,
    ) -> Result<Self, StoreError> {
        // Before the transaction: it may see more than they say, never less.
        let generations = Generations {
            kms_keys: services.key_material.generation(),
            resource_policies: services.secrets.policies_generation(),
            secrets: Some(services.secrets.secrets_generation()),
        };
        let organizations = services.organizations.generation();
        let mut tx = match mode {
            Mode::Read => services.store.begin_at_first_read()?,
            Mode::Write => services.store.begin(mode).await?,
        };
        let bearings = services
            .organizations
            .bearings(&mut tx, organizations)
            .await?;
        Ok(Self {
            services,
            request,
            now,
            tx,
            bearings,
            events: Vec::new(),
            generations,
            ahead: Ahead::default(),
            mode,
            remarks: Remarks::default(),
            denial: Mutex::default(),
            acting: None,
        })
    }

    /// The result of work that cannot be done inside a transaction, such as a
    /// call over the network. Where it is not done yet, this attempt ends and
    /// the operation starts again once it is (`ahead.rs`). `name` holds all
    /// that the work depends on.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], to be returned as it is.
    pub fn ahead<T, F>(
        &mut self,
        name: impl Into<String>,
        work: impl FnOnce() -> F,
    ) -> Result<Arc<T>, StoreError>
    where
        T: Send + Sync + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.ahead.result(name.into(), work)
    }

    /// What an account's organization says about it: its id and path, and the
    /// policies of every level that bound the account. Nothing for an account
    /// that is in none.
    #[must_use]
    pub fn bearing(&self, account: AccountId) -> Option<&Bearing> {
        self.bearings.of(account)
    }

    /// The caller's account and the endpoint's Region: where names are looked
    /// up and new resources are made.
    #[must_use]
    pub fn home(&self) -> Home {
        Home {
            partition: self.services.partition,
            account: self.request.caller.account,
            region: self.request.region,
        }
    }
}
