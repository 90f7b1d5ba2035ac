//! The examples of EventBridge's documentation, and a matcher that does the
//! same in another way.

use std::net::IpAddr;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[track_caller]
fn check(pattern: Value, matching: &[Value], others: &[Value]) {
    let parsed = Pattern::parse(&pattern.to_string()).unwrap();
    for event in matching {
        assert!(parsed.matches(event), "{pattern} should match {event}");
        assert!(plain(&pattern, event), "plainly, {pattern} matches {event}");
    }
    for event in others {
        assert!(!parsed.matches(event), "{pattern} should not match {event}");
        assert!(
            !plain(&pattern, event),
            "plainly, {pattern} does not match {event}"
        );
    }
}

/// The same for the value of one field.
#[track_caller]
fn check_value(test: Value, matching: &[Value], others: &[Value]) {
    let event = |value: &Value| json!({"detail": {"f": value}});
    let matching: Vec<_> = matching.iter().map(event).collect();
    let others: Vec<_> = others.iter().map(event).collect();
    check(json!({"detail": {"f": [test]}}), &matching, &others);
}

#[test]
fn fields_are_and_and_values_are_or() {
    let event = |source: &str, state: Value| {
        json!({"source": source, "detail-type": "EC2 Instance State-change Notification",
               "detail": {"instance-id": "i-1", "state": state}})
    };
    check(
        json!({"source": ["aws.ec2"], "detail": {"state": ["terminated", "stopped"]}}),
        &[
            event("aws.ec2", json!("terminated")),
            event("aws.ec2", json!("stopped")),
            event("aws.ec2", json!(["running", "stopped"])),
        ],
        &[
            event("aws.ec2", json!("running")),
            event("aws.ec2", json!([])),
            event("aws.s3", json!("stopped")),
            json!({"source": "aws.ec2"}),
            json!({"source": "aws.ec2", "detail": "terminated"}),
        ],
    );
}

#[test]
fn exact_values_are_of_their_own_type() {
    check_value(json!("300"), &[json!("300")], &[json!(300), json!("3000")]);
    // Numbers are compared as they are written.
    check_value(
        json!(300),
        &[json!(300)],
        &[json!(300.0), json!("300"), json!(301)],
    );
    check_value(
        json!(null),
        &[json!(null), json!([1, null])],
        &[json!(""), json!("null")],
    );
    check_value(json!(""), &[json!("")], &[json!(null), json!(" ")]);
    check_value(json!(true), &[json!(true)], &[json!(false), json!("true")]);
}

#[test]
fn texts_by_their_parts() {
    check_value(
        json!({"prefix": "2017-10-02"}),
        &[json!("2017-10-02T18:43:48Z")],
        &[json!("2017-10-03"), json!("x2017-10-02"), json!(2017)],
    );
    check_value(
        json!({"prefix": {"equals-ignore-case": "EventB"}}),
        &[json!("eventbridge"), json!("EVENTB")],
        &[json!("event"), json!(1)],
    );
    check_value(
        json!({"suffix": ".png"}),
        &[json!("a.png"), json!(".png")],
        &[json!("a.PNG")],
    );
    check_value(
        json!({"suffix": {"equals-ignore-case": ".PNG"}}),
        &[json!("a.png"), json!("a.Png")],
        &[json!("a.png.")],
    );
    check_value(
        json!({"equals-ignore-case": "alice"}),
        &[json!("Alice"), json!("ALICE")],
        &[json!("alic"), json!("alices"), json!(null)],
    );
    check_value(
        json!({"wildcard": "dir/*.png"}),
        &[
            json!("dir/a.png"),
            json!("dir/.png"),
            json!("dir/a/b.png.png"),
        ],
        &[
            json!("dir/png"),
            json!("a/dir/a.png"),
            json!("dir/a.pngs"),
            json!(1),
        ],
    );
    check_value(
        json!({"wildcard": "*\\**\\\\"}),
        &[json!("*\\"), json!("a*b\\")],
        &[json!("a\\"), json!("*"), json!("")],
    );
    // Two pieces must not share a character.
    check_value(
        json!({"wildcard": "ab*ba"}),
        &[json!("abba")],
        &[json!("aba")],
    );
    check_value(
        json!({"wildcard": "*"}),
        &[json!(""), json!("x")],
        &[json!(1)],
    );
}

#[test]
fn anything_but() {
    check_value(
        json!({"anything-but": "initializing"}),
        &[
            json!("running"),
            json!(5),
            json!(null),
            json!(["initializing", "running"]),
        ],
        &[json!("initializing"), json!([])],
    );
    check_value(
        json!({"anything-but": 123}),
        &[json!(12), json!("123")],
        &[json!(123)],
    );
    check_value(
        json!({"anything-but": ["stopped", "overloaded"]}),
        &[json!("running")],
        &[
            json!("stopped"),
            json!("overloaded"),
            json!(["stopped", "overloaded"]),
        ],
    );
    check_value(
        json!({"anything-but": [100, 200]}),
        &[json!(150)],
        &[json!(100), json!(200)],
    );
    check_value(
        json!({"anything-but": {"prefix": "us-"}}),
        &[json!("eu-west-1"), json!(1)],
        &[json!("us-east-1")],
    );
    check_value(
        json!({"anything-but": {"prefix": ["us-", "eu-"]}}),
        &[json!("ap-south-1")],
        &[json!("us-east-1"), json!("eu-west-1")],
    );
    check_value(
        json!({"anything-but": {"suffix": [".png", ".jpg"]}}),
        &[json!("a.txt")],
        &[json!("a.png"), json!("a.jpg")],
    );
    check_value(
        json!({"anything-but": {"equals-ignore-case": ["initializing", "stopped"]}}),
        &[json!("running")],
        &[json!("INITIALIZING"), json!("Stopped")],
    );
    check_value(
        json!({"anything-but": {"wildcard": ["*/lib/*", "*/bin/*"]}}),
        &[json!("/usr/share/x")],
        &[json!("/usr/lib/x"), json!("/usr/bin/x")],
    );
    // A field that is not there is not anything.
    check(
        json!({"detail": {"f": [{"anything-but": "x"}]}}),
        &[],
        &[
            json!({"detail": {}}),
            json!({}),
            json!({"detail": {"f": {"g": 1}}}),
        ],
    );
}

#[test]
fn numbers_in_ranges() {
    check_value(
        json!({"numeric": [">", 10, "<=", 20]}),
        &[json!(10.5), json!(20), json!(20.0), json!([1, 15])],
        &[json!(10), json!(20.1), json!("15"), json!(null)],
    );
    check_value(
        json!({"numeric": ["=", 300]}),
        &[json!(300), json!(300.0)],
        &[json!(301)],
    );
    check_value(
        json!({"numeric": ["<", -1e9]}),
        &[json!(-2e9)],
        &[json!(-6e9), json!(0)],
    );
}

#[test]
fn addresses_in_blocks() {
    check_value(
        json!({"cidr": "10.0.0.0/24"}),
        &[json!("10.0.0.0"), json!("10.0.0.255")],
        &[
            json!("10.0.1.0"),
            json!("::ffff:10.0.0.1"),
            json!("ten"),
            json!(10),
        ],
    );
    check_value(
        json!({"cidr": "2001:db8::/32"}),
        &[json!("2001:db8:1::1")],
        &[json!("2001:db9::"), json!("10.0.0.1")],
    );
    check_value(
        json!({"cidr": "0.0.0.0/0"}),
        &[json!("1.2.3.4")],
        &[json!("::1")],
    );
}

#[test]
fn existence_is_of_leaves() {
    let field = |value: Value| json!({"detail": {"f": value}});
    let (without, elsewhere) = (json!({"detail": {"g": 1}}), json!({"other": 1}));
    let leaves = [field(json!(1)), field(json!(null)), field(json!([""]))];
    let others = [field(json!({"g": 1})), field(json!([])), without, elsewhere];
    check(
        json!({"detail": {"f": [{"exists": true}]}}),
        &leaves,
        &others,
    );
    check(
        json!({"detail": {"f": [{"exists": false}]}}),
        &others,
        &leaves,
    );
    check(
        json!({"detail": {"f": [{"exists": false}, "x"]}}),
        &[field(json!("x")), json!({})],
        &[field(json!("y"))],
    );
}

#[test]
fn one_object_of_an_array_has_it_all() {
    let resources = |items: Value| json!({"detail": {"resources": items}});
    check(
        json!({"detail": {"resources": {"type": ["AWS::KMS::Key"], "owner": [1]}}}),
        &[
            resources(json!([{"type": "x"}, {"type": "AWS::KMS::Key", "owner": [2, 1]}])),
            resources(json!({"type": "AWS::KMS::Key", "owner": 1})),
        ],
        &[
            resources(json!([{"type": "AWS::KMS::Key", "owner": 2}, {"type": "x", "owner": 1}])),
            resources(json!([])),
        ],
    );
    // A field does not exist only if no object of the array has it.
    check(
        json!({"detail": {"resources": {"type": [{"exists": false}], "owner": [1]}}}),
        &[resources(json!([{"owner": 1}, {"owner": 2}]))],
        &[resources(json!([{"owner": 1}, {"owner": 2, "type": "x"}]))],
    );
}

#[test]
fn alternatives() {
    let detail = |location: &str, day: &str| json!({"detail": {"l": location, "d": day}});
    check(
        json!({"detail": {"$or": [{"l": ["New York"]}, {"d": ["Monday"], "l": ["Rome"]}]}}),
        &[detail("New York", "Friday"), detail("Rome", "Monday")],
        &[
            detail("Rome", "Friday"),
            detail("Oslo", "Monday"),
            json!({"detail": {}}),
        ],
    );
    check(
        json!({"source": ["a"], "$or": [{"x": [{"exists": false}]}, {"detail": {"n": [1]}}]}),
        &[
            json!({"source": "a"}),
            json!({"source": "a", "x": 1, "detail": {"n": 1}}),
        ],
        &[
            json!({"source": "b"}),
            json!({"source": "a", "x": 1, "detail": {"n": 2}}),
        ],
    );
}

#[test]
fn what_is_no_pattern_is_refused_by_its_field() {
    let long = json!({"a": ["x".repeat(MAX_CHARACTERS)]}).to_string();
    for (pattern, part) in [
        ("", "not JSON"),
        ("[]", "must be a JSON object"),
        ("{}", "must not be an empty object"),
        (long.as_str(), "longer than 4096 characters"),
        (
            r#"{"source": "aws.kms"}"#,
            "`source` must be an object or an array",
        ),
        (
            r#"{"detail": {"a": []}}"#,
            "`detail.a` must not be an empty array",
        ),
        (
            r#"{"detail": {"a": {}}}"#,
            "`detail.a` must not be an empty object",
        ),
        (r#"{"a": [["x"]]}"#, "`a` must not hold an array"),
        (r#"{"a": [{}]}"#, "`a` needs exactly one operator"),
        (
            r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#,
            "exactly one operator",
        ),
        (r#"{"a": [{"prefixed": "x"}]}"#, "operator `prefixed`"),
        (r#"{"a": [{"prefix": 1}]}"#, "needs text for `prefix`"),
        (r#"{"a": [{"prefix": {"wildcard": "x"}}]}"#, "for `prefix`"),
        (r#"{"a": [{"wildcard": "a**"}]}"#, "two `*`"),
        (r#"{"a": [{"wildcard": "a\\b"}]}"#, "stands before"),
        (r#"{"a": [{"exists": "yes"}]}"#, "true or false"),
        (r#"{"a": [{"cidr": "10.0.0.0/33"}]}"#, "for `cidr`"),
        (r#"{"a": [{"cidr": "10.0.0.0"}]}"#, "for `cidr`"),
        (r#"{"a": [{"numeric": []}]}"#, "for `numeric`"),
        (r#"{"a": [{"numeric": [">", 1, ">", 2]}]}"#, "for `numeric`"),
        (r#"{"a": [{"numeric": ["=", 1, "<", 2]}]}"#, "for `numeric`"),
        (r#"{"a": [{"numeric": ["!", 1]}]}"#, "for `numeric`"),
        (r#"{"a": [{"numeric": ["<", 6e9]}]}"#, "for `numeric`"),
        (r#"{"a": [{"numeric": ["<"]}]}"#, "for `numeric`"),
        (
            r#"{"a": [{"anything-but": ["x", 1]}]}"#,
            "for `anything-but`",
        ),
        (r#"{"a": [{"anything-but": []}]}"#, "for `anything-but`"),
        (
            r#"{"a": [{"anything-but": {"exists": true}}]}"#,
            "operator `exists`",
        ),
        (r#"{"$or": [{"a": [1]}]}"#, "two or more"),
        (r#"{"$or": {"a": [1]}}"#, "two or more"),
        (r#"{"$or": [{"a": [1]}, 2]}"#, "two or more"),
    ] {
        let error = Pattern::parse(pattern).unwrap_err().to_string();
        assert!(error.contains(part), "{pattern}: {error}");
    }
}

// -- the same in another way: events as lists of paths -----------------------

/// A leaf's path and value, and which element of each array it comes from.
type Leaf<'v> = (String, Vec<(String, usize)>, &'v Value);

fn leaves<'v>(value: &'v Value, path: &str, from: &[(String, usize)], found: &mut Vec<Leaf<'v>>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                leaves(member, &format!("{path}.{name}"), from, found);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                let mut from = from.to_vec();
                from.push((format!("{path}#{}", from.len()), place));
                leaves(item, path, &from, found);
            }
        }
        _ => found.push((path.to_owned(), from.to_vec(), value)),
    }
}

/// A pattern as alternatives, each a list of paths with their tests.
fn flat(pattern: &Value, path: &str) -> Vec<Vec<(String, Vec<Value>)>> {
    let mut all: Vec<Vec<(String, Vec<Value>)>> = vec![Vec::new()];
    for (name, value) in pattern.as_object().unwrap() {
        let parts: Vec<Vec<(String, Vec<Value>)>> = match value {
            Value::Array(items) if name == "$or" => {
                items.iter().flat_map(|item| flat(item, path)).collect()
            }
            Value::Array(tests) => vec![vec![(format!("{path}.{name}"), tests.clone())]],
            nested => flat(nested, &format!("{path}.{name}")),
        };
        let joined = |one: &Vec<(String, Vec<Value>)>| {
            let one = one.clone();
            parts
                .iter()
                .map(move |part| [one.clone(), part.clone()].concat())
        };
        all = all.iter().flat_map(joined).collect();
    }
    all
}

fn plain(pattern: &Value, event: &Value) -> bool {
    let mut found = Vec::new();
    leaves(event, "", &[], &mut found);
    flat(pattern, "")
        .iter()
        .any(|paths| fits(paths, &found, &[]))
}

/// Whether all paths find leaves that come from the same elements of arrays.
fn fits(paths: &[(String, Vec<Value>)], found: &[Leaf<'_>], chosen: &[(String, usize)]) -> bool {
    let Some(((path, tests), rest)) = paths.split_first() else {
        return true;
    };
    let there = found.iter().any(|(at, _, _)| at == path);
    if !there && tests.contains(&json!({"exists": false})) && fits(rest, found, chosen) {
        return true;
    }
    found.iter().any(|(at, from, value)| {
        // The last array of a leaf is one of values: there any will do.
        let own = |(array, _): &&(String, usize)| !array.starts_with(&format!("{path}#"));
        let from: Vec<_> = from.iter().filter(own).cloned().collect();
        let agrees = from.iter().all(|(array, place)| {
            chosen
                .iter()
                .all(|(other, there)| array != other || place == there)
        });
        at == path
            && agrees
            && tests.iter().any(|test| plain_test(test, value))
            && fits(rest, found, &[chosen, &from].concat())
    })
}

/// As they are written, and not as they compare.
fn same_text(one: &Value, other: &Value) -> bool {
    let [one, other] = [one, other].map(Value::to_string);
    one == other
}

fn plain_test(test: &Value, value: &Value) -> bool {
    let Some((operator, wanted)) = test.as_object().and_then(|object| object.iter().next()) else {
        return same_text(test, value);
    };
    let text = value.as_str();
    let lower = |value: &Value| value.as_str().unwrap().to_lowercase();
    match (operator.as_str(), wanted) {
        ("anything-but", Value::Object(inner)) => {
            let (operator, wanted) = inner.iter().next().unwrap();
            let one = |wanted: &Value| plain_test(&json!({ operator: wanted }), value);
            match wanted {
                Value::Array(items) => !items.iter().any(one),
                wanted => !one(wanted),
            }
        }
        ("anything-but", Value::Array(items)) => !items.iter().any(|item| same_text(item, value)),
        ("anything-but", wanted) => !same_text(wanted, value),
        ("exists", wanted) => wanted == true,
        ("prefix", Value::Object(inner)) => text.is_some_and(|text| {
            text.to_lowercase()
                .starts_with(&lower(&inner["equals-ignore-case"]))
        }),
        ("suffix", Value::Object(inner)) => text.is_some_and(|text| {
            text.to_lowercase()
                .ends_with(&lower(&inner["equals-ignore-case"]))
        }),
        ("prefix", wanted) => text.is_some_and(|text| text.starts_with(wanted.as_str().unwrap())),
        ("suffix", wanted) => text.is_some_and(|text| text.ends_with(wanted.as_str().unwrap())),
        ("equals-ignore-case", wanted) => {
            text.is_some_and(|text| text.to_lowercase() == lower(wanted))
        }
        ("wildcard", wanted) => {
            let pattern: Vec<char> = wanted.as_str().unwrap().chars().collect();
            text.is_some_and(|text| glob(&pattern, &text.chars().collect::<Vec<_>>()))
        }
        ("cidr", wanted) => {
            let (block, bits) = wanted.as_str().unwrap().split_once('/').unwrap();
            let octets = |ip: IpAddr| match ip {
                IpAddr::V4(ip) => ip.octets().to_vec(),
                IpAddr::V6(ip) => ip.octets().to_vec(),
            };
            let (block, bits) = (
                octets(block.parse().unwrap()),
                bits.parse::<usize>().unwrap(),
            );
            text.and_then(|text| text.parse().ok())
                .map(octets)
                .is_some_and(|ip| {
                    let bit = |bytes: &[u8], place: usize| bytes[place / 8] >> (7 - place % 8) & 1;
                    ip.len() == block.len() && (0..bits).all(|at| bit(&ip, at) == bit(&block, at))
                })
        }
        ("numeric", Value::Array(items)) => value.as_f64().is_some_and(|number| {
            number.abs() <= 5e9
                && items.chunks(2).all(|pair| {
                    let bound = pair[1].as_f64().unwrap();
                    match pair[0].as_str().unwrap() {
                        "<" => number < bound,
                        "<=" => number <= bound,
                        ">" => number > bound,
                        ">=" => number >= bound,
                        _ => number == bound,
                    }
                })
        }),
        other => panic!("{other:?}"),
    }
}

fn glob(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        ['\\', escaped, rest @ ..] => text.first() == Some(escaped) && glob(rest, &text[1..]),
        [first, rest @ ..] => text.first() == Some(first) && glob(rest, &text[1..]),
    }
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => "[abA*]{0,3}".prop_map(Value::from),
        2 => (-2i64..3).prop_map(Value::from),
        1 => Just(json!(1.5)),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => "10\\.0\\.[01]\\.[01]".prop_map(Value::from),
    ]
}

fn event() -> impl Strategy<Value = Value> {
    let tree = scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[xy]", inner, 0..3).prop_map(|members| json!(members)),
        ]
    });
    prop::collection::btree_map("[xy]", tree, 0..3).prop_map(|members| json!(members))
}

fn operator() -> impl Strategy<Value = Value> {
    let text = || "[abA]{0,2}".prop_map(Value::from);
    let texts = || prop::collection::vec(text(), 1..3).prop_map(Value::from);
    let wild = || {
        let wild = "[ab]?\\*?[ab]?(\\\\\\*)?[ab]?\\*?";
        let sound = wild.prop_filter("no two asterisks", |text: &String| !text.contains("**"));
        sound.prop_map(Value::from)
    };
    let named = |name: &'static str| move |value: Value| json!({ name: value });
    let but = |name: &'static str| move |value: Value| json!({"anything-but": { name: value }});
    let caseless =
        |name: &'static str| move |value: Value| json!({ name: {"equals-ignore-case": value} });
    prop_oneof![
        scalar(),
        text().prop_map(named("prefix")),
        text().prop_map(named("suffix")),
        text().prop_map(named("equals-ignore-case")),
        text().prop_map(caseless("prefix")),
        text().prop_map(caseless("suffix")),
        wild().prop_map(named("wildcard")),
        any::<bool>().prop_map(|wanted| json!({"exists": wanted})),
        text().prop_map(named("anything-but")),
        (-2i64..3).prop_map(|number| json!({"anything-but": number})),
        texts().prop_map(named("anything-but")),
        texts().prop_map(but("prefix")),
        texts().prop_map(but("suffix")),
        texts().prop_map(but("equals-ignore-case")),
        wild().prop_map(but("wildcard")),
        (0u32..=32).prop_map(|bits| json!({"cidr": format!("10.0.0.1/{bits}")})),
        (-2i64..3).prop_map(|bound| json!({"numeric": ["<=", bound]})),
        (-2i64..3, -2i64..3).prop_map(|(low, high)| json!({"numeric": [">", low, "<", high]})),
    ]
}

fn wish() -> impl Strategy<Value = Value> {
    let leaf = prop::collection::vec(operator(), 1..3)
        .prop_map(Value::from)
        .boxed();
    let fields = |inner: BoxedStrategy<Value>| {
        prop::collection::btree_map("[xy]", inner, 1..3).prop_map(|members| json!(members))
    };
    let node = fields(leaf.clone()).prop_recursive(2, 8, 2, move |inner| {
        fields(prop_oneof![leaf.clone(), inner].boxed())
    });
    // Without fields beside it, so that no path is asked for twice.
    let either = prop::collection::vec(node.clone(), 2..3).prop_map(|nodes| json!({"$or": nodes}));
    prop_oneof![4 => node, 1 => either]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn both_ways_agree(pattern in wish(), event in event()) {
        let parsed = Pattern::parse(&pattern.to_string()).unwrap();
        prop_assert_eq!(parsed.matches(&event), plain(&pattern, &event));
    }

    #[test]
    fn no_text_is_too_much(text in "[\\[\\]{}\":,a$or0-9. -]{0,60}") {
        let _ = Pattern::parse(&text);
    }
}
