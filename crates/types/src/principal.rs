use std::fmt;

use crate::{AccountId, Arn};

/// Who makes a request, after authentication.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A session of a role (`AssumeRole` and its kin).
    AssumedRole {
        /// The role's account.
        account: AccountId,
        /// The role's path, `/` or `/a/b/`.
        path: Box<str>,
        /// The role's name.
        role_name: Box<str>,
        /// The role's unique id, `AROA…`.
        role_id: Box<str>,
        /// The session's name.
        session_name: Box<str>,
    },
    /// An identity that a SAML or OpenID Connect provider vouches for, while a
    /// role's session is established for it (`AssumeRoleWithWebIdentity`,
    /// `AssumeRoleWithSAML`). It signs nothing and belongs to no account.
    Federated {
        /// The provider as trust policies name it: the ARN of the provider's
        /// record, or the host name of one that AWS knows by itself.
        provider: Box<str>,
        /// `<provider>:<audience>:<subject>`, as records show it.
        id: Box<str>,
    },
    /// A session made by `GetFederationToken`.
    FederatedUser {
        /// The account of the IAM user who made the session.
        account: AccountId,
        /// The federated user's name.
        name: Box<str>,
    },
    /// The account's root user.
    Root {
        /// The account.
        account: AccountId,
    },
    /// An AWS service acting by itself, such as `secretsmanager.amazonaws.com`.
    Service {
        /// The service's DNS name.
        name: Box<str>,
    },
    /// An IAM user.
    User {
        /// The user's account.
        account: AccountId,
        /// The user's path, `/` or `/a/b/`.
        path: Box<str>,
        /// The user's name.
        name: Box<str>,
        /// The user's unique id, `AIDA…`.
        id: Box<str>,
    },
}

impl Principal {
    /// The account the principal belongs to; a service and a provider's
    /// identity have none.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::AssumedRole { account, .. }
            | Self::FederatedUser { account, .. }
            | Self::Root { account }
            | Self::User { account, .. } => Some(*account),
            Self::Federated { .. } | Self::Service { .. } => None,
        }
    }

    /// The ARN that names the caller in answers, records and refusals: for a
    /// role session the session's ARN, without the role's path. A service and a
    /// provider's identity have none.
    #[must_use]
    pub fn arn(&self, partition: &str) -> Option<Arn> {
        let iam = |account: &AccountId, resource: fmt::Arguments<'_>| {
            Arn::new(partition, "iam", "", account, resource)
        };
        let sts = |account: &AccountId, resource: fmt::Arguments<'_>| {
            Arn::new(partition, "sts", "", account, resource)
        };
        match self {
            Self::AssumedRole {
                account,
                role_name,
                session_name,
                ..
            } => Some(sts(
                account,
                format_args!("assumed-role/{role_name}/{session_name}"),
            )),
            Self::FederatedUser { account, name } => {
                Some(sts(account, format_args!("federated-user/{name}")))
            }
            Self::Root { account } => Some(iam(account, format_args!("root"))),
            Self::Federated { .. } | Self::Service { .. } => None,
            Self::User {
                account,
                path,
                name,
                ..
            } => Some(iam(account, format_args!("user{path}{name}"))),
        }
    }

    /// The value of `aws:PrincipalArn`: as [`Principal::arn`], but for a role
    /// session the role's own ARN with its path.
    #[must_use]
    pub fn policy_arn(&self, partition: &str) -> Option<Arn> {
        match self {
            Self::AssumedRole {
                account,
                path,
                role_name,
                ..
            } => Some(Arn::new(
                partition,
                "iam",
                "",
                account,
                format_args!("role{path}{role_name}"),
            )),
            _ => self.arn(partition),
        }
    }

    /// The value of `aws:userid` and of a record's `principalId`.
    #[must_use]
    pub fn user_id(&self) -> String {
        match self {
            Self::AssumedRole {
                role_id,
                session_name,
                ..
            } => format!("{role_id}:{session_name}"),
            Self::Federated { id, .. } => id.to_string(),
            Self::FederatedUser { account, name } => format!("{account}:{name}"),
            Self::Root { account } => account.to_string(),
            Self::Service { name } => name.to_string(),
            Self::User { id, .. } => id.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_by_its_session_and_judged_by_its_role() {
        let session = Principal::AssumedRole {
            account: AccountId::new(1).unwrap(),
            path: "/apps/".into(),
            role_name: "Reader".into(),
            role_id: "AROAEXAMPLE".into(),
            session_name: "pod-1".into(),
        };
        let arn = |arn: Option<Arn>| arn.unwrap().to_string();
        assert_eq!(
            arn(session.arn("aws")),
            "arn:aws:sts::000000000001:assumed-role/Reader/pod-1"
        );
        assert_eq!(
            arn(session.policy_arn("aws")),
            "arn:aws:iam::000000000001:role/apps/Reader"
        );
        assert_eq!(session.user_id(), "AROAEXAMPLE:pod-1");
    }
}
