use std::borrow::Cow;

use strongroom_types::Partition;

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
    /// Of an ARN with fewer than six parts the rest is `*` (source: recorded
    /// answers of `CreatePolicy`, which quote such ARNs so).
    ///
    /// # Errors
    /// [`PolicyError::ResourceInvalid`], also for a variable before the fifth
    /// colon (inferred; as text it would let a `Deny` silently miss);
    /// [`PolicyError::Syntax`] for a malformed variable.
    pub(crate) fn parse(text: &str, variables: bool) -> Result<Self, PolicyError> {
        let mut whole = Cow::from(text);
        if text != "*" {
            let fifth_colon = text.match_indices(':').nth(4).map(|(at, _)| at);
            let head = fifth_colon.and_then(|at| text.get(..at)).unwrap_or(text);
            if !text.starts_with("arn:") || (variables && head.contains("${")) {
                return Err(PolicyError::ResourceInvalid { value: text.into() });
            }
            if fifth_colon.is_none() {
                whole = filled(text).into();
            }
        }
        let meaning = Meaning {
            variables,
            wildcards: true,
        };
        Template::parse(&whole, meaning).map(Self)
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

/// What resources of IAM's begin with.
const IAM_PATHS: &[&str] = &[
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// What IAM asks of the resources in an identity policy that is written. It asks
/// less of one that is simulated.
///
/// # Errors
/// What IAM says of it.
///
/// Source: recorded answers of `CreatePolicy`. A partition with wildcards is let
/// through (inferred).
pub(crate) fn check_written(text: &str) -> Result<(), PolicyError> {
    let value = || text.to_owned();
    if text == "*" {
        return Ok(());
    }
    let mut parts = text.splitn(6, ':').skip(1);
    let Some(partition) = parts.next() else {
        return Err(PolicyError::ResourceInvalid { value: value() });
    };
    if partition.parse::<Partition>().is_err() && !partition.contains(['*', '?']) {
        return Err(PolicyError::PartitionInvalid {
            partition: partition.to_owned(),
            resource: filled(text),
        });
    }
    let vendor = parts.next();
    let short = text.matches(':').count() < 5;
    if vendor == Some("") || short && text.contains("::") {
        return Err(PolicyError::LegacyParsing { value: value() });
    }
    if vendor.is_none_or(|vendor| vendor.contains(['*', '?'])) {
        return Err(PolicyError::ResourceVendorInvalid { value: value() });
    }
    let (region, path) = (parts.next(), parts.nth(1));
    match (vendor, region, path) {
        (Some("iam"), Some(region), _) if !region.is_empty() => {
            Err(PolicyError::IamRegionProhibited { value: value() })
        }
        (Some("iam"), _, Some(path))
            if path != "*" && !IAM_PATHS.iter().any(|known| path.starts_with(known)) =>
        {
            Err(PolicyError::IamPathInvalid { value: value() })
        }
        _ => Ok(()),
    }
}

/// An ARN with `*` for each of the six parts that it lacks.
fn filled(text: &str) -> String {
    let parts = text.splitn(6, ':').skip(1);
    let parts = parts.chain(std::iter::repeat("*")).take(5);
    parts.fold("arn".to_owned(), |arn, part| format!("{arn}:{part}"))
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
        check("arn:aws:secretsmanager", SECRET, true);
        check("arn:aws:secretsmanager:eu-west-1", SECRET, true);
        check("arn:aws:secretsmanager:eu-west-2", SECRET, false);
        check("arn:aws:kms", SECRET, false);
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
            "arn:aws:s3:::${",
            "arn:aws:${a}",
            "arn:aws:kms:${aws:RequestedRegion}:1:key/x",
        ] {
            assert!(ResourcePattern::parse(bad, true).is_err(), "{bad}");
        }
        let literal = ResourcePattern::parse("arn:aws:kms:${a}:1:key/${b}", false).unwrap();
        assert!(literal.matches("arn:aws:kms:${a}:1:key/${b}", &Context::new()));
    }
}
