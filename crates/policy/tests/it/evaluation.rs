//! The tables of the evaluation rules, row by row.

use strongroom_policy::{PolicyKind, PolicyType};

use crate::{
    case::{Case, check, check_row},
    world::{
        AWAY, FEDERATED_ARN, HOME, PROVIDER_ARN, ROLE_ARN, ROOT_ARN, SESSION_ARN, USER_ARN,
        federated, root, service, session, user, vouched_for,
    },
};

#[test]
fn same_account_table() {
    let [user, session, federated] = [user(HOME), session(HOME), federated(HOME)];
    // The table has a dash for a user's session policies, which do not exist.
    check_row(&user, USER_ARN, [true, true, false]);
    check_row(&user, "AIDAEXAMPLEEXAMPLE01", [true, true, false]);
    check_row(&session, ROLE_ARN, [true, false, false]);
    check_row(&session, "AROAEXAMPLEEXAMPLE01", [true, false, false]);
    check_row(&session, SESSION_ARN, [true, true, true]);
    check_row(&federated, FEDERATED_ARN, [true, true, true]);
    check_row(&federated, USER_ARN, [true, false, false]);
    for principal in [&user, &session, &federated] {
        check_row(principal, ROOT_ARN, [false, false, false]);
        check_row(principal, HOME, [false, false, false]);
        check_row(principal, "*", [true, true, true]);
    }
}

#[test]
fn identity_policies_alone() {
    for principal in [user(HOME), session(HOME)] {
        let case = Case::of(&principal);
        let identity = |identity| Case { identity, ..case };
        check(identity(""), "no identity-based policy");
        check(identity("silent"), "no identity-based policy");
        check(identity("allow"), "allowed");
        check(identity("deny"), "explicit identity-based policy");
        for (limit, boundary, session) in [
            ("allowed", "allow", "allow"),
            ("no permissions boundary", "silent", "allow"),
            ("no session policy", "allow", "silent"),
            ("no permissions boundary", "silent", "silent"),
            ("explicit permissions boundary", "deny", "silent"),
            ("explicit session policy", "silent", "deny"),
        ] {
            let identity = "allow";
            check(
                Case {
                    identity,
                    boundary,
                    session,
                    ..case
                },
                limit,
            );
        }
        // A resource policy that says nothing about the caller adds nothing.
        check(
            Case {
                identity: "allow",
                resource: "silent",
                ..case
            },
            "allowed",
        );
    }
}

#[test]
fn a_federated_user_has_what_the_session_policy_leaves() {
    let federated = federated(HOME);
    let case = Case {
        identity: "allow",
        ..Case::of(&federated)
    };
    check(case, "no session policy");
    check(
        Case {
            session: "allow",
            ..case
        },
        "allowed",
    );
    check(
        Case {
            resource: FEDERATED_ARN,
            ..case
        },
        "allowed",
    );
}

#[test]
fn across_accounts_both_sides_must_allow() {
    let [user, session, federated] = [user(AWAY), session(AWAY), federated(AWAY)];
    let there = |arn: &str| arn.replace(HOME, AWAY);
    for (principal, named) in [
        (&user, there(USER_ARN)),
        (&user, there(ROOT_ARN)),
        (&user, AWAY.to_owned()),
        (&user, "*".to_owned()),
        (&session, there(ROLE_ARN)),
        (&session, there(SESSION_ARN)),
        (&session, "*".to_owned()),
        (&federated, there(FEDERATED_ARN)),
        (&federated, there(USER_ARN)),
    ] {
        for kind in [PolicyKind::Key, PolicyKind::Resource, PolicyKind::Trust] {
            let case = Case {
                kind,
                identity: "allow",
                resource: &named,
                session: "allow",
                ..Case::of(principal)
            };
            let missing = if kind == PolicyKind::Trust {
                "no role trust policy"
            } else {
                "no resource-based policy"
            };
            check(case, "allowed");
            let identity = |identity| Case { identity, ..case };
            check(identity("silent"), "no identity-based policy");
            let resource = |resource| Case { resource, ..case };
            check(resource("silent"), missing);
            check(resource(HOME), missing);
            let boundary = "silent";
            check(Case { boundary, ..case }, "no permissions boundary");
            let session = "silent";
            check(Case { session, ..case }, "no session policy");
        }
        check(
            Case {
                identity: "allow",
                session: "allow",
                ..Case::of(principal)
            },
            "no resource-based policy",
        );
    }
}

#[test]
fn keys_and_roles_must_allow_themselves() {
    for (kind, missing) in [
        (PolicyKind::Key, "no resource-based policy"),
        (PolicyKind::Trust, "no role trust policy"),
    ] {
        let user = user(HOME);
        let case = Case {
            kind,
            identity: "allow",
            ..Case::of(&user)
        };
        let resource = |resource| Case { resource, ..case };
        check(resource("silent"), missing);
        check(resource(AWAY), missing);
        check(resource(ROLE_ARN), missing);
        check(resource(ROOT_ARN), "allowed");
        check(resource(USER_ARN), "allowed");
        let delegated = Case {
            identity: "silent",
            ..resource(ROOT_ARN)
        };
        check(delegated, "no identity-based policy");
        let direct = Case {
            identity: "",
            ..resource(USER_ARN)
        };
        check(direct, "allowed");

        // The account's root user included.
        let root = root(HOME);
        let resource = |resource| Case {
            kind,
            resource,
            ..Case::of(&root)
        };
        check(resource("silent"), missing);
        check(resource(USER_ARN), missing);
        check(resource(ROOT_ARN), "allowed");
        check(resource(HOME), "allowed");
    }
}

#[test]
fn the_root_user() {
    let home = root(HOME);
    let case = Case::of(&home);
    check(case, "allowed");
    let resource = |resource| Case { resource, ..case };
    check(resource("silent"), "allowed");
    check(resource("deny"), "explicit resource-based policy");
    let service_control = |service_control| Case {
        service_control,
        ..case
    };
    check(service_control(&["allow"]), "allowed");
    check(service_control(&["silent"]), "no service control policy");
    check(
        service_control(&["deny"]),
        "explicit service control policy",
    );
    let resource_control = |resource_control| Case {
        resource_control,
        ..case
    };
    check(resource_control(&["silent"]), "no resource control policy");
    check(
        resource_control(&["deny"]),
        "explicit resource control policy",
    );

    let away = root(AWAY);
    let resource = |resource| Case {
        resource,
        ..Case::of(&away)
    };
    check(resource(""), "no resource-based policy");
    check(resource(HOME), "no resource-based policy");
    check(resource(AWAY), "allowed");
}

#[test]
fn a_service_has_the_resource_policy_alone() {
    let service = service("rds.amazonaws.com");
    let case = Case::of(&service);
    let resource = |resource| Case { resource, ..case };
    check(resource(""), "no resource-based policy");
    check(resource("rds.amazonaws.com"), "allowed");
    check(resource("lambda.amazonaws.com"), "no resource-based policy");
    check(resource(HOME), "no resource-based policy");
    check(resource("*"), "allowed");
    let named = resource("rds.amazonaws.com");
    let service_control: &[&str] = &["deny"];
    check(
        Case {
            service_control,
            ..named
        },
        "allowed",
    );
    let resource_control: &[&str] = &["deny"];
    check(
        Case {
            resource_control,
            ..named
        },
        "explicit resource control policy",
    );
}

#[test]
fn every_level_of_an_organization_must_allow() {
    let user = user(HOME);
    let case = Case {
        identity: "allow",
        resource: USER_ARN,
        ..Case::of(&user)
    };
    for (levels, verdict) in [
        (&["allow", "allow", "allow"][..], None),
        (&["allow", "silent", "allow"], Some("no")),
        (&["silent"], Some("no")),
        (&["allow", "silent", "deny"], Some("explicit")),
    ] {
        let expected = |policy_type| match verdict {
            Some(how) => format!("{how} {policy_type}"),
            None => "allowed".to_owned(),
        };
        let service_control = levels;
        check(
            Case {
                service_control,
                ..case
            },
            &expected(PolicyType::ServiceControl),
        );
        let resource_control = levels;
        check(
            Case {
                resource_control,
                ..case
            },
            &expected(PolicyType::ResourceControl),
        );
    }
    // Of two that do not allow, the resource's side is asked first.
    let both: &[&str] = &["silent"];
    check(
        Case {
            service_control: both,
            resource_control: both,
            ..case
        },
        "no resource control policy",
    );
}

#[test]
fn an_explicit_deny_goes_before_everything() {
    let user = user(HOME);
    let open = Case {
        identity: "allow",
        resource: "*",
        boundary: "allow",
        session: "allow",
        service_control: &["allow"],
        resource_control: &["allow"],
        ..Case::of(&user)
    };
    check(open, "allowed");
    let identity = "deny";
    check(Case { identity, ..open }, "explicit identity-based policy");
    let resource = "deny";
    check(Case { resource, ..open }, "explicit resource-based policy");
    let boundary = "deny";
    check(Case { boundary, ..open }, "explicit permissions boundary");
    let session = "deny";
    check(Case { session, ..open }, "explicit session policy");
    let closed = Case {
        service_control: &["silent"],
        resource_control: &["silent"],
        session: "deny",
        ..Case::of(&user)
    };
    check(closed, "explicit session policy");
}

#[test]
fn a_provider_s_identity_needs_the_trust_policy_alone() {
    for provider in [PROVIDER_ARN, "accounts.google.com"] {
        let identity = vouched_for(provider);
        let case = Case {
            kind: PolicyKind::Trust,
            ..Case::of(&identity)
        };
        let trusting = |resource| Case { resource, ..case };
        check(trusting(provider), "allowed");
        check(trusting("*"), "allowed");
        for other in [
            "silent",
            HOME,
            ROOT_ARN,
            "arn:aws:iam::111122223333:saml-provider/Corp",
        ] {
            check(trusting(other), "no role trust policy");
        }
        check(trusting("deny"), "explicit role trust policy");
        check(
            Case {
                service_control: &["silent"],
                ..trusting(provider)
            },
            "allowed",
        );
        check(
            Case {
                resource_control: &["deny"],
                ..trusting(provider)
            },
            "explicit resource control policy",
        );
    }
    // Who signs is no provider's identity.
    let user = user(HOME);
    let case = Case {
        kind: PolicyKind::Trust,
        resource: PROVIDER_ARN,
        identity: "allow",
        ..Case::of(&user)
    };
    check(case, "no role trust policy");
}

#[test]
fn a_grant_suffices_where_nothing_denies() {
    for principal in [user(HOME), session(AWAY), service("rds.amazonaws.com")] {
        let case = Case {
            kind: PolicyKind::Key,
            kms_grant: true,
            ..Case::of(&principal)
        };
        check(case, "allowed");
        let silent = Case {
            identity: "silent",
            resource: "silent",
            ..case
        };
        check(silent, "allowed");
        let is_session = matches!(principal, strongroom_types::Principal::AssumedRole { .. });
        let limits = [
            (
                Case {
                    boundary: "silent",
                    ..silent
                },
                "no permissions boundary",
            ),
            (
                Case {
                    session: "silent",
                    ..silent
                },
                "no session policy",
            ),
        ];
        for (limited, clause) in limits {
            check(limited, if is_session { clause } else { "allowed" });
        }
        check(
            Case {
                resource: "deny",
                ..case
            },
            "explicit resource-based policy",
        );
        check(
            Case {
                resource_control: &["silent"],
                ..case
            },
            "no resource control policy",
        );
    }
    let user = user(HOME);
    let case = Case {
        kind: PolicyKind::Key,
        kms_grant: true,
        ..Case::of(&user)
    };
    for (denying, clause) in [
        (
            Case {
                identity: "deny",
                ..case
            },
            "explicit identity-based policy",
        ),
        (
            Case {
                boundary: "deny",
                ..case
            },
            "explicit permissions boundary",
        ),
        (
            Case {
                session: "deny",
                ..case
            },
            "explicit session policy",
        ),
        (
            Case {
                service_control: &["deny"],
                ..case
            },
            "explicit service control policy",
        ),
        (
            Case {
                service_control: &["silent"],
                ..case
            },
            "no service control policy",
        ),
    ] {
        check(denying, clause);
    }
}
