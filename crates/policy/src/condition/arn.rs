use crate::{
    ContextKeys, PolicyError,
    glob::{self, Case, Token},
    template::{Meaning, Template},
};

/// The values of `ArnEquals` and `ArnLike`, which are the same, and of their
/// negations.
///
/// Both sides are split at their first five colons and compared part by part,
/// so that a wildcard crosses a colon only in the sixth. Variables are filled
/// in before the split. A lone `*`, which IAM takes where it refuses other texts
/// of fewer parts, is every ARN (inferred); such other texts match nothing.
#[derive(Debug)]
pub(crate) struct Arns(Box<[Pattern]>);

#[derive(Debug)]
pub(super) enum Pattern {
    Fixed(Parts),
    Varying(Template),
}

/// Tokens of each of the six parts.
pub(crate) type Parts = [Vec<Token<Box<str>>>; 6];

impl Arns {
    pub(crate) fn parse(values: &[String], variables: bool) -> Result<Self, PolicyError> {
        let meaning = Meaning {
            variables,
            wildcards: true,
        };
        let mut patterns = Vec::new();
        for value in values {
            match Template::parse(value, meaning)? {
                Template::Fixed(tokens) => {
                    patterns.extend(split(&tokens).map(Pattern::Fixed));
                }
                template @ Template::Varying(_) => patterns.push(Pattern::Varying(template)),
            }
        }
        Ok(Self(patterns.into()))
    }

    pub(super) fn patterns(&self) -> &[Pattern] {
        &self.0
    }

    pub(crate) fn match_any(&self, value: &str, context: &dyn ContextKeys) -> bool {
        let mut parts = value.splitn(6, ':');
        let mut next = || parts.next();
        let (Some(a), Some(b), Some(c), Some(d), Some(e), Some(f)) =
            (next(), next(), next(), next(), next(), next())
        else {
            return false;
        };
        let value = [a, b, c, d, e, f];
        self.0.iter().any(|pattern| match pattern {
            Pattern::Fixed(parts) => match_parts(parts, value),
            Pattern::Varying(template) => template.fill(context).is_some_and(|tokens| {
                split(&tokens).is_some_and(|parts| match_parts(&parts, value))
            }),
        })
    }
}

fn match_parts(pattern: &Parts, value: [&str; 6]) -> bool {
    pattern
        .iter()
        .zip(value)
        .all(|(tokens, part)| glob::matches(tokens, part, Case::Sensitive))
}

/// Cuts tokens at the first five colons; `None` if there are fewer, save for a
/// lone `*`.
fn split<T: AsRef<str>>(tokens: &[Token<T>]) -> Option<Parts> {
    if let [Token::Run] = tokens {
        return Some(std::array::from_fn(|_| vec![Token::Run]));
    }
    let mut parts = Vec::with_capacity(6);
    let mut part = Vec::new();
    for token in tokens {
        let mut rest = match token {
            Token::One => {
                part.push(Token::One);
                continue;
            }
            Token::Run => {
                part.push(Token::Run);
                continue;
            }
            Token::Text(text) => text.as_ref(),
        };
        while parts.len() < 5
            && let Some((before, after)) = rest.split_once(':')
        {
            part.push(Token::Text(before.into()));
            parts.push(std::mem::take(&mut part));
            rest = after;
        }
        part.push(Token::Text(rest.into()));
    }
    parts.push(part);
    parts.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;

    fn check(policy: &str, request: &str, expected: bool) {
        let mut context = Context::new();
        context.insert("aws:PrincipalArn", "arn:aws:iam::1:role/a:b*");
        context.insert("aws:RequestedRegion", "eu-west-1");
        let found = Arns::parse(&[policy.into()], true)
            .unwrap()
            .match_any(request, &context);
        assert_eq!(found, expected, "{policy} on {request}");
    }

    #[test]
    fn compares_part_by_part() {
        let request = "arn:aws:x:us-east-2:9:store/a:1:fin/doc";
        check(request, request, true);
        check("arn:aws:x:*:9:store/*", request, true);
        check("arn:aws:x:*:*:*doc", request, true);
        check("arn:*:*:*:*:*", request, true);
        check("arn:aws:x:*:1:fin/*", request, false);
        check("arn:aws:x:us-east-?:9:store/?:1:fin/doc", request, true);
        check("arn:aws:X:*:9:store/*", request, false);
        check("arn:aws:iam::1:user/*", "arn:aws:iam::1:user/a", true);
        check("arn:aws:iam:*:1:user/*", "arn:aws:iam::1:user/a", true);
        check("arn:aws:iam::1:user/a", "arn:aws:iam:x:1:user/a", false);
    }

    #[test]
    fn fewer_than_six_parts_match_nothing() {
        check("arn:aws:iam:*", "arn:aws:iam::1:user/a", false);
        check("*:*:*:*:*:*", "user/a", false);
    }

    #[test]
    fn a_star_is_every_arn() {
        check("*", "arn:aws:iam::1:user/a", true);
        check("*", "user/a", false);
        check("*", "", false);
    }

    #[test]
    fn variables_are_filled_in_before_the_split() {
        check("${aws:PrincipalArn}", "arn:aws:iam::1:role/a:b*", true);
        check("${aws:PrincipalArn}", "arn:aws:iam::1:role/a:bc", false);
        check(
            "${aws:PrincipalArn}/x?",
            "arn:aws:iam::1:role/a:b*/xy",
            true,
        );
        check(
            "arn:aws:kms:${aws:RequestedRegion}:*:key/*",
            "arn:aws:kms:eu-west-1:1:key/2",
            true,
        );
        check(
            "arn:aws:kms:${aws:SourceVpc}:*:key/*",
            "arn:aws:kms::1:key/2",
            false,
        );
    }
}
