use std::{fmt::Write as _, sync::OnceLock};

use regex_lite::Regex;

use super::{Path, Shape};

/// What AWS's service model demands of a member.
pub enum Constraint {
    /// Least and greatest length: characters, bytes or items.
    Length(usize, usize),
    /// The whole string must match.
    Pattern(&'static Pattern),
    /// Least and greatest number.
    Range(i64, i64),
}

/// A pattern, compiled when it is first needed.
pub struct Pattern {
    text: &'static str,
    compiled: OnceLock<Regex>,
}

impl Pattern {
    /// Names the pattern; the text is quoted in messages as it stands.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self {
            text,
            compiled: OnceLock::new(),
        }
    }

    /// The text as AWS's model has it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.text
    }

    #[expect(
        clippy::expect_used,
        reason = "patterns are literals, and a test compiles them all"
    )]
    fn matches(&self, value: &str) -> bool {
        if let Some(matches) = matches_classes(self.text, value) {
            return matches;
        }
        self.compiled
            .get_or_init(|| {
                Regex::new(&format!("^(?:{})$", self.text)).expect("a pattern that compiles")
            })
            .is_match(value)
    }
}

/// Whether a value matches AWS's pattern of tags, which asks for classes of
/// Unicode that the expressions here do not know: letters, separators, numbers,
/// then single characters. Nothing for other patterns.
fn matches_classes(pattern: &str, value: &str) -> Option<bool> {
    // Organizations has it in brackets and anchors, which change nothing.
    let bare = (pattern.strip_prefix("^(")).and_then(|rest| rest.strip_suffix(")$"));
    let (others, times) = bare
        .unwrap_or(pattern)
        .strip_prefix(r"[\p{L}\p{Z}\p{N}")?
        .rsplit_once(']')?;
    let allowed = |letter: char| {
        letter.is_alphanumeric()
            || letter.is_whitespace() && !letter.is_control()
            || letter != '\\' && others.contains(letter)
    };
    Some(value.chars().all(allowed) && (times == "*" || !value.is_empty()))
}

/// Violations that are told of one request. A megabyte of wrong values would
/// make an answer of forty.
const TOLD: usize = 100;

/// Collects what is wrong with a request, up to a hundred things.
#[derive(Debug, Default)]
pub struct Violations {
    told: Vec<String>,
    /// Whether values are never quoted.
    hides_values: bool,
}

impl Violations {
    /// Violations that are told without the values, as IAM does.
    #[must_use]
    pub fn without_values() -> Self {
        Self {
            hides_values: true,
            ..Self::default()
        }
    }

    /// A required member is absent.
    pub(super) fn missing(&mut self, at: &Path<'_>) {
        if !self.is_full() {
            self.told.push(format!(
                "Value null at '{at}' failed to satisfy constraint: Member must not be null"
            ));
        }
    }

    /// A value breaks a rule, told in AWS's words: `Member must …`. `quoted` is
    /// the value as the message shows it; nothing if it is sensitive.
    pub(crate) fn broken(
        &mut self,
        quoted: &dyn Fn() -> Option<String>,
        at: &Path<'_>,
        rule: &str,
    ) {
        if self.is_full() {
            return;
        }
        let mut text = "Value".to_owned();
        let quoted = if self.hides_values { None } else { quoted() };
        if let Some(quoted) = quoted {
            let _ = write!(text, " '{quoted}'");
        }
        let _ = write!(text, " at '{at}' failed to satisfy constraint: {rule}");
        self.told.push(text);
    }

    /// A string is none of an enumeration's values.
    pub(crate) fn outside(&mut self, value: &str, at: &Path<'_>, values: &[&str]) {
        let rule = format!(
            "Member must satisfy enum value set: [{}]",
            values.join(", ")
        );
        self.broken(&|| Some(value.to_owned()), at, &rule);
    }

    /// Whether nothing more need be looked for.
    pub(super) fn is_full(&self) -> bool {
        self.told.len() >= TOLD
    }

    pub(super) fn check<T: Shape>(&mut self, value: &T, at: &Path<'_>, constraints: &[Constraint]) {
        if !constraints.is_empty() {
            let measured = Measured {
                length: value.length(),
                number: value.number(),
                text: value.text(),
            };
            self.check_measured(&measured, &|| value.quoted(), at, constraints);
        }
    }

    fn check_measured(
        &mut self,
        value: &Measured<'_>,
        quoted: &dyn Fn() -> Option<String>,
        at: &Path<'_>,
        constraints: &[Constraint],
    ) {
        for constraint in constraints {
            if let Some(rule) = constraint.broken_rule(value) {
                self.broken(quoted, at, &rule);
            }
        }
    }

    /// `N validation error(s) detected: …`; nothing if all is well.
    #[must_use]
    pub fn into_message(self) -> Option<String> {
        let errors = match self.told.len() {
            0 => return None,
            1 => "error",
            _ => "errors",
        };
        Some(format!(
            "{} validation {errors} detected: {}",
            self.told.len(),
            self.told.join("; ")
        ))
    }
}

/// What constraints ask of a value, whatever its shape.
struct Measured<'a> {
    length: Option<usize>,
    number: Option<i64>,
    text: Option<&'a str>,
}

impl Constraint {
    fn broken_rule(&self, value: &Measured<'_>) -> Option<String> {
        match self {
            Self::Length(min, max) => {
                let length = value.length?;
                if length < *min {
                    Some(format!(
                        "Member must have length greater than or equal to {min}"
                    ))
                } else if length > *max {
                    Some(format!(
                        "Member must have length less than or equal to {max}"
                    ))
                } else {
                    None
                }
            }
            Self::Pattern(pattern) => (!pattern.matches(value.text?)).then(|| {
                format!(
                    "Member must satisfy regular expression pattern: {}",
                    pattern.text
                )
            }),
            Self::Range(min, max) => {
                let number = value.number?;
                if number < *min {
                    Some(format!(
                        "Member must have value greater than or equal to {min}"
                    ))
                } else if number > *max {
                    Some(format!(
                        "Member must have value less than or equal to {max}"
                    ))
                } else {
                    None
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_of_tags_knows_unicode() {
        let key = Pattern::new(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+");
        let value = Pattern::new(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*");
        for good in [
            "team",
            "Équipe bleue",
            "a_b.c:d/e=f+g-h@i",
            "日本",
            "½\u{a0}",
        ] {
            assert!(key.matches(good) && value.matches(good), "{good}");
        }
        for bad in ["a;b", "a\tb", "a\n", "\\", "a*", "{L}"] {
            assert!(!key.matches(bad) && !value.matches(bad), "{bad}");
        }
        assert!(!key.matches("") && value.matches(""));
        let anchored = Pattern::new(r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$");
        assert!(anchored.matches("Équipe") && anchored.matches("") && !anchored.matches("a;b"));
    }
}
