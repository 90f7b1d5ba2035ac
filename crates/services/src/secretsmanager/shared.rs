use std::sync::Arc;

use strongroom_policy::Policy;
use strongroom_store::{CommitObserver, Store, Table as _};
use strongroom_types::{AccountId, Region};

use super::{
    access::Accesses, census::Census, index::SecretIndex, kept::KeptSecrets,
    page_token::PageTokens, rotation::RotationShared,
};
use crate::{
    cache::{Cache, CacheFigures},
    tables::SecretPolicies,
};

/// What Secrets Manager keeps in memory. All of it can be dropped: the store
/// is the truth.
pub struct Shared {
    /// Reads that are not yet in `LastAccessedDate`.
    pub(super) accesses: Accesses,
    /// What ListSecrets searches.
    pub(super) index: Arc<SecretIndex>,
    /// Secrets that were read.
    pub(super) kept: Arc<KeptSecrets>,
    /// Seals page tokens.
    pub(super) page_tokens: PageTokens,
    /// Compiled resource policies.
    pub(super) policies: Arc<Cache<(AccountId, Region, String), Policy>>,
    rotation: RotationShared,
    /// How many secrets there are.
    pub(super) census: Census,
}

impl Shared {
    /// Follows a store. `page_token_key` must be the same in every process
    /// that serves the deployment.
    #[must_use]
    pub fn of(store: &Store, page_token_key: &[u8; 32]) -> Self {
        let index = Arc::new(SecretIndex::new());
        let policies = Arc::new(Cache::of(const { &[SecretPolicies::ID] }));
        let kept = Arc::new(KeptSecrets::new());
        store.observe(Arc::clone(&index) as Arc<dyn CommitObserver>);
        store.observe(Arc::clone(&kept) as Arc<dyn CommitObserver>);
        store.observe(Arc::clone(&policies) as Arc<dyn CommitObserver>);
        let rotation = RotationShared::default();
        store.observe(Arc::clone(rotation.wake()) as Arc<dyn CommitObserver>);
        Self {
            rotation,
            census: Census::default(),
            accesses: Accesses::default(),
            index,
            kept,
            page_tokens: PageTokens::new(page_token_key),
            policies,
        }
    }

    /// The generation of the secrets that are kept.
    pub(crate) fn secrets_generation(&self) -> u64 {
        self.kept.generation()
    }

    /// Seals page tokens, also those of other services.
    pub(crate) fn page_tokens(&self) -> &PageTokens {
        &self.page_tokens
    }

    /// How the caches do: that of secrets, and that of their policies.
    #[must_use]
    pub fn cache_figures(&self) -> [CacheFigures; 2] {
        [self.kept.figures(), self.policies.figures()]
    }

    /// What rotation keeps.
    #[must_use]
    pub fn rotation(&self) -> &RotationShared {
        &self.rotation
    }

    /// The generation of the compiled resource policies.
    pub(crate) fn policies_generation(&self) -> u64 {
        self.policies.generation()
    }
}
