//! What an account's organization means for a request: compiled policies of
//! every level, kept in memory until a commit changes anything of it.

use std::{collections::HashMap, sync::Arc};

use strongroom_policy::Policy;
use strongroom_store::{CommitObserver, Store, StoreError, Table, Transaction};
use strongroom_types::{AccountId, Partition};

use super::policy_type::{FULL_AWS_ACCESS, Managed, PolicyType, RCP_FULL_AWS_ACCESS};
use crate::{
    cache::{Cache, CacheFigures},
    tables::{
        OrganizationAttachments, OrganizationMembers, OrganizationPolicies, OrganizationUnits,
        Organizations as OrganizationTable,
    },
};

/// Rows read at a time.
const PAGE: usize = 1_000;

/// What an organization says about one of its accounts. An account without an
/// organization has none.
#[derive(Debug)]
pub struct Bearing {
    /// `aws:PrincipalOrgID` and `aws:ResourceOrgID`: `o-…`.
    pub organization_id: String,
    /// The one value of `aws:PrincipalOrgPaths` and `aws:ResourceOrgPaths`:
    /// `o-…/r-…/ou-…/`, from the organization to the account's parent.
    pub path: String,
    /// The management account, which no policy of the organization touches.
    pub management_account: AccountId,
    /// Whether the account was closed.
    pub closed: bool,
    /// Resource control policies, a list for each level from the root to the
    /// account, each of which must allow. Empty where none are in force: in
    /// the management account, or while the type is not enabled.
    pub resource_control: Vec<Vec<Arc<LevelPolicy>>>,
    /// Service control policies, likewise.
    pub service_control: Vec<Vec<Arc<LevelPolicy>>>,
}

/// A policy that is attached at a level.
#[derive(Debug)]
pub struct LevelPolicy {
    /// The policy's ARN.
    pub arn: String,
    /// The policy, compiled.
    pub policy: Policy,
}

/// The bearings of all accounts that are in an organization.
#[derive(Debug, Default)]
pub struct Bearings(HashMap<AccountId, Bearing>);

impl Bearings {
    /// What the account's organization says, if it is in one.
    #[must_use]
    pub fn of(&self, account: AccountId) -> Option<&Bearing> {
        self.0.get(&account)
    }
}

/// Why it is not known what organizations say; then nothing may be decided.
#[derive(Debug, thiserror::Error)]
pub enum BearingError {
    /// The rows do not fit together, or hold a policy that does not compile.
    #[error("the rows of an organization do not fit together: {0}")]
    Inconsistent(String),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<BearingError> for StoreError {
    fn from(error: BearingError) -> Self {
        match error {
            BearingError::Store(error) => error,
            BearingError::Inconsistent(detail) => Self::Unavailable {
                doing: "read an organization",
                source: Arc::from(Box::<dyn std::error::Error + Send + Sync>::from(detail)),
            },
        }
    }
}

/// Remembers the bearings. All of it can be dropped: the store is the truth.
pub struct Organizations {
    cache: Arc<Cache<(), Bearings>>,
    partition: Partition,
}

impl Organizations {
    /// Follows a store.
    #[must_use]
    pub fn of(store: &Store, partition: Partition) -> Self {
        let tables = const {
            &[
                OrganizationTable::ID,
                OrganizationMembers::ID,
                OrganizationUnits::ID,
                OrganizationPolicies::ID,
                OrganizationAttachments::ID,
            ]
        };
        let cache = Arc::new(Cache::of(tables));
        store.observe(Arc::clone(&cache) as Arc<dyn CommitObserver>);
        Self { cache, partition }
    }

    /// How the cache does.
    #[must_use]
    pub fn cache_figures(&self) -> CacheFigures {
        self.cache.figures()
    }

    /// To be asked before the transaction begins that [`Self::bearings`] reads
    /// by.
    pub(crate) fn generation(&self) -> u64 {
        self.cache.generation()
    }

    /// The bearings as the transaction sees them, unless it has changed them
    /// itself.
    ///
    /// # Errors
    /// When the store fails, or its rows do not fit together.
    pub(crate) async fn bearings(
        &self,
        tx: &mut Transaction,
        generation: u64,
    ) -> Result<Arc<Bearings>, BearingError> {
        if let Some(bearings) = self.cache.get_at(&(), generation) {
            return Ok(bearings);
        }
        let bearings = Arc::new(Box::pin(read(tx, self.partition)).await?);
        self.cache.keep((), Arc::clone(&bearings), generation);
        Ok(bearings)
    }
}

/// All rows of one table.
pub(super) async fn rows<T: Table>(
    tx: &mut Transaction,
) -> Result<Vec<(T::Key, T::Record)>, StoreError> {
    let mut rows = Vec::new();
    loop {
        let last = rows.last();
        let after = last.map(|(key, _): &(T::Key, T::Record)| key);
        let page = tx.range::<T>((), after, PAGE).await?;
        if page.is_empty() {
            return Ok(rows);
        }
        rows.extend(page);
    }
}

/// Policies by what they are attached to: an account of the organization, and a
/// root, unit or account.
type Attachments = HashMap<(AccountId, String), Vec<(PolicyType, Arc<LevelPolicy>)>>;

/// What is known of one organization while bearings are made.
struct Known<'a> {
    management: AccountId,
    id: &'a str,
    root_id: &'a str,
    /// Parents of units.
    parents: &'a HashMap<(AccountId, String), String>,
    /// Policies at a root, unit or account.
    attached: &'a Attachments,
}

async fn read(tx: &mut Transaction, partition: Partition) -> Result<Bearings, BearingError> {
    let organizations: HashMap<AccountId, _> = rows::<OrganizationTable>(tx)
        .await?
        .into_iter()
        .map(|((management,), row)| (management, row))
        .collect();
    let mut bearings = Bearings::default();
    if organizations.is_empty() {
        return Ok(bearings);
    }
    let mut policies: HashMap<(AccountId, String), (PolicyType, Arc<LevelPolicy>)> = HashMap::new();
    for ((management, id), row) in rows::<OrganizationPolicies>(tx).await? {
        let Some(organization) = organizations.get(&management) else {
            continue;
        };
        let policy_type = PolicyType::named(&row.policy_type)
            .ok_or_else(|| inconsistent("a policy of unknown type"))?;
        let arn = policy_type.arn(partition, management, &organization.id, &id);
        let policy = compile(policy_type, arn, &row.content)?;
        policies.insert((management, id), (policy_type, policy));
    }
    let managed = [FULL_AWS_ACCESS, RCP_FULL_AWS_ACCESS]
        .into_iter()
        .map(|it: Managed| {
            let arn = it.arn(partition);
            Ok((
                it.id,
                (it.policy_type, compile(it.policy_type, arn, it.content)?),
            ))
        })
        .collect::<Result<HashMap<_, _>, BearingError>>()?;
    let mut attached: HashMap<_, Vec<_>> = HashMap::new();
    for ((management, target, policy), _) in rows::<OrganizationAttachments>(tx).await? {
        let found = managed
            .get(policy.as_str())
            .or_else(|| policies.get(&(management, policy.clone())));
        let found = found.ok_or_else(|| inconsistent("an attachment of no policy"))?;
        let level: &mut Vec<_> = attached.entry((management, target)).or_default();
        level.push(found.clone());
    }
    let parents = rows::<OrganizationUnits>(tx)
        .await?
        .into_iter()
        .map(|(key, unit)| (key, unit.parent))
        .collect();
    for ((account,), member) in rows::<OrganizationMembers>(tx).await? {
        let management = AccountId::new(member.management_account)
            .ok_or_else(|| inconsistent("a member of no organization"))?;
        let organization = organizations
            .get(&management)
            .ok_or_else(|| inconsistent("a member of no organization"))?;
        let known = Known {
            management,
            id: &organization.id,
            root_id: &organization.root_id,
            parents: &parents,
            attached: &attached,
        };
        let mut bearing = known.bearing(account, &member.parent)?;
        bearing.closed = member.closed_ms.is_some();
        let enabled = |it: PolicyType| {
            organization
                .enabled_types
                .iter()
                .any(|name| name == it.as_str())
        };
        if !enabled(PolicyType::ServiceControl) {
            bearing.service_control.clear();
        }
        if !enabled(PolicyType::ResourceControl) {
            bearing.resource_control.clear();
        }
        bearings.0.insert(account, bearing);
    }
    Ok(bearings)
}

impl Known<'_> {
    fn bearing(&self, account: AccountId, parent: &str) -> Result<Bearing, BearingError> {
        // From the account's parent up.
        let mut above = vec![parent.to_owned()];
        while let Some(unit) = above.last().filter(|last| **last != self.root_id) {
            let key = (self.management, unit.clone());
            let next = self
                .parents
                .get(&key)
                .filter(|_| above.len() <= self.parents.len());
            let next = next.ok_or_else(|| inconsistent("a unit without a way to the root"))?;
            above.push(next.clone());
        }
        above.reverse();
        let path = format!("{}/{}/", self.id, above.join("/"));
        let mut bearing = Bearing {
            organization_id: self.id.to_owned(),
            path,
            management_account: self.management,
            closed: false,
            resource_control: Vec::new(),
            service_control: Vec::new(),
        };
        if account != self.management {
            above.push(account.to_string());
            bearing.service_control = self.levels(&above, PolicyType::ServiceControl);
            bearing.resource_control = self.levels(&above, PolicyType::ResourceControl);
        }
        Ok(bearing)
    }

    fn levels(&self, way: &[String], wanted: PolicyType) -> Vec<Vec<Arc<LevelPolicy>>> {
        let level = |target: &String| {
            let attached = self.attached.get(&(self.management, target.clone()));
            (attached.into_iter().flatten())
                .filter(|(policy_type, _)| *policy_type == wanted)
                .map(|(_, policy)| Arc::clone(policy))
                .collect()
        };
        way.iter().map(level).collect()
    }
}

fn compile(
    policy_type: PolicyType,
    arn: String,
    content: &str,
) -> Result<Arc<LevelPolicy>, BearingError> {
    let policy = Policy::parse(content, policy_type.kind())
        .map_err(|_| BearingError::Inconsistent(format!("policy {arn} does not compile")))?;
    Ok(Arc::new(LevelPolicy { arn, policy }))
}

fn inconsistent(what: &str) -> BearingError {
    BearingError::Inconsistent(what.to_owned())
}
