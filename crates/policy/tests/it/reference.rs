//! A second evaluator, slow and plain, written from the text of the rules and
//! sharing no code with the first. It works on the documents themselves, takes
//! wildcards by their definition and builds strings wherever that is simplest.
//!
//! It takes for granted that documents are valid.

mod values;

use std::collections::BTreeMap;

use serde_json::Value;
use strongroom_policy::PolicyKind;
use strongroom_types::{AccountId, Principal};

use self::values::{compare, glob, lookup, symbols};

/// A request with all that bears on it.
#[derive(Clone, Debug)]
pub(crate) struct Situation {
    pub(crate) action: String,
    pub(crate) boundary: Option<Value>,
    pub(crate) context: BTreeMap<String, Values>,
    pub(crate) identity: Vec<Value>,
    pub(crate) issuer: Option<Principal>,
    pub(crate) kms_grant: bool,
    pub(crate) principal: Principal,
    pub(crate) resource: String,
    pub(crate) resource_account: Option<AccountId>,
    pub(crate) resource_control: Vec<Vec<Value>>,
    pub(crate) resource_policy: Option<(PolicyKind, Value)>,
    pub(crate) service_control: Vec<Vec<Value>>,
    pub(crate) session: Option<Vec<Value>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Values {
    Many(Vec<String>),
    One(String),
}

const PARTITION: &str = "aws";

/// How far an `Allow` in the resource's policy goes, as the rows of the
/// same-account table have it: which of identity policies, boundary and
/// session policies need not allow.
#[derive(Clone, Copy, PartialEq)]
struct Row {
    identity_ignored: bool,
    boundary_ignored: bool,
    session_ignored: bool,
}

const DELEGATION: Row = row(false, false, false);
const ROLE: Row = row(true, false, false);
const USER: Row = row(true, true, false);
const DIRECT: Row = row(true, true, true);

const fn row(identity_ignored: bool, boundary_ignored: bool, session_ignored: bool) -> Row {
    Row {
        identity_ignored,
        boundary_ignored,
        session_ignored,
    }
}

/// `allowed`, `explicit <policy type>` or `no <policy type>`.
pub(crate) fn judge(it: &Situation) -> String {
    // Services, and identities of providers: those who have no account.
    let has_account = it.principal.account().is_some();
    let is_root = matches!(it.principal, Principal::Root { .. });
    let is_federated = matches!(it.principal, Principal::FederatedUser { .. });
    let must_be_explicit = matches!(
        it.resource_policy,
        Some((PolicyKind::Key | PolicyKind::Trust, _))
    );
    let resource_type = match it.resource_policy {
        Some((PolicyKind::Trust, _)) => "role trust policy",
        _ => "resource-based policy",
    };
    let resource: Vec<Value> = it
        .resource_policy
        .iter()
        .map(|(_, it)| it.clone())
        .collect();
    let boundary: Vec<Value> = it.boundary.iter().cloned().collect();
    let session = it.session.clone().unwrap_or_default();
    let mut service_control = it.service_control.clone();
    if !has_account {
        service_control.clear();
    }

    // 1. Explicit deny anywhere.
    for (policy_type, policies) in [
        ("service control policy", service_control.concat()),
        ("resource control policy", it.resource_control.concat()),
        (resource_type, resource.clone()),
        ("identity-based policy", it.identity.clone()),
        ("permissions boundary", boundary.clone()),
        ("session policy", session.clone()),
    ] {
        if !rows(it, &policies, "Deny").is_empty() {
            return format!("explicit {policy_type}");
        }
    }
    let allows = |policies: &[Value]| !rows(it, policies, "Allow").is_empty();
    // 2. and 3. Every level must allow.
    if !it.resource_control.iter().all(|level| allows(level)) {
        return "no resource control policy".into();
    }
    if !service_control.iter().all(|level| allows(level)) {
        return "no service control policy".into();
    }
    // 4. The resource's policy.
    let granted = rows(it, &resource, "Allow");
    let cross_account = match it.resource_account {
        Some(owner) => it.principal.account() != Some(owner),
        None => !has_account,
    };
    if (cross_account || must_be_explicit) && granted.is_empty() && !it.kms_grant {
        return format!("no {resource_type}");
    }
    if is_root || !has_account {
        return "allowed".into();
    }
    // 5. to 7., unless one of the rows says otherwise.
    let ignored = |column: fn(&Row) -> bool| !cross_account && granted.iter().any(column);
    // A grant outweighs what an Allow for its grantee does, a role or a user.
    let of_role = it.kms_grant;
    let of_caller = it.kms_grant && !matches!(it.principal, Principal::AssumedRole { .. });
    if !allows(&it.identity) && !of_role && !ignored(|row| row.identity_ignored) {
        return "no identity-based policy".into();
    }
    if it.boundary.is_some()
        && !allows(&boundary)
        && !of_caller
        && !ignored(|row| row.boundary_ignored)
    {
        return "no permissions boundary".into();
    }
    if (it.session.is_some() || is_federated)
        && !allows(&session)
        && !of_caller
        && !ignored(|row| row.session_ignored)
    {
        return "no session policy".into();
    }
    "allowed".into()
}

/// The rows of all statements with this effect that match.
fn rows(it: &Situation, policies: &[Value], effect: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for policy in policies {
        let variables = policy["Version"] == "2012-10-17";
        for statement in list(&policy["Statement"]) {
            if statement["Effect"] == effect
                && action_matches(it, &statement)
                && resource_matches(it, &statement, variables)
                && conditions_hold(it, &statement, variables)
            {
                rows.extend(principal_row(it, &statement));
            }
        }
    }
    rows
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

fn texts(value: &Value) -> Vec<String> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    list(value).into_iter().map(text).collect()
}

fn action_matches(it: &Situation, statement: &Value) -> bool {
    let any = |names: &Value| {
        texts(names).iter().any(|pattern| {
            let pattern = symbols(&pattern.to_lowercase(), true, None);
            glob(&pattern.unwrap(), &it.action.to_lowercase())
        })
    };
    match statement.get("Action") {
        Some(names) => any(names),
        None => !any(&statement["NotAction"]),
    }
}

fn resource_matches(it: &Situation, statement: &Value, variables: bool) -> bool {
    let any = |names: &Value| {
        texts(names).iter().any(|pattern| {
            // What an ARN lacks is everything.
            let mut whole = pattern.clone();
            while whole != "*" && whole.matches(':').count() < 5 {
                whole.push_str(":*");
            }
            symbols(&whole, true, variables.then_some(it))
                .is_some_and(|pattern| glob(&pattern, &it.resource))
        })
    };
    match (statement.get("Resource"), statement.get("NotResource")) {
        (Some(names), _) => any(names),
        (None, Some(names)) => !any(names),
        // A trust policy: this role.
        (None, None) => true,
    }
}

fn principal_row(it: &Situation, statement: &Value) -> Option<Row> {
    if let Some(named) = statement.get("Principal") {
        let rows: Vec<Row> = entries(named)
            .iter()
            .filter_map(|(kind, name)| entry_row(it, kind, name))
            .collect();
        // The row that ignores most.
        [DIRECT, USER, ROLE, DELEGATION]
            .into_iter()
            .find(|row| rows.contains(row))
    } else if let Some(named) = statement.get("NotPrincipal") {
        let named = entries(named);
        let listed = |row| {
            named
                .iter()
                .any(|(kind, name)| entry_row(it, kind, name) == Some(row))
        };
        let exempt = if statement["Effect"] == "Allow" {
            named
                .iter()
                .any(|(kind, name)| entry_row(it, kind, name).is_some())
        } else {
            // Account and role and session must all be listed.
            named.iter().any(|(_, name)| name == "*")
                || match it.principal {
                    Principal::AssumedRole { .. } => {
                        listed(DIRECT) && listed(ROLE) && listed(DELEGATION)
                    }
                    Principal::FederatedUser { .. } => listed(DIRECT) && listed(DELEGATION),
                    Principal::User { .. } => listed(USER) && listed(DELEGATION),
                    Principal::Federated { .. }
                    | Principal::Root { .. }
                    | Principal::Service { .. } => listed(DIRECT),
                }
        };
        (!exempt).then_some(DIRECT)
    } else {
        Some(DIRECT)
    }
}

fn entries(named: &Value) -> Vec<(String, String)> {
    match named {
        Value::Object(kinds) => {
            let of_kind = |(kind, names): (&String, &Value)| {
                texts(names)
                    .into_iter()
                    .map(|name| (kind.clone(), name))
                    .collect::<Vec<_>>()
            };
            kinds.iter().flat_map(of_kind).collect()
        }
        star => vec![("AWS".into(), texts(star).concat())],
    }
}

/// The table of principal forms and the same-account table in one.
fn entry_row(it: &Situation, kind: &str, name: &str) -> Option<Row> {
    let text = |arn: Option<strongroom_types::Arn>| arn.map(|arn| arn.to_string());
    let own_arn = text(it.principal.arn(PARTITION));
    let role_arn = text(it.principal.policy_arn(PARTITION));
    let account = it.principal.account().map(|account| account.to_string());
    let is = |other: &Option<String>| other.as_deref() == Some(name);
    if kind == "Service" {
        return matches!(&it.principal, Principal::Service { name: own } if **own == *name)
            .then_some(DIRECT);
    }
    if kind == "Federated" {
        return matches!(&it.principal, Principal::Federated { provider, .. } if **provider == *name)
            .then_some(DIRECT);
    }
    if name == "*" {
        return Some(DIRECT);
    }
    let account_root = account
        .as_ref()
        .map(|id| format!("arn:{PARTITION}:iam::{id}:root"));
    if is(&account) || is(&account_root) {
        return Some(match it.principal {
            Principal::Root { .. } => DIRECT,
            _ => DELEGATION,
        });
    }
    match &it.principal {
        Principal::User { id, .. } => (is(&own_arn) || **id == *name).then_some(USER),
        Principal::AssumedRole { role_id, .. } => {
            if is(&own_arn) {
                Some(DIRECT)
            } else {
                (is(&role_arn) || **role_id == *name).then_some(ROLE)
            }
        }
        Principal::FederatedUser { .. } => {
            let issuer = it.issuer.as_ref();
            let issuer_arn = issuer.and_then(|issuer| text(issuer.arn(PARTITION)));
            let issuer_id = issuer.map(Principal::user_id);
            if is(&own_arn) {
                Some(DIRECT)
            } else {
                (is(&issuer_arn) || is(&issuer_id)).then_some(ROLE)
            }
        }
        Principal::Federated { .. } | Principal::Root { .. } | Principal::Service { .. } => None,
    }
}

fn conditions_hold(it: &Situation, statement: &Value, variables: bool) -> bool {
    let Some(Value::Object(operators)) = statement.get("Condition") else {
        return true;
    };
    operators.iter().all(|(operator, keys)| {
        keys.as_object().unwrap().iter().all(|(key, values)| {
            let values = texts(values);
            condition_holds(it, &operator.to_lowercase(), key, &values, variables)
        })
    })
}

fn condition_holds(
    it: &Situation,
    operator: &str,
    key: &str,
    policy: &[String],
    variables: bool,
) -> bool {
    let (qualifier, operator) = operator.split_once(':').unwrap_or(("", operator));
    let (operator, if_exists) = match operator.strip_suffix("ifexists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let values = match lookup(it, key) {
        Some(Values::One(value)) => vec![value.clone()],
        Some(Values::Many(values)) => values.clone(),
        None => Vec::new(),
    };
    if operator == "null" {
        let absent = values.is_empty().to_string();
        return policy.iter().any(|wanted| wanted.to_lowercase() == absent);
    }
    let negated = operator.contains("not");
    let positive = operator.replacen("not", "", 1);
    if values.is_empty() {
        return match qualifier {
            "forallvalues" => true,
            "foranyvalue" => if_exists,
            _ => if_exists || negated,
        };
    }
    let equals_any = |value: &String| {
        policy
            .iter()
            .any(|policy| compare(it, &positive, value, policy, variables))
    };
    let satisfies = |value: &String| equals_any(value) != negated;
    match qualifier {
        "forallvalues" => values.iter().all(satisfies),
        "foranyvalue" => values.iter().any(satisfies),
        _ if negated => values.iter().all(satisfies),
        _ => values.iter().any(satisfies),
    }
}
