//! Whom a resource policy lets in: what AWS calls public, and that nobody
//! unnamed comes in by a policy that is called narrow.

use proptest::{
    collection::vec,
    prelude::*,
    sample::{select, subsequence},
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};
use strongroom_policy::{Attached, Context, Policies, Policy, PolicyKind, Request, decide};
use strongroom_types::Principal;

use crate::world::{ACTION, HOME, SECRET, account, allow, policy};

fn broad(document: &Value) -> bool {
    let policy = Policy::parse(&document.to_string(), PolicyKind::Resource)
        .unwrap_or_else(|error| panic!("{document}: {error:?}"));
    !policy.broad_statements().is_empty()
}

/// An `Allow` for everyone under this condition.
fn check(condition: Value, expected: bool) {
    let document = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*",
        "Condition": condition}});
    assert_eq!(broad(&document), expected, "{condition}");
}

#[test]
fn principals() {
    for (principal, expected) in [
        (json!({"Principal": "*"}), true),
        (json!({"Principal": {"AWS": "*"}}), true),
        (json!({"Principal": {"AWS": ["111122223333", "*"]}}), true),
        (json!({"Principal": {"AWS": "111122223333"}}), false),
        (
            json!({"Principal": {"AWS": "arn:aws:iam::111122223333:role/Reader"}}),
            false,
        ),
        (
            json!({"Principal": {"Service": "rds.amazonaws.com"}}),
            false,
        ),
        (json!({"NotPrincipal": {"AWS": "111122223333"}}), true),
        (json!({"NotPrincipal": {"AWS": "*"}}), false),
    ] {
        let mut statement = principal.clone();
        statement["Effect"] = json!("Allow");
        statement["Action"] = json!("*");
        statement["Resource"] = json!("*");
        assert_eq!(
            broad(&json!({"Statement": statement})),
            expected,
            "{principal}"
        );
        statement["Effect"] = json!("Deny");
        assert!(!broad(&json!({"Statement": statement})), "{principal}");
    }
}

/// Source: Amazon S3 User Guide, "The meaning of public".
#[test]
fn fixed_values_name_callers() {
    for key in [
        "aws:PrincipalOrgID",
        "aws:PrincipalAccount",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:SourceAccount",
        "AWS:sourcearn",
        "aws:userid",
        "kms:CallerAccount",
    ] {
        check(json!({"StringEquals": {key: "x"}}), false);
        check(json!({"StringEquals": {key: ["x", "y"]}}), false);
        check(json!({"StringLike": {key: "x"}}), false);
        check(json!({"StringLike": {key: ["x", "*"]}}), true);
        check(json!({"StringLike": {key: "x-*"}}), true);
        check(json!({"StringNotEquals": {key: "x"}}), true);
        check(json!({"StringEqualsIfExists": {key: "x"}}), true);
        check(json!({"ForAllValues:StringEquals": {key: "x"}}), true);
        check(json!({"ForAnyValue:StringEquals": {key: "x"}}), false);
        check(
            json!({"StringEquals": {key: "${aws:PrincipalAccount}"}}),
            true,
        );
        check(json!({"StringEquals": {key: "${*}"}}), false);
        check(json!({"Null": {key: "false"}}), true);
        check(
            json!({"StringEqualsIfExists": {key: "x"}, "Null": {key: "false"}}),
            false,
        );
        check(
            json!({"StringLike": {key: "x*"}, "StringEquals": {key: "xy"}}),
            false,
        );
        // Nobody at all.
        check(
            json!({"StringLike": {key: "x*"}, "ForAnyValue:StringLike": {key: "y*"}}),
            false,
        );
    }
    for key in [
        "aws:PrincipalTag/team",
        "aws:username",
        "aws:UserAgent",
        "aws:ResourceAccount",
    ] {
        check(json!({"StringEquals": {key: "x"}}), true);
    }
    check(json!({"Bool": {"aws:SecureTransport": "true"}}), true);
    check(json!({}), true);
}

#[test]
fn arns_are_fixed_by_their_account_and_paths_by_their_organization() {
    for (operator, key, value, expected) in [
        (
            "ArnLike",
            "aws:PrincipalArn",
            "arn:aws:iam::111122223333:role/*",
            false,
        ),
        (
            "ArnLike",
            "aws:PrincipalArn",
            "arn:aws:iam::*:role/Reader",
            true,
        ),
        (
            "ArnLike",
            "aws:SourceArn",
            "arn:aws:sns:*:111122223333:topic",
            false,
        ),
        (
            "StringLike",
            "aws:SourceArn",
            "arn:aws:sns:*:111122223333:topic",
            true,
        ),
        ("ArnEquals", "aws:SourceArn", "arn:aws:s3:::bucket", false),
        ("ArnEquals", "aws:SourceArn", "arn:aws:s3:::*", true),
        (
            "ForAnyValue:StringLike",
            "aws:PrincipalOrgPaths",
            "o-a1b2c3d4e5/r-ab12/*",
            false,
        ),
        (
            "ForAnyValue:StringLike",
            "aws:PrincipalOrgPaths",
            "o-*",
            true,
        ),
        (
            "ForAllValues:StringLike",
            "aws:PrincipalOrgPaths",
            "o-a1b2c3d4e5/r-ab12/*",
            true,
        ),
        ("StringLike", "aws:userid", "AROAEXAMPLEEXAMPLE01:*", false),
        ("StringLike", "aws:userid", "AROA*", true),
    ] {
        check(json!({operator: {key: value}}), expected);
    }
}

#[test]
fn addresses_name_callers_unless_they_are_too_many() {
    for (condition, expected) in [
        (
            json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
            false,
        ),
        (
            json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}}),
            false,
        ),
        (json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}), true),
        (
            json!({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}),
            true,
        ),
        (
            json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
            true,
        ),
        (
            json!({"IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}),
            true,
        ),
        (
            json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/7"},
                   "NotIpAddress": {"aws:SourceIp": "11.0.0.0/8"}}),
            false,
        ),
    ] {
        check(condition, expected);
    }
}

#[test]
fn denials_narrow() {
    let with_denial = |denial: Value| {
        let mut denial = denial;
        denial["Effect"] = json!("Deny");
        for (member, value) in [("Action", "secretsmanager:*"), ("Resource", "*")] {
            if denial.get(format!("Not{member}")).is_none() && denial.get(member).is_none() {
                denial[member] = json!(value);
            }
        }
        if denial.get("NotPrincipal").is_none() && denial.get("Principal").is_none() {
            denial["Principal"] = json!("*");
        }
        broad(&json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:Get*",
             "Resource": "*"},
            denial]}))
    };
    let outside = json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}});
    for (denial, expected) in [
        (json!({"Condition": outside}), false),
        (json!({}), false),
        (
            json!({"Condition": outside, "Principal": {"AWS": "111122223333"}}),
            true,
        ),
        (
            json!({"Condition": outside, "Action": "secretsmanager:Put*"}),
            true,
        ),
        (
            json!({"Condition": outside, "Action": "SecretsManager:*"}),
            false,
        ),
        (json!({"Condition": outside, "NotAction": "kms:*"}), false),
        (
            json!({"Condition": outside, "NotAction": "secretsmanager:GetSecretValue"}),
            true,
        ),
        (
            json!({"Condition": outside, "Resource": "arn:aws:secretsmanager:*:*:secret:a"}),
            true,
        ),
        (json!({"NotPrincipal": {"AWS": ["111122223333"]}}), false),
        (json!({"NotPrincipal": {"AWS": "*"}}), true),
        (
            json!({"Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}}),
            false,
        ),
        // Denied only with the key: who has none comes in.
        (
            json!({"Condition": {"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}),
            true,
        ),
        (
            json!({"Condition": {"ForAllValues:StringNotLike":
                {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}}}),
            false,
        ),
        (
            json!({"Condition": {"ForAnyValue:StringNotLike":
                {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}}}),
            true,
        ),
        (
            json!({"Condition": {"StringNotEquals": {"aws:SourceVpc": "${aws:username}"}}}),
            true,
        ),
        (
            json!({"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}),
            false,
        ),
        (
            json!({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}),
            true,
        ),
        // Both must be outside to be denied, and either way in is named.
        (
            json!({"Condition": {"StringNotEquals":
                {"aws:PrincipalOrgID": "o-1", "aws:SourceVpc": "vpc-1"}}}),
            false,
        ),
        (
            json!({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"},
                                 "Bool": {"aws:PrincipalIsAWSService": "false"}}}),
            true,
        ),
    ] {
        assert_eq!(with_denial(denial.clone()), expected, "{denial}");
    }
}

/// Keys with values that policies name, and with those of strangers.
const KEYS: &[(&str, &[&str], &[&str])] = &[
    (
        "aws:PrincipalOrgID",
        &["o-a1b2c3d4e5", "o-zzzzzzzzzz", "o-*", "*"],
        &["o-stranger00"],
    ),
    (
        "aws:PrincipalAccount",
        &["111122223333", "1111*", "*"],
        &["999999999999"],
    ),
    (
        "aws:PrincipalArn",
        &[
            "arn:aws:iam::111122223333:role/*",
            "arn:aws:iam::111122223333*",
            "arn:aws:iam::*:role/Reader",
            "arn:aws:iam::111122223333:role/Reader",
            "*",
        ],
        &["arn:aws:iam::999999999999:role/Reader"],
    ),
    (
        "aws:SourceArn",
        &[
            "arn:aws:s3:::bucket",
            "arn:aws:s3:::*",
            "arn:aws:sns:*:111122223333:topic",
        ],
        &["arn:aws:s3:::other", "arn:aws:sns:x:9:111122223333:topic"],
    ),
    (
        "aws:SourceVpc",
        &["vpc-1", "vpc-?", "${aws:username}"],
        &["vpc-9", "Stan"],
    ),
    ("aws:username", &["Ann", "Stan"], &["Stan"]),
    (
        "aws:userid",
        &["AROAEXAMPLEEXAMPLE01:*", "AROA*"],
        &["AROASTRANGERSTRANGER:x"],
    ),
    (
        "aws:SourceIp",
        &[
            "203.0.113.0/24",
            "0.0.0.0/0",
            "128.0.0.0/1",
            "198.51.100.7",
            "2001:db8::/32",
            "::/0",
        ],
        &["8.8.8.8", "200.1.2.3", "2a00::1"],
    ),
    (
        "aws:PrincipalOrgPaths",
        &["o-a1b2c3d4e5/*", "o-*", "*"],
        &["o-stranger00/r-ab12/"],
    ),
    (
        "aws:SecureTransport",
        &["true", "false"],
        &["true", "false"],
    ),
];

fn condition() -> impl Strategy<Value = Value> {
    let qualifier = select(vec!["", "", "", "ForAllValues:", "ForAnyValue:"]);
    let suffix = select(vec!["", "", "", "IfExists"]);
    let operator = |key: &'static str| match key {
        "aws:SourceIp" => vec!["IpAddress", "NotIpAddress"],
        "aws:SecureTransport" => vec!["Bool"],
        "aws:PrincipalArn" | "aws:SourceArn" => vec![
            "ArnLike",
            "ArnNotLike",
            "StringLike",
            "StringNotLike",
            "StringEquals",
        ],
        _ => vec![
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringNotLike",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
        ],
    };
    let compared = (0..KEYS.len()).prop_flat_map(move |at| {
        let (key, values, _) = KEYS[at];
        let most = values.len().min(2);
        let values = subsequence(values.to_vec(), 1..=most);
        (Just(key), values, select(operator(key)))
    });
    let compared = (qualifier, suffix, compared).prop_map(
        |(qualifier, suffix, (key, values, operator))| {
            json!({format!("{qualifier}{operator}{suffix}"): {key: values}})
        },
    );
    let asked = (0..KEYS.len(), any::<bool>())
        .prop_map(|(at, absent)| json!({"Null": {KEYS[at].0: absent.to_string()}}));
    let conditions = prop_oneof![8 => compared, 1 => asked];
    vec(conditions, 0..3).prop_map(|all| {
        let mut merged = Map::new();
        for one in all {
            merged.extend(one.as_object().unwrap().clone());
        }
        Value::Object(merged)
    })
}

fn statement() -> impl Strategy<Value = Value> {
    let element = select(vec![
        json!({"Principal": "*"}),
        json!({"Principal": "*"}),
        json!({"Principal": {"AWS": ["111122223333", "*"]}}),
        json!({"Principal": {"AWS": "111122223333"}}),
        json!({"NotPrincipal": {"AWS": "111122223333"}}),
        json!({"NotPrincipal": {"AWS": "*"}}),
    ]);
    let actions = select(vec![
        json!({"Action": "*"}),
        json!({"Action": "secretsmanager:*"}),
        json!({"Action": ["secretsmanager:Get*", "secretsmanager:Put*"]}),
        json!({"Action": "secretsmanager:Get?ecretValue"}),
        json!({"Action": "SecretsManager:GetSecretValue"}),
        json!({"NotAction": "secretsmanager:Put*"}),
        json!({"NotAction": "secretsmanager:GetSecretValue"}),
    ]);
    let resources = select(vec![
        json!({"Resource": "*"}),
        json!({"Resource": "*"}),
        json!({"Resource": "arn:aws:secretsmanager:*:secret:app/*"}),
        json!({"Resource": SECRET}),
        json!({"NotResource": "arn:aws:secretsmanager:*:*:secret:x"}),
    ]);
    let effect = select(vec!["Allow", "Allow", "Deny"]);
    (effect, element, actions, resources, condition()).prop_map(
        |(effect, element, actions, resources, condition)| {
            let mut statement = json!({"Effect": effect, "Condition": condition});
            for part in [element, actions, resources] {
                let members = statement.as_object_mut().unwrap();
                members.extend(part.as_object().unwrap().clone());
            }
            statement
        },
    )
}

/// A caller whom no policy here names: of another account and organization,
/// from another network. Which keys there are, and which of the strangers'
/// values they have.
fn stranger() -> impl Strategy<Value = Context> {
    vec(any::<Option<u8>>(), KEYS.len()).prop_map(|picks| {
        let mut context = Context::new();
        for ((key, _, values), pick) in KEYS.iter().zip(picks) {
            let Some(pick) = pick else { continue };
            let value = values[usize::from(pick) % values.len()];
            if *key == "aws:PrincipalOrgPaths" {
                context.insert_many(key, [value]);
            } else {
                context.insert(key, value);
            }
        }
        context
    })
}

fn lets_in(document: &Value, context: &Context) -> bool {
    let policy = Policy::parse(&document.to_string(), PolicyKind::Resource).unwrap();
    let everything = allow(PolicyKind::Identity);
    let stranger = Principal::AssumedRole {
        account: account("999999999999"),
        path: "/".into(),
        role_name: "Reader".into(),
        role_id: "AROASTRANGERSTRANGER".into(),
        session_name: "x".into(),
    };
    let request = Request {
        action: ACTION,
        context,
        issuer: None,
        partition: "aws",
        principal: &stranger,
        resource: SECRET,
        resource_account: Some(account(HOME)),
    };
    let policies = Policies {
        identity: &[Attached::from(&everything)],
        resource: Some(Attached::from(&policy)),
        ..Policies::default()
    };
    decide(&request, &policies).is_allowed()
}

fn document() -> impl Strategy<Value = Value> {
    vec(statement(), 1..4).prop_map(|all| json!({"Version": "2012-10-17", "Statement": all}))
}

/// The whole promise: narrow means that no stranger comes in.
#[test]
fn a_narrow_policy_lets_no_stranger_in() {
    let deep = std::env::var_os("STRONGROOM_DEEP").is_some();
    let mut runner = TestRunner::new(Config {
        cases: if deep { 200_000 } else { 4_000 },
        source_file: Some(file!()),
        test_name: Some("analysis::a_narrow_policy_lets_no_stranger_in"),
        ..Config::default()
    });
    let ran = runner.run(
        &(document(), vec(stranger(), 8)),
        |(document, strangers)| {
            if !broad(&document) {
                for stranger in &strangers {
                    prop_assert!(!lets_in(&document, stranger), "{document}\n{stranger:?}");
                }
            }
            Ok(())
        },
    );
    if let Err(failure) = ran {
        panic!("{failure}");
    }
}

/// And it is worth something: most policies that are called broad let some
/// stranger in, most that let in none are called narrow.
#[test]
fn broad_is_seldom_said_in_vain() {
    use proptest::strategy::ValueTree;
    let mut runner = TestRunner::deterministic();
    let (mut narrow, mut broad_and_open, mut broad_and_closed) = (0, 0, 0);
    for _ in 0..1_000 {
        let document = document().new_tree(&mut runner).unwrap().current();
        if !broad(&document) {
            narrow += 1;
            continue;
        }
        let strangers = vec(stranger(), 200)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        if strangers
            .iter()
            .any(|stranger| lets_in(&document, stranger))
        {
            broad_and_open += 1;
        } else {
            broad_and_closed += 1;
        }
    }
    println!("{narrow} narrow, {broad_and_open} broad and open, {broad_and_closed} in vain");
    assert!(narrow > 200 && broad_and_open > 200);
    assert!(broad_and_closed < broad_and_open / 2);
}

#[test]
fn the_broad_statements_are_named() {
    let narrow = policy(
        PolicyKind::Resource,
        "Allow",
        "*",
        r#","Principal":{"AWS":"111122223333"}"#,
    );
    assert!(narrow.broad_statements().is_empty());
    let text = r#"{"Statement":[
        {"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"},
        {"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
    let policy = Policy::parse(text, PolicyKind::Resource).unwrap();
    assert_eq!(policy.broad_statements(), [1]);
}

/// Denials multiply, and globs take long to compare: what cannot be told in the
/// steps there are is called broad, and soon.
#[test]
fn what_takes_too_long_to_tell_is_broad() {
    let allow = json!({"Effect": "Allow", "Principal": "*",
        "Action": "secretsmanager:GetSecretValue", "Resource": "*"});
    let deny = |condition: Value| {
        json!({"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue",
            "Resource": "*", "Condition": condition})
    };
    let globs = "*a".repeat(20) + "*";
    let all = |denials: Vec<Value>| {
        let statements: Vec<Value> = [allow.clone()].into_iter().chain(denials).collect();
        json!({"Version": "2012-10-17", "Statement": statements})
    };
    let multiplied = |denials: usize| {
        let denial = |at: usize| {
            deny(
                json!({"StringNotLike": {"aws:userid": format!("*{at}{globs}")},
                "StringNotEquals": {"aws:PrincipalOrgID": format!("o-{at}")}}),
            )
        };
        all((0..denials).map(denial).collect())
    };
    let long = |letter: &str| format!("*{}*", format!("{letter}*").repeat(4_000));
    let compared = all(vec![
        deny(json!({"StringNotLike": {"aws:userid": long("a")}})),
        deny(json!({"StringNotLike": {"aws:userid": long("b")}})),
    ]);
    let blocks: Vec<String> = (0..1_200)
        .map(|at| format!("10.{}.{}.0/28", at / 256, at % 256))
        .collect();
    let ranges = all((0..40)
        .map(|_| deny(json!({"NotIpAddress": {"aws:SourceIp": blocks}})))
        .collect());
    for document in [multiplied(40), multiplied(120), compared, ranges] {
        // Ten milliseconds as it is shipped; of seconds it took many before. A
        // machine that is busy may need to be asked again.
        let is_soon = |_| {
            let began = std::time::Instant::now();
            assert!(broad(&document));
            began.elapsed().as_secs() < 3
        };
        assert!((0..5).any(is_soon));
    }
}

/// What organizations write is far from the limit.
#[test]
fn many_names_are_told() {
    let arns: Vec<String> = (0..150)
        .map(|at| format!("arn:aws:iam::{:012}:role/team-{at}/*", at % 7 + 1))
        .collect();
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*",
            "Condition": {"ArnLike": {"aws:PrincipalArn": arns}}},
        {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*",
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": arns}}},
        {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}]});
    assert!(!broad(&document));
}
