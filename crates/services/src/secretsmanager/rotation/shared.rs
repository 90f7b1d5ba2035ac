use std::{
    collections::HashSet,
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
};

use strongroom_rotation::{Hosts, Trust};
use strongroom_store::{Change, CommitObserver};
use strongroom_types::{AccountId, Region};
use tokio::sync::Notify;

use super::outcomes::Outcomes;
use crate::{
    context::Services,
    lambda::{FunctionEndpoints, FunctionHost},
    tables::RotationJobs,
};

/// Secrets that wait to be taken up.
const MOST: usize = 10_000;

/// What rotation keeps in memory.
#[derive(Default)]
pub struct RotationShared {
    /// How many are connected to which host.
    pub(crate) hosts: Hosts,
    trust: OnceLock<Trust>,
    host: OnceLock<Arc<FunctionHost>>,
    endpoints: OnceLock<FunctionEndpoints>,
    services: OnceLock<Weak<Services>>,
    wake: Arc<Wake>,
    /// Secrets whose rotation, which failed, is to be tried again at once.
    take_up: Mutex<HashSet<SecretKey>>,
    outcomes: Outcomes,
}

/// Account, Region, name.
pub(super) type SecretKey = (AccountId, Region, String);

/// Wakes the engine when a job is written.
#[derive(Default)]
pub(crate) struct Wake(pub(super) Notify);

impl RotationShared {
    /// How rotations went since the process began.
    #[must_use]
    pub fn outcomes(&self) -> &Outcomes {
        &self.outcomes
    }

    /// Trusts these authorities to vouch for databases. To be called once, at
    /// start; without it none is trusted.
    pub fn trust(&self, trust: Trust) {
        let _ = self.trust.set(trust);
    }

    /// The authorities that vouch for databases.
    pub(crate) fn trusted(&self) -> &Trust {
        self.trust.get_or_init(Trust::default)
    }

    /// Where users' functions run. To be called once, at start; without it
    /// they do not.
    pub fn run_functions(&self, host: FunctionHost) {
        let _ = self.host.set(Arc::new(host));
    }

    /// Where users' functions run, if they do.
    pub(crate) fn host(&self) -> Option<Arc<FunctionHost>> {
        self.host.get().map(Arc::clone)
    }

    /// These endpoints are functions. To be called once, at start; without it
    /// none are.
    pub fn name_endpoints(&self, endpoints: FunctionEndpoints) {
        let _ = self.endpoints.set(endpoints);
    }

    /// The endpoints that are functions.
    pub(crate) fn endpoints(&self) -> &FunctionEndpoints {
        self.endpoints.get_or_init(FunctionEndpoints::default)
    }

    /// The deployment that built-in functions work on when they are called
    /// over the wire. To be called once, at start.
    pub fn connect(&self, services: &Arc<Services>) {
        let _ = self.services.set(Arc::downgrade(services));
    }

    /// The deployment, while it is there.
    pub(crate) fn services(&self) -> Option<Arc<Services>> {
        self.services.get()?.upgrade()
    }

    /// Has a rotation that waits for its next attempt tried again at once.
    pub(crate) fn take_up(&self, secret: SecretKey) {
        let mut secrets = self.take_up.lock().unwrap_or_else(PoisonError::into_inner);
        // What is dropped here waits for its time.
        if secrets.len() < MOST {
            secrets.insert(secret);
            self.wake.0.notify_one();
        }
    }

    /// The secrets of [`RotationShared::take_up`], once.
    pub(super) fn to_take_up(&self) -> HashSet<SecretKey> {
        let mut secrets = self.take_up.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut secrets)
    }

    pub(crate) fn wake(&self) -> &Arc<Wake> {
        &self.wake
    }
}

impl CommitObserver for Wake {
    fn committed(&self, changes: &[Change]) {
        let job = |change: &Change| change.is::<RotationJobs>() && !change.is_deleted();
        if changes.iter().any(job) {
            self.0.notify_one();
        }
    }
}
