use strongroom_types::{AccountId, Arn};

use crate::PolicyError;

/// One entry of a statement's `Principal` or `NotPrincipal`.
///
/// Names are compared by case; there are no partial wildcards. A caller that
/// must know whether the named principals exist reads them by
/// [`Statement::principals`](crate::Statement::principals).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalPattern {
    /// `*`: everyone.
    Anyone,
    /// An account, as its number, which may have hyphens in it, or as `arn:aws:iam::<account>:root`.
    Account {
        /// The account.
        account: AccountId,
        /// The ARN's partition; the bare number stands for any.
        partition: Option<Box<str>>,
    },
    /// `arn:aws:sts::<account>:federated-user/<name>`.
    FederatedUser(Arn),
    /// A SAML or OpenID Connect provider, in trust policies only: whoever it
    /// vouches for, while the session is established. The session itself is
    /// then one of a role.
    IdentityProvider(Box<str>),
    /// `arn:aws:iam::<account>:role/<path><name>`: all sessions of the role.
    Role(Arn),
    /// `arn:aws:sts::<account>:assumed-role/<role>/<session>`, without path.
    RoleSession(Arn),
    /// A service, such as `secretsmanager.amazonaws.com`.
    Service(Box<str>),
    /// `AIDA…` or `AROA…`: the user or role with this unique id, as AWS shows
    /// a principal that was deleted after the policy was written.
    UniqueId(Box<str>),
    /// `arn:aws:iam::<account>:user/<path><name>`.
    User(Arn),
}

/// The domains of the names of services.
///
/// Source: botocore's list of partitions; the last is that of names in AWS's
/// documentation, such as `api-service.dnssec.route53.aws.internal`.
const SERVICE_DOMAINS: &[&str] = &[
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
    "aws.internal",
];

impl PrincipalPattern {
    /// Reads one value of the `AWS` key, or the bare `*`.
    pub(crate) fn parse_aws(text: &str) -> Result<Self, PolicyError> {
        Self::aws(text).ok_or_else(|| unsupported("AWS", text))
    }

    /// Reads one value of the `Federated` key: a provider's ARN, or the host
    /// name of a provider AWS knows by itself.
    pub(crate) fn parse_federated(text: &str) -> Result<Self, PolicyError> {
        let provider = match text.parse::<Arn>() {
            Ok(arn) => {
                arn.service() == "iam"
                    && arn.account().parse::<AccountId>().is_ok()
                    && ["saml-provider/", "oidc-provider/"]
                        .iter()
                        .any(|kind| named(arn.resource(), kind))
            }
            Err(_) => is_host(text),
        };
        if provider {
            Ok(Self::IdentityProvider(text.into()))
        } else {
            let value = text.into();
            Err(PolicyError::FederatedInvalid { value })
        }
    }

    /// Reads one value of the `Service` key: a DNS name. What is none is refused
    /// with the key in large letters, as the live service is on record to do.
    pub(crate) fn parse_service(text: &str) -> Result<Self, PolicyError> {
        if is_host(text) {
            Ok(Self::Service(text.into()))
        } else {
            Err(unsupported("SERVICE", text))
        }
    }

    /// Whether a service has a name as AWS's services have: whether there is
    /// one of that name is not known here.
    pub(crate) fn is_service_of_aws(&self) -> bool {
        let Self::Service(name) = self else {
            return false;
        };
        SERVICE_DOMAINS.iter().any(|domain| {
            let label = name.strip_suffix(domain);
            label.is_some_and(|label| label.ends_with('.'))
        })
    }

    fn aws(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Anyone);
        }
        if let Ok(account) = text.replace('-', "").parse() {
            let partition = None;
            return Some(Self::Account { account, partition });
        }
        if is_unique_id(text) {
            return Some(Self::UniqueId(text.into()));
        }
        let arn = text.parse::<Arn>().ok()?;
        let account = arn.account().parse().ok()?;
        let wild = text.contains(['*', '?']);
        if wild || !arn.region().is_empty() || arn.partition().is_empty() {
            return None;
        }
        let resource = arn.resource();
        match arn.service() {
            "iam" if resource == "root" => Some(Self::Account {
                account,
                partition: Some(arn.partition().into()),
            }),
            "iam" if named(resource, "user/") => Some(Self::User(arn)),
            "iam" if named(resource, "role/") => Some(Self::Role(arn)),
            "sts" if named(resource, "federated-user/") => Some(Self::FederatedUser(arn)),
            "sts" => {
                let (role, session) = resource.strip_prefix("assumed-role/")?.split_once('/')?;
                let parts = !role.is_empty() && !session.is_empty() && !session.contains('/');
                parts.then_some(Self::RoleSession(arn))
            }
            _ => None,
        }
    }
}

fn named(resource: &str, kind: &str) -> bool {
    resource
        .strip_prefix(kind)
        .is_some_and(|name| !name.is_empty() && !name.ends_with('/'))
}

fn is_unique_id(text: &str) -> bool {
    text.len() >= 16
        && (text.starts_with("AIDA") || text.starts_with("AROA"))
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.contains('.') && text.split('.').all(label)
}

fn unsupported(kind: &str, value: &str) -> PolicyError {
    PolicyError::PrincipalUnsupported {
        kind: kind.into(),
        value: value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_forms_are_unsupported() {
        for bad in [
            "",
            "**",
            "11112222333",
            "arn:aws:iam::111122223333:*",
            "arn:aws:iam::111122223333:user/*",
            "arn:aws:iam::111122223333:user/",
            "arn:aws:iam::111122223333:group/ops",
            "arn:aws:iam::111122223333:instance-profile/x",
            "arn:aws:iam::*:root",
            "arn:aws:iam:eu-west-1:111122223333:root",
            "arn:aws:sts::111122223333:assumed-role/Reader",
            "arn:aws:sts::111122223333:assumed-role/a/Reader/pod",
            "arn:aws:s3:::bucket",
            "AIDA",
            "Ann",
        ] {
            let error = PrincipalPattern::parse_aws(bad).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(r#"Invalid principal in policy: "AWS":"{bad}""#)
            );
        }
        for bad in ["", "*", "rds", "*.amazonaws.com", "a..b"] {
            assert!(PrincipalPattern::parse_service(bad).is_err(), "{bad}");
        }
        for good in [
            "accounts.google.com",
            "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
            "arn:aws:iam::111122223333:saml-provider/Corp",
        ] {
            PrincipalPattern::parse_federated(good).unwrap();
        }
        for bad in ["*", "arn:aws:iam::111122223333:user/Ann"] {
            assert!(PrincipalPattern::parse_federated(bad).is_err(), "{bad}");
        }
    }
}
