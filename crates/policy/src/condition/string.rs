use crate::{
    ContextKeys, PolicyError,
    template::{Meaning, Template},
};

/// The values of `StringEquals`, `StringEqualsIgnoreCase`, `StringLike` and
/// their negations.
#[derive(Debug)]
pub(crate) struct Strings {
    ignore_case: bool,
    values: Box<[Template]>,
}

/// How strings are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equals,
    EqualsIgnoringCase,
    Like,
}

impl Strings {
    pub(crate) fn parse(
        comparison: Comparison,
        values: &[String],
        variables: bool,
    ) -> Result<Self, PolicyError> {
        let meaning = Meaning {
            variables,
            wildcards: comparison == Comparison::Like,
        };
        let values = values.iter().map(|value| Template::parse(value, meaning));
        Ok(Self {
            ignore_case: comparison == Comparison::EqualsIgnoringCase,
            values: values.collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn ignore_case(&self) -> bool {
        self.ignore_case
    }

    pub(super) fn templates(&self) -> &[Template] {
        &self.values
    }

    pub(crate) fn match_any(&self, value: &str, context: &dyn ContextKeys) -> bool {
        self.values.iter().any(|template| {
            if self.ignore_case {
                let text = template.text(context);
                text.is_some_and(|text| same_letters(&text, value))
            } else {
                template.matches(value, context)
            }
        })
    }
}

/// Equality regardless of case, in every script that has case (inferred:
/// the guide says "ignoring case" and no more).
fn same_letters(a: &str, b: &str) -> bool {
    let lower = |text: &str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<Vec<_>>()
    };
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && lower(a) == lower(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;

    fn check(comparison: Comparison, policy: &str, request: &str, expected: bool) {
        let mut context = Context::new();
        context.insert("aws:username", "Ann*");
        let strings = Strings::parse(comparison, &[policy.into()], true).unwrap();
        let found = strings.match_any(request, &context);
        assert_eq!(found, expected, "{comparison:?} {policy} on {request}");
    }

    #[test]
    fn compares() {
        use Comparison::{Equals, EqualsIgnoringCase, Like};
        check(Equals, "a*", "a*", true);
        check(Equals, "a*", "ab", false);
        check(Equals, "a", "A", false);
        check(Equals, "", "", true);
        check(Equals, "${aws:username}", "Ann*", true);
        check(Equals, "x${aws:username}", "xAnn*", true);
        check(Equals, "${aws:userid}", "", false);
        check(EqualsIgnoringCase, "É-ab", "é-AB", true);
        check(EqualsIgnoringCase, "", "", true);
        check(EqualsIgnoringCase, "a*", "ab", false);
        check(EqualsIgnoringCase, "x${aws:username}", "XANN*", true);
        check(EqualsIgnoringCase, "${aws:userid}", "", false);
        check(Like, "a?c*", "abcd", true);
        check(Like, "A*", "ab", false);
        check(Like, "${aws:username}", "Anna", false);
        check(
            Like,
            "arn:aws:x:*:1:fin/*",
            "arn:aws:x:us-east-2:9:store/a:1:fin/doc",
            true,
        );
    }
}
