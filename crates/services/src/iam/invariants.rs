//! What must be true of the rows of roles, policies and their attachments.

mod users;

use std::collections::HashSet;

use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::{StoreError, Transaction};
use strongroom_types::{AccountId, Partition};

use super::{
    policies::default_document,
    record::{AttachedTo, InlinePolicy},
};
use crate::{
    scan::Scan,
    tables::{
        Accounts, Groups, InstanceProfiles, ManagedPolicies, PolicyAttachments, PrincipalNames,
        RoleUses, Roles, Users,
    },
};

/// The row of an attachment.
type Attachment = (AccountId, String, u8, String);

/// Rules of roles, managed policies, instance profiles, and of what policies
/// are attached to.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn check_iam(
    partition: Partition,
    tx: &mut Transaction,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    users::check(tx, problems).await?;
    let mut attached = HashSet::new();
    attached_users(tx, &mut attached).await?;
    groups(tx, problems, &mut attached).await?;
    roles(tx, problems, &mut attached).await?;
    role_uses(tx, problems).await?;
    managed_policies(tx, problems).await?;
    instance_profiles(tx, problems).await?;
    attachments(partition, tx, problems, attached).await?;
    principal_names(tx, problems).await
}

/// The rows that an entity's record says there are.
fn expected(
    account: AccountId,
    name: &str,
    attached: (&[String], AttachedTo),
    boundary: Option<(&String, AttachedTo)>,
) -> impl Iterator<Item = Attachment> {
    let (arns, kind) = attached;
    let attached = arns.iter().map(move |arn| (arn, kind));
    let row = move |(arn, kind): (&String, AttachedTo)| {
        (account, arn.clone(), kind as u8, name.to_owned())
    };
    attached
        .chain(boundary)
        .map(row)
        .collect::<Vec<_>>()
        .into_iter()
}

async fn attached_users(
    tx: &mut Transaction,
    attached: &mut HashSet<Attachment>,
) -> Result<(), StoreError> {
    let mut rows = Scan::<Users>::new();
    while let Some(((account, key), user)) = rows.next(tx).await? {
        let boundary = user.permissions_boundary.as_ref();
        let boundary = boundary.map(|arn| (arn, AttachedTo::UserBoundary));
        let policies = (user.attached_policies.as_slice(), AttachedTo::User);
        attached.extend(expected(account, &key, policies, boundary));
    }
    Ok(())
}

async fn groups(
    tx: &mut Transaction,
    problems: &mut Vec<String>,
    attached: &mut HashSet<Attachment>,
) -> Result<(), StoreError> {
    let mut rows = Scan::<Groups>::new();
    while let Some(((account, key), group)) = rows.next(tx).await? {
        inline(
            problems,
            &format!("group {account}/{key}"),
            &group.inline_policies,
        );
        let policies = (group.attached_policies.as_slice(), AttachedTo::Group);
        attached.extend(expected(account, &key, policies, None));
    }
    Ok(())
}

/// A use is of a role.
async fn role_uses(tx: &mut Transaction, problems: &mut Vec<String>) -> Result<(), StoreError> {
    let mut rows = Scan::<RoleUses>::new();
    while let Some((key, _)) = rows.next(tx).await? {
        if tx.get::<Roles>(&key).await?.is_none() {
            problems.push(format!("role {}/{} was used and is none", key.0, key.1));
        }
    }
    Ok(())
}

async fn roles(
    tx: &mut Transaction,
    problems: &mut Vec<String>,
    attached: &mut HashSet<Attachment>,
) -> Result<(), StoreError> {
    let mut rows = Scan::<Roles>::new();
    while let Some(((account, key), role)) = rows.next(tx).await? {
        let what = format!("role {account}/{key}");
        if role.name.to_lowercase() != key {
            problems.push(format!("{what} has another's key"));
        }
        if tx.get::<Accounts>(&(account,)).await?.is_none() {
            problems.push(format!("{what} is of no account"));
        }
        if Policy::parse(&role.trust_policy, PolicyKind::Trust).is_err() {
            problems.push(format!("the trust policy of {what} is none"));
        }
        if !(3_600..=43_200).contains(&role.max_session_seconds) {
            problems.push(format!("{what} has sessions of an impossible length"));
        }
        inline(problems, &what, &role.inline_policies);
        let boundary = role.permissions_boundary.as_ref();
        let boundary = boundary.map(|arn| (arn, AttachedTo::RoleBoundary));
        let policies = (role.attached_policies.as_slice(), AttachedTo::Role);
        attached.extend(expected(account, &key, policies, boundary));
    }
    Ok(())
}

fn inline(problems: &mut Vec<String>, what: &str, policies: &[InlinePolicy]) {
    for policy in policies {
        if Policy::parse(&policy.document, PolicyKind::Identity).is_err() {
            problems.push(format!("policy {} of {what} is none", policy.name));
        }
    }
}

async fn managed_policies(
    tx: &mut Transaction,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    let mut rows = Scan::<ManagedPolicies>::new();
    while let Some(((account, key), policy)) = rows.next(tx).await? {
        let what = format!("managed policy {account}/{key}");
        if policy.name.to_lowercase() != key {
            problems.push(format!("{what} has another's key"));
        }
        let numbers = policy.versions.iter().map(|version| version.number);
        if !numbers.clone().is_sorted_by(|a, b| a < b) {
            problems.push(format!("the versions of {what} are not in their order"));
        }
        if !numbers
            .clone()
            .any(|number| number == policy.default_version)
        {
            problems.push(format!("the default version of {what} is not there"));
        }
        if numbers.max() > Some(policy.last_version) {
            problems.push(format!("{what} has a version that it never made"));
        }
        for version in &policy.versions {
            if Policy::parse(&version.document, PolicyKind::Identity).is_err() {
                problems.push(format!("version {} of {what} is none", version.number));
            }
        }
    }
    Ok(())
}

async fn instance_profiles(
    tx: &mut Transaction,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    let mut rows = Scan::<InstanceProfiles>::new();
    while let Some(((account, key), profile)) = rows.next(tx).await? {
        let what = format!("instance profile {account}/{key}");
        if profile.name.to_lowercase() != key {
            problems.push(format!("{what} has another's key"));
        }
        if let Some(role) = profile.role
            && tx.get::<Roles>(&(account, role)).await?.is_none()
        {
            problems.push(format!("the role of {what} is not there"));
        }
    }
    Ok(())
}

/// Rows and records name the same attachments, and of policies that exist.
async fn attachments(
    partition: Partition,
    tx: &mut Transaction,
    problems: &mut Vec<String>,
    mut attached: HashSet<Attachment>,
) -> Result<(), StoreError> {
    let mut rows = Scan::<PolicyAttachments>::new();
    while let Some((row, _)) = rows.next(tx).await? {
        let (account, arn, kind, name) = &row;
        if !attached.remove(&row) {
            problems.push(format!(
                "attachment of {arn} to {account}/{kind}/{name} is not in the entity's record"
            ));
        }
        if default_document(tx, partition, arn).await?.is_none() {
            problems.push(format!(
                "{account}/{kind}/{name} has {arn}, which is not there"
            ));
        }
    }
    for (account, arn, kind, name) in attached {
        problems.push(format!(
            "attachment of {arn} to {account}/{kind}/{name} has no row"
        ));
    }
    Ok(())
}

async fn principal_names(
    tx: &mut Transaction,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    let mut rows = Scan::<PrincipalNames>::new();
    while let Some(((id,), _)) = rows.next(tx).await? {
        if super::principals::by_id(tx, &id).await?.is_none() {
            problems.push(format!("the id {id} is of nobody"));
        }
    }
    Ok(())
}
