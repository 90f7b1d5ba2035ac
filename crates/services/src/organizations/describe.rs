//! What is stored, as it is answered.

use strongroom_types::{AccountId, Sensitive};

use super::{
    entity::{Entity, Org, PolicyOf, account_id, time},
    error::{Error, Result},
    policy_type::PolicyType,
    record,
    shapes::{
        AccountShape, AccountState, AccountStatus, CreateAccountState, CreateAccountStatus,
        FailureReason, FeatureSet, JoinedMethod, OrganizationShape, PolicyShape, PolicySummary,
        PolicyTargetSummary, PolicyTypeName, PolicyTypeStatus, PolicyTypeSummary, RootShape,
        TargetType, UnitShape,
    },
};
use crate::context::Context;

/// The root's name, which nobody chooses.
const ROOT: &str = "Root";

pub(super) async fn organization(cx: &mut Context<'_>, org: &Org) -> Result<OrganizationShape> {
    let management = org
        .member(cx, org.management)
        .await?
        .ok_or(Error::AccountNotFound)?;
    // The member is deprecated; AWS keeps it at what every organization had.
    let available = (!org.row.billing_only).then_some(PolicyTypeSummary {
        r#type: Some(PolicyTypeName::ServiceControlPolicy),
        status: Some(PolicyTypeStatus::Enabled),
    });
    Ok(OrganizationShape {
        id: Some(org.row.id.clone()),
        arn: Some(org.arn(cx, "organization", "")),
        feature_set: Some(if org.row.billing_only {
            FeatureSet::ConsolidatedBilling
        } else {
            FeatureSet::All
        }),
        master_account_arn: Some(org.arn(cx, "account", &org.management.to_string())),
        master_account_id: Some(org.management.to_string()),
        master_account_email: Some(Sensitive::new(management.email)),
        available_policy_types: Some(available.into_iter().collect()),
    })
}

pub(super) async fn account(
    cx: &mut Context<'_>,
    org: &Org,
    account: AccountId,
    member: record::Member,
) -> Result<AccountShape> {
    let path = org.path(cx, &member.parent).await?;
    let (status, state) = match member.closed_ms {
        Some(_) => (AccountStatus::Suspended, AccountState::Closed),
        None => (AccountStatus::Active, AccountState::Active),
    };
    Ok(AccountShape {
        arn: Some(org.arn(cx, "account", &account.to_string())),
        id: Some(account.to_string()),
        email: Some(Sensitive::new(member.email)),
        name: Some(Sensitive::new(member.name)),
        status: Some(status),
        state: Some(state),
        paths: Some(vec![format!("{path}{account}/")]),
        joined_method: Some(if member.created {
            JoinedMethod::Created
        } else {
            JoinedMethod::Invited
        }),
        joined_timestamp: time(member.joined_ms),
    })
}

pub(super) fn root(cx: &Context<'_>, org: &Org) -> RootShape {
    let enabled = |policy_type: PolicyType| {
        org.is_enabled(policy_type).then(|| PolicyTypeSummary {
            r#type: Some(name_of(policy_type)),
            status: Some(PolicyTypeStatus::Enabled),
        })
    };
    let types = [PolicyType::ServiceControl, PolicyType::ResourceControl];
    RootShape {
        id: Some(org.row.root_id.clone()),
        arn: Some(org.arn(cx, "root", &org.row.root_id)),
        name: Some(ROOT.to_owned()),
        policy_types: Some(types.into_iter().filter_map(enabled).collect()),
    }
}

pub(super) async fn unit(
    cx: &mut Context<'_>,
    org: &Org,
    id: &str,
    unit: record::Unit,
) -> Result<UnitShape> {
    let path = org.path(cx, &unit.parent).await?;
    Ok(UnitShape {
        id: Some(id.to_owned()),
        arn: Some(org.arn(cx, "ou", id)),
        name: Some(unit.name),
        path: Some(format!("{path}{id}/")),
    })
}

pub(super) fn policy(cx: &Context<'_>, org: &Org, id: &str, policy: &PolicyOf) -> PolicyShape {
    let content = match policy {
        PolicyOf::Aws(managed) => managed.content.to_owned(),
        PolicyOf::Customer(_, row) => row.content.clone(),
    };
    PolicyShape {
        policy_summary: Some(summary(cx, org, id, policy)),
        content: Some(content),
    }
}

pub(super) fn summary(cx: &Context<'_>, org: &Org, id: &str, policy: &PolicyOf) -> PolicySummary {
    let entity = Entity::Policy(id.to_owned(), Box::new(policy.clone()));
    let (name, description) = match policy {
        PolicyOf::Aws(managed) => (managed.name.to_owned(), managed.description.to_owned()),
        PolicyOf::Customer(_, row) => (row.name.clone(), row.description.clone()),
    };
    PolicySummary {
        id: Some(id.to_owned()),
        arn: Some(org.arn_of(cx, &entity)),
        name: Some(name),
        description: Some(description),
        r#type: Some(name_of(policy.policy_type())),
        aws_managed: Some(matches!(policy, PolicyOf::Aws(_))),
    }
}

pub(super) fn target(
    cx: &Context<'_>,
    org: &Org,
    id: &str,
    entity: &Entity,
) -> PolicyTargetSummary {
    let (name, target_type) = match entity {
        Entity::Account(_, member) => (member.name.clone(), Some(TargetType::Account)),
        Entity::Unit(_, unit) => (unit.name.clone(), Some(TargetType::OrganizationalUnit)),
        Entity::Root => (ROOT.to_owned(), Some(TargetType::Root)),
        // Policies have none attached.
        Entity::Policy(..) => (String::new(), None),
    };
    PolicyTargetSummary {
        target_id: Some(id.to_owned()),
        arn: Some(org.arn_of(cx, entity)),
        name: Some(name),
        r#type: target_type,
    }
}

pub(super) fn request(id: &str, request: &record::AccountRequest) -> CreateAccountStatus {
    let account = request.account.and_then(|number| account_id(number).ok());
    let failure_reason = match request.failure.as_deref() {
        None => None,
        Some("ACCOUNT_LIMIT_EXCEEDED") => Some(FailureReason::AccountLimitExceeded),
        Some("EMAIL_ALREADY_EXISTS") => Some(FailureReason::EmailAlreadyExists),
        Some(_) => Some(FailureReason::InternalFailure),
    };
    CreateAccountStatus {
        id: Some(id.to_owned()),
        account_name: Some(Sensitive::new(request.account_name.clone())),
        state: Some(if failure_reason.is_none() {
            CreateAccountState::Succeeded
        } else {
            CreateAccountState::Failed
        }),
        requested_timestamp: time(request.requested_ms),
        completed_timestamp: time(request.requested_ms),
        account_id: account.map(|account| account.to_string()),
        gov_cloud_account_id: None,
        failure_reason,
    }
}

fn name_of(policy_type: PolicyType) -> PolicyTypeName {
    match policy_type {
        PolicyType::ResourceControl => PolicyTypeName::ResourceControlPolicy,
        PolicyType::ServiceControl => PolicyTypeName::ServiceControlPolicy,
    }
}
