//! Search by words: every word of the query must begin some word of the
//! attribute, upper and lower case alike.
//!
//! A text falls into words at spaces and punctuation, where lower case is
//! followed by upper case, where a letter is followed by a digit, and before
//! the last capital of a run of capitals that lower case follows:
//! `credsDatabase#892` is `creds`, `Database`, `892`, and `COMPANYthings` is
//! `COMPAN`, `Ythings`. The live service does not look inside a part that
//! mixes the separators of names: `prod-AppBeta/x` is one word.

/// The punctuation that names may have.
const SEPARATORS: &[char] = &['/', '_', '+', '=', '.', '@', '-'];

/// What a pass for several words costs, against a look for one.
const PASS: usize = 8;

/// The words of a query, in lower case.
// INVARIANT: sorted, and none begins another: what begins with the longer one
// begins with the shorter one too.
#[derive(Debug)]
pub(super) struct Wanted(Vec<String>);

impl Wanted {
    /// The words to look for.
    pub(super) fn of(query: &str) -> Self {
        let mut words: Vec<String> = split(query).map(lower).collect();
        words.sort_unstable();
        // A word stands right before the first of those it begins.
        let mut longest: Vec<String> = Vec::with_capacity(words.len());
        for word in words.into_iter().rev() {
            if !longest.last().is_some_and(|last| last.starts_with(&word)) {
                longest.push(word);
            }
        }
        longest.reverse();
        Self(longest)
    }

    /// Whether every word begins some word of `text`. No words are found
    /// nowhere. Takes one pass over the text, however many words there are,
    /// and adds to `effort` what it cost.
    pub(super) fn found_in(&self, text: &str, effort: &mut usize) -> bool {
        *effort += text.len();
        match self.0.as_slice() {
            [] => false,
            [wanted] => {
                may_hold(text, wanted)
                    && split(text).any(|word| starts_with_ignoring_case(word, wanted))
            }
            [wanted, ..] => {
                may_hold(text, wanted) && {
                    *effort += text.len() * PASS;
                    self.all_found_in(text)
                }
            }
        }
    }

    fn all_found_in(&self, text: &str) -> bool {
        let mut missing = self.0.len();
        let mut found = vec![false; self.0.len()];
        for word in split(text) {
            let word = lower(word);
            // Only the last that is not greater can begin the word: whatever
            // lies between a text and what it begins, it begins as well.
            let next = self.0.partition_point(|wanted| *wanted <= word);
            let place = next.checked_sub(1);
            let begins = place.and_then(|place| self.0.get(place).zip(found.get_mut(place)));
            if let Some((wanted, found)) = begins
                && !*found
                && word.starts_with(wanted.as_str())
            {
                *found = true;
                missing -= 1;
                if missing == 0 {
                    return true;
                }
            }
        }
        false
    }
}

/// Letter by letter, so that what begins a text begins it in lower case too.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// False only if `wanted` is nowhere in `text`, which is cheaper to find out
/// than the words are. A word is never empty.
fn may_hold(text: &str, wanted: &str) -> bool {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    !text.is_ascii()
        || !wanted.is_ascii()
        || text
            .windows(wanted.len())
            .any(|part| part.eq_ignore_ascii_case(wanted))
}

/// Whether `text` begins with `prefix`, upper and lower case alike.
pub(super) fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    // Nearly every text is ASCII, and a list may compare a million.
    if let Some(start) = text.as_bytes().get(..prefix.len())
        && start.is_ascii()
        && prefix.is_ascii()
    {
        return start.eq_ignore_ascii_case(prefix.as_bytes());
    }
    let mut letters = text.chars().flat_map(char::to_lowercase);
    prefix
        .chars()
        .flat_map(char::to_lowercase)
        .all(|wanted| letters.next() == Some(wanted))
}

/// The words of a text, in order.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let parts =
        text.split(|letter: char| !letter.is_alphanumeric() && !SEPARATORS.contains(&letter));
    parts.flat_map(|part| Words {
        rest: part,
        whole: mixes_separators(part),
    })
}

/// Whether a part has two kinds of separator, between or around letters.
fn mixes_separators(part: &str) -> bool {
    let mut separators = part.chars().filter(|letter| SEPARATORS.contains(letter));
    let first = separators.next();
    part.contains(char::is_alphanumeric) && separators.any(|separator| Some(separator) != first)
}

/// Takes one word after the other off the front of a part.
struct Words<'a> {
    rest: &'a str,
    whole: bool,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.whole {
            self.whole = false;
            return Some(std::mem::take(&mut self.rest));
        }
        self.rest = self
            .rest
            .trim_start_matches(|letter: char| !letter.is_alphanumeric());
        if self.rest.is_empty() {
            return None;
        }
        let (word, rest) = self.rest.split_at(end_of_word(self.rest));
        self.rest = rest;
        Some(word)
    }
}

/// Where the word that `text` begins with ends, in bytes. The first letter is
/// part of it.
fn end_of_word(text: &str) -> usize {
    let mut letters = text.char_indices().peekable();
    let mut last = None;
    while let Some((place, letter)) = letters.next() {
        let next = letters.peek().map(|(_, next)| *next);
        if !letter.is_alphanumeric() || last.is_some_and(|last| parts(last, letter, next)) {
            return place;
        }
        last = Some(letter);
    }
    text.len()
}

/// Whether a word ends between `last` and `letter`, which `next` follows.
fn parts(last: char, letter: char, next: Option<char>) -> bool {
    if letter.is_uppercase() {
        last.is_lowercase() || next.is_some_and(char::is_lowercase)
    } else {
        letter.is_numeric() && last.is_alphabetic()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn splits_as_documented_and_as_seen() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(split(text).collect::<Vec<_>>(), expected, "{text}");
        };
        check("", &[]);
        check(" ", &[]);
        check("-", &[]);
        check("/-", &[]);
        check("#!", &[]);
        check("credsDatabase#892", &["creds", "Database", "892"]);
        check("an secret", &["an", "secret"]);
        check("asecret", &["asecret"]);
        check("DescTwo", &["Desc", "Two"]);
        check("COMPANYthings", &["COMPAN", "Ythings"]);
        check("COMPANY", &["COMPANY"]);
        check("HTTPServer", &["HTTP", "Server"]);
        check("db1", &["db", "1"]);
        check("DB12Prod", &["DB", "12", "Prod"]);
        check("892abc", &["892abc"]);
        check(
            "/prod/AppBeta/Database/",
            &["prod", "App", "Beta", "Database"],
        );
        check("a--b", &["a", "b"]);
        check("prod-AppBeta/x", &["prod-AppBeta/x"]);
        check(
            "see prod-AppBeta/x, twoWords",
            &["see", "prod-AppBeta/x", "two", "Words"],
        );
        check("größeÄnderung", &["größe", "Änderung"]);
    }

    #[test]
    fn finds_by_the_beginnings_of_all_words() {
        let check = |query: &str, text: &str, expected: bool| {
            assert_eq!(
                Wanted::of(query).found_in(text, &mut 0),
                expected,
                "{query} in {text}"
            );
        };
        check("a secret", "an secret", true);
        check("a secret", "a secret", true);
        check("a secret", "asecret", false);
        check("a", "asecret", true);
        check("d t", "DescTwo", true);
        check("D T", "desc two", true);
        check("secret", "asecret", false);
        check("ecret", "a secret", false);
        check("one two", "one and two", true);
        check("two one", "one and two", true);
        check("one three", "one and two", false);
        check("AppBeta", "prod/AppBeta/x", true);
        check("AppBeta", "prod-AppBeta/x", false);
        check("prod", "prod-AppBeta/x", true);
        check("things", "COMPANYthings", false);
        check("ything", "COMPANYthings", true);
        check("-", "a-b", false);
        check("", "anything", false);
        check("ÄNDER", "größeÄnderung", true);
    }

    proptest! {
        #[test]
        fn splits_any_text_into_parts_of_it(text in any::<String>()) {
            let mut rest = text.as_str();
            for word in split(&text) {
                prop_assert!(!word.is_empty());
                let place = rest.find(word);
                prop_assert!(place.is_some());
                rest = &rest[place.unwrap() + word.len()..];
            }
        }

        #[test]
        fn a_word_is_found_by_itself(text in "[a-zA-Z0-9 :_/+=.-]{0,20}") {
            for word in split(&text) {
                prop_assert!(Wanted::of(word).found_in(&text, &mut 0), "{word} in {text}");
            }
        }

        #[test]
        fn one_pass_finds_what_many_do(
            query in "[abÉé]{1,3}( [abÉé]{1,3}){0,5}", text in "[abÉé]{1,4}( [abÉé]{1,4}){0,8}",
        ) {
            let begins = |wanted| split(&text).any(|word| starts_with_ignoring_case(word, wanted));
            let slow = split(&query).all(begins);
            prop_assert_eq!(Wanted::of(&query).found_in(&text, &mut 0), slow);
        }

        #[test]
        fn the_quick_comparison_agrees_with_the_slow(text in "[a-zA-Zé]{0,6}", prefix in "[a-zA-Zé]{0,4}") {
            let slow = text.to_lowercase().starts_with(&prefix.to_lowercase());
            prop_assert_eq!(starts_with_ignoring_case(&text, &prefix), slow);
        }
    }
}
