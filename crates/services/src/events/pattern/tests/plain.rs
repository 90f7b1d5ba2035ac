//! A matcher that does the same in another way: events as lists of paths.

use std::net::IpAddr;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

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

pub(super) fn plain(pattern: &Value, event: &Value) -> bool {
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
