use super::{
    pattern::{letters, meet},
    work::Work,
};
use crate::{Statement, glob::Token, policy::Selection};

/// A pattern's letters; `None` for what cannot be told: anything.
type Pattern = Option<Vec<Token<char>>>;

/// Whether a denial reaches every action and resource of an allowing
/// statement. A "no" may be wrong.
pub(super) fn covers(denial: &Statement, allowing: &Statement, work: &Work) -> bool {
    let actions = |statement: &Statement| {
        let lower = |token| match token {
            Token::Text(letter @ 'A'..='Z') => Token::Text(letter.to_ascii_lowercase()),
            token => token,
        };
        patterns(&statement.actions, |action| {
            Some(letters(action.tokens()).into_iter().map(lower).collect())
        })
    };
    let resources = |statement: &Statement| {
        let all = (vec![Some(vec![Token::Run])], false);
        (statement.resources.as_ref()).map_or(all, |resources| {
            patterns(resources, |it| it.tokens().map(letters))
        })
    };
    includes(&actions(denial), &actions(allowing), work)
        && includes(&resources(denial), &resources(allowing), work)
}

fn patterns<T>(selection: &Selection<T>, letters: impl Fn(&T) -> Pattern) -> (Vec<Pattern>, bool) {
    let list = selection.list.iter().map(letters).collect();
    (list, selection.negated)
}

/// Whether the first selection includes the second.
fn includes(
    (denied, all_but): &(Vec<Pattern>, bool),
    allowed: &(Vec<Pattern>, bool),
    work: &Work,
) -> bool {
    let all = denied.iter().chain(&allowed.0).flatten();
    if !work.take(1 + all.map(Vec::len).sum::<usize>()) {
        return false;
    }
    let anything = [None];
    let allowed = match allowed {
        (list, false) => &list[..],
        (_, true) => &anything,
    };
    allowed.iter().all(|allowed| {
        let known = |denied: &Pattern| match (denied, allowed) {
            (Some(denied), None) => denied[..] == [Token::Run],
            (Some(denied), Some(allowed)) => within(allowed, denied, work),
            (None, _) => false,
        };
        let apart = |denied: &Pattern| match (denied, allowed) {
            (Some(denied), Some(allowed)) => !meet(denied, allowed, work),
            _ => false,
        };
        if *all_but {
            denied.iter().all(apart)
        } else {
            denied.iter().any(known)
        }
    })
}

/// Whether every text of `inner` is one of `outer`: `outer` reads `inner`'s
/// letters, of which a run is read by a run alone. A "no" may be wrong.
fn within(inner: &[Token<char>], outer: &[Token<char>], work: &Work) -> bool {
    if !work.take((1 + inner.len()).saturating_mul(1 + outer.len())) {
        return false;
    }
    // The places in `outer` that may have been reached.
    let mut reached = vec![false; outer.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    pass_runs(outer, &mut reached);
    for letter in inner {
        let mut next = vec![false; outer.len() + 1];
        for (at, token) in outer.iter().enumerate() {
            if !reached.get(at).copied().unwrap_or_default() {
                continue;
            }
            let to = match token {
                Token::Run => at,
                Token::One if *letter != Token::Run => at + 1,
                Token::Text(_) if token == letter => at + 1,
                _ => continue,
            };
            if let Some(place) = next.get_mut(to) {
                *place = true;
            }
        }
        pass_runs(outer, &mut next);
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

/// A run may read nothing.
fn pass_runs(outer: &[Token<char>], reached: &mut [bool]) {
    for (at, token) in outer.iter().enumerate() {
        if *token == Token::Run
            && reached.get(at) == Some(&true)
            && let Some(place) = reached.get_mut(at + 1)
        {
            *place = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glob;

    #[test]
    fn one_pattern_within_another() {
        for (inner, outer, expected) in [
            ("kms:Decrypt", "kms:*", true),
            ("kms:De*", "kms:*", true),
            ("kms:*", "kms:De*", false),
            ("*", "*", true),
            ("a*b", "a*", true),
            ("a*b", "*b", true),
            ("a?", "a*", true),
            ("a*", "a?", false),
            ("a?", "a?", true),
            ("", "*", true),
            ("a", "", false),
            ("ab*cd", "a*c?", true),
        ] {
            let read = |pattern| letters(&glob::tokens(pattern));
            assert_eq!(
                within(&read(inner), &read(outer), &Work::new()),
                expected,
                "{inner} in {outer}"
            );
        }
    }
}
