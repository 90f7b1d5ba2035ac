//! One request under policies that are described by a word each.

use strongroom_policy::{
    Attached, Context, Decision, Denial, Policies, Policy, PolicyKind, Request, decide,
};
use strongroom_types::Principal;

use crate::world::{ACTION, HOME, ROLE_ARN, SECRET, account, allow, deny, grant, silent, user};

/// A principal asks for a secret of `HOME`, under these policies. The words
/// name what each type of policy says: `allow`, `deny`, `silent`, or nothing
/// where there is none; for the resource's policy also whom it allows.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) kind: PolicyKind,
    pub(crate) identity: &'a str,
    pub(crate) kms_grant: bool,
    pub(crate) resource: &'a str,
    pub(crate) boundary: &'a str,
    pub(crate) session: &'a str,
    pub(crate) service_control: &'a [&'a str],
    pub(crate) resource_control: &'a [&'a str],
}

impl<'a> Case<'a> {
    pub(crate) fn of(principal: &'a Principal) -> Self {
        Self {
            principal,
            kind: PolicyKind::Resource,
            identity: "",
            kms_grant: false,
            resource: "",
            boundary: "",
            session: "",
            service_control: &[],
            resource_control: &[],
        }
    }
}

/// What is expected: `allowed`, or the clause without its boilerplate.
pub(crate) fn check(case: Case<'_>, expected: &str) {
    let spoken = |word: &str, kind| match word {
        "" => None,
        "allow" => Some(allow(kind)),
        "deny" => Some(deny(kind)),
        "silent" => Some(silent(kind)),
        principal => Some(grant(kind, principal)),
    };
    let identity = spoken(case.identity, PolicyKind::Identity);
    let resource = spoken(case.resource, case.kind);
    let boundary = spoken(case.boundary, PolicyKind::Identity);
    let session = spoken(case.session, PolicyKind::Identity);
    let levels = |words: &[&str], kind| -> Vec<Policy> {
        words.iter().filter_map(|word| spoken(word, kind)).collect()
    };
    let service_control = levels(case.service_control, PolicyKind::ServiceControl);
    let resource_control = levels(case.resource_control, PolicyKind::ResourceControl);

    let identity: Vec<_> = identity.iter().map(Attached::from).collect();
    let session: Vec<_> = session.iter().map(Attached::from).collect();
    let service_control: Vec<_> = service_control
        .iter()
        .map(|it| [Attached::from(it)])
        .collect();
    let service_control: Vec<&[_]> = service_control.iter().map(|it| &it[..]).collect();
    let resource_control: Vec<_> = resource_control
        .iter()
        .map(|it| [Attached::from(it)])
        .collect();
    let resource_control: Vec<&[_]> = resource_control.iter().map(|it| &it[..]).collect();
    let policies = Policies {
        boundary: boundary.as_ref().map(Attached::from),
        identity: &identity,
        kms_grant: case.kms_grant.then_some("grant"),
        resource: resource.as_ref().map(Attached::from),
        resource_control: &resource_control,
        service_control: &service_control,
        session: (!case.session.is_empty()).then_some(&session),
    };
    let issuer = case.principal.account().map(|id| user(&id.to_string()));
    let context = Context::new();
    let trust = case.kind == PolicyKind::Trust;
    let request = Request {
        action: if trust { "sts:AssumeRole" } else { ACTION },
        context: &context,
        issuer: issuer.as_ref(),
        partition: "aws",
        principal: case.principal,
        resource: if trust { ROLE_ARN } else { SECRET },
        resource_account: Some(account(HOME)),
    };
    let found = match decide(&request, &policies) {
        Decision::Allowed(_) => "allowed".to_owned(),
        Decision::Denied(Denial {
            policy_type,
            statement,
        }) => {
            let how = if statement.is_some() {
                "explicit"
            } else {
                "no"
            };
            format!("{how} {policy_type}")
        }
    };
    let Case {
        principal,
        kind,
        identity,
        resource,
        boundary,
        session,
        ..
    } = case;
    assert_eq!(
        found, expected,
        "{principal:?}, identity `{identity}`, {kind:?} `{resource}`, boundary `{boundary}`, \
         session `{session}`"
    );
}

/// One row of the same-account table: whom the policy names, and whether an
/// `Allow` for it outweighs silent identity policies, a silent boundary and
/// silent session policies.
pub(crate) fn check_row(principal: &Principal, named: &str, outweighs: [bool; 3]) {
    let case = Case {
        resource: named,
        ..Case::of(principal)
    };
    let outcome = |outweighed, otherwise| if outweighed { "allowed" } else { otherwise };
    let [identity, boundary, session] = outweighs;
    for kind in [PolicyKind::Resource, PolicyKind::Key] {
        // A federated user without a session policy has no permissions at
        // all, so the other two are tried with one.
        let allowing = match principal {
            Principal::FederatedUser { .. } => "allow",
            _ => "",
        };
        let case = Case {
            kind,
            session: allowing,
            ..case
        };
        for silence in ["", "silent"] {
            check(
                Case {
                    identity: silence,
                    ..case
                },
                outcome(identity, "no identity-based policy"),
            );
        }
        check(
            Case {
                identity: "allow",
                boundary: "silent",
                ..case
            },
            outcome(boundary, "no permissions boundary"),
        );
        check(
            Case {
                identity: "allow",
                session: "silent",
                ..case
            },
            outcome(session, "no session policy"),
        );
        check(
            Case {
                identity: "allow",
                boundary: "allow",
                session: "allow",
                ..case
            },
            "allowed",
        );
    }
}
