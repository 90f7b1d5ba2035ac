use super::{Finding, Tree};

const INDEX: &str = "docs/adr/README.md";
const DECISIONS: &str = "docs/adr/";

/// Every decision is in the list of decisions, under a number of its own, and
/// the list names none that is not there.
pub(super) fn decisions(tree: &Tree) -> Vec<Finding> {
    let Some(index) = tree.text(INDEX) else {
        return vec![Finding::new(
            INDEX,
            0,
            "missing: it lists the decisions of docs/adr",
        )];
    };
    let mut findings = Vec::new();
    let mut last_number = "";
    let decisions = tree
        .files()
        .filter_map(|(path, _)| path.strip_prefix(DECISIONS));
    for name in decisions.filter(|name| *name != "README.md") {
        let path = format!("{DECISIONS}{name}");
        let number = name.split('-').next().unwrap_or_default();
        if number.len() != 4 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            findings.push(Finding::new(&path, 0, "name it NNNN-title.md"));
        } else if number == last_number {
            findings.push(Finding::new(
                &path,
                0,
                "its number is taken: give it the next free one",
            ));
        }
        last_number = number;
        if !index.contains(&format!("({name})")) {
            findings.push(Finding::new(&path, 0, format!("not listed in {INDEX}")));
        }
    }
    for (number, line) in index.lines().enumerate() {
        for target in line
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let is_decision = target.ends_with(".md") && !target.contains('/');
            if is_decision && tree.text(&format!("{DECISIONS}{target}")).is_none() {
                let advice = format!("`{target}` is not in {DECISIONS}");
                findings.push(Finding::new(INDEX, number + 1, advice));
            }
        }
    }
    findings
}

/// The changelog has a place for the next change.
pub(super) fn changelog(tree: &Tree) -> Vec<Finding> {
    let heading = |line: &str| matches!(line.trim_end(), "## Unreleased" | "## [Unreleased]");
    if tree
        .text("CHANGELOG.md")
        .is_some_and(|text| text.lines().any(heading))
    {
        return Vec::new();
    }
    vec![Finding::new(
        "CHANGELOG.md",
        0,
        "needs a heading `## Unreleased`",
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)], expected: &[&str]) {
        let found: Vec<String> = rule(&Tree::of(files))
            .iter()
            .map(Finding::to_string)
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn decisions_are_listed_once_each() {
        let index = ("docs/adr/README.md", "- [store](0001-store.md)\n");
        check(decisions, &[index, ("docs/adr/0001-store.md", "")], &[]);
        check(
            decisions,
            &[
                index,
                ("docs/adr/0001-seal.md", ""),
                ("docs/adr/0001-store.md", ""),
            ],
            &[
                "docs/adr/0001-seal.md: not listed in docs/adr/README.md",
                "docs/adr/0001-store.md: its number is taken: give it the next free one",
            ],
        );
        check(
            decisions,
            &[index],
            &["docs/adr/README.md:1: `0001-store.md` is not in docs/adr/"],
        );
    }

    #[test]
    fn decisions_need_a_list_and_a_number() {
        check(
            decisions,
            &[],
            &["docs/adr/README.md: missing: it lists the decisions of docs/adr"],
        );
        let files = [
            ("docs/adr/README.md", "[s](store.md)"),
            ("docs/adr/store.md", ""),
        ];
        check(
            decisions,
            &files,
            &["docs/adr/store.md: name it NNNN-title.md"],
        );
    }

    #[test]
    fn the_changelog_has_room() {
        check(
            changelog,
            &[("CHANGELOG.md", "# Changelog\n\n## Unreleased\n")],
            &[],
        );
        check(
            changelog,
            &[],
            &["CHANGELOG.md: needs a heading `## Unreleased`"],
        );
    }
}
