//! The organization of a caller, and what is in it: root, units, accounts,
//! policies, each with its id, ARN and place.

use strongroom_store::StoreError;
use strongroom_types::{AccountId, Timestamp};

use super::{
    error::{Error, Result},
    id,
    policy_type::{Managed, PolicyType},
    record::{Member, Organization, Policy, Tag, Unit},
    service_event::{self, Departure},
    shapes::JoinedMethod,
};
use crate::{
    context::Context,
    tables::{
        OrganizationAccountRequests, OrganizationAttachments, OrganizationMembers,
        OrganizationPolicies, OrganizationUnits, Organizations,
    },
};

/// The name of the management account, which nobody chooses here.
const MANAGEMENT: &str = "management";
/// A domain that can have no mail.
const MANAGEMENT_DOMAIN: &str = "strongroom.invalid";
/// Rows read at a time.
const PAGE: usize = 1_000;

/// An organization as an operation works with it.
#[derive(Clone, Debug)]
pub(super) struct Org {
    /// The management account.
    pub(super) management: AccountId,
    pub(super) row: Organization,
}

/// What has a place in an organization.
#[derive(Clone, Debug)]
pub(super) enum Entity {
    Account(AccountId, Box<Member>),
    Policy(String, Box<PolicyOf>),
    Root,
    Unit(String, Unit),
}

/// A policy of the organization, or one that AWS has in every organization.
#[derive(Clone, Debug)]
pub(super) enum PolicyOf {
    Aws(Managed),
    Customer(PolicyType, Policy),
}

impl Org {
    /// The organization that the caller's account is in.
    pub(super) async fn of_caller(cx: &mut Context<'_>) -> Result<Option<Self>> {
        let account = cx.request.caller.account;
        let Some(member) = cx.tx.get::<OrganizationMembers>(&(account,)).await? else {
            return Ok(None);
        };
        let management = account_id(member.management_account)?;
        let row = cx.tx.get::<Organizations>(&(management,)).await?;
        Ok(row.map(|row| Self { management, row }))
    }

    /// Makes an organization with its root.
    pub(super) async fn create(
        cx: &mut Context<'_>,
        management: AccountId,
        billing_only: bool,
    ) -> Result<Self> {
        let created_ms = cx.now.as_millisecond();
        let row = Organization {
            id: id::draw(cx, "o-", 10),
            root_id: id::draw(cx, "r-", 4),
            created_ms,
            enabled_types: Vec::new(),
            root_tags: Vec::new(),
            billing_only,
        };
        let member = Member {
            management_account: management.number(),
            name: MANAGEMENT.to_owned(),
            // Nobody registered an address for it.
            email: format!("{management}@{MANAGEMENT_DOMAIN}"),
            joined_ms: created_ms,
            parent: row.root_id.clone(),
            tags: Vec::new(),
            closed_ms: None,
            created: false,
        };
        cx.tx.put::<OrganizationMembers>(&(management,), &member)?;
        let org = Self { management, row };
        org.save(cx)?;
        service_event::joined(cx, &org, management, &JoinedMethod::Invited);
        Ok(org)
    }

    /// Removes the organization with everything that is in it.
    pub(super) async fn delete(self, cx: &mut Context<'_>) -> Result<()> {
        let management = self.management;
        for (target, policy) in self.attachments(cx).await? {
            self.detach(cx, &target, &policy)?;
        }
        for (id, _) in self.units(cx).await? {
            cx.tx.delete::<OrganizationUnits>(&(management, id))?;
        }
        for (id, _) in self.policies(cx).await? {
            cx.tx.delete::<OrganizationPolicies>(&(management, id))?;
        }
        for (id, _) in super::account::requests(cx, &self).await? {
            cx.tx
                .delete::<OrganizationAccountRequests>(&(management, id))?;
        }
        cx.tx.delete::<OrganizationMembers>(&(management,))?;
        cx.tx.delete::<Organizations>(&(management,))?;
        service_event::departed(cx, &self, management, &Departure::Left);
        Ok(())
    }

    /// Whether policies of the type count.
    pub(super) fn is_enabled(&self, policy_type: PolicyType) -> bool {
        let enabled = &self.row.enabled_types;
        enabled.iter().any(|name| name == policy_type.as_str())
    }

    /// `organization/o-…`, `root/o-…/r-…` and the like.
    pub(super) fn arn(&self, cx: &Context<'_>, kind: &str, id: &str) -> String {
        let partition = cx.services.partition.as_str();
        let (management, organization) = (self.management, &self.row.id);
        let id = if id.is_empty() {
            String::new()
        } else {
            format!("/{id}")
        };
        format!("arn:{partition}:organizations::{management}:{kind}/{organization}{id}")
    }

    pub(super) fn arn_of(&self, cx: &Context<'_>, entity: &Entity) -> String {
        match entity {
            Entity::Account(account, _) => self.arn(cx, "account", &account.to_string()),
            Entity::Policy(id, policy) => match &**policy {
                PolicyOf::Aws(managed) => managed.arn(cx.services.partition),
                PolicyOf::Customer(policy_type, _) => {
                    policy_type.arn(cx.services.partition, self.management, &self.row.id, id)
                }
            },
            Entity::Root => self.arn(cx, "root", &self.row.root_id),
            Entity::Unit(id, _) => self.arn(cx, "ou", id),
        }
    }

    /// The ARN that what has this id would have, whether or not it exists.
    pub(super) fn arn_of_id(&self, cx: &Context<'_>, id: &str) -> String {
        if let Some(managed) = Managed::with_id(id) {
            return managed.arn(cx.services.partition);
        }
        let kind = match id.split_once('-').map(|(prefix, _)| prefix) {
            Some("r") => "root",
            Some("ou") => "ou",
            Some("p") => "policy",
            _ => "account",
        };
        // The type of a policy that does not exist is not known.
        if kind == "policy" {
            return self.arn(cx, kind, &format!("service_control_policy/{id}"));
        }
        self.arn(cx, kind, id)
    }

    /// What has this id, if anything in the organization has.
    pub(super) async fn find(&self, cx: &mut Context<'_>, id: &str) -> Result<Option<Entity>> {
        if id == self.row.root_id {
            return Ok(Some(Entity::Root));
        }
        if id.starts_with("ou-") {
            return Ok(self
                .unit(cx, id)
                .await?
                .map(|unit| Entity::Unit(id.to_owned(), unit)));
        }
        if id.starts_with("p-") {
            let policy = self.policy(cx, id).await?;
            return Ok(policy.map(|policy| Entity::Policy(id.to_owned(), Box::new(policy))));
        }
        match id.parse() {
            Ok(account) => {
                let member = self.member(cx, account).await?;
                Ok(member.map(|member| Entity::Account(account, Box::new(member))))
            }
            Err(_) => Ok(None),
        }
    }

    pub(super) async fn member(
        &self,
        cx: &mut Context<'_>,
        account: AccountId,
    ) -> Result<Option<Member>> {
        let member = cx.tx.get::<OrganizationMembers>(&(account,)).await?;
        Ok(member.filter(|it| it.management_account == self.management.number()))
    }

    pub(super) async fn unit(&self, cx: &mut Context<'_>, id: &str) -> Result<Option<Unit>> {
        let key = (self.management, id.to_owned());
        Ok(cx.tx.get::<OrganizationUnits>(&key).await?)
    }

    pub(super) async fn policy(&self, cx: &mut Context<'_>, id: &str) -> Result<Option<PolicyOf>> {
        if let Some(managed) = Managed::with_id(id) {
            return Ok(Some(PolicyOf::Aws(managed)));
        }
        let key = (self.management, id.to_owned());
        let row = cx.tx.get::<OrganizationPolicies>(&key).await?;
        Ok(row.and_then(|row| {
            Some(PolicyOf::Customer(
                PolicyType::named(&row.policy_type)?,
                row,
            ))
        }))
    }

    /// All accounts, in the order of their numbers.
    pub(super) async fn members(&self, cx: &mut Context<'_>) -> Result<Vec<(AccountId, Member)>> {
        let rows = super::bearing::rows::<OrganizationMembers>(&mut cx.tx).await?;
        let own = self.management.number();
        let here = rows
            .into_iter()
            .filter(|(_, it)| it.management_account == own);
        Ok(here.map(|((account,), member)| (account, member)).collect())
    }

    /// All units, in the order of their ids.
    pub(super) async fn units(&self, cx: &mut Context<'_>) -> Result<Vec<(String, Unit)>> {
        let mut units = Vec::new();
        let mut after = None;
        loop {
            let page = cx
                .tx
                .range::<OrganizationUnits>((self.management,), after.as_ref(), PAGE)
                .await?;
            after = page.last().map(|(key, _)| key.clone());
            if page.is_empty() {
                return Ok(units);
            }
            units.extend(page.into_iter().map(|((_, id), unit)| (id, unit)));
        }
    }

    /// All policies of the organization's own, in the order of their ids.
    pub(super) async fn policies(&self, cx: &mut Context<'_>) -> Result<Vec<(String, PolicyOf)>> {
        let mut policies = Vec::new();
        let mut after = None;
        loop {
            let page = cx
                .tx
                .range::<OrganizationPolicies>((self.management,), after.as_ref(), PAGE)
                .await?;
            after = page.last().map(|(key, _)| key.clone());
            if page.is_empty() {
                return Ok(policies);
            }
            policies.extend(page.into_iter().filter_map(|((_, id), row)| {
                Some((
                    id,
                    PolicyOf::Customer(PolicyType::named(&row.policy_type)?, row),
                ))
            }));
        }
    }

    /// All attachments: target and policy.
    pub(super) async fn attachments(&self, cx: &mut Context<'_>) -> Result<Vec<(String, String)>> {
        let mut attachments = Vec::new();
        let mut after = None;
        loop {
            let page = cx
                .tx
                .range::<OrganizationAttachments>((self.management,), after.as_ref(), PAGE)
                .await?;
            after = page.last().map(|(key, _)| key.clone());
            if page.is_empty() {
                return Ok(attachments);
            }
            attachments.extend(
                page.into_iter()
                    .map(|((_, target, policy), _)| (target, policy)),
            );
        }
    }

    /// Ids of the policies attached to one target.
    pub(super) async fn attached(&self, cx: &mut Context<'_>, target: &str) -> Result<Vec<String>> {
        let rows = cx
            .tx
            .range::<OrganizationAttachments>((self.management, target), None, PAGE)
            .await?;
        Ok(rows.into_iter().map(|((_, _, policy), _)| policy).collect())
    }

    pub(super) fn attach(&self, cx: &mut Context<'_>, target: &str, policy: &str) -> Result<()> {
        let key = (self.management, target.to_owned(), policy.to_owned());
        Ok(cx
            .tx
            .put::<OrganizationAttachments>(&key, &Default::default())?)
    }

    pub(super) fn detach(&self, cx: &mut Context<'_>, target: &str, policy: &str) -> Result<()> {
        let key = (self.management, target.to_owned(), policy.to_owned());
        Ok(cx.tx.delete::<OrganizationAttachments>(&key)?)
    }

    /// What every new root, unit and account has attached.
    pub(super) fn attach_defaults(&self, cx: &mut Context<'_>, target: &str) -> Result<()> {
        for name in &self.row.enabled_types {
            if let Some(policy_type) = PolicyType::named(name) {
                self.attach(cx, target, policy_type.managed().id)?;
            }
        }
        Ok(())
    }

    pub(super) async fn detach_all(&self, cx: &mut Context<'_>, target: &str) -> Result<()> {
        for policy in self.attached(cx, target).await? {
            self.detach(cx, target, &policy)?;
        }
        Ok(())
    }

    pub(super) fn save(&self, cx: &mut Context<'_>) -> Result<()> {
        Ok(cx.tx.put::<Organizations>(&(self.management,), &self.row)?)
    }

    /// The way from the root to a parent, `o-…/r-…/ou-…/`.
    pub(super) async fn path(&self, cx: &mut Context<'_>, parent: &str) -> Result<String> {
        let mut above = vec![parent.to_owned()];
        while let Some(id) = above
            .last()
            .filter(|last| **last != self.row.root_id)
            .cloned()
        {
            let unit = self.unit(cx, &id).await?.ok_or(Error::ParentNotFound)?;
            above.push(unit.parent);
        }
        above.push(self.row.id.clone());
        above.reverse();
        Ok(format!("{}/", above.join("/")))
    }
}

impl Entity {
    pub(super) fn tags(&self, org: &Org) -> Vec<Tag> {
        match self {
            Self::Account(_, member) => member.tags.clone(),
            Self::Policy(_, policy) => match &**policy {
                PolicyOf::Aws(_) => Vec::new(),
                PolicyOf::Customer(_, policy) => policy.tags.clone(),
            },
            Self::Root => org.row.root_tags.clone(),
            Self::Unit(_, unit) => unit.tags.clone(),
        }
    }

    /// Stores the entity with other tags.
    pub(super) fn save_tags(
        self,
        cx: &mut Context<'_>,
        org: &mut Org,
        tags: Vec<Tag>,
    ) -> Result<()> {
        match self {
            Self::Account(account, mut member) => {
                member.tags = tags;
                cx.tx.put::<OrganizationMembers>(&(account,), &member)?;
            }
            Self::Policy(id, policy) => match *policy {
                PolicyOf::Aws(_) => {
                    return Err(Error::invalid(
                        "IMMUTABLE_POLICY",
                        "You specified a policy that is managed by AWS and can't be modified.",
                    ));
                }
                PolicyOf::Customer(_, mut row) => {
                    row.tags = tags;
                    let key = (org.management, id);
                    cx.tx.put::<OrganizationPolicies>(&key, &row)?;
                }
            },
            Self::Root => {
                org.row.root_tags = tags;
                org.save(cx)?;
            }
            Self::Unit(id, mut unit) => {
                unit.tags = tags;
                cx.tx
                    .put::<OrganizationUnits>(&(org.management, id), &unit)?;
            }
        }
        Ok(())
    }
}

impl PolicyOf {
    pub(super) fn policy_type(&self) -> PolicyType {
        match self {
            Self::Aws(managed) => managed.policy_type,
            Self::Customer(policy_type, _) => *policy_type,
        }
    }
}

/// An account's number as stored.
pub(super) fn account_id(number: u64) -> Result<AccountId> {
    AccountId::new(number).ok_or_else(|| {
        StoreError::from(super::bearing::BearingError::Inconsistent(
            "a member of no organization".to_owned(),
        ))
        .into()
    })
}

/// A time as stored.
pub(super) fn time(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds).ok()
}
