//! All that a decision was made from, for those who ask why: slower than
//! [`decide()`], and never another answer.

use crate::{
    Attached, Decision, Effect, Policies, Policy, PolicyType, Request, StatementRef,
    decide::{decide, resource_type},
};

/// A decision with everything that bore on it.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// What [`decide()`] answers.
    pub decision: Decision<'a>,
    /// Every statement that matched the request, in all policies, whether or
    /// not it decided.
    pub matched: Vec<Matched<'a>>,
    /// Condition keys, as written, that statements compare which match by
    /// action, resource and principal, and that the request does not have.
    /// Each once, in the policies' order.
    pub missing_keys: Vec<String>,
    /// The types of policy, among those present, in which no statement allows
    /// the request. Not each of them need have allowed it.
    pub silent: Vec<PolicyType>,
}

/// A statement that matched.
#[derive(Clone, Copy, Debug)]
pub struct Matched<'a> {
    /// `Allow` or `Deny`.
    pub effect: Effect,
    /// The policy; [`Policy::spans`] tells where in it the statement stands.
    pub policy: &'a Policy,
    /// What the policy is to the request.
    pub policy_type: PolicyType,
    /// The statement.
    pub statement: StatementRef<'a>,
}

/// Decides a request, and tells what the decision was made from.
#[must_use]
pub fn explain<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Explanation<'a> {
    let mut explanation = Explanation {
        decision: decide(request, policies),
        matched: Vec::new(),
        missing_keys: Vec::new(),
        silent: Vec::new(),
    };
    for level in policies.service_control {
        explanation.add(request, PolicyType::ServiceControl, level);
    }
    for level in policies.resource_control {
        explanation.add(request, PolicyType::ResourceControl, level);
    }
    let resource = policies.resource.as_slice();
    if !resource.is_empty() {
        explanation.add(request, resource_type(policies), resource);
    }
    explanation.add(request, PolicyType::Identity, policies.identity);
    let boundary = policies.boundary.as_slice();
    if !boundary.is_empty() {
        explanation.add(request, PolicyType::Boundary, boundary);
    }
    if let Some(session) = policies.session {
        explanation.add(request, PolicyType::Session, session);
    }
    explanation
}

impl<'a> Explanation<'a> {
    fn add(&mut self, request: &Request<'_>, policy_type: PolicyType, attached: &[Attached<'a>]) {
        let mut allows = false;
        for Attached { name, policy } in attached {
            for (index, statement) in policy.statements().iter().enumerate() {
                if !statement.concerns(request) {
                    continue;
                }
                for key in statement.condition_keys() {
                    if request.context.get(key).is_none() {
                        self.miss(policy, key);
                    }
                }
                if statement.reach(request).is_none() {
                    continue;
                }
                allows |= statement.effect() == Effect::Allow;
                self.matched.push(Matched {
                    effect: statement.effect(),
                    policy,
                    policy_type,
                    statement: StatementRef {
                        index,
                        policy: *name,
                        sid: statement.sid(),
                    },
                });
            }
        }
        if !allows && !self.silent.contains(&policy_type) {
            self.silent.push(policy_type);
        }
    }

    fn miss(&mut self, policy: &Policy, key: &str) {
        let written = (policy.context_keys().into_iter())
            .find(|written| written.to_lowercase() == key)
            .unwrap_or_else(|| key.to_owned());
        let same = |known: &String| known.to_lowercase() == key;
        if !self.missing_keys.iter().any(same) {
            self.missing_keys.push(written);
        }
    }
}
