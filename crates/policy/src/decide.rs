use strongroom_types::Principal;

use crate::{
    Attached, Decision, Denial, Effect, Grant, Policies, PolicyKind, PolicyType, Request,
    StatementRef, reach::Reach,
};

/// Decides a request.
///
/// 1. A `Deny` anywhere decides.
/// 2. Every level of resource control policies must allow, then every level
///    of service control policies.
/// 3. The resource's policy must allow a caller from another account and an
///    AWS service; that of a key or a role must allow anyone. An `Allow` for a
///    caller of the same account may outweigh the lack of others below,
///    depending on how directly it names the caller: a role, those of its
///    identity policies; a user, also of the boundary; the session itself or
///    `*`, also of session policies. An `Allow` for the account outweighs
///    nothing: it leaves the answer to the account's identity policies.
/// 4. Identity policies, the boundary, and session policies must each allow.
///    The root user needs none of these.
///
/// A KMS grant stands for everything under 3., in the key's account and out of
/// it (inferred: KMS lets a grantee of another account in without a policy of
/// that account), and outweighs as an `Allow` for the grantee does: a role's
/// boundary and session policies still limit its sessions (inferred: the
/// reading that grants less).
///
/// Across accounts nothing is outweighed. `*` names everyone, also where a
/// condition narrows it (the guide says so for `aws:PrincipalArn`; for other
/// keys inferred). `NotPrincipal` with `Allow` counts as `*` (inferred).
///
/// Of several reasons to refuse the first in this order is given. Explicit
/// denials are looked for in service control policies, resource control
/// policies, the resource's, identity, boundary, session.
///
/// Source: IAM User Guide, policy evaluation logic.
pub fn decide<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Decision<'a> {
    let verdicts = Verdicts::of(request, policies);
    if let Some(denial) = verdicts.explicit_denial(policies) {
        return Decision::Denied(denial);
    }
    if !verdicts.resource_control.allow {
        return implicit(PolicyType::ResourceControl);
    }
    if !verdicts.service_control.allow {
        return implicit(PolicyType::ServiceControl);
    }

    let (resource, reach) = match verdicts.resource.allow {
        Some((statement, reach)) => (Some(statement), Some(reach)),
        None => (None, None),
    };
    let identity = verdicts.identity.allow.map(|(statement, _)| statement);
    let allowed = Decision::Allowed(Grant {
        identity,
        kms_grant: policies.kms_grant,
        resource,
    });
    let granted = policies.kms_grant.map(|_| match request.principal {
        // It is the role that has the grant.
        Principal::AssumedRole { .. } => Reach::Role,
        _ => Reach::Caller,
    });
    let kind = policies.resource.map(|attached| attached.policy.kind());
    let same_account = match (request.principal.account(), request.resource_account) {
        (Some(caller), Some(owner)) => caller == owner,
        (Some(_), None) => true,
        (None, _) => false,
    };
    let must_allow = !same_account || matches!(kind, Some(PolicyKind::Key | PolicyKind::Trust));
    if must_allow && reach.is_none() && granted.is_none() {
        return implicit(resource_type(policies));
    }
    if let Principal::Federated { .. } | Principal::Root { .. } | Principal::Service { .. } =
        request.principal
    {
        return allowed;
    }

    let outweighed = granted.max(reach.filter(|_| same_account));
    let outweighed = outweighed.unwrap_or(Reach::Account);
    match verdicts.limited(request, policies, outweighed) {
        Some(policy_type) => implicit(policy_type),
        None => allowed,
    }
}

/// What each type of policy says by itself.
struct Verdicts<'a> {
    boundary: Verdict<'a>,
    identity: Verdict<'a>,
    resource: Verdict<'a>,
    resource_control: Control<'a>,
    service_control: Control<'a>,
    session: Verdict<'a>,
}

/// What policies of one type say together: any of them may allow or deny.
#[derive(Default)]
struct Verdict<'a> {
    allow: Option<(StatementRef<'a>, Reach)>,
    deny: Option<StatementRef<'a>>,
}

/// What an organization's policies say: every level must allow.
struct Control<'a> {
    allow: bool,
    deny: Option<StatementRef<'a>>,
}

impl<'a> Verdicts<'a> {
    fn of(request: &Request<'_>, policies: &Policies<'a>) -> Self {
        let service_control: &[_] = match request.principal {
            // They belong to no account of an organization.
            Principal::Federated { .. } | Principal::Service { .. } => &[],
            _ => policies.service_control,
        };
        Self {
            boundary: Verdict::of(request, policies.boundary.as_slice()),
            identity: Verdict::of(request, policies.identity),
            resource: Verdict::of(request, policies.resource.as_slice()),
            resource_control: Control::of(request, policies.resource_control),
            service_control: Control::of(request, service_control),
            session: Verdict::of(request, policies.session.unwrap_or_default()),
        }
    }

    /// The first of the caller's own policies that withholds its permission and
    /// is not outweighed.
    fn limited(
        &self,
        request: &Request<'_>,
        policies: &Policies<'_>,
        outweighed: Reach,
    ) -> Option<PolicyType> {
        if outweighed < Reach::Role && self.identity.allow.is_none() {
            return Some(PolicyType::Identity);
        }
        if outweighed < Reach::User && policies.boundary.is_some() && self.boundary.allow.is_none()
        {
            return Some(PolicyType::Boundary);
        }
        let unlimited = policies.session.is_none()
            && !matches!(request.principal, Principal::FederatedUser { .. });
        let is_silent = !unlimited && self.session.allow.is_none();
        (outweighed < Reach::Caller && is_silent).then_some(PolicyType::Session)
    }

    fn explicit_denial(&self, policies: &Policies<'_>) -> Option<Denial<'a>> {
        let denials = [
            (PolicyType::ServiceControl, self.service_control.deny),
            (PolicyType::ResourceControl, self.resource_control.deny),
            (resource_type(policies), self.resource.deny),
            (PolicyType::Identity, self.identity.deny),
            (PolicyType::Boundary, self.boundary.deny),
            (PolicyType::Session, self.session.deny),
        ];
        denials.into_iter().find_map(|(policy_type, deny)| {
            deny.map(|statement| Denial {
                policy_type,
                statement: Some(statement),
            })
        })
    }
}

impl<'a> Verdict<'a> {
    /// Asks statement by statement. The first denial is enough; of the
    /// grants the most direct counts, so that their order never matters.
    fn of(request: &Request<'_>, attached: &[Attached<'a>]) -> Self {
        let mut verdict = Self::default();
        for Attached { name, policy } in attached {
            for (index, statement) in policy.statements().iter().enumerate() {
                let best = verdict.allow.map(|(_, reach)| reach);
                if statement.effect() == Effect::Allow && best == Some(Reach::Caller) {
                    continue;
                }
                let Some(reach) = statement.reach(request) else {
                    continue;
                };
                let found = StatementRef {
                    policy: *name,
                    index,
                    sid: statement.sid(),
                };
                match statement.effect() {
                    Effect::Allow if best < Some(reach) => verdict.allow = Some((found, reach)),
                    Effect::Allow => {}
                    Effect::Deny => {
                        verdict.deny = Some(found);
                        return verdict;
                    }
                }
            }
        }
        verdict
    }
}

impl<'a> Control<'a> {
    fn of(request: &Request<'_>, levels: &[&[Attached<'a>]]) -> Self {
        let mut control = Self {
            allow: true,
            deny: None,
        };
        for level in levels {
            let verdict = Verdict::of(request, level);
            control.allow &= verdict.allow.is_some();
            control.deny = control.deny.or(verdict.deny);
        }
        control
    }
}

fn implicit<'a>(policy_type: PolicyType) -> Decision<'a> {
    Decision::Denied(Denial {
        policy_type,
        statement: None,
    })
}

/// How the resource's policy is called in a refusal.
pub(crate) fn resource_type(policies: &Policies<'_>) -> PolicyType {
    match policies.resource.map(|attached| attached.policy.kind()) {
        Some(PolicyKind::Trust) => PolicyType::Trust,
        _ => PolicyType::Resource,
    }
}
