//! What an operation takes and gives, written once as a struct.
//!
//! `#[derive(Input)]` and `#[derive(Output)]` (crate `strongroom-shapes`) turn
//! the struct into all that the wire, the audit record and the conformance
//! check need:
//!
//! * decoding: unknown members are ignored, `null` is absent;
//! * validation: every violated constraint of a request is reported in one
//!   message, in AWS's words;
//! * the audit view: lower camel case, whatever is `Sensitive` left out;
//! * a [`Description`] that `cargo xtask conformance` compares with AWS's own
//!   service model.

mod constraint;
mod describe;
mod emit;
mod leaf;
mod read;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
pub use strongroom_shapes::{Input, Output};

pub use constraint::{Constraint, Pattern, Violations};
pub use describe::{Description, Member};
pub use emit::{Emit, OnTheWire};
pub(crate) use emit::{TIMESTAMP, WipedBuffer};
pub(crate) use leaf::enumeration;
pub use leaf::{Blob, Nothing};
pub use read::{Ignored, MemberName, Members, Structure};

/// A value that a request may carry.
pub trait Shape: Sized {
    /// What the JSON is read into before anything is checked.
    type Wire: DeserializeOwned;

    /// The value, with what is wrong with it added to `violations`. If there
    /// are any, the request is refused and the value is never looked at.
    fn admit(wire: Self::Wire, at: &Path<'_>, violations: &mut Violations) -> Self;

    /// Stands in for a missing required value until the request is refused.
    fn absent() -> Self;

    /// The value as it appears in an audit record; nothing if it is sensitive.
    fn record(&self) -> Option<Value>;

    /// The value's type, for the conformance check.
    fn describe() -> Description;

    /// Length in the unit of the length constraint, where that makes sense.
    fn length(&self) -> Option<usize> {
        None
    }

    /// The number itself, where it is one.
    fn number(&self) -> Option<i64> {
        None
    }

    /// The value as a violation message quotes it; nothing if sensitive.
    fn quoted(&self) -> Option<String> {
        None
    }

    /// The string itself, where it is one, for patterns.
    fn text(&self) -> Option<&str> {
        None
    }

    /// Checks the items of a list.
    fn check_each(&self, _: &Path<'_>, _: &[Constraint], _: &mut Violations) {}
}

/// The place of a value in a request, as AWS writes it: `filters.1.member.key`.
pub enum Path<'a> {
    /// The request itself.
    Root,
    /// A member of a structure, by its name in lower camel case.
    Member(&'a Path<'a>, &'a str),
    /// An item of a list, counted from one.
    Item(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    /// The path of a member of what is here.
    #[must_use]
    pub fn member(&'a self, name: &'a str) -> Path<'a> {
        Path::Member(self, name)
    }
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Member(Path::Root, name) => f.write_str(name),
            Path::Member(parent, name) => write!(f, "{parent}.{name}"),
            Path::Item(parent, number) => write!(f, "{parent}.{number}.member"),
        }
    }
}

/// The recorded members of a request or an answer.
#[derive(Debug, Default)]
pub struct Parameters(Map<String, Value>);

impl Parameters {
    /// Adds a member unless its value must not be recorded.
    pub fn put(&mut self, name: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value);
        }
    }
}

impl From<Parameters> for Value {
    fn from(parameters: Parameters) -> Self {
        Self::Object(parameters.0)
    }
}

/// Admits a member that need not be there. For the derive.
pub fn optional<T: Shape>(
    wire: Option<T::Wire>,
    at: &Path<'_>,
    constraints: &[Constraint],
    each: &[Constraint],
    violations: &mut Violations,
) -> Option<T> {
    let value = T::admit(wire?, at, violations);
    violations.check(&value, at, constraints);
    value.check_each(at, each, violations);
    Some(value)
}

/// Admits a member that must be there. For the derive.
pub fn required<T: Shape>(
    wire: Option<T::Wire>,
    at: &Path<'_>,
    constraints: &[Constraint],
    each: &[Constraint],
    violations: &mut Violations,
) -> T {
    optional(wire, at, constraints, each, violations).unwrap_or_else(|| {
        violations.missing(at);
        T::absent()
    })
}

#[cfg(test)]
mod tests {
    use strongroom_types::Sensitive;

    use super::*;

    enumeration! {
        /// Which way to sort.
        pub enum Order { Asc = "asc", Desc = "desc" }
    }

    #[derive(Input)]
    struct Filter {
        key: Order,
        #[shape(length(1, 2), each(length(0, 3), pattern(r"^\!?[a-z]*$")))]
        values: Vec<String>,
    }

    #[derive(Input)]
    struct Request {
        #[shape(length(1, 5))]
        secret_id: String,
        #[shape(length(2, 4))]
        secret_string: Option<Sensitive<String>>,
        #[shape(range(1, 9))]
        max_results: Option<i64>,
        filters: Option<Vec<Filter>>,
        #[shape(unrecorded)]
        token: Option<String>,
    }

    fn admit(json: &str) -> Result<Request, String> {
        let wire = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let mut violations = Violations::default();
        let request = Request::admit(wire, &Path::Root, &mut violations);
        violations.into_message().map_or(Ok(request), Err)
    }

    #[test]
    fn unknown_members_are_ignored_and_null_is_absent() {
        let request = admit(r#"{"SecretId": "a", "Extra": 1, "MaxResults": null}"#).unwrap();
        assert_eq!(request.secret_id, "a");
        assert_eq!(request.max_results, None);
    }

    #[test]
    fn a_structure_is_an_object_and_what_is_ignored_has_a_bound() {
        for wrong in [
            r#"["a"]"#,
            r#"{"SecretId": 1}"#,
            r#"{"SecretId": "a", "Filters": [["name", ["x"]]]}"#,
        ] {
            assert!(admit(wrong).is_err(), "{wrong}");
        }
        let nested = |depth| {
            let (open, close) = (r#"{"a":"#.repeat(depth), "}".repeat(depth));
            format!(r#"{{"SecretId": "a", "Extra": {open}[1, 2.5, null, true, "x"]{close}}}"#)
        };
        assert!(admit(&nested(50)).is_ok());
        assert!(admit(&nested(200)).is_err());
        assert!(admit(&nested(100_000)).is_err());
    }

    #[test]
    fn every_violation_is_in_the_message_and_sensitive_values_are_not() {
        let json = r#"{
            "SecretString": "toolong", "MaxResults": 0,
            "Filters": [{"Key": "asc", "Values": ["ok"]}, {"Key": "up", "Values": ["A"]}]
        }"#;
        assert_eq!(
            admit(json).err().unwrap(),
            "5 validation errors detected: \
             Value null at 'secretId' failed to satisfy constraint: Member must not be null; \
             Value at 'secretString' failed to satisfy constraint: \
             Member must have length less than or equal to 4; \
             Value '0' at 'maxResults' failed to satisfy constraint: \
             Member must have value greater than or equal to 1; \
             Value 'up' at 'filters.2.member.key' failed to satisfy constraint: \
             Member must satisfy enum value set: [asc, desc]; \
             Value 'A' at 'filters.2.member.values.1.member' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: ^\\!?[a-z]*$"
        );
    }

    #[test]
    fn no_more_than_a_hundred_violations_are_told() {
        let values = vec![r##""#""##; 100_000].join(",");
        let json =
            format!(r#"{{"SecretId": "a", "Filters": [{{"Key": "asc", "Values": [{values}]}}]}}"#);
        let message = admit(&json).err().unwrap();
        assert!(message.starts_with("100 validation errors detected: "));
        let items = message.matches("filters.1.member.values.").count();
        // The list itself is too long, and shown in full.
        assert_eq!(items, 99);
    }

    #[test]
    fn the_record_leaves_out_what_is_sensitive() {
        let request =
            admit(r#"{"SecretId": "a", "SecretString": "abc", "Token": "t", "Filters": []}"#);
        let request = request.unwrap();
        assert_eq!(request.token.as_deref(), Some("t"));
        assert_eq!(
            request.record(),
            Some(serde_json::json!({"secretId": "a", "filters": []}))
        );
    }
}
