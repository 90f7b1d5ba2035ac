use serde_json::Value;
use strongroom_policy::{Policy, PolicyKind};

use crate::{
    iam::error::{Error, Result},
    shape::{Input, enumeration},
};

/// A policy that takes part in a simulation.
pub struct SourcePolicy {
    pub(super) id: String,
    pub(super) kind: SourceType,
    /// The ARN of a managed policy.
    pub(super) arn: Option<String>,
    /// The name of what an inline policy is written into, and its own.
    pub(super) inline: Option<(String, String)>,
    pub(in crate::iam) policy: Policy,
}

/// Policies that take part in a simulation.
pub(in crate::iam) type PolicyList = Vec<SourcePolicy>;

/// A policy of the list, as explanations find it.
pub(super) struct Listed<'a> {
    pub(super) id: &'a str,
    pub(super) kind: SourceType,
    pub(super) policy: &'a Policy,
}

enumeration! {
    /// What a policy belongs to.
    pub enum SourceType {
        User = "user",
        Group = "group",
        Role = "role",
        AwsManaged = "aws-managed",
        UserManaged = "user-managed",
        Resource = "resource",
        None = "none",
    }
}

enumeration! {
    /// What policies can be left out of a simulation.
    pub enum PolicyIdentifierType {
        Inline = "inline",
        AwsManaged = "aws-managed",
        UserManaged = "user-managed",
        PermissionBoundary = "permission-boundary",
        Scp = "scp",
        Rcp = "rcp",
    }
}

enumeration! {
    /// What an inline policy is written into.
    pub enum AttachmentType {
        User = "user",
        Group = "group",
        Role = "role",
    }
}

/// Policies to leave out of a simulation: just one of these.
#[derive(Input)]
pub struct PolicyIdentifier {
    /// All of a type.
    pub policy_type: Option<PolicyIdentifierType>,
    /// The one with this ARN.
    #[shape(length(20, 2048))]
    pub policy_arn: Option<String>,
    /// An inline policy.
    pub inline_policy_identifier: Option<InlinePolicyIdentifier>,
}

/// An inline policy.
#[derive(Input)]
pub struct InlinePolicyIdentifier {
    /// Its name.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub policy_name: String,
    /// What it is written into.
    pub attachment_type: AttachmentType,
    /// The name of that.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub attachment_name: String,
}

impl SourcePolicy {
    pub(super) fn listed(&self) -> Listed<'_> {
        Listed {
            id: &self.id,
            kind: self.kind,
            policy: &self.policy,
        }
    }
}

/// The policies of a request's `PolicyInputList`.
///
/// # Errors
/// `InvalidInput` for what is no policy.
pub(in crate::iam) fn input_list(name: &str, documents: &[String]) -> Result<PolicyList> {
    documents
        .iter()
        .zip(1..)
        .map(|(document, number)| {
            Ok(SourcePolicy {
                id: format!("{name}.{number}"),
                kind: SourceType::None,
                arn: None,
                inline: None,
                policy: parse(document, PolicyKind::Identity)?,
            })
        })
        .collect()
}

/// # Errors
/// `InvalidInput` for what is no policy.
pub(super) fn parse(document: &str, kind: PolicyKind) -> Result<Policy> {
    Policy::parse(document, kind).map_err(|error| Error::InvalidInput(error.to_string().into()))
}

/// Leaves out what a request's `PolicyExclusionList` names, and answers
/// whether the permissions boundary `boundary` is among it. Those of an
/// organization are left out where they are gathered.
///
/// # Errors
/// `InvalidInput` for an identifier that is not just one of the three.
pub(in crate::iam) fn excluded(
    policies: &mut PolicyList,
    boundary: Option<&str>,
    list: &[PolicyIdentifier],
) -> Result<bool> {
    let mut without_boundary = false;
    for identifier in list {
        match identifier {
            PolicyIdentifier {
                policy_type: Some(kind),
                policy_arn: None,
                inline_policy_identifier: None,
            } => {
                without_boundary |= *kind == PolicyIdentifierType::PermissionBoundary;
                policies.retain(|policy| !policy.is_of(*kind));
            }
            PolicyIdentifier {
                policy_type: None,
                policy_arn: Some(arn),
                inline_policy_identifier: None,
            } => {
                without_boundary |= boundary == Some(arn.as_str());
                policies.retain(|policy| policy.arn.as_ref() != Some(arn));
            }
            PolicyIdentifier {
                policy_type: None,
                policy_arn: None,
                inline_policy_identifier: Some(inline),
            } => policies.retain(|policy| !inline.names(policy)),
            _ => {
                let text = "Each excluded policy must have one of a type, an ARN and an inline \
                            policy identifier.";
                return Err(Error::InvalidInput(text.into()));
            }
        }
    }
    Ok(without_boundary)
}

impl InlinePolicyIdentifier {
    fn names(&self, policy: &SourcePolicy) -> bool {
        policy.inline.as_ref().is_some_and(|(owner, name)| {
            policy.kind.as_str() == self.attachment_type.as_str()
                && owner.to_lowercase() == self.attachment_name.to_lowercase()
                && *name == self.policy_name
        })
    }
}

/// The condition keys that policies ask for, each once.
pub(in crate::iam) fn context_keys(policies: &PolicyList) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for key in policies.iter().flat_map(|it| it.policy.context_keys()) {
        let same = |known: &String| known.to_lowercase() == key.to_lowercase();
        if !keys.iter().any(same) {
            keys.push(key);
        }
    }
    keys
}

impl SourcePolicy {
    /// The name of an inline policy, or of a managed one.
    pub(in crate::iam) fn name(&self) -> &str {
        match &self.inline {
            Some((_, name)) => name,
            None => &self.id,
        }
    }

    /// Whether it is attached or written in as this type of policy.
    fn is_of(&self, kind: PolicyIdentifierType) -> bool {
        match kind {
            PolicyIdentifierType::Inline => self.inline.is_some(),
            PolicyIdentifierType::AwsManaged => self.kind == SourceType::AwsManaged,
            PolicyIdentifierType::UserManaged => self.kind == SourceType::UserManaged,
            PolicyIdentifierType::PermissionBoundary
            | PolicyIdentifierType::Rcp
            | PolicyIdentifierType::Scp => false,
        }
    }

    /// The ARN of a managed policy.
    pub(in crate::iam) fn arn(&self) -> Option<&str> {
        self.arn.as_deref()
    }

    /// What an inline policy is written into: `USER`, and its name.
    pub(in crate::iam) fn owner(&self) -> Option<(String, String)> {
        let (owner, _) = self.inline.as_ref()?;
        Some((self.kind.as_str().to_uppercase(), owner.clone()))
    }

    /// Whether some statement allows an action of a service, whatever its
    /// resources and conditions.
    pub(in crate::iam) fn grants_of(&self, service: &str) -> bool {
        let document = serde_json::from_str(self.policy.source()).unwrap_or_default();
        statements_of(&document).any(|statement| {
            statement.get("Effect").and_then(Value::as_str) == Some("Allow")
                && (names_service(statement.get("Action"), service)
                    || statement
                        .get("NotAction")
                        .is_some_and(|not| !texts(not).any(|action| excludes_all(action, service))))
        })
    }
}

fn statements_of(document: &Value) -> impl Iterator<Item = &Value> {
    let statement = document.get("Statement");
    let list = match statement {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    list.iter()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = match value {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    list.iter().filter_map(Value::as_str)
}

fn names_service(actions: Option<&Value>, service: &str) -> bool {
    actions.is_some_and(|actions| {
        texts(actions).any(|action| {
            action.starts_with('*')
                || action
                    .split_once(':')
                    .is_some_and(|(named, _)| named.eq_ignore_ascii_case(service))
        })
    })
}

fn excludes_all(action: &str, service: &str) -> bool {
    action.starts_with('*')
        || action
            .split_once(':')
            .is_some_and(|(named, name)| named.eq_ignore_ascii_case(service) && name == "*")
}
