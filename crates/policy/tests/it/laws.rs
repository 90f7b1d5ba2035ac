//! What holds of every policy and every request.

use proptest::prelude::*;
use serde_json::{Value, json};
use strongroom_policy::{Policy, PolicyKind};
use strongroom_types::Principal;

use crate::{
    differential::evaluate,
    generate::{document, situation},
    reference::Situation,
};

const KINDS: [PolicyKind; 6] = [
    PolicyKind::Identity,
    PolicyKind::Key,
    PolicyKind::Resource,
    PolicyKind::ResourceControl,
    PolicyKind::ServiceControl,
    PolicyKind::Trust,
];

fn allowed(it: &Situation) -> bool {
    evaluate(it) == "allowed"
}

/// Every document of a situation.
fn documents(it: &mut Situation) -> Vec<&mut Value> {
    let Situation {
        boundary,
        identity,
        resource_control,
        resource_policy,
        service_control,
        session,
        ..
    } = it;
    let levels = resource_control.iter_mut().chain(service_control).flatten();
    let resource_policy = resource_policy.iter_mut().map(|(_, document)| document);
    let session = session.iter_mut().flatten();
    let own = boundary.iter_mut().chain(identity).chain(session);
    own.chain(resource_policy).chain(levels).collect()
}

fn statements(document: &mut Value) -> Vec<&mut Value> {
    match &mut document["Statement"] {
        Value::Array(statements) => statements.iter_mut().collect(),
        one => vec![one],
    }
}

/// JSON that looks like a policy from afar.
fn nearly_a_policy() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "Version",
        "Statement",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "Principal",
        "Sid",
        "Condition",
        "StringLike",
        "ForAnyValue:ArnLike",
        "aws:username",
        "AWS",
        "Service",
    ]);
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "2012-10-17",
            "Allow",
            "Deny",
            "*",
            "kms:*",
            "${aws:username}",
            "${",
            "arn:aws:",
            "arn:aws:a:b:c:d",
            "${a, 'b'}",
            "arn:aws:s3:::${",
            "111122223333",
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        let names = names.clone().prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_deny_never_grants(mut it in situation(), changed in any::<prop::sample::Index>()) {
        let before = allowed(&it);
        let mut documents = documents(&mut it);
        if !documents.is_empty() {
            let document = documents.swap_remove(changed.index(documents.len()));
            let mut statements = statements(document);
            let statement = statements.swap_remove(changed.index(statements.len()));
            statement["Effect"] = json!("Deny");
            prop_assert!(before || !allowed(&it));
        }
    }

    #[test]
    fn without_an_allow_only_root_is_allowed(mut it in situation()) {
        it.kms_grant = false;
        for document in documents(&mut it) {
            for statement in statements(document) {
                statement["Effect"] = json!("Deny");
            }
        }
        let root = matches!(it.principal, Principal::Root { .. });
        prop_assert!(root || !allowed(&it));
    }

    #[test]
    fn a_grant_only_widens(mut it in situation()) {
        it.kms_grant = false;
        let before = evaluate(&it);
        it.kms_grant = true;
        let after = evaluate(&it);
        prop_assert!(before != "allowed" || after == "allowed");
        // And never past a denial.
        prop_assert!(!before.starts_with("explicit") || after == before);
    }

    #[test]
    fn order_never_matters(mut it in situation()) {
        let before = evaluate(&it);
        for document in documents(&mut it) {
            if let Value::Array(statements) = &mut document["Statement"] {
                statements.reverse();
            }
        }
        it.identity.reverse();
        it.service_control.reverse();
        it.resource_control.reverse();
        if let Some(session) = &mut it.session {
            session.reverse();
        }
        prop_assert_eq!(evaluate(&it), before);
    }

    #[test]
    fn a_boundary_only_narrows(
        mut it in situation(),
        boundary in document(PolicyKind::Identity),
    ) {
        it.boundary = None;
        let before = allowed(&it);
        it.boundary = Some(boundary);
        prop_assert!(before || !allowed(&it));
    }

    #[test]
    fn a_session_policy_only_narrows_a_role(
        mut it in situation(),
        session in document(PolicyKind::Identity),
    ) {
        // A federated user has nothing without one.
        let federated = matches!(it.principal, Principal::FederatedUser { .. });
        it.session = None;
        let before = allowed(&it);
        it.session = Some(vec![session]);
        prop_assert!(federated || before || !allowed(&it));
    }

    #[test]
    fn an_organization_only_narrows(
        mut it in situation(),
        service in document(PolicyKind::ServiceControl),
        resource in document(PolicyKind::ResourceControl),
    ) {
        let before = allowed(&it);
        it.service_control.push(vec![service]);
        it.resource_control.push(vec![resource]);
        prop_assert!(before || !allowed(&it));
    }

    #[test]
    fn an_allow_only_widens_identity(mut it in situation()) {
        let before = allowed(&it);
        it.identity.push(json!({
            "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}
        }));
        prop_assert!(!before || allowed(&it));
    }

    #[test]
    fn parsing_never_panics(bytes in any::<Vec<u8>>(), text in any::<String>()) {
        for kind in KINDS {
            let _ = Policy::parse(&String::from_utf8_lossy(&bytes), kind);
            let _ = Policy::parse(&text, kind);
        }
    }

    #[test]
    fn parsing_never_panics_on_json(json in nearly_a_policy()) {
        for kind in KINDS {
            let _ = Policy::parse(&json.to_string(), kind);
        }
    }

    #[test]
    fn what_is_cut_is_no_policy(document in document(PolicyKind::Identity), cut in any::<prop::sample::Index>()) {
        let text = document.to_string();
        let cut = text.char_indices().map(|(at, _)| at).collect::<Vec<_>>()[cut.index(text.chars().count())];
        prop_assert!(Policy::parse(&text[..cut], PolicyKind::Identity).is_err());
    }
}
