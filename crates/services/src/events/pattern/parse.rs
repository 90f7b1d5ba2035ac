//! From JSON to a pattern.

use serde_json::{Map, Value};

use super::{
    Field, MAX_CHARACTERS, Node, PatternError,
    test::{Comparison, MOST, Test},
};

/// The alternatives of an object.
const OR: &str = "$or";

type Result<T> = std::result::Result<T, PatternError>;

pub(super) fn pattern(text: &str) -> Result<Node> {
    if text.chars().count() > MAX_CHARACTERS {
        return Err(PatternError(format!(
            "it is longer than {MAX_CHARACTERS} characters"
        )));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => node(&object, &Place::Top),
        Ok(_) => Err(PatternError("it must be a JSON object".to_owned())),
        Err(error) => Err(PatternError(format!("it is not JSON: {error}"))),
    }
}

/// Where in the pattern something is.
enum Place<'a> {
    Top,
    Field(&'a Place<'a>, &'a str),
}

impl Place<'_> {
    fn path(&self) -> String {
        match self {
            Self::Top => String::new(),
            Self::Field(Place::Top, name) => (*name).to_owned(),
            Self::Field(above, name) => format!("{}.{name}", above.path()),
        }
    }

    fn refuse<T>(&self, what: impl std::fmt::Display) -> Result<T> {
        Err(PatternError(match self {
            Self::Top => format!("it {what}"),
            Self::Field(..) => format!("`{}` {what}", self.path()),
        }))
    }
}

fn node(object: &Map<String, Value>, place: &Place<'_>) -> Result<Node> {
    if object.is_empty() {
        return place.refuse("must not be an empty object");
    }
    let mut made = Node::default();
    for (name, value) in object {
        let place = Place::Field(place, name);
        match value {
            Value::Array(items) if name == OR => made.alternatives = alternatives(items, &place)?,
            _ if name == OR => return place.refuse("must be an array of two or more objects"),
            Value::Array(items) if items.is_empty() => {
                return place.refuse("must not be an empty array");
            }
            Value::Array(items) => {
                let tests = items.iter().map(|item| test(item, &place));
                let tests = tests.collect::<Result<_>>()?;
                made.fields.push((name.clone(), Field::Leaf(tests)));
            }
            Value::Object(nested) => {
                let nested = node(nested, &place)?;
                made.fields.push((name.clone(), Field::Nested(nested)));
            }
            _ => return place.refuse("must be an object or an array: write the value in brackets"),
        }
    }
    Ok(made)
}

fn alternatives(items: &[Value], place: &Place<'_>) -> Result<Vec<Node>> {
    if items.len() < 2 {
        return place.refuse("must be an array of two or more objects");
    }
    let nodes = items.iter().map(|item| match item {
        Value::Object(object) => node(object, place),
        _ => place.refuse("must be an array of two or more objects"),
    });
    nodes.collect()
}

fn test(item: &Value, place: &Place<'_>) -> Result<Test> {
    let object = match item {
        Value::Object(object) => object,
        Value::Array(_) => return place.refuse("must not hold an array"),
        scalar => return Ok(Test::Exact(scalar.clone())),
    };
    let mut members = object.iter();
    let (Some((operator, value)), None) = (members.next(), members.next()) else {
        return place.refuse("needs exactly one operator in each of its objects");
    };
    Ok(match operator.as_str() {
        "anything-but" => Test::AnythingBut(anything_but(value, place)?),
        "cidr" => match value.as_str().map(str::parse) {
            Some(Ok(cidr)) => Test::Cidr(cidr),
            _ => return place.refuse("needs addresses such as `10.0.0.0/24` for `cidr`"),
        },
        "exists" => match value {
            Value::Bool(wanted) => Test::Exists(*wanted),
            _ => return place.refuse("needs true or false for `exists`"),
        },
        "numeric" => Test::Numeric(numeric(value, place)?),
        _ => text_test(operator, value, place)?,
    })
}

/// Operators on text, which may stand in `anything-but` too.
fn text_test(operator: &str, value: &Value, place: &Place<'_>) -> Result<Test> {
    if let (Value::Object(inner), "prefix" | "suffix") = (value, operator) {
        let mut members = inner.iter();
        return match (members.next(), members.next()) {
            (Some((name, Value::String(text))), None) if name == "equals-ignore-case" => {
                let text = text.to_lowercase();
                Ok(match operator {
                    "prefix" => Test::PrefixIgnoreCase(text),
                    _ => Test::SuffixIgnoreCase(text),
                })
            }
            _ => place.refuse(format_args!(
                "needs text, or `equals-ignore-case` with text, for `{operator}`"
            )),
        };
    }
    let make: fn(String) -> Test = match operator {
        "equals-ignore-case" => |text| Test::EqualsIgnoreCase(text.to_lowercase()),
        "prefix" => Test::Prefix,
        "suffix" => Test::Suffix,
        "wildcard" => |text| Test::Exact(text.into()),
        _ => {
            return place.refuse(format_args!(
                "has the operator `{operator}`, which there is none of; there are anything-but, \
                 cidr, equals-ignore-case, exists, numeric, prefix, suffix and wildcard"
            ));
        }
    };
    match value.as_str() {
        Some(text) if operator == "wildcard" => match text.parse() {
            Ok(wildcard) => Ok(Test::Wildcard(wildcard)),
            Err(why) => place.refuse(format_args!("has a `wildcard` in which {why}")),
        },
        Some(text) => Ok(make(text.to_owned())),
        None => place.refuse(format_args!("needs text for `{operator}`")),
    }
}

fn anything_but(value: &Value, place: &Place<'_>) -> Result<Vec<Test>> {
    let wrong = || {
        place.refuse(
            "needs text, numbers, or one of prefix, suffix, equals-ignore-case and wildcard for \
             `anything-but`",
        )
    };
    match value {
        Value::String(_) | Value::Number(_) => Ok(vec![Test::Exact(value.clone())]),
        Value::Array(items) => {
            let texts = items.iter().all(Value::is_string);
            if items.is_empty() || !(texts || items.iter().all(Value::is_number)) {
                return wrong();
            }
            Ok(items.iter().cloned().map(Test::Exact).collect())
        }
        Value::Object(inner) => {
            let mut members = inner.iter();
            let (Some((operator, value)), None) = (members.next(), members.next()) else {
                return wrong();
            };
            match value {
                Value::Array(items) if items.is_empty() => wrong(),
                Value::Array(items) => {
                    let tests = items.iter().map(|item| text_test(operator, item, place));
                    tests.collect()
                }
                one => Ok(vec![text_test(operator, one, place)?]),
            }
        }
        Value::Bool(_) | Value::Null => wrong(),
    }
}

fn numeric(value: &Value, place: &Place<'_>) -> Result<Vec<(Comparison, f64)>> {
    let wrong = || {
        place.refuse(format_args!(
            "needs an array such as `[\">\", 0, \"<=\", 5]` for `numeric`, with numbers from \
             -{MOST:e} to {MOST:e}"
        ))
    };
    let Value::Array(items) = value else {
        return wrong();
    };
    let mut comparisons = Vec::new();
    for pair in items.chunks(2) {
        let [Value::String(how), Value::Number(bound)] = pair else {
            return wrong();
        };
        match (how.parse::<Comparison>(), bound.as_f64()) {
            (Ok(how), Some(bound)) if bound.abs() <= MOST => comparisons.push((how, bound)),
            _ => return wrong(),
        }
    }
    match comparisons.as_slice() {
        [_] => Ok(comparisons),
        [(first, _), (second, _)] => match (first.is_lower(), second.is_lower()) {
            (Some(first), Some(second)) if first != second => Ok(comparisons),
            _ => wrong(),
        },
        _ => wrong(),
    }
}
