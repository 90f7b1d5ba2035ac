//! The accounts, principals and documents that the tests speak of.

use strongroom_policy::{Policy, PolicyKind};
use strongroom_types::{AccountId, Principal};

pub(crate) const HOME: &str = "111122223333";
pub(crate) const AWAY: &str = "444455556666";
pub(crate) const ACTION: &str = "secretsmanager:GetSecretValue";
pub(crate) const SECRET: &str =
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db-AbCdEf";

pub(crate) const USER_ARN: &str = "arn:aws:iam::111122223333:user/ops/Ann";
pub(crate) const ROLE_ARN: &str = "arn:aws:iam::111122223333:role/apps/Reader";
pub(crate) const SESSION_ARN: &str = "arn:aws:sts::111122223333:assumed-role/Reader/pod-1";
pub(crate) const FEDERATED_ARN: &str = "arn:aws:sts::111122223333:federated-user/Fay";
pub(crate) const ROOT_ARN: &str = "arn:aws:iam::111122223333:root";

pub(crate) fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

pub(crate) fn user(id: &str) -> Principal {
    Principal::User {
        account: account(id),
        path: "/ops/".into(),
        name: "Ann".into(),
        id: "AIDAEXAMPLEEXAMPLE01".into(),
    }
}

pub(crate) fn session(id: &str) -> Principal {
    Principal::AssumedRole {
        account: account(id),
        path: "/apps/".into(),
        role_name: "Reader".into(),
        role_id: "AROAEXAMPLEEXAMPLE01".into(),
        session_name: "pod-1".into(),
    }
}

pub(crate) fn federated(id: &str) -> Principal {
    Principal::FederatedUser {
        account: account(id),
        name: "Fay".into(),
    }
}

pub(crate) fn root(id: &str) -> Principal {
    Principal::Root {
        account: account(id),
    }
}

pub(crate) const PROVIDER_ARN: &str =
    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/1";

/// Whom the provider vouches for.
pub(crate) fn vouched_for(provider: &str) -> Principal {
    Principal::Federated {
        provider: provider.into(),
        id: format!("{provider}:sts.amazonaws.com:pod-1").into(),
    }
}

pub(crate) fn service(name: &str) -> Principal {
    Principal::Service { name: name.into() }
}

/// A policy of one statement; `rest` follows `Effect` and `Action`.
pub(crate) fn policy(kind: PolicyKind, effect: &str, action: &str, rest: &str) -> Policy {
    let principal = match kind {
        PolicyKind::Identity | PolicyKind::ServiceControl => "",
        PolicyKind::ResourceControl => r#","Principal":"*""#,
        PolicyKind::Key | PolicyKind::Resource | PolicyKind::Trust => {
            if rest.contains("Principal\"") {
                ""
            } else {
                r#","Principal":{"AWS":"*"}"#
            }
        }
    };
    let resource = match kind {
        PolicyKind::Trust => "",
        _ if rest.contains("Resource\"") => "",
        _ => r#","Resource":"*""#,
    };
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":
            {{"Sid":"S","Effect":"{effect}","Action":"{action}"{principal}{resource}{rest}}}}}"#
    );
    Policy::parse(&text, kind).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

pub(crate) fn allow(kind: PolicyKind) -> Policy {
    policy(kind, "Allow", "*", "")
}

pub(crate) fn deny(kind: PolicyKind) -> Policy {
    let action = if kind == PolicyKind::Trust {
        "sts:*"
    } else {
        "*"
    };
    policy(kind, "Deny", action, "")
}

/// Something that matches no request of the tests.
pub(crate) fn silent(kind: PolicyKind) -> Policy {
    let action = if kind == PolicyKind::Trust {
        "sts:X"
    } else {
        "x:X"
    };
    policy(kind, "Allow", action, "")
}

/// A resource or key policy that allows everything to one principal.
pub(crate) fn grant(kind: PolicyKind, principal: &str) -> Policy {
    let action = if kind == PolicyKind::Trust {
        "sts:*"
    } else {
        "*"
    };
    let rest = if principal.contains("-provider/") || principal == "accounts.google.com" {
        format!(r#","Principal":{{"Federated":"{principal}"}}"#)
    } else if principal.ends_with(".amazonaws.com") {
        format!(r#","Principal":{{"Service":"{principal}"}}"#)
    } else {
        format!(r#","Principal":{{"AWS":"{principal}"}}"#)
    };
    policy(kind, "Allow", action, &rest)
}
