use crate::{
    ContextKeys, PolicyError,
    glob::Token,
    template::{Meaning, Template},
};

/// Resources a statement names: an ARN with wildcards and variables, or `*`.
#[derive(Debug)]
pub(crate) struct ResourcePattern(Template);

impl ResourcePattern {
    /// Compiles an ARN or `*`. Variables may stand after the fifth colon only.
    ///
    /// An ARN with fewer than six parts is taken if it ends in `*`, which
    /// then stands for the rest (inferred: policies in use write
    /// `arn:aws:secretsmanager:*`).
    ///
    /// # Errors
    /// [`PolicyError::ResourceInvalid`], also for a variable before the fifth
    /// colon (inferred; as text it would let a `Deny` silently miss);
    /// [`PolicyError::Syntax`] for a malformed variable.
    pub(crate) fn parse(text: &str, variables: bool) -> Result<Self, PolicyError> {
        let invalid = || PolicyError::ResourceInvalid { value: text.into() };
        if text != "*" {
            let fifth_colon = text.match_indices(':').nth(4).map(|(at, _)| at);
            let head = match fifth_colon {
                Some(at) => text.get(..at).unwrap_or_default(),
                None if text.ends_with('*') => text,
                None => return Err(invalid()),
            };
            if !text.starts_with("arn:") || (variables && head.contains("${")) {
                return Err(invalid());
            }
        }
        let meaning = Meaning {
            variables,
            wildcards: true,
        };
        Template::parse(text, meaning).map(Self)
    }

    /// The pattern, unless variables are in it.
    pub(crate) fn tokens(&self) -> Option<&[Token<Box<str>>]> {
        match &self.0 {
            Template::Fixed(tokens) => Some(tokens),
            Template::Varying(_) => None,
        }
    }

    /// Whether the resource is named, by case. `*` crosses `:` and `/`
    /// (inferred: the guide says so only for a `*` that ends a part).
    pub(crate) fn matches(&self, resource: &str, context: &dyn ContextKeys) -> bool {
        self.0.matches(resource, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;

    const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db-AbCdEf";

    fn check(pattern: &str, resource: &str, expected: bool) {
        let mut context = Context::new();
        context.insert("aws:PrincipalTag/app", "app");
        let found = ResourcePattern::parse(pattern, true)
            .unwrap()
            .matches(resource, &context);
        assert_eq!(found, expected, "{pattern} on {resource}");
    }

    #[test]
    fn matches_by_case_and_across_colons() {
        check("*", SECRET, true);
        check(SECRET, SECRET, true);
        check("arn:aws:secretsmanager:*:secret:app/*", SECRET, true);
        check("arn:aws:secretsmanager:*", SECRET, true);
        check("arn:aws:secretsmanager:*:*:secret:APP/*", SECRET, false);
        check(
            "arn:aws:secretsmanager:*:*:secret:app/db-??????",
            SECRET,
            true,
        );
        check(
            "arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/app}/*",
            SECRET,
            true,
        );
        check(
            "arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/x}*",
            SECRET,
            false,
        );
    }

    #[test]
    fn an_operation_without_resources_matches_only_the_star() {
        check("*", "*", true);
        check("arn:*", "*", false);
        check("arn:aws:secretsmanager:*:*:secret:*", "*", false);
    }

    #[test]
    fn refuses_what_is_no_arn() {
        for bad in [
            "",
            "**",
            "secret",
            "*:*:*:*:*:*",
            "arn:aws:s3",
            "arn:aws:s3:::${",
            "arn:aws:kms:${aws:RequestedRegion}:1:key/x",
        ] {
            assert!(ResourcePattern::parse(bad, true).is_err(), "{bad}");
        }
        let literal = ResourcePattern::parse("arn:aws:kms:${a}:1:key/${b}", false).unwrap();
        assert!(literal.matches("arn:aws:kms:${a}:1:key/${b}", &Context::new()));
    }
}
