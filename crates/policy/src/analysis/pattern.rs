use super::{keys::Kind, work::Work};
use crate::{
    condition::ArnParts,
    glob::{self, Case, Token},
};

/// One value of a condition, as a set of the request's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Compared part by part.
    Arn(ArnParts),
    /// Compared as a whole.
    Text {
        case: Case,
        tokens: Vec<Token<Box<str>>>,
    },
}

impl Pattern {
    /// The only value, if there is only one (in one or more spellings).
    pub(crate) fn literal(&self) -> Option<String> {
        let parts: Vec<String> = match self {
            Self::Arn(parts) => parts.iter().map(|it| text(it)).collect::<Option<_>>()?,
            Self::Text { tokens, .. } => vec![text(tokens)?],
        };
        Some(parts.join(":"))
    }

    /// Whether the value is in the set.
    pub(crate) fn contains(&self, value: &str) -> bool {
        match self {
            Self::Text { case, tokens } => glob::matches(tokens, value, *case),
            Self::Arn(parts) => {
                let values: Vec<&str> = value.splitn(6, ':').collect();
                values.len() == parts.len()
                    && (parts.iter().zip(values))
                        .all(|(tokens, value)| glob::matches(tokens, value, Case::Sensitive))
            }
        }
    }

    /// The steps that a copy is.
    pub(super) fn weight(&self) -> usize {
        1 + match self {
            Self::Arn(parts) => parts.iter().map(|it| 1 + it.len()).sum(),
            Self::Text { tokens, .. } => tokens.len(),
        }
    }

    /// Whether two sets may have a value in common. Exact for two patterns of
    /// one form that go by case; otherwise on the side of "yes".
    pub(super) fn may_meet(&self, other: &Self, work: &Work) -> bool {
        match (self, other) {
            (Self::Arn(a), Self::Arn(b)) => (a.iter().zip(b)).all(|(a, b)| common(a, b, work)),
            (
                Self::Text {
                    case: Case::Sensitive,
                    tokens: a,
                },
                Self::Text {
                    case: Case::Sensitive,
                    tokens: b,
                },
            ) => common(a, b, work),
            _ if !work.take(self.letters().saturating_mul(other.letters())) => true,
            _ if self.goes_by_case() && other.goes_by_case() => {
                match (self.literal(), other.literal()) {
                    (Some(value), _) => other.contains(&value),
                    (None, Some(value)) => self.contains(&value),
                    (None, None) => true,
                }
            }
            _ => true,
        }
    }

    /// How long it is.
    fn letters(&self) -> usize {
        let of = |tokens: &[Token<Box<str>>]| -> usize {
            let lengths = tokens.iter().map(|token| match token {
                Token::Text(text) => text.len(),
                Token::One | Token::Run => 1,
            });
            1 + lengths.sum::<usize>()
        };
        match self {
            Self::Arn(parts) => parts.iter().map(|it| of(it)).sum(),
            Self::Text { tokens, .. } => of(tokens),
        }
    }

    /// Whether letters of another case are other values.
    pub(crate) fn goes_by_case(&self) -> bool {
        match self {
            Self::Arn(_) => true,
            Self::Text { case, .. } => *case == Case::Sensitive,
        }
    }

    /// Whether the values all belong to one owner, so that a stranger cannot
    /// have any of them.
    pub(crate) fn is_fixed(&self, kind: Kind) -> bool {
        if self.literal().is_some() {
            return true;
        }
        match (self, kind) {
            (Self::Arn(parts), Kind::Arn) => {
                let [.., account, _] = parts;
                text(account).is_some_and(|account| !account.is_empty())
            }
            (Self::Text { tokens, .. }, _) => {
                let Some(Token::Text(prefix)) = tokens.first() else {
                    return false;
                };
                match kind {
                    Kind::Arn => (prefix.split(':').nth(4)).is_some_and(|account| {
                        !account.is_empty() && prefix.matches(':').count() >= 5
                    }),
                    Kind::Paths => prefix.find('/').is_some_and(|at| at > 0),
                    Kind::UserId => prefix.find(':').is_some_and(|at| at > 0),
                    Kind::Address | Kind::Name => false,
                }
            }
            (Self::Arn(_), _) => false,
        }
    }
}

/// The text that tokens without wildcards stand for.
fn text(tokens: &[Token<Box<str>>]) -> Option<String> {
    let texts = tokens.iter().map(|token| match token {
        Token::Text(text) => Some(&**text),
        Token::One | Token::Run => None,
    });
    texts.collect()
}

/// Whether some text matches both: most often both are texts.
fn common(a: &[Token<Box<str>>], b: &[Token<Box<str>>], work: &Work) -> bool {
    if let ([Token::Text(a)], [Token::Text(b)]) = (a, b) {
        return !work.take(1) || a == b;
    }
    meet(&letters(a), &letters(b), work)
}

/// Whether some text matches both patterns: a walk through the product of the
/// two automata, whose states are pairs of places in the patterns.
/// Once the work is spent, that is said of all.
pub(super) fn meet(a: &[Token<char>], b: &[Token<char>], work: &Work) -> bool {
    let width = b.len() + 1;
    let room = (a.len() + 1).saturating_mul(width);
    if !work.take(a.len() + width + room / 16) {
        return true;
    }
    let mut seen = vec![false; room];
    let mut open = vec![(0, 0)];
    while let Some((at, bt)) = open.pop() {
        if !work.take(1) {
            return true;
        }
        let Some(place) = seen.get_mut(at * width + bt) else {
            continue;
        };
        if std::mem::replace(place, true) {
            continue;
        }
        match (a.get(at), b.get(bt)) {
            (None, None) => return true,
            // A run takes nothing, or what the other side takes.
            (Some(Token::Run), other) => {
                open.push((at + 1, bt));
                if other.is_some() {
                    open.push((at, bt + 1));
                }
            }
            (other, Some(Token::Run)) => {
                open.push((at, bt + 1));
                if other.is_some() {
                    open.push((at + 1, bt));
                }
            }
            (Some(Token::One), Some(_)) | (Some(_), Some(Token::One)) => {
                open.push((at + 1, bt + 1));
            }
            (Some(Token::Text(x)), Some(Token::Text(y))) => {
                if x == y {
                    open.push((at + 1, bt + 1));
                }
            }
            (None, Some(_)) | (Some(_), None) => {}
        }
    }
    false
}

pub(super) fn letters(tokens: &[Token<Box<str>>]) -> Vec<Token<char>> {
    let mut letters = Vec::new();
    for token in tokens {
        match token {
            Token::One => letters.push(Token::One),
            Token::Run => letters.push(Token::Run),
            Token::Text(text) => letters.extend(text.chars().map(Token::Text)),
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(a: &str, b: &str, expected: bool) {
        let (x, y) = (letters(&glob::tokens(a)), letters(&glob::tokens(b)));
        assert_eq!(meet(&x, &y, &Work::new()), expected, "{a} and {b}");
        assert_eq!(meet(&y, &x, &Work::new()), expected, "{b} and {a}");
    }

    #[test]
    fn patterns_meet() {
        check("a", "a", true);
        check("a", "b", false);
        check("", "", true);
        check("", "*", true);
        check("*", "?", true);
        check("a*", "*b", true);
        check("a*", "b*", false);
        check("*a", "*b", false);
        check("a?c", "?b?", true);
        check("a?", "a", false);
        check("o-*", "o-?*x", true);
        check("*é", "?", true);
    }

    proptest! {
        /// By the definition, over all texts that could be told apart here.
        #[test]
        fn meeting_is_having_a_text_in_common(a in "[ab*?]{0,5}", b in "[ab*?]{0,5}") {
            let (x, y) = (glob::tokens(&a), glob::tokens(&b));
            let mut texts = vec![String::new()];
            let mut from = 0;
            for _ in 0..9 {
                let to = texts.len();
                for at in from..to {
                    for letter in ['a', 'b'] {
                        let longer = format!("{}{letter}", texts[at]);
                        texts.push(longer);
                    }
                }
                from = to;
            }
            let common = texts.iter().any(|text| {
                glob::matches(&x, text, Case::Sensitive) && glob::matches(&y, text, Case::Sensitive)
            });
            prop_assert_eq!(meet(&letters(&x), &letters(&y), &Work::new()), common);
        }
    }

    #[test]
    fn what_is_fixed() {
        let like = |pattern: &str| Pattern::Text {
            case: Case::Sensitive,
            tokens: glob::tokens(pattern),
        };
        for (kind, pattern, expected) in [
            (Kind::Name, "o-a1b2c3d4e5", true),
            (Kind::Name, "o-*", false),
            (Kind::Name, "*", false),
            (Kind::Arn, "arn:aws:s3:::bucket", true),
            (Kind::Arn, "arn:aws:iam::111122223333:role/*", true),
            (Kind::Arn, "arn:aws:iam::111122223333*", false),
            (Kind::Arn, "arn:aws:iam::*:role/Reader", false),
            // The star may swallow another account.
            (Kind::Arn, "arn:aws:sns:*:111122223333:topic", false),
            (Kind::Arn, "arn:aws:s3:::bucket*", false),
            (Kind::Paths, "o-a1b2c3d4e5/*", true),
            (Kind::Paths, "o-a1b2c3d4e5*", false),
            (Kind::Paths, "/*", false),
            (Kind::UserId, "AROAEXAMPLEEXAMPLE01:*", true),
            (Kind::UserId, "AROA*", false),
            (Kind::UserId, "*:pod", false),
        ] {
            assert_eq!(like(pattern).is_fixed(kind), expected, "{kind:?} {pattern}");
        }
    }
}
