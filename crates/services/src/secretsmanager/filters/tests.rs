use proptest::prelude::*;

use super::*;
use crate::{
    operation::ServiceError as _,
    shape::{Path, Shape as _, Violations},
};

/// What filters see, for tests.
#[derive(Clone, Debug, Default)]
struct Thing {
    name: String,
    description: Option<String>,
    tags: Vec<Tag>,
    primary_region: Option<String>,
    owning_service: Option<String>,
}

impl Searchable for Thing {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }

    fn primary_region(&self) -> Option<&str> {
        self.primary_region.as_deref()
    }

    fn owning_service(&self) -> Option<&str> {
        self.owning_service.as_deref()
    }
}

fn tag(key: &str, value: &str) -> Tag {
    Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

fn named(name: &str) -> Thing {
    Thing {
        name: name.to_owned(),
        ..Thing::default()
    }
}

fn described(description: &str) -> Thing {
    Thing {
        description: Some(description.to_owned()),
        ..named("a-name")
    }
}

fn filter(key: FilterKey, values: &[&str]) -> Filter {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Filter {
        key: Some(key),
        values: Some(values),
    }
}

fn admits(key: FilterKey, values: &[&str], thing: &Thing) -> bool {
    Filters::new(Some(vec![filter(key, values)]))
        .unwrap()
        .admit(thing, &mut 0)
}

fn decode(json: &str) -> std::result::Result<Vec<Filter>, String> {
    let mut violations = Violations::default();
    let root = Path::Root;
    let filters = Vec::<Filter>::admit(
        serde_json::from_str(json).unwrap(),
        &root.member("filters"),
        &mut violations,
    );
    violations.into_message().map_or(Ok(filters), Err)
}

#[test]
fn names_tags_and_regions_are_compared_by_their_beginning_and_case() {
    let check = |key, values: &[&str], thing: &Thing, expected| {
        assert_eq!(
            admits(key, values, thing),
            expected,
            "{key:?} {values:?} {thing:?}"
        );
    };
    let thing = Thing {
        name: "Prod/App".to_owned(),
        tags: vec![tag("Team", "Blue"), tag("stage", "live")],
        primary_region: Some("eu-central-1".to_owned()),
        owning_service: Some("rds".to_owned()),
        ..Thing::default()
    };
    for (key, yes, no) in [
        (FilterKey::Name, "Prod", "prod"),
        (FilterKey::Name, "Prod/App", "App"),
        (FilterKey::TagKey, "Te", "te"),
        (FilterKey::TagKey, "stage", "live"),
        (FilterKey::TagValue, "Bl", "bl"),
        (FilterKey::TagValue, "live", "stage"),
        (FilterKey::PrimaryRegion, "eu-", "us-"),
        (FilterKey::OwningService, "r", "redshift"),
        (FilterKey::OwningService, "RDS", "ds"),
    ] {
        check(key, &[yes], &thing, true);
        check(key, &[no], &thing, false);
        check(key, &[&format!("!{yes}")], &thing, false);
        check(key, &[&format!("!{no}")], &thing, true);
        check(key, &[no, yes], &thing, true);
        check(key, &[no, no], &thing, false);
    }
    // A secret without the attribute begins with nothing.
    check(FilterKey::OwningService, &["n/a"], &named("foo"), false);
    check(FilterKey::PrimaryRegion, &["!eu"], &named("foo"), true);
    check(FilterKey::TagKey, &[""], &named("foo"), false);
}

#[test]
fn negation_keeps_what_does_not_begin_so() {
    assert!(admits(FilterKey::Name, &["!/"], &named("prod/x")));
    assert!(!admits(FilterKey::Name, &["!/"], &named("/prod/x")));

    // Every secret whose description has a word starting with `a` is dropped.
    assert!(!admits(
        FilterKey::Description,
        &["!a"],
        &described("an secret")
    ));
    assert!(!admits(
        FilterKey::Description,
        &["!a"],
        &described("the Apple")
    ));
    assert!(admits(
        FilterKey::Description,
        &["!a"],
        &described("big data")
    ));
    assert!(admits(
        FilterKey::Description,
        &["!c"],
        &described("an secret")
    ));
    assert!(admits(FilterKey::Description, &["!c"], &named("c")));
}

#[test]
fn descriptions_are_compared_by_words() {
    for (value, description, expected) in [
        ("a secret", "an secret", true),
        ("a secret", "a secret", true),
        ("a secret", "asecret", false),
        ("a", "asecret", true),
        ("d t", "DescTwo", true),
        ("baz", "baz qux", true),
        ("one two", "one and two", true),
        ("one two", "one", false),
    ] {
        assert_eq!(
            admits(FilterKey::Description, &[value], &described(description)),
            expected,
            "{value} in {description}"
        );
    }
    assert!(!admits(FilterKey::Description, &["a"], &named("a")));
}

#[test]
fn all_looks_everywhere_but_keeps_words_of_one_attribute_together() {
    for thing in [
        named("foo"),
        described("the foo"),
        Thing {
            tags: vec![tag("Foo", "1")],
            ..named("x")
        },
        Thing {
            tags: vec![tag("1", "a FOO")],
            ..named("x")
        },
    ] {
        assert!(admits(FilterKey::All, &["foo"], &thing), "{thing:?}");
        assert!(!admits(FilterKey::All, &["!foo"], &thing), "{thing:?}");
        assert!(!admits(FilterKey::All, &["foo bar"], &thing), "{thing:?}");
    }
    let split = Thing {
        description: Some("bar".to_owned()),
        ..named("foo")
    };
    assert!(!admits(FilterKey::All, &["foo bar"], &split));
    assert!(admits(FilterKey::All, &["foo bar"], &named("bar/foo")));
    assert!(!admits(FilterKey::All, &["-"], &named("a-b")));
}

#[test]
fn filters_are_joined_by_and_also_of_one_key() {
    let both = |description: &str| {
        let filters = vec![
            filter(FilterKey::Description, &["one"]),
            filter(FilterKey::Description, &["two"]),
        ];
        Filters::new(Some(filters))
            .unwrap()
            .admit(&described(description), &mut 0)
    };
    assert!(both("one two"));
    assert!(!both("one"));
    assert!(!both("two"));
    assert!(
        Filters::new(None)
            .unwrap()
            .admit(&named("anything"), &mut 0)
    );
}

#[test]
fn values_are_joined_by_or_negated_or_not() {
    let thing = described("one and two");
    assert!(admits(FilterKey::Description, &["one", "!two"], &thing));
    assert!(!admits(FilterKey::Description, &["three", "!two"], &thing));
    assert!(admits(
        FilterKey::Description,
        &["three", "!two"],
        &described("unrelated")
    ));
}

#[test]
fn a_filter_needs_key_and_values() {
    let message = |json: &str| {
        let refusal = Filters::new(Some(decode(json).unwrap()))
            .unwrap_err()
            .refusal();
        (refusal.code, refusal.message.into_owned())
    };
    assert_eq!(
        message(r#"[{"Values": ["foo"]}]"#),
        ("InvalidParameterException", "Invalid filter key".to_owned())
    );
    assert_eq!(
        message(r#"[{"Key": "description"}]"#),
        (
            "InvalidParameterException",
            "Invalid filter values for key: description".to_owned()
        )
    );
}

#[test]
fn the_model_s_constraints_are_checked() {
    assert_eq!(
        decode(r#"[{"Key": "name", "Values": ["a"]}, {"Key": "up", "Values": ["a#"]}]"#)
            .err()
            .unwrap(),
        "2 validation errors detected: Value 'up' at 'filters.2.member.key' failed to satisfy \
         constraint: Member must satisfy enum value set: [description, name, tag-key, tag-value, \
         primary-region, owning-service, all]; Value 'a#' at 'filters.2.member.values.1.member' \
         failed to satisfy constraint: Member must satisfy regular expression pattern: \
         ^\\!?[a-zA-Z0-9 :_@\\/\\+\\=\\.\\-\\!]*$"
    );
    decode(r#"[{"Key": "all", "Values": ["!aA0 :_@/+=.-!", ""]}]"#).unwrap();
    decode(r#"[{"Key": "all", "Values": []}]"#).err().unwrap();
}

#[test]
fn the_prefix_of_names_is_known_where_one_value_decides() {
    let prefix = |filters| {
        Filters::new(Some(filters))
            .unwrap()
            .name_prefix()
            .to_owned()
    };
    let name = |values: &[&str]| filter(FilterKey::Name, values);
    assert_eq!(prefix(vec![]), "");
    assert_eq!(
        prefix(vec![name(&["a"]), name(&["ab"]), name(&["!abc"])]),
        "ab"
    );
    assert_eq!(prefix(vec![name(&["a", "b"])]), "");
    assert_eq!(prefix(vec![filter(FilterKey::All, &["a"])]), "");
}

fn some_key() -> impl Strategy<Value = FilterKey> {
    proptest::sample::select(FilterKey::ALL)
}

fn some_text() -> impl Strategy<Value = String> {
    prop_oneof!["[abAB1 /-]{0,6}", "[!]?[a-cA-C]{0,2}", any::<String>()]
}

fn some_filters() -> impl Strategy<Value = Vec<(FilterKey, Vec<String>)>> {
    proptest::collection::vec(
        (some_key(), proptest::collection::vec(some_text(), 1..4)),
        0..4,
    )
}

fn some_thing() -> impl Strategy<Value = Thing> {
    let optional = || proptest::option::of(some_text());
    let tags = proptest::collection::vec((some_text(), some_text()), 0..3);
    (some_text(), optional(), tags, optional(), optional()).prop_map(
        |(name, description, tags, primary_region, owning_service)| Thing {
            name,
            description,
            tags: tags.iter().map(|(key, value)| tag(key, value)).collect(),
            primary_region,
            owning_service,
        },
    )
}

fn filters(given: &[(FilterKey, Vec<String>)]) -> Filters {
    let filters = given
        .iter()
        .map(|(key, values)| Filter {
            key: Some(*key),
            values: Some(values.clone()),
        })
        .collect();
    Filters::new(Some(filters)).unwrap()
}

proptest! {
    #[test]
    fn a_negated_value_admits_the_complement(
        key in some_key(), value in some_text(), thing in some_thing(),
    ) {
        prop_assume!(!value.starts_with('!'));
        let negated = format!("!{value}");
        prop_assert_ne!(admits(key, &[&value], &thing), admits(key, &[&negated], &thing));
    }

    #[test]
    fn one_more_filter_only_narrows(
        given in some_filters(), key in some_key(), value in some_text(), thing in some_thing(),
    ) {
        let mut more = given.clone();
        more.push((key, vec![value]));
        prop_assert!(!filters(&more).admit(&thing, &mut 0) || filters(&given).admit(&thing, &mut 0));
    }

    #[test]
    fn one_more_value_only_widens(
        given in some_filters(), value in some_text(), place in any::<proptest::sample::Index>(),
        thing in some_thing(),
    ) {
        prop_assume!(!given.is_empty());
        let mut more = given.clone();
        more[place.index(given.len())].1.push(value);
        prop_assert!(!filters(&given).admit(&thing, &mut 0) || filters(&more).admit(&thing, &mut 0));
    }

    #[test]
    fn what_is_admitted_has_the_prefix(given in some_filters(), thing in some_thing()) {
        let filters = filters(&given);
        prop_assert!(!filters.admit(&thing, &mut 0) || thing.name.starts_with(filters.name_prefix()));
    }
}
