use crate::{
    ContextKeys, PolicyError,
    template::{Meaning, Template},
};

/// The values of `Bool`: `true` or `false`, regardless of case (inferred).
/// Anything else, on either side, matches nothing.
#[derive(Debug)]
pub(crate) struct Booleans(Box<[Template]>);

impl Booleans {
    pub(crate) fn parse(values: &[String], variables: bool) -> Result<Self, PolicyError> {
        let meaning = Meaning {
            variables,
            wildcards: false,
        };
        let values = values.iter().map(|value| Template::parse(value, meaning));
        values.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn match_any(&self, value: &str, context: &dyn ContextKeys) -> bool {
        boolean(value).is_some_and(|request| {
            self.0.iter().any(|policy| {
                let policy = policy.text(context).and_then(|text| boolean(&text));
                policy == Some(request)
            })
        })
    }
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;

    fn check(policy: &str, request: &str, expected: bool) {
        let mut context = Context::new();
        context.insert("aws:ViaAWSService", "false");
        let found = Booleans::parse(&[policy.into()], true)
            .unwrap()
            .match_any(request, &context);
        assert_eq!(found, expected, "{policy} on {request}");
    }

    #[test]
    fn compares() {
        check("true", "true", true);
        check("True", "TRUE", true);
        check("false", "true", false);
        check("yes", "yes", false);
        check("1", "true", false);
        check("", "", false);
        check("${aws:ViaAWSService}", "false", true);
        check("${aws:SecureTransport}", "false", false);
    }
}
