/// A condition operator as written, taken apart:
/// `ForAnyValue:StringNotLikeIfExists` is a qualifier, a test, a negation and
/// a suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    /// `IfExists`: an absent key satisfies the condition.
    pub(crate) if_exists: bool,
    /// `…Not…`: the test must fail on every value of the policy.
    pub(crate) negated: bool,
    pub(crate) qualifier: Option<Qualifier>,
    pub(crate) test: Test,
}

/// How the values of a multivalued key count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Qualifier {
    ForAllValues,
    ForAnyValue,
}

/// What is compared, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Arn,
    Binary,
    Bool,
    Date(Relation),
    IpAddress,
    Null,
    Numeric(Relation),
    String,
    StringIgnoringCase,
    StringLike,
}

/// How a value of the request must stand to a value of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Every operator: its name, its test, whether the test is negated.
///
/// To add one, add its line and, for a new test, the file of its family.
const OPERATORS: &[(&str, Test, bool)] = &[
    ("ArnEquals", Test::Arn, false),
    ("ArnLike", Test::Arn, false),
    ("ArnNotEquals", Test::Arn, true),
    ("ArnNotLike", Test::Arn, true),
    ("BinaryEquals", Test::Binary, false),
    ("Bool", Test::Bool, false),
    ("DateEquals", Test::Date(Relation::Equal), false),
    ("DateGreaterThan", Test::Date(Relation::Greater), false),
    (
        "DateGreaterThanEquals",
        Test::Date(Relation::GreaterOrEqual),
        false,
    ),
    ("DateLessThan", Test::Date(Relation::Less), false),
    (
        "DateLessThanEquals",
        Test::Date(Relation::LessOrEqual),
        false,
    ),
    ("DateNotEquals", Test::Date(Relation::Equal), true),
    ("IpAddress", Test::IpAddress, false),
    ("NotIpAddress", Test::IpAddress, true),
    ("Null", Test::Null, false),
    ("NumericEquals", Test::Numeric(Relation::Equal), false),
    (
        "NumericGreaterThan",
        Test::Numeric(Relation::Greater),
        false,
    ),
    (
        "NumericGreaterThanEquals",
        Test::Numeric(Relation::GreaterOrEqual),
        false,
    ),
    ("NumericLessThan", Test::Numeric(Relation::Less), false),
    (
        "NumericLessThanEquals",
        Test::Numeric(Relation::LessOrEqual),
        false,
    ),
    ("NumericNotEquals", Test::Numeric(Relation::Equal), true),
    ("StringEquals", Test::String, false),
    ("StringEqualsIgnoreCase", Test::StringIgnoringCase, false),
    ("StringLike", Test::StringLike, false),
    ("StringNotEquals", Test::String, true),
    ("StringNotEqualsIgnoreCase", Test::StringIgnoringCase, true),
    ("StringNotLike", Test::StringLike, true),
];

impl Operator {
    /// Reads an operator's name, regardless of case. `Null` takes no
    /// `IfExists`: it is itself the question whether the key exists.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (qualifier, name) = match name.split_once(':') {
            Some((prefix, name)) if prefix.eq_ignore_ascii_case("ForAllValues") => {
                (Some(Qualifier::ForAllValues), name)
            }
            Some((prefix, name)) if prefix.eq_ignore_ascii_case("ForAnyValue") => {
                (Some(Qualifier::ForAnyValue), name)
            }
            Some(_) => return None,
            None => (None, name),
        };
        let (if_exists, name) = match name
            .len()
            .checked_sub("IfExists".len())
            .and_then(|at| name.split_at_checked(at))
        {
            Some((name, suffix)) if suffix.eq_ignore_ascii_case("IfExists") => (true, name),
            _ => (false, name),
        };
        let (_, test, negated) = OPERATORS
            .iter()
            .find(|(known, _, _)| known.eq_ignore_ascii_case(name))?;
        (!if_exists || *test != Test::Null).then_some(Self {
            if_exists,
            negated: *negated,
            qualifier,
            test: *test,
        })
    }
}

impl Relation {
    /// Whether `request` stands to `policy` as it should.
    pub(crate) fn holds<T: PartialOrd>(self, request: &T, policy: &T) -> bool {
        match self {
            Self::Equal => request == policy,
            Self::Greater => request > policy,
            Self::GreaterOrEqual => request >= policy,
            Self::Less => request < policy,
            Self::LessOrEqual => request <= policy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_apart_regardless_of_case() {
        assert_eq!(
            Operator::parse("forANYvalue:stringNOTlikeIFEXISTS"),
            Some(Operator {
                if_exists: true,
                negated: true,
                qualifier: Some(Qualifier::ForAnyValue),
                test: Test::StringLike,
            })
        );
        for (name, _, _) in OPERATORS {
            Operator::parse(name).unwrap();
            Operator::parse(&format!("ForAllValues:{name}")).unwrap();
        }
    }

    #[test]
    fn refuses_what_is_no_operator() {
        for bad in [
            "",
            "IfExists",
            "NullIfExists",
            "StringMatches",
            "ForSomeValues:StringLike",
            "ForAnyValue:",
            "ForAnyValue:ForAllValues:StringLike",
            "StringLikeIfExistsIfExists",
            "é",
        ] {
            assert_eq!(Operator::parse(bad), None, "{bad}");
        }
    }
}
