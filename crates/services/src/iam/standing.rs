//! What a user or role may do by itself: its policies, compiled, and its tags.
//!
//! Made once for all that act as the user or role: its access keys, and every
//! session of it.

use strongroom_policy::{Attached, Policy, PolicyKind};
use strongroom_store::Transaction;
use strongroom_types::{AccountId, Partition};

use super::{
    callers::CallerError,
    policies,
    record::{InlinePolicy, Role, Tag, User},
};
use crate::tables::Groups;

/// Policies and tags of a user, a role, or the root user.
#[derive(Debug, Default)]
pub struct Standing {
    /// `/` or `/a/b/`.
    pub path: Box<str>,
    /// The name with its case kept.
    pub name: Box<str>,
    /// `AIDA…` or `AROA…`.
    pub id: Box<str>,
    /// Inline and attached policies, and for a user those of its groups.
    pub identity: Vec<NamedPolicy>,
    /// The permissions boundary.
    pub boundary: Option<NamedPolicy>,
    /// The tags, keys as they were given.
    pub tags: Vec<(Box<str>, Box<str>)>,
    /// Whether it is a service's own role, which organizations' policies leave
    /// alone.
    pub service_linked: bool,
}

/// A policy, with the name that explanations use.
#[derive(Debug)]
pub struct NamedPolicy {
    /// The ARN of a managed policy, the name of an inline one.
    pub name: Box<str>,
    /// The policy itself.
    pub policy: Policy,
}

impl NamedPolicy {
    /// The policy in its place.
    pub(crate) fn attached(&self) -> Attached<'_> {
        Attached {
            name: Some(&self.name),
            policy: &self.policy,
        }
    }
}

impl Standing {
    pub(super) async fn of_user(
        tx: &mut Transaction,
        partition: Partition,
        account: AccountId,
        user: User,
    ) -> Result<Self, CallerError> {
        let mut identity = Vec::new();
        add(
            tx,
            partition,
            &mut identity,
            &user.attached_policies,
            &user.inline_policies,
        )
        .await?;
        for name in &user.groups {
            // A user and its groups are changed together.
            let group = tx.get::<Groups>(&(account, name.clone())).await?;
            let group = group.ok_or(CallerError::Inconsistent)?;
            add(
                tx,
                partition,
                &mut identity,
                &group.attached_policies,
                &group.inline_policies,
            )
            .await?;
        }
        Ok(Self {
            boundary: boundary(tx, partition, user.permissions_boundary.as_deref()).await?,
            path: user.path.into(),
            name: user.name.into(),
            id: user.id.into(),
            identity,
            tags: tags(user.tags),
            service_linked: false,
        })
    }

    pub(super) async fn of_role(
        tx: &mut Transaction,
        partition: Partition,
        role: Role,
    ) -> Result<Self, CallerError> {
        let mut identity = Vec::new();
        add(
            tx,
            partition,
            &mut identity,
            &role.attached_policies,
            &role.inline_policies,
        )
        .await?;
        Ok(Self {
            boundary: boundary(tx, partition, role.permissions_boundary.as_deref()).await?,
            path: role.path.into(),
            name: role.name.into(),
            id: role.id.into(),
            identity,
            tags: tags(role.tags),
            service_linked: role.linked_service.is_some(),
        })
    }

    /// Of the root user when it vouches for a federated user: everything,
    /// within the policies that it passes.
    pub(super) fn of_root() -> Result<Self, CallerError> {
        const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        Ok(Self {
            identity: vec![compile("root", EVERYTHING)?],
            ..Self::default()
        })
    }
}

/// The managed policy with this ARN, compiled; nothing if there is none.
pub(crate) async fn managed(
    tx: &mut Transaction,
    partition: Partition,
    arn: &str,
) -> Result<Option<NamedPolicy>, CallerError> {
    match policies::default_document(tx, partition, arn).await? {
        Some(document) => compile(arn, &document).map(Some),
        None => Ok(None),
    }
}

/// Compiles an identity policy that was checked when it was taken.
pub(super) fn compile(name: &str, document: &str) -> Result<NamedPolicy, CallerError> {
    let policy = Policy::parse(document, PolicyKind::Identity)
        .map_err(|_| CallerError::Policy(name.to_owned()))?;
    Ok(NamedPolicy {
        name: name.into(),
        policy,
    })
}

async fn add(
    tx: &mut Transaction,
    partition: Partition,
    policies: &mut Vec<NamedPolicy>,
    attached: &[String],
    inline: &[InlinePolicy],
) -> Result<(), CallerError> {
    for arn in attached {
        let policy = managed(tx, partition, arn).await?;
        policies.push(policy.ok_or_else(|| CallerError::Policy(arn.clone()))?);
    }
    for inline in inline {
        policies.push(compile(&inline.name, &inline.document)?);
    }
    Ok(())
}

/// A boundary that is not there any more would bound nothing, so that nobody
/// is let in.
async fn boundary(
    tx: &mut Transaction,
    partition: Partition,
    arn: Option<&str>,
) -> Result<Option<NamedPolicy>, CallerError> {
    match arn {
        Some(arn) => {
            let policy = managed(tx, partition, arn).await?;
            policy
                .ok_or_else(|| CallerError::Policy(arn.to_owned()))
                .map(Some)
        }
        None => Ok(None),
    }
}

fn tags(tags: Vec<Tag>) -> Vec<(Box<str>, Box<str>)> {
    tags.into_iter()
        .map(|tag| (tag.key.into(), tag.value.into()))
        .collect()
}
