//! Managed policies attached to users, groups and roles, or bounding the
//! permissions of users and roles.
//!
//! Each attachment is in two places that change together: the entity's own
//! record, which callers are made from, and a row of `PolicyAttachments`, by
//! which a policy knows where it is used.

use std::collections::HashMap;

use strongroom_store::{StoreError, Transaction};
use strongroom_types::AccountId;

use super::{
    error::{Error, Result},
    policies,
    record::{AttachedTo, PolicyAttachment},
};
use crate::{context::Context, shape::Output, tables::PolicyAttachments};

/// Managed policies of one user, group or role.
///
/// Source: IAM User Guide, IAM and STS quotas.
const MAX_ATTACHED: usize = 10;
/// Rows read at a time.
const PAGE: usize = 500;

/// An attached policy in answers.
#[derive(Output)]
pub struct AttachedPolicy {
    /// The policy's name.
    pub policy_name: Option<String>,
    /// The policy's ARN.
    pub policy_arn: Option<String>,
}

/// The permissions boundary of a user or role in answers.
#[derive(Output)]
pub struct AttachedPermissionsBoundary {
    /// `Policy`, as the live service answers; the model's enumeration says
    /// `PermissionsBoundaryPolicy`.
    pub permissions_boundary_type: Option<String>,
    /// The policy's ARN.
    pub permissions_boundary_arn: Option<String>,
}

/// An entity that policies are attached to.
#[derive(Clone, Copy)]
pub(super) struct Entity<'a> {
    pub(super) account: AccountId,
    /// [`AttachedTo::Group`], [`AttachedTo::Role`] or [`AttachedTo::User`].
    pub(super) kind: AttachedTo,
    /// The name, in any case.
    pub(super) name: &'a str,
}

/// How often a policy is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Users, groups and roles that it is attached to.
    pub(super) attachments: i64,
    /// Users and roles whose permissions it bounds.
    pub(super) boundaries: i64,
}

impl<'a> Entity<'a> {
    /// A role.
    pub(super) fn role(account: AccountId, name: &'a str) -> Self {
        Self {
            account,
            kind: AttachedTo::Role,
            name,
        }
    }

    /// A user.
    pub(super) fn user(account: AccountId, name: &'a str) -> Self {
        Self {
            account,
            kind: AttachedTo::User,
            name,
        }
    }

    fn row(&self, arn: &str, kind: AttachedTo) -> (AccountId, String, u8, String) {
        (
            self.account,
            arn.to_owned(),
            kind as u8,
            self.name.to_lowercase(),
        )
    }

    /// The kind of the rows of its permissions boundary.
    fn boundary_kind(&self) -> AttachedTo {
        match self.kind {
            AttachedTo::Role | AttachedTo::RoleBoundary => AttachedTo::RoleBoundary,
            _ => AttachedTo::UserBoundary,
        }
    }

    fn quota(&self) -> &'static str {
        match self.kind {
            AttachedTo::Group => "PoliciesPerGroup",
            AttachedTo::Role | AttachedTo::RoleBoundary => "PoliciesPerRole",
            AttachedTo::User | AttachedTo::UserBoundary => "PoliciesPerUser",
        }
    }
}

/// Attaches a policy to an entity, whose record's list is `attached`. One that
/// is attached stays so.
///
/// # Errors
/// `NoSuchEntity` if there is no such policy, `LimitExceeded` past ten.
pub(super) async fn attach(
    cx: &mut Context<'_>,
    entity: Entity<'_>,
    attached: &mut Vec<String>,
    policy_arn: &str,
) -> Result<()> {
    policies::attachable(
        &mut cx.tx,
        cx.services.partition,
        entity.account,
        policy_arn,
    )
    .await?;
    if attached.iter().any(|known| known == policy_arn) {
        return Ok(());
    }
    if attached.len() >= MAX_ATTACHED {
        return Err(Error::over_quota(entity.quota(), MAX_ATTACHED));
    }
    attached.push(policy_arn.to_owned());
    let row = entity.row(policy_arn, entity.kind);
    cx.tx.put::<PolicyAttachments>(&row, &PolicyAttachment {})?;
    Ok(())
}

/// Detaches a policy from an entity, whose record's list is `attached`.
///
/// # Errors
/// `NoSuchEntity` if it is not attached, and those of a text that is no
/// policy's ARN.
pub(super) fn detach(
    cx: &mut Context<'_>,
    entity: Entity<'_>,
    attached: &mut Vec<String>,
    policy_arn: &str,
) -> Result<()> {
    policies::PolicyArn::parse(policy_arn, cx.services.partition)?;
    let before = attached.len();
    attached.retain(|known| known != policy_arn);
    if attached.len() == before {
        return Err(Error::no_policy(policy_arn));
    }
    cx.tx
        .delete::<PolicyAttachments>(&entity.row(policy_arn, entity.kind))?;
    Ok(())
}

/// Gives an entity a permissions boundary, in place of one it has.
///
/// # Errors
/// `NoSuchEntity` if there is no such policy.
pub(super) async fn set_boundary(
    cx: &mut Context<'_>,
    entity: Entity<'_>,
    boundary: &mut Option<String>,
    policy_arn: &str,
) -> Result<()> {
    policies::attachable(
        &mut cx.tx,
        cx.services.partition,
        entity.account,
        policy_arn,
    )
    .await?;
    clear_boundary(cx, entity, boundary)?;
    let row = entity.row(policy_arn, entity.boundary_kind());
    cx.tx.put::<PolicyAttachments>(&row, &PolicyAttachment {})?;
    *boundary = Some(policy_arn.to_owned());
    Ok(())
}

/// Takes an entity's permissions boundary away, if it has one.
///
/// # Errors
/// When the store fails.
pub(super) fn clear_boundary(
    cx: &mut Context<'_>,
    entity: Entity<'_>,
    boundary: &mut Option<String>,
) -> Result<()> {
    if let Some(old) = boundary.take() {
        let row = entity.row(&old, entity.boundary_kind());
        cx.tx.delete::<PolicyAttachments>(&row)?;
    }
    Ok(())
}

/// Moves the rows of an entity that is now called `to`.
///
/// # Errors
/// When the store fails.
pub(super) fn rename(
    cx: &mut Context<'_>,
    from: Entity<'_>,
    to: &str,
    attached: &[String],
    boundary: Option<&str>,
) -> Result<()> {
    let renamed = Entity { name: to, ..from };
    let attached = attached.iter().map(|arn| (arn.as_str(), from.kind));
    let bounds = boundary.map(|arn| (arn, from.boundary_kind()));
    for (arn, kind) in attached.chain(bounds) {
        cx.tx.delete::<PolicyAttachments>(&from.row(arn, kind))?;
        cx.tx
            .put::<PolicyAttachments>(&renamed.row(arn, kind), &PolicyAttachment {})?;
    }
    Ok(())
}

/// How often a policy is used in an account.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn usage(
    tx: &mut Transaction,
    account: AccountId,
    policy_arn: &str,
) -> std::result::Result<Usage, StoreError> {
    let mut usage = Usage::default();
    for (kind, _) in users_of(tx, account, policy_arn).await? {
        usage.count(kind);
    }
    Ok(usage)
}

/// What a policy is attached to in an account: kind, and name in lower case.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn users_of(
    tx: &mut Transaction,
    account: AccountId,
    policy_arn: &str,
) -> std::result::Result<Vec<(u8, String)>, StoreError> {
    let mut users = Vec::new();
    let mut last = None;
    loop {
        let prefix = (account, policy_arn);
        let rows = tx
            .range::<PolicyAttachments>(prefix, last.as_ref(), PAGE)
            .await?;
        let Some((key, _)) = rows.last() else {
            return Ok(users);
        };
        last = Some(key.clone());
        users.extend(rows.into_iter().map(|((_, _, kind, name), _)| (kind, name)));
    }
}

/// How often each policy is used in an account, by ARN; those that are not
/// used are not there.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn all_usage(
    tx: &mut Transaction,
    account: AccountId,
) -> std::result::Result<HashMap<String, Usage>, StoreError> {
    let mut all: HashMap<String, Usage> = HashMap::new();
    let mut last = None;
    loop {
        let rows = tx
            .range::<PolicyAttachments>((account,), last.as_ref(), PAGE)
            .await?;
        let Some((key, _)) = rows.last() else {
            return Ok(all);
        };
        last = Some(key.clone());
        for ((_, arn, kind, _), _) in rows {
            all.entry(arn).or_default().count(kind);
        }
    }
}

/// The attached policies as answers have them, those under a path.
///
/// The name is the end of the ARN.
pub(super) fn answered(attached: &[String], path_prefix: Option<&str>) -> Vec<AttachedPolicy> {
    attached
        .iter()
        .filter_map(|arn| {
            let (_, place) = arn.split_once(":policy")?;
            let (_, name) = place.rsplit_once('/')?;
            let path = place.strip_suffix(name)?;
            path.starts_with(path_prefix.unwrap_or("/"))
                .then(|| AttachedPolicy {
                    policy_name: Some(name.to_owned()),
                    policy_arn: Some(arn.clone()),
                })
        })
        .collect()
}

/// A permissions boundary as answers have it.
pub(super) fn answered_boundary(arn: Option<&str>) -> Option<AttachedPermissionsBoundary> {
    arn.map(|arn| AttachedPermissionsBoundary {
        permissions_boundary_type: Some("Policy".to_owned()),
        permissions_boundary_arn: Some(arn.to_owned()),
    })
}

impl AttachedPolicy {
    /// What a list of them is sorted by.
    pub(super) fn rank(&self) -> String {
        let name = self.policy_name.as_deref().unwrap_or_default();
        let of_aws = self
            .policy_arn
            .as_ref()
            .is_some_and(|arn| arn.contains(":aws:policy/"));
        format!("{}\n{of_aws}", name.to_lowercase())
    }
}

impl Usage {
    fn count(&mut self, kind: u8) {
        if kind == AttachedTo::RoleBoundary as u8 || kind == AttachedTo::UserBoundary as u8 {
            self.boundaries += 1;
        } else {
            self.attachments += 1;
        }
    }
}
