//! Policy documents: parsed as every kind, and asked when they parse.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strongroom_policy::{
    Attached, Context, Decision, Form, Policies, Policy, PolicyKind, Request, decide,
};
use strongroom_types::{AccountId, Principal};

const KINDS: [PolicyKind; 6] = [
    PolicyKind::Identity,
    PolicyKind::Key,
    PolicyKind::Resource,
    PolicyKind::ResourceControl,
    PolicyKind::ServiceControl,
    PolicyKind::Trust,
];

// The document, then after a zero byte if there is one: the resource, the
// value of a tag, a date.
fuzz_target!(|text: &str| {
    let mut parts = text.split('\0');
    let document = parts.next().unwrap_or_default();
    let resource = parts
        .next()
        .unwrap_or("arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b-AbCdEf");
    let tag = parts.next().unwrap_or("blue");
    let date = parts.next().unwrap_or("2026-11-23T13:00:00Z");

    let account = AccountId::new(111_122_223_333);
    let ann = Principal::User {
        account: account.unwrap(),
        path: "/team/".into(),
        name: "ann".into(),
        id: "AIDAEXAMPLEEXAMPLE01".into(),
    };
    let mut context = Context::new();
    context.insert("aws:username", "ann");
    context.insert("aws:ResourceTag/colour", tag);
    context.insert("aws:CurrentTime", date);
    context.insert("aws:SourceIp", "192.0.2.7");
    context.insert("aws:SecureTransport", "true");
    context.insert("secretsmanager:RecoveryWindowInDays", "7");
    context.insert(
        "aws:PrincipalArn",
        "arn:aws:iam::111122223333:user/team/ann",
    );
    context.insert_many("aws:TagKeys", ["colour", tag]);

    // What can be written can be read again.
    for (form, kind) in [
        (Form::Inline, PolicyKind::Identity),
        (Form::Managed, PolicyKind::Identity),
        (Form::Trust, PolicyKind::Trust),
    ] {
        if Policy::parse_written(document, form).is_ok() {
            assert!(Policy::parse(document, kind).is_ok());
        }
    }
    for kind in KINDS {
        let policy = match Policy::parse(document, kind) {
            Ok(policy) => policy,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                continue;
            }
        };
        let attached = [Attached::from(&policy)];
        for action in ["secretsmanager:GetSecretValue", "sts:AssumeRole"] {
            let request = Request {
                action,
                context: &context,
                issuer: None,
                partition: "aws",
                principal: &ann,
                resource,
                resource_account: account,
            };
            let policies = match kind {
                PolicyKind::Identity => Policies {
                    identity: &attached,
                    ..Policies::default()
                },
                PolicyKind::ServiceControl => Policies {
                    service_control: &[&attached],
                    ..Policies::default()
                },
                PolicyKind::ResourceControl => Policies {
                    resource_control: &[&attached],
                    ..Policies::default()
                },
                PolicyKind::Key | PolicyKind::Resource | PolicyKind::Trust => Policies {
                    resource: Some(attached[0]),
                    ..Policies::default()
                },
            };
            if let Decision::Denied(denial) = decide(&request, &policies) {
                assert!(!denial.clause(action).is_empty());
            }
        }
    }
});
