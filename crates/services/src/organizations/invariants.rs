//! What must be true of the rows of organizations.

use std::collections::{HashMap, HashSet};

use strongroom_policy::Policy as Compiled;
use strongroom_store::{StoreError, Transaction};
use strongroom_types::AccountId;

use super::{
    bearing::rows,
    policy_type::{FULL_AWS_ACCESS, PolicyType, RCP_FULL_AWS_ACCESS},
    record::Unit,
};
use crate::tables::{
    Accounts, OrganizationAttachments, OrganizationMembers, OrganizationPolicies,
    OrganizationUnits, Organizations,
};

/// What organizations there are, by their management accounts: the root's id.
type Roots = HashMap<AccountId, String>;
type Units = HashMap<(AccountId, String), Unit>;

/// Adds every rule that rows of organizations break.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn check_organizations(
    tx: &mut Transaction,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    let organizations = rows::<Organizations>(tx).await?;
    let roots: Roots = organizations
        .into_iter()
        .map(|((management,), row)| (management, row.root_id))
        .collect();
    let units: Units = rows::<OrganizationUnits>(tx).await?.into_iter().collect();
    for ((management, id), unit) in &units {
        let parent = unit.parent.as_str();
        if !has_way_up(&roots, &units, *management, parent) {
            problems.push(format!("unit {id} of {management} has no way to the root"));
        }
    }
    let members = members(tx, &roots, &units, problems).await?;
    for management in roots.keys() {
        if !members.contains(&(*management, management.to_string())) {
            problems.push(format!(
                "the management account {management} is not in its organization"
            ));
        }
    }
    policies(tx, &roots, problems).await?;
    attachments(tx, &roots, &units, &members, problems).await
}

/// Whether `place` is the root, or a unit that is somewhere below it.
fn has_way_up(roots: &Roots, units: &Units, management: AccountId, place: &str) -> bool {
    let Some(root) = roots.get(&management) else {
        return false;
    };
    let mut place = place.to_owned();
    // As many steps as there are units: then it goes round in a circle.
    for _ in 0..=units.len() {
        if place == *root {
            return true;
        }
        match units.get(&(management, place)) {
            Some(unit) => place = unit.parent.clone(),
            None => return false,
        }
    }
    false
}

/// The members, by management account and id, as attachments name them.
async fn members(
    tx: &mut Transaction,
    roots: &Roots,
    units: &Units,
    problems: &mut Vec<String>,
) -> Result<HashSet<(AccountId, String)>, StoreError> {
    let mut members = HashSet::new();
    for ((account,), member) in rows::<OrganizationMembers>(tx).await? {
        let management = AccountId::new(member.management_account);
        let Some(management) = management.filter(|it| roots.contains_key(it)) else {
            problems.push(format!("account {account} is of no organization"));
            continue;
        };
        if !has_way_up(roots, units, management, &member.parent) {
            problems.push(format!("account {account} has no way to the root"));
        }
        if tx.get::<Accounts>(&(account,)).await?.is_none() {
            problems.push(format!("the member {account} is no account"));
        }
        members.insert((management, account.to_string()));
    }
    Ok(members)
}

async fn policies(
    tx: &mut Transaction,
    roots: &Roots,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    for ((management, id), policy) in rows::<OrganizationPolicies>(tx).await? {
        if !roots.contains_key(&management) {
            problems.push(format!("policy {id} is of no organization"));
        }
        let policy_type = PolicyType::named(&policy.policy_type);
        let is_policy =
            policy_type.is_some_and(|it| Compiled::parse(&policy.content, it.kind()).is_ok());
        if !is_policy {
            problems.push(format!("policy {id} of {management} is none"));
        }
    }
    Ok(())
}

async fn attachments(
    tx: &mut Transaction,
    roots: &Roots,
    units: &Units,
    members: &HashSet<(AccountId, String)>,
    problems: &mut Vec<String>,
) -> Result<(), StoreError> {
    for ((management, target, policy), _) in rows::<OrganizationAttachments>(tx).await? {
        let is_root = roots.get(&management).is_some_and(|root| *root == target);
        let place = (management, target);
        if !is_root && !units.contains_key(&place) && !members.contains(&place) {
            let target = &place.1;
            problems.push(format!(
                "policy {policy} is attached to {target}, which is not there"
            ));
        }
        let managed = [FULL_AWS_ACCESS.id, RCP_FULL_AWS_ACCESS.id].contains(&policy.as_str());
        let key = (management, policy);
        if !managed && tx.get::<OrganizationPolicies>(&key).await?.is_none() {
            let (policy, target) = (&key.1, &place.1);
            problems.push(format!("policy {policy} at {target} is not there"));
        }
    }
    Ok(())
}
