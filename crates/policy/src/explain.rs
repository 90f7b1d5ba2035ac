use std::fmt;

/// The answer to a request, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision<'a> {
    /// Everything that must allow allowed, and nothing denied.
    Allowed(Grant<'a>),
    /// Something denied, or did not allow.
    Denied(Denial<'a>),
}

/// The statements that granted a request: one from each side that granted,
/// none for the root user acting alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant<'a> {
    /// In an identity policy.
    pub identity: Option<StatementRef<'a>>,
    /// The KMS grant.
    pub kms_grant: Option<&'a str>,
    /// In the resource's policy.
    pub resource: Option<StatementRef<'a>>,
}

/// What refused a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denial<'a> {
    /// The type of policy that denied, or where an `Allow` is missing.
    pub policy_type: PolicyType,
    /// The `Deny` that decided; `None` if an `Allow` is missing.
    pub statement: Option<StatementRef<'a>>,
}

/// Where a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementRef<'a> {
    /// Its place among the policy's statements, from 0.
    pub index: usize,
    /// The policy's name or ARN, where the caller gave one.
    pub policy: Option<&'a str>,
    /// Its `Sid`.
    pub sid: Option<&'a str>,
}

/// The types of policy a refusal may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyType {
    /// A permissions boundary.
    Boundary,
    /// A policy of the user, a group of the user, or the role.
    Identity,
    /// The policy of a secret or a key.
    Resource,
    /// A resource control policy.
    ResourceControl,
    /// A service control policy.
    ServiceControl,
    /// A policy passed when the session was made.
    Session,
    /// A role's trust policy.
    Trust,
}

impl Decision<'_> {
    /// Whether the request may go on.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

impl Denial<'_> {
    /// The end of AWS's message: `because no identity-based policy allows the
    /// secretsmanager:GetSecretValue action`, or `with an explicit deny in a
    /// resource-based policy`.
    ///
    /// Source: IAM User Guide, troubleshooting access denied messages.
    #[must_use]
    pub fn clause(&self, action: &str) -> String {
        let name = self.policy_type;
        match (self.statement, name) {
            (None, _) => format!("because no {name} allows the {action} action"),
            (Some(_), PolicyType::Identity) => format!("with an explicit deny in an {name}"),
            (Some(_), PolicyType::Trust) => format!("with an explicit deny in the {name}"),
            (Some(_), _) => format!("with an explicit deny in a {name}"),
        }
    }

    /// AWS's whole message. `caller` is the caller's own ARN, for a session
    /// the session's; `resource` is printed as given and left out if `None`,
    /// as the services differ in both.
    #[must_use]
    pub fn message(&self, caller: &str, action: &str, resource: Option<&str>) -> String {
        let clause = self.clause(action);
        let on = if resource.is_some() {
            " on resource: "
        } else {
            ""
        };
        let resource = resource.unwrap_or_default();
        format!("User: {caller} is not authorized to perform: {action}{on}{resource} {clause}")
    }
}

impl fmt::Display for PolicyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boundary => "permissions boundary",
            Self::Identity => "identity-based policy",
            Self::Resource => "resource-based policy",
            Self::ResourceControl => "resource control policy",
            Self::ServiceControl => "service control policy",
            Self::Session => "session policy",
            Self::Trust => "role trust policy",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy_type: PolicyType, implicit: &str, explicit: &str) {
        let statement = StatementRef {
            index: 0,
            policy: None,
            sid: None,
        };
        for (statement, expected) in [(None, implicit), (Some(statement), explicit)] {
            let denial = Denial {
                policy_type,
                statement,
            };
            assert_eq!(denial.clause("kms:Decrypt"), expected);
        }
    }

    #[test]
    fn clauses_are_aws_s() {
        check(
            PolicyType::Boundary,
            "because no permissions boundary allows the kms:Decrypt action",
            "with an explicit deny in a permissions boundary",
        );
        check(
            PolicyType::Identity,
            "because no identity-based policy allows the kms:Decrypt action",
            "with an explicit deny in an identity-based policy",
        );
        check(
            PolicyType::Resource,
            "because no resource-based policy allows the kms:Decrypt action",
            "with an explicit deny in a resource-based policy",
        );
        check(
            PolicyType::ResourceControl,
            "because no resource control policy allows the kms:Decrypt action",
            "with an explicit deny in a resource control policy",
        );
        check(
            PolicyType::ServiceControl,
            "because no service control policy allows the kms:Decrypt action",
            "with an explicit deny in a service control policy",
        );
        check(
            PolicyType::Session,
            "because no session policy allows the kms:Decrypt action",
            "with an explicit deny in a session policy",
        );
        check(
            PolicyType::Trust,
            "because no role trust policy allows the kms:Decrypt action",
            "with an explicit deny in the role trust policy",
        );
    }

    #[test]
    fn messages_with_and_without_a_resource() {
        let denial = Denial {
            policy_type: PolicyType::Identity,
            statement: None,
        };
        let caller = "arn:aws:iam::111122223333:user/Ann";
        assert_eq!(
            denial.message(caller, "secretsmanager:GetSecretValue", Some("app/db")),
            "User: arn:aws:iam::111122223333:user/Ann is not authorized to perform: \
             secretsmanager:GetSecretValue on resource: app/db because no identity-based \
             policy allows the secretsmanager:GetSecretValue action"
        );
        assert_eq!(
            denial.message(caller, "secretsmanager:ListSecrets", None),
            "User: arn:aws:iam::111122223333:user/Ann is not authorized to perform: \
             secretsmanager:ListSecrets because no identity-based policy allows the \
             secretsmanager:ListSecrets action"
        );
    }
}
