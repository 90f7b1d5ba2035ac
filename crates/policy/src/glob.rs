/// One piece of a compiled pattern; the text may be owned or borrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token<T> {
    /// `?`: exactly one character.
    One,
    /// `*`: any characters, also none.
    Run,
    /// These characters.
    Text(T),
}

/// Whether letters match regardless of case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// ASCII letters do.
    Insensitive,
    /// They do not.
    Sensitive,
}

/// Cuts a pattern into tokens; every `*` and `?` in it is a wildcard.
pub(crate) fn tokens(mut pattern: &str) -> Vec<Token<Box<str>>> {
    let mut tokens = Vec::new();
    while !pattern.is_empty() {
        let (text, rest) = pattern.split_at(pattern.find(['*', '?']).unwrap_or(pattern.len()));
        if !text.is_empty() {
            tokens.push(Token::Text(text.into()));
        }
        let mut rest = rest.chars();
        match rest.next() {
            // Two runs in a row match what one does.
            Some('*') if tokens.last() != Some(&Token::Run) => tokens.push(Token::Run),
            Some('?') => tokens.push(Token::One),
            _ => {}
        }
        pattern = rest.as_str();
    }
    tokens
}

/// Whether the tokens match the whole text.
///
/// On a mismatch only the last run is stretched: whatever an earlier run
/// could take instead, the last one can as well. Time is therefore at most
/// proportional to pattern times text, and no pattern makes it explode.
pub(crate) fn matches<T: AsRef<str>>(tokens: &[Token<T>], text: &str, case: Case) -> bool {
    let bytes = text.as_bytes();
    let (mut token, mut at) = (0, 0);
    let mut last_run: Option<(usize, usize)> = None;
    loop {
        match tokens.get(token) {
            None if at == bytes.len() => return true,
            Some(Token::Run) => {
                token += 1;
                if token == tokens.len() {
                    return true;
                }
                last_run = Some((token, at));
                continue;
            }
            Some(Token::One) if at < bytes.len() => {
                token += 1;
                at += character_bytes(bytes, at);
                continue;
            }
            Some(Token::Text(expected)) => {
                let expected = expected.as_ref().as_bytes();
                if let Some(found) = bytes.get(at..at + expected.len())
                    && same(found, expected, case)
                {
                    token += 1;
                    at += expected.len();
                    continue;
                }
            }
            None | Some(Token::One) => {}
        }
        match &mut last_run {
            Some((after_run, run_end)) if *run_end < bytes.len() => {
                *run_end += character_bytes(bytes, *run_end);
                (token, at) = (*after_run, *run_end);
            }
            _ => return false,
        }
    }
}

/// Bytes of the UTF-8 character that starts at `at`.
fn character_bytes(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(0xF0..) => 4,
        Some(0xE0..) => 3,
        Some(0xC0..) => 2,
        _ => 1,
    }
}

fn same(a: &[u8], b: &[u8], case: Case) -> bool {
    match case {
        Case::Insensitive => a.eq_ignore_ascii_case(b),
        Case::Sensitive => a == b,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition itself: tries every way, in exponential time.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|taken| slow(rest, &text[taken..])),
            Some(('?', rest)) => !text.is_empty() && slow(rest, &text[1..]),
            Some((letter, rest)) => text.first() == Some(letter) && slow(rest, &text[1..]),
        }
    }

    fn check(pattern: &str, text: &str, expected: bool) {
        let found = matches(&tokens(pattern), text, Case::Sensitive);
        assert_eq!(found, expected, "{pattern} on {text}");
    }

    #[test]
    fn wildcards() {
        check("", "", true);
        check("", "a", false);
        check("*", "", true);
        check("**", "a:b/c", true);
        check("?", "", false);
        check("?", "é", true);
        check("?", "𝄞", true);
        check("??", "é", false);
        check("a*b", "ab", true);
        check("a*b", "aXbYb", true);
        check("a*b", "abc", false);
        check("a?c", "abc", true);
        check("*é?", "xéé", true);
        check("Get*", "get", false);
    }

    #[test]
    fn case_counts_only_when_asked() {
        let insensitive = |pattern, text| matches(&tokens(pattern), text, Case::Insensitive);
        assert!(insensitive("kms:Get*KEY", "KMS:getPublicKey"));
        assert!(!insensitive("É", "é"));
    }

    #[test]
    fn hostile_patterns_end() {
        let pattern = tokens(&"a*?".repeat(5_000));
        assert!(!matches(&pattern, &"a".repeat(2_000), Case::Sensitive));
        let pattern = tokens(&format!("{}b", "*a".repeat(1_000)));
        assert!(!matches(&pattern, &"a".repeat(20_000), Case::Sensitive));
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[abé*?]{0,7}", text in "[abé]{0,9}") {
            let expected = slow(
                &pattern.chars().collect::<Vec<_>>(),
                &text.chars().collect::<Vec<_>>(),
            );
            prop_assert_eq!(matches(&tokens(&pattern), &text, Case::Sensitive), expected);
        }
    }
}
