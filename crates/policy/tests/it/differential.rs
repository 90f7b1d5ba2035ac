//! The evaluator against the reference, over generated situations.

use std::collections::BTreeMap;

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::Value;
use strongroom_policy::{
    Attached, Context, Decision, Matched, Policies, Policy, PolicyKind, PolicyType, Request,
    StatementRef, decide, explain,
};

use crate::{
    generate::situation,
    reference::{Situation, Values, judge},
};

/// What the evaluator says, in the reference's words.
pub(crate) fn evaluate(it: &Situation) -> String {
    let parse = |document: &Value, kind| {
        Policy::parse(&document.to_string(), kind)
            .unwrap_or_else(|error| panic!("{document}: {error:?}"))
    };
    let all = |documents: &[Value], kind| -> Vec<Policy> {
        documents.iter().map(|it| parse(it, kind)).collect()
    };
    let levels = |levels: &[Vec<Value>], kind| -> Vec<Vec<Policy>> {
        levels.iter().map(|level| all(level, kind)).collect()
    };
    let identity = all(&it.identity, PolicyKind::Identity);
    let session = it.session.as_ref().map(|it| all(it, PolicyKind::Identity));
    let boundary = it
        .boundary
        .as_ref()
        .map(|it| parse(it, PolicyKind::Identity));
    let resource = it
        .resource_policy
        .as_ref()
        .map(|(kind, it)| parse(it, *kind));
    let service_control = levels(&it.service_control, PolicyKind::ServiceControl);
    let resource_control = levels(&it.resource_control, PolicyKind::ResourceControl);

    fn attach(policies: &[Policy]) -> Vec<Attached<'_>> {
        policies.iter().map(Attached::from).collect()
    }
    let identity = attach(&identity);
    let session = session.as_deref().map(attach);
    let service_control: Vec<_> = service_control.iter().map(|it| attach(it)).collect();
    let service_control: Vec<_> = service_control.iter().map(|it| &it[..]).collect();
    let resource_control: Vec<_> = resource_control.iter().map(|it| attach(it)).collect();
    let resource_control: Vec<_> = resource_control.iter().map(|it| &it[..]).collect();

    let mut context = Context::new();
    for (key, values) in &it.context {
        match values {
            Values::Many(values) => context.insert_many(key, values.iter().map(|it| &**it)),
            Values::One(value) => context.insert(key, &**value),
        }
    }
    let request = Request {
        action: &it.action,
        context: &context,
        issuer: it.issuer.as_ref(),
        partition: "aws",
        principal: &it.principal,
        resource: &it.resource,
        resource_account: it.resource_account,
    };
    let policies = Policies {
        boundary: boundary.as_ref().map(Attached::from),
        identity: &identity,
        kms_grant: it.kms_grant.then_some("grant"),
        resource: resource.as_ref().map(Attached::from),
        resource_control: &resource_control,
        service_control: &service_control,
        session: session.as_deref(),
    };
    let decision = decide(&request, &policies);
    // Whoever asks why hears of the same decision, and of what made it.
    let explanation = explain(&request, &policies);
    assert_eq!(explanation.decision, decision);
    let matched = |wanted: &StatementRef<'_>| {
        let same = |matched: &Matched<'_>| matched.statement == *wanted;
        explanation.matched.iter().any(same)
    };
    match &decision {
        Decision::Allowed(grant) => {
            assert!(grant.identity.iter().chain(&grant.resource).all(matched));
        }
        Decision::Denied(denial) => match &denial.statement {
            Some(statement) => assert!(matched(statement)),
            None => assert!(
                explanation.silent.contains(&denial.policy_type)
                    || matches!(
                        denial.policy_type,
                        PolicyType::Resource
                            | PolicyType::ServiceControl
                            | PolicyType::ResourceControl
                            | PolicyType::Session
                    )
            ),
        },
    }
    match decision {
        Decision::Allowed(_) => "allowed".into(),
        Decision::Denied(denial) => {
            let how = if denial.statement.is_some() {
                "explicit"
            } else {
                "no"
            };
            format!("{how} {}", denial.policy_type)
        }
    }
}

/// Situations that are compared in a deep run (`cargo xtask test --deep`).
const DEEP_CASES: u32 = 1_000_000;
/// And in every other one.
const CASES: u32 = 2_000;

/// What once disagreed is tried first: its seeds are in
/// `proptest-regressions`, which is committed.
#[test]
fn agrees_with_the_reference() {
    let deep = std::env::var_os("STRONGROOM_DEEP").is_some();
    let cases = if deep { DEEP_CASES } else { CASES };
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u32);
    let compare = || {
        let mut runner = TestRunner::new(Config {
            cases: cases.div_ceil(threads),
            source_file: Some(file!()),
            test_name: Some("differential::agrees_with_the_reference"),
            ..Config::default()
        });
        let outcome = runner.run(&situation(), |it| {
            let (found, expected) = (evaluate(&it), judge(&it));
            (found == expected).then_some(()).ok_or_else(|| {
                TestCaseError::fail(format!("found {found}, by the reference {expected}"))
            })
        });
        outcome.map_err(|disagreement| disagreement.to_string())
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(compare)).collect();
        for one in all {
            if let Err(disagreement) = one.join().unwrap() {
                panic!("{disagreement}");
            }
        }
    });
}

/// The comparison is worth little if nearly all situations end alike.
#[test]
fn situations_end_in_every_way() {
    let mut runner = TestRunner::deterministic();
    let strategy = situation();
    let mut endings = BTreeMap::new();
    for _ in 0..Config::default().cases.max(2_000) {
        let it = strategy.new_tree(&mut runner).unwrap().current();
        *endings.entry(judge(&it)).or_insert(0) += 1;
    }
    println!("{endings:?}");
    let total: u32 = endings.values().sum();
    assert!(endings["allowed"] > total / 8, "{endings:?}");
    assert!(
        endings["no identity-based policy"] < total / 2,
        "{endings:?}"
    );
    // Allowed; seven types of policy, each explicitly and implicitly.
    assert_eq!(endings.len(), 1 + 7 * 2, "{endings:?}");
}
