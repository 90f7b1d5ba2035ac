//! What a decision tells, and what it does not look at.

use std::{borrow::Cow, cell::RefCell};

use strongroom_policy::{
    Attached, Context, ContextKeys, Decision, Effect, Policies, Policy, PolicyKind, PolicyType,
    Request, Values, decide, explain,
};

use crate::world::{ACTION, HOME, SECRET, USER_ARN, account, grant, policy, silent, user};

#[test]
fn the_deciding_statements_are_named() {
    let document = r#"{"Version":"2012-10-17","Statement":[
        {"Sid":"Other","Effect":"Allow","Action":"kms:*","Resource":"*"},
        {"Sid":"Read","Effect":"Allow","Action":"secretsmanager:Get*","Resource":"*"},
        {"Effect":"Deny","Action":"secretsmanager:Put*","Resource":"*"}]}"#;
    let identity = Policy::parse(document, PolicyKind::Identity).unwrap();
    let resource = grant(PolicyKind::Resource, USER_ARN);
    let user = user(HOME);
    let context = Context::new();
    let request = Request {
        action: ACTION,
        context: &context,
        issuer: None,
        partition: "aws",
        principal: &user,
        resource: SECRET,
        resource_account: Some(account(HOME)),
    };
    let policies = Policies {
        identity: &[Attached {
            name: Some("Reading"),
            policy: &identity,
        }],
        resource: Some(Attached::from(&resource)),
        ..Policies::default()
    };
    let Decision::Allowed(grant) = decide(&request, &policies) else {
        panic!("denied");
    };
    let identity = grant.identity.unwrap();
    assert_eq!(identity.policy, Some("Reading"));
    assert_eq!((identity.index, identity.sid), (1, Some("Read")));
    assert_eq!(grant.resource.unwrap().sid, Some("S"));

    let request = Request {
        action: "secretsmanager:PutSecretValue",
        ..request
    };
    let Decision::Denied(denial) = decide(&request, &policies) else {
        panic!("allowed");
    };
    let statement = denial.statement.unwrap();
    assert_eq!(statement.policy, Some("Reading"));
    assert_eq!((statement.index, statement.sid), (2, None));
    assert_eq!(
        denial.message(USER_ARN, request.action, Some(request.resource)),
        format!(
            "User: {USER_ARN} is not authorized to perform: secretsmanager:PutSecretValue on \
             resource: {SECRET} with an explicit deny in an identity-based policy"
        )
    );
}

#[test]
fn an_operation_without_resources_is_in_the_callers_account() {
    let user = user(HOME);
    let context = Context::new();
    let request = Request {
        action: "secretsmanager:ListSecrets",
        context: &context,
        issuer: None,
        partition: "aws",
        principal: &user,
        resource: "*",
        resource_account: None,
    };
    for (resource, allowed) in [("*", true), ("arn:aws:secretsmanager:*:*:secret:*", false)] {
        let rest = format!(r#","Resource":"{resource}""#);
        let policy = policy(PolicyKind::Identity, "Allow", "*", &rest);
        let policies = Policies {
            identity: &[Attached::from(&policy)],
            ..Policies::default()
        };
        assert_eq!(
            decide(&request, &policies).is_allowed(),
            allowed,
            "{resource}"
        );
    }
}

/// A condition that asks for a key the request does not send: the value is
/// not supplied from a default.
#[test]
fn a_missing_key_fails_a_condition_and_holds_with_if_exists() {
    let user = user(HOME);
    for (operator, sent, allowed) in [
        ("StringEquals", None, false),
        ("StringEqualsIfExists", None, true),
        ("StringNotEquals", None, true),
        ("StringEquals", Some("AWSCURRENT"), true),
        ("StringEqualsIfExists", Some("AWSPREVIOUS"), false),
    ] {
        let rest = format!(
            r#","Condition":{{"{operator}":{{"secretsmanager:VersionStage":"AWSCURRENT"}}}}"#
        );
        let policy = policy(PolicyKind::Identity, "Allow", ACTION, &rest);
        let mut context = Context::new();
        if let Some(stage) = sent {
            context.insert("secretsmanager:VersionStage", stage);
        }
        let request = Request {
            action: ACTION,
            context: &context,
            issuer: None,
            partition: "aws",
            principal: &user,
            resource: SECRET,
            resource_account: Some(account(HOME)),
        };
        let policies = Policies {
            identity: &[Attached::from(&policy)],
            ..Policies::default()
        };
        let found = decide(&request, &policies).is_allowed();
        assert_eq!(found, allowed, "{operator} {sent:?}");
    }
}

#[test]
fn variables_are_mere_text_in_older_documents() {
    let user = user(HOME);
    let mut context = Context::new();
    context.insert("aws:PrincipalTag/team", "app");
    for (version, resource, allowed) in [
        (r#""Version":"2012-10-17","#, SECRET, true),
        (r#""Version":"2008-10-17","#, SECRET, false),
        ("", SECRET, false),
        ("", "arn:aws:x:::${aws:PrincipalTag/team}/y", true),
    ] {
        let document = format!(
            r#"{{{version}"Statement":{{"Effect":"Allow","Action":"*","Resource":
                ["arn:aws:secretsmanager:*:*:secret:${{aws:PrincipalTag/team}}/*",
                 "arn:aws:x:::${{aws:PrincipalTag/team}}/*"]}}}}"#
        );
        let policy = Policy::parse(&document, PolicyKind::Identity).unwrap();
        let request = Request {
            action: ACTION,
            context: &context,
            issuer: None,
            partition: "aws",
            principal: &user,
            resource,
            resource_account: Some(account(HOME)),
        };
        let policies = Policies {
            identity: &[Attached::from(&policy)],
            ..Policies::default()
        };
        let found = decide(&request, &policies).is_allowed();
        assert_eq!(found, allowed, "{version} {resource}");
    }
}

/// Remembers which keys it was asked for, and has none.
#[derive(Default)]
struct Asked(RefCell<Vec<String>>);

impl ContextKeys for Asked {
    fn get(&self, key: &str) -> Option<Values<'_>> {
        self.0.borrow_mut().push(key.to_owned());
        Some(Values::One(Cow::from("x")))
    }
}

#[test]
fn keys_are_read_only_when_a_matching_statement_asks() {
    let document = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":"kms:*","Resource":"*",
         "Condition":{"Null":{"aws:CurrentTime":"false"}}},
        {"Effect":"Deny","Action":"*","Resource":"arn:aws:secretsmanager:*:*:secret:other*",
         "Condition":{"Null":{"aws:SourceIp":"false"}}},
        {"Effect":"Deny","Action":"*","Resource":"*",
         "Condition":{"Null":{"aws:UserAgent":"true"},"Bool":{"aws:SecureTransport":"true"}}}]}"#;
    let policy = Policy::parse(document, PolicyKind::Identity).unwrap();
    let user = user(HOME);
    let context = Asked::default();
    let request = Request {
        action: ACTION,
        context: &context,
        issuer: None,
        partition: "aws",
        principal: &user,
        resource: SECRET,
        resource_account: Some(account(HOME)),
    };
    let policies = Policies {
        identity: &[Attached::from(&policy)],
        ..Policies::default()
    };
    assert!(decide(&request, &policies).is_allowed());
    assert_eq!(*context.0.borrow(), ["aws:useragent"]);
}

#[test]
fn an_explanation_tells_all_that_matched_and_all_that_was_missing() {
    let identity = Policy::parse(
        r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"Any","Effect":"Allow","Action":"*","Resource":"*"},
            {"Sid":"Tagged","Effect":"Allow","Action":"*","Resource":"*",
             "Condition":{"StringEquals":{"aws:PrincipalTag/Team":"a","aws:username":"Ann"},
                          "Null":{"aws:SourceVpc":"true"}}},
            {"Sid":"Keys","Effect":"Deny","Action":"kms:*","Resource":"*",
             "Condition":{"Bool":{"aws:SecureTransport":"true"}}},
            {"Sid":"Never","Effect":"Deny","Action":"secretsmanager:*","Resource":"*"}]}"#,
        PolicyKind::Identity,
    )
    .unwrap();
    let boundary = silent(PolicyKind::Identity);
    let user = user(HOME);
    let mut context = Context::new();
    context.insert("aws:username", "Ann");
    let request = Request {
        action: ACTION,
        context: &context,
        issuer: None,
        partition: "aws",
        principal: &user,
        resource: SECRET,
        resource_account: Some(account(HOME)),
    };
    let policies = Policies {
        boundary: Some(Attached::from(&boundary)),
        identity: &[Attached::from(&identity)],
        ..Policies::default()
    };
    let explanation = explain(&request, &policies);
    assert_eq!(explanation.decision, decide(&request, &policies));
    let matched: Vec<_> = (explanation.matched.iter())
        .map(|it| (it.policy_type, it.effect, it.statement.sid.unwrap()))
        .collect();
    assert_eq!(
        matched,
        [
            (PolicyType::Identity, Effect::Allow, "Any"),
            (PolicyType::Identity, Effect::Deny, "Never"),
        ]
    );
    // Not the one that `Null` asks for, nor those of other actions.
    assert_eq!(explanation.missing_keys, ["aws:PrincipalTag/Team"]);
    assert_eq!(explanation.silent, [PolicyType::Boundary]);
    let second = &explanation.matched[1];
    let span = &second.policy.spans()[second.statement.index];
    assert!(second.policy.source()[span.bytes.clone()].starts_with(r#"{"Sid":"Never""#));
}
