use super::Difference;
use crate::command::{Failure, Result};

/// The differences that `xtask/conformance.toml` explains.
pub(super) struct Allowed(Vec<Explanation>);

struct Explanation {
    at: String,
    kind: String,
}

/// What is left when the explained differences are taken away.
#[derive(Default)]
pub(super) struct Judged<'a> {
    pub(super) unexplained: Vec<Difference>,
    /// Explanations of differences that there are not.
    pub(super) needless: Vec<&'a str>,
}

impl Allowed {
    /// Reads `[[allowed]]` tables of `at` (one place or several), `kind` and
    /// `reason`.
    ///
    /// # Errors
    ///
    /// When it is not that, or a reason is missing.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong = |what: &str| Failure::new(format!("xtask/conformance.toml: {what}"));
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| wrong(error.message()))?;
        let mut explanations = Vec::new();
        for entry in table
            .get("allowed")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
        {
            let string = |name: &str| entry.get(name).and_then(toml::Value::as_str);
            let kind = string("kind").ok_or_else(|| wrong("an entry has no `kind`"))?;
            let places: Vec<&str> = match entry.get("at") {
                Some(toml::Value::String(at)) => vec![at],
                Some(toml::Value::Array(list)) => {
                    list.iter().filter_map(toml::Value::as_str).collect()
                }
                _ => return Err(wrong("an entry has no `at`")),
            };
            if string("reason").is_none_or(str::is_empty) {
                return Err(wrong(&format!(
                    "the entry for `{}` has no `reason`",
                    places.join("`, `")
                )));
            }
            let explain = |at: &str| Explanation {
                at: at.to_owned(),
                kind: kind.to_owned(),
            };
            explanations.extend(places.into_iter().map(explain));
        }
        Ok(Self(explanations))
    }

    /// Tells the explained differences from the others.
    pub(super) fn judge(&self, differences: Vec<Difference>) -> Judged<'_> {
        let covers = |explanation: &Explanation, difference: &Difference| {
            explanation.kind == difference.kind && covers(&explanation.at, &difference.at)
        };
        let is_needless = |explanation: &&Explanation| {
            !differences
                .iter()
                .any(|difference| covers(explanation, difference))
        };
        let needless = self
            .0
            .iter()
            .filter(is_needless)
            .map(|needless| needless.at.as_str())
            .collect();
        let is_unexplained = |difference: &Difference| {
            !self
                .0
                .iter()
                .any(|explanation| covers(explanation, difference))
        };
        let unexplained = differences.into_iter().filter(is_unexplained).collect();
        Judged {
            unexplained,
            needless,
        }
    }
}

/// Whether the place `at`, in which `*` stands for any one part, is `place`.
fn covers(at: &str, place: &str) -> bool {
    let (mut pattern, mut parts) = (at.split('.'), place.split('.'));
    loop {
        match (pattern.next(), parts.next()) {
            (None, None) => return true,
            (Some(wanted), Some(part)) if wanted == "*" || wanted == part => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::conformance::compare;

    fn judge(toml: &str) -> (Vec<String>, Vec<String>) {
        let ours = json!({"operations": {"Put": {}}});
        let theirs = json!({"operations": {"Get": {}, "List": {}}});
        let allowed = Allowed::parse(toml).unwrap();
        let judged = allowed.judge(compare::service("s", &ours, &theirs).unwrap());
        let unexplained = judged.unexplained.iter().map(|d| d.at.clone()).collect();
        (
            unexplained,
            judged.needless.iter().map(|&at| at.to_owned()).collect(),
        )
    }

    #[test]
    fn an_explanation_covers_its_place_and_kind() {
        let (unexplained, needless) = judge(
            "[[allowed]]\nat = [\"s.Get\", \"s.Put\"]\nkind = \"missing\"\nreason = \"later\"",
        );
        assert_eq!(unexplained, ["s.List", "s.Put"]);
        assert_eq!(needless, ["s.Put"]);
    }

    #[test]
    fn a_star_stands_for_one_part() {
        assert!(covers("s.*.errors.Odd", "s.Get.errors.Odd"));
        assert!(!covers("s.*", "s.Get.errors"));
        assert!(!covers("s.Get.errors", "s.Get"));
    }

    #[test]
    fn an_entry_without_a_reason_is_refused() {
        assert!(Allowed::parse("[[allowed]]\nat = \"s.Get\"\nkind = \"missing\"").is_err());
        assert!(Allowed::parse("[[allowed]]\nkind = \"missing\"\nreason = \"r\"").is_err());
        assert!(Allowed::parse("[[allowed]\n").is_err());
    }
}
