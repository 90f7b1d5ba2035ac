//! Condition keys and the conditions about them.

use std::collections::BTreeMap;

use proptest::{
    collection::btree_map,
    prelude::*,
    sample::{select, subsequence},
};
use serde_json::{Value, json};

use crate::{
    reference::Values,
    world::{ROLE_ARN, SECRET},
};

/// A family of operators with keys and values they are meant for.
struct Family {
    operators: &'static [&'static str],
    /// Values a request may have; for the policy, these and more.
    values: &'static [&'static str],
    policy_values: &'static [&'static str],
    key: &'static str,
    multivalued: bool,
}

const STRINGS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
];
const NUMBERS: &[&str] = &[
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
];
const DATES: &[&str] = &[
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
];

const FAMILIES: &[Family] = &[
    Family {
        operators: STRINGS,
        values: &["app", "App", "a*", "", "é"],
        policy_values: &[
            "a?p",
            "*",
            "${aws:username}",
            "${aws:PrincipalTag/team, 'app'}",
            "a${*}",
            "É",
        ],
        key: "aws:ResourceTag/team",
        multivalued: false,
    },
    Family {
        operators: STRINGS,
        values: &["app", "App", "a*", "db"],
        policy_values: &["a*", "${aws:ResourceTag/team}", "${$}", "${aws:TagKeys}"],
        key: "aws:PrincipalTag/Team",
        multivalued: false,
    },
    Family {
        operators: STRINGS,
        values: &["Ann", "ann", "app"],
        policy_values: &["A*", "???", "${aws:PrincipalTag/team}"],
        key: "aws:username",
        multivalued: false,
    },
    Family {
        operators: STRINGS,
        values: &["team", "app", "Env", "cost"],
        policy_values: &["*", "t*", "ENV", "${aws:username}"],
        key: "aws:TagKeys",
        multivalued: true,
    },
    Family {
        operators: NUMBERS,
        values: &["7", "7.0", "30", "-1.5", "many"],
        policy_values: &["10", "7.5", ""],
        key: "secretsmanager:RecoveryWindowInDays",
        multivalued: false,
    },
    Family {
        operators: DATES,
        values: &[
            "2024-03-01T00:00:00Z",
            "2024-02-29T23:59:59.5Z",
            "1709251200",
            "2024-03-01T12:30:00+02:00",
            "soon",
        ],
        policy_values: &[
            "2024-03-01",
            "2024-03-01T10:30Z",
            "2024-03",
            "2024-03-01t10z",
            "1709251201",
            "2023-12-31",
        ],
        key: "aws:CurrentTime",
        multivalued: false,
    },
    Family {
        operators: &["Bool"],
        values: &["true", "false", "TRUE", "1"],
        policy_values: &["False", "${aws:SecureTransport}", "${aws:username}"],
        key: "aws:SecureTransport",
        multivalued: false,
    },
    Family {
        operators: &["BinaryEquals"],
        values: &["AAEC", "AAED", "AA=", ""],
        policy_values: &["AAEC"],
        key: "custom:Digest",
        multivalued: false,
    },
    Family {
        operators: &["IpAddress", "NotIpAddress"],
        values: &["203.0.113.7", "198.51.100.1", "2001:db8::7", "unknown"],
        policy_values: &[
            "203.0.113.0/24",
            "0.0.0.0/0",
            "2001:db8::/32",
            "203.0.113.9/29",
            "::/0",
            "10/8",
        ],
        key: "aws:SourceIp",
        multivalued: false,
    },
    Family {
        operators: &["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"],
        values: &[
            SECRET,
            ROLE_ARN,
            "arn:aws:x:us-east-2:9:store/a:1:fin/doc",
            "arn:aws:x",
        ],
        policy_values: &[
            "arn:aws:x:*:1:fin/*",
            "*",
            "arn:aws:*:*:*:*",
            "arn:aws:x:us-east-?:9:store/*",
            "*",
            "arn:aws:iam::111122223333:role/${aws:PrincipalTag/team}*",
            "arn:aws:iam::111122223333:role/*",
            "${aws:SourceArn}",
            "arn:aws:secretsmanager:*:*:secret:${aws:ResourceTag/team, 'app'}/*",
        ],
        key: "aws:SourceArn",
        multivalued: false,
    },
];

pub(super) fn context() -> BoxedStrategy<BTreeMap<String, Values>> {
    btree_map(
        (0..FAMILIES.len()).prop_map(|index| FAMILIES[index].key.to_owned()),
        any::<[u8; 4]>(),
        0..12,
    )
    .prop_map(|keys| {
        let fill = |(key, random): (String, [u8; 4])| {
            let family = FAMILIES.iter().find(|family| family.key == key).unwrap();
            let pick = |at: usize| {
                let values = family.values;
                values[usize::from(random[at]) % values.len()].to_owned()
            };
            // Now and then a key has the other type than it should.
            let values = if family.multivalued != (random[0] % 16 == 0) {
                let count = usize::from(random[0] / 16) % 4;
                Values::Many((1..=count.min(3)).map(pick).collect())
            } else {
                Values::One(pick(1))
            };
            (key, values)
        };
        keys.into_iter().map(fill).collect()
    })
    .boxed()
}

pub(super) fn condition() -> BoxedStrategy<Value> {
    let qualifier = prop_oneof![
        4 => Just(""),
        1 => Just("ForAllValues:"),
        1 => Just("ForAnyValue:"),
    ];
    let suffix = prop_oneof![3 => Just(""), 1 => Just("IfExists")];
    let family = (0..FAMILIES.len()).prop_flat_map(|index| {
        let family = &FAMILIES[index];
        let mut values = [family.values, family.policy_values].concat();
        if family.operators == DATES {
            // No policy says that it is soon: it would be refused.
            values.retain(|value| *value != "soon");
        }
        let typed = (
            select(family.operators),
            subsequence(values, 0..=3),
            Just(true),
        );
        let null = (
            Just("Null"),
            subsequence(vec!["true", "false", "True"], 1..=2),
            Just(false),
        );
        (
            prop_oneof![8 => typed.boxed(), 1 => null.boxed()],
            Just(family.key),
        )
    });
    (qualifier, suffix, family, 0..4_u8)
        .prop_map(|(qualifier, suffix, family, case)| {
            let ((name, values, may_exist), key) = family;
            let suffix = if may_exist { suffix } else { "" };
            let operator = format!("{qualifier}{name}{suffix}");
            let (operator, key) = match case {
                0 => (operator.to_lowercase(), key.to_uppercase()),
                1 => (operator.to_uppercase(), key.to_lowercase()),
                _ => (operator, key.to_owned()),
            };
            let values = match &values[..] {
                // Numbers and booleans may stand bare.
                ["7"] if case > 1 => json!(7),
                ["30"] if case > 1 => json!(30),
                ["true"] if case > 1 => json!(true),
                [value] if case > 0 => json!(value),
                values => json!(values),
            };
            json!({operator: {key: values}})
        })
        .boxed()
}
