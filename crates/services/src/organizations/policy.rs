//! Policies of organizations: what is one, and where they are attached.

use serde_json::Value;
use strongroom_policy::{Effect, Policy as Compiled, Statement};

use super::{
    entity::{Org, PolicyOf},
    error::{Error, Result},
    id,
    policy_type::PolicyType,
    record::Policy,
    shapes::PolicyTypeName,
};
use crate::{context::Context, tables::OrganizationPolicies};

/// Characters of a document, white space not counted.
///
/// Source: AWS Organizations User Guide, quotas.
const MAX_CONTENT: usize = 5_120;
/// Policies of each type in an organization.
///
/// Source: as above.
const MAX_POLICIES: usize = 1_000;
/// Policies of each type at one root, unit or account.
///
/// Source: as above.
const MAX_ATTACHED: usize = 5;

/// The type, if the organization can use it.
///
/// # Errors
/// `PolicyTypeNotAvailableForOrganizationException`: also for the types that
/// govern services which are not here.
pub(super) fn available(org: &Org, name: PolicyTypeName) -> Result<PolicyType> {
    PolicyType::named(name.as_str())
        .filter(|_| !org.row.billing_only)
        .ok_or(Error::PolicyTypeNotAvailable)
}

/// # Errors
/// `ConstraintViolationException` for a document that is too long,
/// `MalformedPolicyDocumentException` for one that is no policy of the type.
pub(super) fn check_content(policy_type: PolicyType, content: &str) -> Result<()> {
    if Compiled::counted_size(content) > MAX_CONTENT {
        return Err(Error::constraint(
            "POLICY_CONTENT_LIMIT_EXCEEDED",
            "You have exceeded the maximum policy size.",
        ));
    }
    let kind = policy_type.kind();
    let policy = Compiled::parse(content, kind).map_err(|_| Error::MalformedPolicyDocument)?;
    let denies = |statement: &Statement| statement.effect() == Effect::Deny;
    if policy_type == PolicyType::ResourceControl
        && !(policy.statements().iter().all(denies) && names_actions(content))
    {
        return Err(Error::MalformedPolicyDocument);
    }
    Ok(())
}

/// A resource control policy of a customer only denies, and says what: no
/// `NotAction`, no lone `*`.
///
/// Source: AWS Organizations User Guide, RCP syntax.
fn names_actions(content: &str) -> bool {
    let document: Value = serde_json::from_str(content).unwrap_or_default();
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        one => one.map_or(&[][..], std::slice::from_ref),
    };
    statements.iter().all(|statement| {
        let star = |action: &Value| action.as_str().is_none_or(|it| matches!(it, "*" | "*:*"));
        match statement.get("Action") {
            Some(Value::Array(actions)) => !actions.iter().any(star),
            one => one.is_some_and(|one| !star(one)),
        }
    })
}

/// # Errors
/// `DuplicatePolicyException` if another policy of the type has the name.
pub(super) async fn check_name(
    cx: &mut Context<'_>,
    org: &Org,
    policy_type: PolicyType,
    name: &str,
    own: Option<&str>,
) -> Result<()> {
    let policies = org.policies(cx).await?;
    let taken = policies.iter().any(|(id, policy)| match policy {
        PolicyOf::Customer(known, row) => {
            *known == policy_type && row.name == name && Some(id.as_str()) != own
        }
        PolicyOf::Aws(_) => false,
    });
    if taken || policy_type.managed().name == name {
        return Err(Error::DuplicatePolicy);
    }
    Ok(())
}

/// Stores a new policy.
///
/// # Errors
/// `ConstraintViolationException` when there are too many.
pub(super) async fn create(
    cx: &mut Context<'_>,
    org: &Org,
    policy_type: PolicyType,
    row: &Policy,
) -> Result<String> {
    let policies = org.policies(cx).await?;
    let of_type = policies
        .iter()
        .filter(|(_, it)| it.policy_type() == policy_type);
    if of_type.count() >= MAX_POLICIES {
        return Err(Error::constraint(
            "POLICY_NUMBER_LIMIT_EXCEEDED",
            "You have exceeded the number of policies allowed in your organization.",
        ));
    }
    let id = id::draw(cx, "p-", 10);
    let key = (org.management, id);
    cx.tx.put::<OrganizationPolicies>(&key, row)?;
    Ok(key.1)
}

/// The refusal to change one of AWS's own policies.
pub(super) fn immutable() -> Error {
    Error::invalid(
        "IMMUTABLE_POLICY",
        "You specified a policy that is managed by AWS and can't be modified.",
    )
}

/// Attaches a policy.
///
/// # Errors
/// `PolicyTypeNotEnabledException`, `DuplicatePolicyAttachmentException`,
/// `ConstraintViolationException`.
pub(super) async fn attach(
    cx: &mut Context<'_>,
    org: &Org,
    id: &str,
    policy: &PolicyOf,
    target: &str,
) -> Result<()> {
    if !org.is_enabled(policy.policy_type()) {
        return Err(Error::PolicyTypeNotEnabled);
    }
    let attached = of_type(cx, org, target, policy.policy_type()).await?;
    if attached.iter().any(|known| known == id) {
        return Err(Error::DuplicatePolicyAttachment);
    }
    if attached.len() >= MAX_ATTACHED {
        return Err(Error::constraint(
            "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            "You have exceeded the number of policies of the specified type that can be attached \
             to the entity.",
        ));
    }
    org.attach(cx, target, id)
}

/// Detaches a policy. One service control policy always stays, and AWS's own
/// resource control policy.
///
/// # Errors
/// `PolicyNotAttachedException`, `ConstraintViolationException`,
/// `InvalidInputException`.
pub(super) async fn detach(
    cx: &mut Context<'_>,
    org: &Org,
    id: &str,
    policy: &PolicyOf,
    target: &str,
) -> Result<()> {
    let attached = of_type(cx, org, target, policy.policy_type()).await?;
    if !attached.iter().any(|known| known == id) {
        return Err(Error::PolicyNotAttached);
    }
    match policy.policy_type() {
        PolicyType::ResourceControl if matches!(policy, PolicyOf::Aws(_)) => Err(Error::invalid(
            "NON_DETACHABLE_POLICY",
            "You can't detach the RCPFullAWSAccess policy.",
        )),
        PolicyType::ServiceControl if attached.len() == 1 => Err(Error::constraint(
            "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            "You can't detach the last policy of the specified type from the entity.",
        )),
        _ => org.detach(cx, target, id),
    }
}

async fn of_type(
    cx: &mut Context<'_>,
    org: &Org,
    target: &str,
    policy_type: PolicyType,
) -> Result<Vec<String>> {
    let mut attached = Vec::new();
    for id in org.attached(cx, target).await? {
        let policy = org.policy(cx, &id).await?;
        if policy.is_some_and(|policy| policy.policy_type() == policy_type) {
            attached.push(id);
        }
    }
    Ok(attached)
}

/// Enables a type, with AWS's own policy attached everywhere.
pub(super) async fn enable(
    cx: &mut Context<'_>,
    org: &mut Org,
    policy_type: PolicyType,
) -> Result<()> {
    org.row.enabled_types.push(policy_type.as_str().to_owned());
    org.save(cx)?;
    let mut targets = vec![org.row.root_id.clone()];
    targets.extend(org.units(cx).await?.into_iter().map(|(id, _)| id));
    let members = org.members(cx).await?;
    targets.extend(members.into_iter().map(|(account, _)| account.to_string()));
    for target in targets {
        org.attach(cx, &target, policy_type.managed().id)?;
    }
    Ok(())
}

/// Disables a type, and detaches its policies from everything.
pub(super) async fn disable(
    cx: &mut Context<'_>,
    org: &mut Org,
    policy_type: PolicyType,
) -> Result<()> {
    org.row
        .enabled_types
        .retain(|name| name != policy_type.as_str());
    org.save(cx)?;
    for (target, id) in org.attachments(cx).await? {
        let policy = org.policy(cx, &id).await?;
        if policy.is_none_or(|policy| policy.policy_type() == policy_type) {
            org.detach(cx, &target, &id)?;
        }
    }
    Ok(())
}
