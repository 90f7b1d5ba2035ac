use strongroom_types::{Arn, Principal};

use crate::PrincipalPattern;

/// How directly an entry names the caller. The more direct, the more of the
/// caller's own policies an `Allow` in the same account outweighs; the order
/// is that of the same-account table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Through the account: a delegation, which grants nothing by itself.
    Account,
    /// As a role, or as the user behind a federated user: outweighs a missing
    /// identity policy, not a boundary or session policy.
    Role,
    /// As an IAM user: outweighs identity policies and boundary.
    User,
    /// As the very caller: outweighs session policies too.
    Caller,
}

/// Who asks, as principals are matched against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) issuer: Option<&'a Principal>,
    pub(crate) partition: &'a str,
}

impl PrincipalPattern {
    /// How directly the caller is named, if at all.
    pub(crate) fn reach(&self, caller: Caller<'_>) -> Option<Reach> {
        let principal = caller.principal;
        match (self, principal) {
            (Self::Anyone, _) => Some(Reach::Caller),
            (Self::Account { account, partition }, _) => {
                let here = partition.as_deref().is_none_or(|it| it == caller.partition)
                    && principal.account() == Some(*account);
                here.then_some(match principal {
                    Principal::Root { .. } => Reach::Caller,
                    _ => Reach::Account,
                })
            }
            (Self::User(_) | Self::UniqueId(_), Principal::User { .. }) => self
                .is_entity(principal, caller.partition)
                .then_some(Reach::User),
            (Self::Role(_) | Self::UniqueId(_), Principal::AssumedRole { .. }) => self
                .is_entity(principal, caller.partition)
                .then_some(Reach::Role),
            (Self::User(_) | Self::UniqueId(_), Principal::FederatedUser { .. }) => caller
                .issuer
                .is_some_and(|issuer| self.is_entity(issuer, caller.partition))
                .then_some(Reach::Role),
            (
                Self::RoleSession(arn),
                Principal::AssumedRole {
                    role_name,
                    session_name,
                    ..
                },
            ) => (is_at(arn, principal, caller.partition)
                && arn
                    .resource()
                    .strip_prefix("assumed-role/")
                    .and_then(|rest| rest.split_once('/'))
                    == Some((role_name, session_name)))
            .then_some(Reach::Caller),
            (Self::FederatedUser(arn), Principal::FederatedUser { name, .. }) => {
                (is_at(arn, principal, caller.partition)
                    && arn.resource().strip_prefix("federated-user/") == Some(name))
                .then_some(Reach::Caller)
            }
            (Self::IdentityProvider(named), Principal::Federated { provider, .. }) => {
                (named == provider).then_some(Reach::Caller)
            }
            (Self::Service(service), Principal::Service { name }) => {
                (service == name).then_some(Reach::Caller)
            }
            _ => None,
        }
    }

    /// Whether the entry is this user or this session's role.
    fn is_entity(&self, principal: &Principal, partition: &str) -> bool {
        let (kind, entity_path, entity_name, entity_id) = match principal {
            Principal::User { path, name, id, .. } => ("user", path, name, id),
            Principal::AssumedRole {
                path,
                role_name,
                role_id,
                ..
            } => ("role", path, role_name, role_id),
            _ => return false,
        };
        match self {
            Self::UniqueId(unique_id) => unique_id == entity_id,
            Self::Role(arn) | Self::User(arn) => {
                is_at(arn, principal, partition)
                    && arn
                        .resource()
                        .strip_prefix(kind)
                        .and_then(|rest| rest.strip_prefix(&**entity_path))
                        == Some(entity_name)
            }
            _ => false,
        }
    }
}

/// Whether a `NotPrincipal` list of a `Deny` exempts the caller.
///
/// A caller bears several names: a session its own, its role's and its
/// account's; a user its own and its account's. The denial reaches whoever
/// bears a name that is not listed, so all must be (source: IAM User Guide,
/// `NotPrincipal` with `Deny`). For an `Allow`, any one listed name exempts
/// (inferred: the reading that grants less).
pub(crate) fn is_exempt_from_deny(list: &[PrincipalPattern], caller: Caller<'_>) -> bool {
    let names: &[Reach] = match caller.principal {
        Principal::AssumedRole { .. } => &[Reach::Caller, Reach::Role, Reach::Account],
        Principal::FederatedUser { .. } => &[Reach::Caller, Reach::Account],
        Principal::Federated { .. } | Principal::Root { .. } | Principal::Service { .. } => {
            &[Reach::Caller]
        }
        Principal::User { .. } => &[Reach::User, Reach::Account],
    };
    let listed = |name: &Reach| list.iter().any(|entry| entry.reach(caller) == Some(*name));
    list.contains(&PrincipalPattern::Anyone) || names.iter().all(listed)
}

fn is_at(arn: &Arn, principal: &Principal, partition: &str) -> bool {
    arn.partition() == partition && arn.account().parse().ok() == principal.account()
}

#[cfg(test)]
mod tests {
    use strongroom_types::AccountId;

    use super::*;

    fn account() -> AccountId {
        AccountId::new(111_122_223_333).unwrap()
    }

    fn user() -> Principal {
        Principal::User {
            account: account(),
            path: "/ops/".into(),
            name: "Ann".into(),
            id: "AIDAEXAMPLEEXAMPLE01".into(),
        }
    }

    fn session() -> Principal {
        Principal::AssumedRole {
            account: account(),
            path: "/apps/".into(),
            role_name: "Reader".into(),
            role_id: "AROAEXAMPLEEXAMPLE01".into(),
            session_name: "pod-1".into(),
        }
    }

    fn federated() -> Principal {
        Principal::FederatedUser {
            account: account(),
            name: "Fay".into(),
        }
    }

    fn service() -> Principal {
        Principal::Service {
            name: "rds.amazonaws.com".into(),
        }
    }

    fn check(pattern: &str, principal: &Principal, expected: Option<Reach>) {
        let pattern = PrincipalPattern::parse_aws(pattern).unwrap();
        let caller = Caller {
            principal,
            issuer: Some(&user()),
            partition: "aws",
        };
        assert_eq!(pattern.reach(caller), expected, "{pattern:?}");
    }

    #[test]
    fn each_form_reaches_its_own() {
        let root = Principal::Root { account: account() };
        let user_arn = "arn:aws:iam::111122223333:user/ops/Ann";
        check("*", &user(), Some(Reach::Caller));
        check("*", &service(), Some(Reach::Caller));
        for whole_account in ["111122223333", "arn:aws:iam::111122223333:root"] {
            check(whole_account, &root, Some(Reach::Caller));
            check(whole_account, &user(), Some(Reach::Account));
            check(whole_account, &session(), Some(Reach::Account));
            check(whole_account, &federated(), Some(Reach::Account));
            check(whole_account, &service(), None);
        }
        check("111122223334", &user(), None);
        check("arn:aws-cn:iam::111122223333:root", &user(), None);
        check(user_arn, &user(), Some(Reach::User));
        check(user_arn, &federated(), Some(Reach::Role));
        check(user_arn, &session(), None);
        check("AIDAEXAMPLEEXAMPLE01", &user(), Some(Reach::User));
        check("AIDAEXAMPLEEXAMPLE01", &federated(), Some(Reach::Role));
        check("AROAEXAMPLEEXAMPLE01", &session(), Some(Reach::Role));
        check("AROAEXAMPLEEXAMPLE02", &session(), None);
        for other in [
            "user/Ann",
            "user/ops/ann",
            "user/ops/Anne",
            "user/ops/x/Ann",
        ] {
            check(&format!("arn:aws:iam::111122223333:{other}"), &user(), None);
        }
        check("arn:aws:iam::111122223334:user/ops/Ann", &user(), None);
        check("arn:aws-cn:iam::111122223333:user/ops/Ann", &user(), None);
        check(
            "arn:aws:iam::111122223333:role/apps/Reader",
            &session(),
            Some(Reach::Role),
        );
        check("arn:aws:iam::111122223333:role/Reader", &session(), None);
        check(
            "arn:aws:sts::111122223333:assumed-role/Reader/pod-1",
            &session(),
            Some(Reach::Caller),
        );
        check(
            "arn:aws:sts::111122223333:assumed-role/Reader/pod-2",
            &session(),
            None,
        );
        check(
            "arn:aws:sts::111122223333:federated-user/Fay",
            &federated(),
            Some(Reach::Caller),
        );
        check(
            "arn:aws:sts::111122223333:federated-user/Ray",
            &federated(),
            None,
        );
    }

    #[test]
    fn a_deny_exempts_only_a_caller_all_of_whose_names_are_listed() {
        let exempt = |list: &[&str], principal: &Principal| {
            let list: Vec<_> = list
                .iter()
                .map(|entry| PrincipalPattern::parse_aws(entry).unwrap())
                .collect();
            let caller = Caller {
                principal,
                issuer: None,
                partition: "aws",
            };
            is_exempt_from_deny(&list, caller)
        };
        let account = "111122223333";
        let user_arn = "arn:aws:iam::111122223333:user/ops/Ann";
        let role_arn = "arn:aws:iam::111122223333:role/apps/Reader";
        let session_arn = "arn:aws:sts::111122223333:assumed-role/Reader/pod-1";
        assert!(exempt(&[user_arn, account], &user()));
        assert!(!exempt(&[user_arn], &user()));
        assert!(!exempt(&[account], &user()));
        assert!(exempt(&[session_arn, role_arn, account], &session()));
        assert!(!exempt(&[role_arn, account], &session()));
        assert!(!exempt(&[session_arn, account], &session()));
        assert!(exempt(&["*"], &session()));
        assert!(!exempt(&[account], &service()));
    }
}
