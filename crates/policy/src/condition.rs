//! Conditions: one file per family of operators, and here what they share,
//! which is how absent, empty and multivalued keys count.
//!
//! An operator's file compares one value of the request with the values of
//! the policy, positively; negation, qualifiers and `IfExists` are applied
//! here, once for all. To add an operator see [`operator`].

mod arn;
mod binary;
mod boolean;
mod bounds;
mod date;
mod ip;
mod null;
mod numeric;
mod operator;
mod string;
mod written;

use self::{
    arn::Arns,
    binary::Binaries,
    boolean::Booleans,
    date::Dates,
    ip::Blocks,
    null::Absence,
    numeric::Numbers,
    operator::{Operator, Qualifier, Test},
    string::{Comparison, Strings},
};
use crate::{ContextKeys, PolicyError, glob::Token, template::Template};

pub(crate) use self::{arn::Parts as ArnParts, bounds::Side, written::check_written};

/// One key under one operator: `{operator: {key: values}}`. All conditions of
/// a statement must hold.
#[derive(Debug)]
pub(crate) struct Condition {
    /// In lower case.
    key: Box<str>,
    operator: Operator,
    operands: Operands,
}

/// The policy's values, compiled.
#[derive(Debug)]
enum Operands {
    Arn(Arns),
    Binary(Binaries),
    Bool(Booleans),
    Date(Dates),
    IpAddress(Blocks),
    Null(Absence),
    Numeric(Numbers),
    String(Strings),
}

impl Condition {
    /// Compiles a condition. `variables` says whether policy variables mean
    /// anything; they do so in the operators for strings, ARNs and booleans.
    ///
    /// # Errors
    /// [`PolicyError::Syntax`] for an unknown operator or a malformed
    /// variable; [`PolicyError::LegacyParsing`] for what is no date. A key that
    /// nobody knows is none, also without the prefix of a service.
    pub(crate) fn parse(
        operator: &str,
        key: &str,
        values: &[String],
        variables: bool,
    ) -> Result<Self, PolicyError> {
        let name = operator;
        let operator = Operator::parse(name)
            .ok_or_else(|| PolicyError::syntax(format!("unknown condition operator `{name}`")))?;
        let string = |comparison| Strings::parse(comparison, values, variables);
        let operands = match operator.test {
            Test::Arn => Operands::Arn(Arns::parse(values, variables)?),
            Test::Binary => Operands::Binary(Binaries::parse(values)),
            Test::Bool => Operands::Bool(Booleans::parse(values, variables)?),
            Test::Date(relation) => Operands::Date(Dates::parse(relation, values)?),
            Test::IpAddress => Operands::IpAddress(Blocks::parse(values)),
            Test::Null => Operands::Null(Absence::parse(values)),
            Test::Numeric(relation) => Operands::Numeric(Numbers::parse(relation, values)),
            Test::String => Operands::String(string(Comparison::Equals)?),
            Test::StringIgnoringCase => Operands::String(string(Comparison::EqualsIgnoringCase)?),
            Test::StringLike => Operands::String(string(Comparison::Like)?),
        };
        Ok(Self {
            key: key.to_lowercase().into(),
            operator,
            operands,
        })
    }

    /// The key, in lower case, if the condition compares its value; `Null`
    /// asks only whether there is one.
    pub(crate) fn required_key(&self) -> Option<&str> {
        (!matches!(self.operands, Operands::Null(_))).then_some(&self.key)
    }

    /// Whether the condition compares this key's value to texts that are not
    /// wildcards alone.
    pub(crate) fn pins(&self, key: &str) -> bool {
        let wild = |template: &Template| match template {
            Template::Fixed(tokens) => !tokens.iter().any(|it| matches!(it, Token::Text(_))),
            Template::Varying(_) => false,
        };
        let Operands::String(strings) = &self.operands else {
            return false;
        };
        let templates = strings.templates();
        *self.key == *key.to_lowercase()
            && !self.operator.negated
            && !templates.is_empty()
            && !templates.iter().any(wild)
    }

    /// Whether the request satisfies the condition.
    ///
    /// An absent key, or a multivalued key without values, satisfies negated
    /// operators, `IfExists` and `ForAllValues`; never `ForAnyValue` without
    /// `IfExists`, even negated (inferred). Without a qualifier, a key of
    /// several values satisfies a positive operator by any of them and a
    /// negated one by all (inferred; the guide leaves it undefined). `Null`
    /// with a qualifier is `Null` (inferred).
    pub(crate) fn holds(&self, context: &dyn ContextKeys) -> bool {
        let values = context.get(&self.key);
        let values = values.as_ref().map_or(&[][..], |values| values.as_slice());
        if let Operands::Null(absence) = &self.operands {
            return absence.holds(!values.is_empty());
        }
        let negated = self.operator.negated;
        if values.is_empty() {
            return match self.operator.qualifier {
                Some(Qualifier::ForAllValues) => true,
                Some(Qualifier::ForAnyValue) => self.operator.if_exists,
                None => self.operator.if_exists || negated,
            };
        }
        let mut values = values.iter();
        let matches = |value: &str| self.operands.match_any(value, context);
        match self.operator.qualifier {
            Some(Qualifier::ForAllValues) => values.all(|value| matches(value) != negated),
            Some(Qualifier::ForAnyValue) => values.any(|value| matches(value) != negated),
            None => values.any(|value| matches(value)) != negated,
        }
    }
}

impl Operands {
    /// Whether one value of the request matches any value of the policy.
    fn match_any(&self, value: &str, context: &dyn ContextKeys) -> bool {
        match self {
            Self::Arn(arns) => arns.match_any(value, context),
            Self::Binary(binaries) => binaries.match_any(value),
            Self::Bool(booleans) => booleans.match_any(value, context),
            Self::Date(dates) => dates.match_any(value),
            Self::IpAddress(blocks) => blocks.match_any(value),
            Self::Null(absence) => absence.holds(true),
            Self::Numeric(numbers) => numbers.match_any(value),
            Self::String(strings) => strings.match_any(value, context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;

    /// Whether `{operator: {"aws:TagKeys": policy}}` holds with the key
    /// absent, without values, and with these values.
    fn check(operator: &str, policy: &[&str], cases: &[(Option<&[&str]>, bool)]) {
        let policy: Vec<_> = policy.iter().map(ToString::to_string).collect();
        let condition = Condition::parse(operator, "aws:TagKeys", &policy, true).unwrap();
        for (values, expected) in cases {
            let mut context = Context::new();
            if let Some(values) = values {
                context.insert_many("aws:tagkeys", values.iter().copied());
            }
            assert_eq!(
                condition.holds(&context),
                *expected,
                "{operator} {policy:?} on {values:?}"
            );
        }
    }

    #[test]
    fn absent_empty_one_and_many() {
        let values: [Option<&[&str]>; 6] = [
            None,
            Some(&[]),
            Some(&["a"]),
            Some(&["x"]),
            Some(&["a", "x"]),
            Some(&["a", "b"]),
        ];
        for (operator, expected) in [
            ("StringEquals", [false, false, true, false, true, true]),
            (
                "StringEqualsIfExists",
                [true, true, true, false, true, true],
            ),
            ("StringNotEquals", [true, true, false, true, false, false]),
            (
                "StringNotEqualsIfExists",
                [true, true, false, true, false, false],
            ),
            (
                "ForAllValues:StringEquals",
                [true, true, true, false, false, true],
            ),
            (
                "ForAllValues:StringEqualsIfExists",
                [true, true, true, false, false, true],
            ),
            (
                "ForAllValues:StringNotEquals",
                [true, true, false, true, false, false],
            ),
            (
                "ForAnyValue:StringEquals",
                [false, false, true, false, true, true],
            ),
            (
                "ForAnyValue:StringEqualsIfExists",
                [true, true, true, false, true, true],
            ),
            (
                "ForAnyValue:StringNotEquals",
                [false, false, false, true, true, false],
            ),
            (
                "ForAnyValue:StringNotEqualsIfExists",
                [true, true, false, true, true, false],
            ),
        ] {
            let cases: Vec<_> = values.into_iter().zip(expected).collect();
            check(operator, &["a", "b"], &cases);
        }
        for null in ["Null", "ForAllValues:Null", "ForAnyValue:Null"] {
            check(
                null,
                &["true"],
                &[(None, true), (Some(&[]), true), (Some(&["a"]), false)],
            );
            check(
                null,
                &["false"],
                &[(None, false), (Some(&[]), false), (Some(&[""]), true)],
            );
        }
    }

    #[test]
    fn a_policy_without_values_matches_nothing() {
        check("StringEquals", &[], &[(None, false), (Some(&["a"]), false)]);
        check(
            "StringNotEquals",
            &[],
            &[(None, true), (Some(&["a"]), true)],
        );
        check(
            "ForAllValues:StringEquals",
            &[],
            &[(None, true), (Some(&["a"]), false)],
        );
    }

    #[test]
    fn a_variable_without_value_fails_positively_and_holds_negatively() {
        let variable = ["${aws:PrincipalTag/team}"];
        let with_value: Option<&[&str]> = Some(&["a"]);
        for (operator, expected) in [
            ("StringEquals", false),
            ("StringLike", false),
            ("StringEqualsIgnoreCase", false),
            ("ArnLike", false),
            ("Bool", false),
            ("StringNotEquals", true),
            ("StringNotLike", true),
            ("ArnNotEquals", true),
            ("ForAllValues:StringNotLike", true),
        ] {
            check(operator, &variable, &[(with_value, expected)]);
        }
        // Its sibling still counts.
        let both = ["${aws:PrincipalTag/team}", "a"];
        check("StringEquals", &both, &[(with_value, true)]);
        check("StringNotEquals", &both, &[(with_value, false)]);
    }
}
