//! Requests and policies for the properties: drawn from one small world, so
//! that what policies say often concerns what requests ask.

mod conditions;

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};
use serde_json::{Map, Value, json};
use strongroom_policy::PolicyKind;
use strongroom_types::Principal;

use self::conditions::{condition, context};
use crate::{
    reference::Situation,
    world::{
        AWAY, HOME, PROVIDER_ARN, ROLE_ARN, SECRET, account, federated, root, service, session,
        user, vouched_for,
    },
};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";

pub(crate) fn situation() -> BoxedStrategy<Situation> {
    let resource_kind = prop_oneof![
        2 => Just(None),
        3 => Just(Some(PolicyKind::Resource)),
        2 => Just(Some(PolicyKind::Key)),
        1 => Just(Some(PolicyKind::Trust)),
    ];
    let by_kind = resource_kind.prop_flat_map(|kind| (Just(kind), principal(kind), context()));
    by_kind
        .prop_flat_map(|(kind, principal, context)| {
            let request = match kind {
                Some(PolicyKind::Trust) => {
                    let action = match principal {
                        Principal::Federated { .. } => "sts:AssumeRoleWithWebIdentity",
                        _ => "sts:AssumeRole",
                    };
                    Just((action, ROLE_ARN)).boxed()
                }
                Some(PolicyKind::Key) => Just(("kms:Decrypt", KEY)).boxed(),
                Some(_) => select(vec![
                    ("secretsmanager:GetSecretValue", SECRET),
                    ("secretsmanager:PutSecretValue", SECRET),
                ])
                .boxed(),
                None => select(vec![
                    ("secretsmanager:GetSecretValue", SECRET),
                    ("secretsmanager:ListSecrets", "*"),
                    ("kms:Decrypt", KEY),
                ])
                .boxed(),
            };
            let identity = || document(PolicyKind::Identity);
            let levels = |kind| {
                prop_oneof![
                    6 => Just(Vec::new()),
                    1 => vec(vec(document(kind), 1..3), 1..3),
                ]
            };
            let resource_policy = match kind {
                Some(kind) => document(kind)
                    .prop_map(move |text| Some((kind, text)))
                    .boxed(),
                None => Just(None).boxed(),
            };
            (
                request,
                vec(identity(), 0..3),
                resource_policy,
                option::weighted(0.25, identity()),
                option::weighted(0.3, vec(identity(), 0..3)),
                levels(PolicyKind::ServiceControl),
                levels(PolicyKind::ResourceControl),
                (any::<bool>(), proptest::bool::weighted(0.1)),
            )
                .prop_map(move |parts| {
                    let (request, identity, resource_policy, boundary, session, scp, rcp, rest) =
                        parts;
                    let (known, granted) = rest;
                    let (action, resource) = request;
                    let issuer = match &principal {
                        Principal::FederatedUser { account, .. } if known => {
                            Some(user(&account.to_string()))
                        }
                        _ => None,
                    };
                    Situation {
                        action: action.into(),
                        boundary,
                        context: context.clone(),
                        identity,
                        issuer,
                        kms_grant: granted && resource == KEY,
                        principal: principal.clone(),
                        resource: resource.into(),
                        resource_account: (resource != "*").then(|| account(HOME)),
                        resource_control: rcp,
                        resource_policy,
                        service_control: scp,
                        session,
                    }
                })
        })
        .boxed()
}

fn principal(kind: Option<PolicyKind>) -> BoxedStrategy<Principal> {
    let id = prop_oneof![3 => Just(HOME), 1 => Just(AWAY)];
    let signing = id.prop_flat_map(|id| {
        prop_oneof![
            4 => Just(user(id)),
            4 => Just(session(id)),
            2 => Just(federated(id)),
            1 => Just(root(id)),
            1 => Just(service("rds.amazonaws.com")),
        ]
    });
    if kind != Some(PolicyKind::Trust) {
        return signing.boxed();
    }
    let vouched_for = select(vec![PROVIDER_ARN, "accounts.google.com"]).prop_map(vouched_for);
    prop_oneof![3 => signing, 1 => vouched_for].boxed()
}

/// A document of the kind, valid.
pub(crate) fn document(kind: PolicyKind) -> BoxedStrategy<Value> {
    let version = prop_oneof![
        6 => Just(Some("2012-10-17")),
        1 => Just(Some("2008-10-17")),
        1 => Just(None),
    ];
    let statements = prop_oneof![
        2 => statement(kind).prop_map(|statement| vec![statement]),
        2 => vec(statement(kind), 1..4),
    ];
    (version, statements, any::<bool>())
        .prop_map(|(version, mut statements, bare)| {
            let mut document = Map::new();
            if let Some(version) = version {
                document.insert("Version".into(), version.into());
            }
            let statements = if bare && statements.len() == 1 {
                statements.remove(0)
            } else {
                statements.into()
            };
            document.insert("Statement".into(), statements);
            document.into()
        })
        .boxed()
}

fn statement(kind: PolicyKind) -> BoxedStrategy<Value> {
    let effect = prop_oneof![8 => Just("Allow"), 1 => Just("Deny")];
    let conditions = prop_oneof![
        3 => Just(json!({})),
        3 => condition(),
        1 => (condition(), condition()).prop_map(|(mut a, b)| {
            a.as_object_mut().unwrap().extend(b.as_object().unwrap().clone());
            a
        }),
    ];
    (
        effect,
        actions(kind),
        resources(),
        principals(kind),
        conditions,
    )
        .prop_map(
            move |(effect, (action, actions), (resource, resources), principals, conditions)| {
                let mut statement = json!({"Effect": effect, action: actions});
                let members = statement.as_object_mut().unwrap();
                if kind != PolicyKind::Trust {
                    members.insert(resource.into(), resources);
                }
                if let Some((principal, principals)) = principals {
                    members.insert(principal.into(), principals);
                }
                if conditions != json!({}) {
                    members.insert("Condition".into(), conditions);
                }
                statement
            },
        )
        .boxed()
}

fn actions(kind: PolicyKind) -> impl Strategy<Value = (&'static str, Value)> {
    let pool = if kind == PolicyKind::Trust {
        vec![
            "sts:AssumeRole",
            "sts:*",
            "STS:assume*",
            "sts:AssumeRoleWith*",
            "sts:TagSession",
        ]
    } else {
        vec![
            "*",
            "*",
            "*:*",
            "secretsmanager:*",
            "secretsmanager:GetSecretValue",
            "SecretsManager:getsecret*",
            "secretsmanager:*Value",
            "secretsmanager:List*",
            "kms:*",
            "kms:Decrypt?",
            "kms:De*",
            "sts:*",
        ]
    };
    let element = prop_oneof![9 => Just("Action"), 1 => Just("NotAction")];
    (element, one_or_many(pool))
}

fn resources() -> impl Strategy<Value = (&'static str, Value)> {
    let pool = vec![
        "*",
        "*",
        "*",
        SECRET,
        KEY,
        ROLE_ARN,
        "arn:aws:*",
        "arn:aws:secretsmanager",
        "arn:aws:secretsmanager:eu-west-1",
        "arn:aws:secretsmanager:*:111122223333:secret:*",
        "arn:aws:secretsmanager:*:secret:app/??-*",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:${aws:PrincipalTag/team}/*",
        "arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team, 'app'}/*",
        "arn:aws:secretsmanager:*:*:secret:App/*",
        "arn:aws:kms:*:*:key/*",
    ];
    let element = prop_oneof![9 => Just("Resource"), 1 => Just("NotResource")];
    (element, one_or_many(pool))
}

fn principals(kind: PolicyKind) -> BoxedStrategy<Option<(&'static str, Value)>> {
    match kind {
        PolicyKind::Identity | PolicyKind::ServiceControl => return Just(None).boxed(),
        PolicyKind::ResourceControl => return Just(Some(("Principal", json!("*")))).boxed(),
        PolicyKind::Key | PolicyKind::Resource | PolicyKind::Trust => {}
    }
    let mut pool = vec![
        "*".to_owned(),
        "AIDAEXAMPLEEXAMPLE01".into(),
        "AROAEXAMPLEEXAMPLE01".into(),
    ];
    for id in [HOME, HOME, AWAY] {
        pool.push(id.into());
        for principal in [user(id), session(id), federated(id), root(id)] {
            pool.push(principal.arn("aws").unwrap().to_string());
            pool.push(principal.policy_arn("aws").unwrap().to_string());
        }
    }
    let one_or_more = |pool: Vec<String>| {
        let most = pool.len().min(5);
        subsequence(pool, 1..=most)
    };
    let services = one_or_more(vec![
        "rds.amazonaws.com".into(),
        "lambda.amazonaws.com".into(),
    ]);
    let providers = one_or_more(vec![
        PROVIDER_ARN.into(),
        "accounts.google.com".into(),
        "arn:aws:iam::111122223333:saml-provider/Corp".into(),
    ]);
    let providers = if kind == PolicyKind::Trust {
        option::weighted(0.5, providers).boxed()
    } else {
        Just(None).boxed()
    };
    let element = prop_oneof![5 => Just("Principal"), 1 => Just("NotPrincipal")];
    // All the names one caller bears, or all but one: what `NotPrincipal` of a
    // `Deny` turns on.
    let own = select(vec![user(HOME), session(HOME), federated(HOME)]).prop_flat_map(|caller| {
        let names = vec![
            HOME.to_owned(),
            caller.arn("aws").unwrap().to_string(),
            caller.policy_arn("aws").unwrap().to_string(),
        ];
        subsequence(names, 2..=3)
    });
    prop_oneof![
        1 => Just(Some(("Principal", json!("*")))),
        1 => own.prop_map(|names| Some(("NotPrincipal", json!({"AWS": names})))),
        8 => (
            element,
            one_or_more(pool),
            option::weighted(0.2, services),
            providers,
        )
            .prop_map(|(element, names, services, providers)| {
                let mut principals = json!({"AWS": names});
                if let Some(providers) = providers {
                    principals["Federated"] = json!(providers);
                }
                if let Some(services) = services {
                    principals["Service"] = json!(services);
                }
                Some((element, principals))
            }),
    ]
    .boxed()
}

fn one_or_many(pool: Vec<&'static str>) -> impl Strategy<Value = Value> {
    prop_oneof![
        select(pool.clone()).prop_map(Value::from),
        subsequence(pool, 1..4).prop_map(Value::from),
    ]
}
