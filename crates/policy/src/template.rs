use std::borrow::Cow;

use crate::{
    ContextKeys, PolicyError, Values,
    glob::{self, Case, Token},
};

/// A text of a policy in which policy variables and wildcards may stand.
///
/// `${key}` is replaced by the key's value in the request, `${key, 'default'}`
/// by the default when the key is absent; `${*}`, `${?}` and `${$}` are these
/// characters themselves. What is filled in is literal: a `*` in a tag's value
/// is no wildcard (inferred).
#[derive(Debug)]
pub(crate) enum Template {
    Fixed(Box<[Token<Box<str>>]>),
    Varying(Box<[Part]>),
}

#[derive(Debug)]
pub(crate) enum Part {
    Token(Token<Box<str>>),
    Variable {
        /// In lower case.
        key: Box<str>,
        default: Option<Box<str>>,
    },
}

/// What is more than text in a template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meaning {
    /// Policy variables; only in documents of version `2012-10-17`.
    pub(crate) variables: bool,
    /// `*` and `?`.
    pub(crate) wildcards: bool,
}

/// Tokens with every variable filled in.
pub(crate) type Filled<'a> = Vec<Token<Cow<'a, str>>>;

impl Template {
    /// Compiles a text.
    ///
    /// # Errors
    /// [`PolicyError::Syntax`] for a variable that is malformed: without its
    /// brace or quote, empty, or with blanks around the key. Inferred from the
    /// errors IAM Access Analyzer reports for these; as mere text they would
    /// let a `Deny` silently miss.
    pub(crate) fn parse(text: &str, meaning: Meaning) -> Result<Self, PolicyError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while meaning.variables
            && let Some((before, inside)) = rest.split_once("${")
        {
            push_text(&mut parts, before, meaning);
            let (part, after) = variable(inside)
                .ok_or_else(|| PolicyError::syntax(format!("malformed variable in `{text}`")))?;
            parts.push(part);
            rest = after;
        }
        push_text(&mut parts, rest, meaning);
        let fixed = parts.iter().map(|part| match part {
            Part::Token(token) => Some(token.clone()),
            Part::Variable { .. } => None,
        });
        Ok(match fixed.collect::<Option<Box<[_]>>>() {
            Some(tokens) => Self::Fixed(tokens),
            None => Self::Varying(parts.into()),
        })
    }

    /// The keys of its variables, in lower case.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let parts = match self {
            Self::Fixed(_) => &[][..],
            Self::Varying(parts) => parts,
        };
        parts.iter().filter_map(|part| match part {
            Part::Token(_) => None,
            Part::Variable { key, .. } => Some(&**key),
        })
    }

    /// Whether the whole value matches, by case. A template with a variable
    /// that has no value matches nothing.
    pub(crate) fn matches(&self, value: &str, context: &dyn ContextKeys) -> bool {
        match self {
            Self::Fixed(tokens) => glob::matches(tokens, value, Case::Sensitive),
            Self::Varying(_) => self
                .fill(context)
                .is_some_and(|tokens| glob::matches(&tokens, value, Case::Sensitive)),
        }
    }

    /// The tokens with every variable filled in, if all of them have a value.
    /// A multivalued key has none (only single-valued keys can be variables).
    pub(crate) fn fill<'a>(&'a self, context: &'a dyn ContextKeys) -> Option<Filled<'a>> {
        match self {
            Self::Fixed(tokens) => Some(tokens.iter().map(borrow).collect()),
            Self::Varying(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Token(token) => Some(borrow(token)),
                    Part::Variable { key, default } => match context.get(key) {
                        Some(Values::One(value)) => Some(Token::Text(value)),
                        Some(Values::Many(_)) => None,
                        None => default.as_deref().map(|text| Token::Text(text.into())),
                    },
                })
                .collect(),
        }
    }

    /// The text of a template without wildcards, if all variables have a
    /// value.
    pub(crate) fn text<'a>(&'a self, context: &'a dyn ContextKeys) -> Option<Cow<'a, str>> {
        if let Self::Fixed(tokens) = self
            && let [Token::Text(only)] = &**tokens
        {
            return Some(Cow::from(&**only));
        }
        let tokens = self.fill(context)?;
        let texts = tokens.iter().filter_map(|token| match token {
            Token::Text(text) => Some(&**text),
            Token::One | Token::Run => None,
        });
        Some(texts.collect::<String>().into())
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str, meaning: Meaning) {
    if meaning.wildcards {
        parts.extend(glob::tokens(text).into_iter().map(Part::Token));
    } else if !text.is_empty() {
        parts.push(Part::Token(Token::Text(text.into())));
    }
}

/// Reads a variable or an escape from what follows `${`; gives it and what
/// follows its `}`.
fn variable(inside: &str) -> Option<(Part, &str)> {
    let (key, after) = inside.split_at_checked(inside.find([',', '}'])?)?;
    if key.is_empty() || key.trim() != key {
        return None;
    }
    if let Some(after) = after.strip_prefix('}') {
        return Some((
            match key {
                "*" | "?" | "$" => Part::Token(Token::Text(key.into())),
                _ => Part::Variable {
                    key: key.to_lowercase().into(),
                    default: None,
                },
            },
            after,
        ));
    }
    let quoted = after.strip_prefix(',')?.trim_start().strip_prefix('\'')?;
    let (default, after) = quoted.split_once('\'')?;
    let part = Part::Variable {
        key: key.to_lowercase().into(),
        default: Some(default.into()),
    };
    Some((part, after.trim_start().strip_prefix('}')?))
}

fn borrow(token: &Token<Box<str>>) -> Token<Cow<'_, str>> {
    match token {
        Token::One => Token::One,
        Token::Run => Token::Run,
        Token::Text(text) => Token::Text(Cow::from(&**text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;

    const ALL: Meaning = Meaning {
        variables: true,
        wildcards: true,
    };

    fn context() -> Context {
        let mut context = Context::new();
        context.insert("aws:username", "b*b");
        context.insert("aws:PrincipalTag/Cost Center", "a:1");
        context.insert_many("aws:TagKeys", ["one"]);
        context
    }

    fn check(template: &str, value: &str, expected: bool) {
        let template = Template::parse(template, ALL).unwrap();
        let found = template.matches(value, &context());
        assert_eq!(found, expected, "{template:?} on {value}");
    }

    #[test]
    fn variables_are_filled_in_literally() {
        check("home/${aws:UserName}/*", "home/b*b/x", true);
        check("home/${aws:username}/*", "home/bob/x", false);
        check("${aws:PrincipalTag/cost center}", "a:1", true);
        check("${aws:PrincipalTag/none}", "", false);
        check("${aws:PrincipalTag/none, 'all'}-*", "all-x", true);
        check("${aws:PrincipalTag/none,'a}*'}", "a}*", true);
        check("${aws:PrincipalTag/none, ''}", "", true);
        check("${aws:username, 'all'}", "b*b", true);
        check("${aws:TagKeys}", "one", false);
        check("${aws:TagKeys, 'x'}", "x", false);
    }

    #[test]
    fn escapes_are_characters() {
        check("${*}${?}${$}", "*?$", true);
        check("${*}", "x", false);
        check("$${?}$", "$?$", true);
        check("${$}{aws:username}", "${aws:username}", true);
    }

    #[test]
    fn without_meaning_it_is_text() {
        let literal = |variables, wildcards| {
            let meaning = Meaning {
                variables,
                wildcards,
            };
            Template::parse("${aws:username}*", meaning).unwrap()
        };
        assert!(literal(false, false).matches("${aws:username}*", &context()));
        assert!(literal(false, true).matches("${aws:username}x", &context()));
        assert!(literal(true, false).matches("b*b*", &context()));
        assert_eq!(
            literal(true, false).text(&context()).unwrap(),
            "b*b*".to_owned()
        );
    }

    #[test]
    fn malformed_variables_are_refused() {
        for bad in [
            "${",
            "${}",
            "${aws:username",
            "${ aws:username}",
            "${aws:username }",
            "${aws:username, all}",
            "${aws:username, 'all}",
            "${aws:username, 'all'x}",
            "${, 'all'}",
        ] {
            assert!(Template::parse(bad, ALL).is_err(), "{bad}");
        }
    }
}
