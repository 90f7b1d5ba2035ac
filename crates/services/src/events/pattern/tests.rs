//! The examples of EventBridge's documentation.

mod plain;

use serde_json::{Value, json};

use self::plain::plain;
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
