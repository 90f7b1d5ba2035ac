use super::{Finding, Tree};

/// Lines of a source file, tests not counted, above which it is likely to
/// hold a second subject.
const LONG: usize = 400;

/// Files that are longer for a reason.
const LONG_FOR_A_REASON: &[(&str, &str)] = &[
    (
        "crates/server/src/audit/recovery.rs",
        "one walk over the log as a crash may have left it",
    ),
    (
        "crates/services/src/authorize.rs",
        "the one way into an operation, read as a whole",
    ),
    (
        "crates/services/src/iam/record.rs",
        "the rows of a service, one after another",
    ),
    (
        "crates/services/src/kms/envelope.rs",
        "all that Secrets Manager does with keys",
    ),
    (
        "crates/services/src/kms/import.rs",
        "tokens, wrappings and material of one procedure",
    ),
    (
        "crates/services/src/organizations/entity.rs",
        "roots, units and accounts, which are looked up alike",
    ),
    (
        "crates/services/src/protocol/xml.rs",
        "one serializer, a method for each of serde's types",
    ),
];

/// Words of unfinished work: they belong in the tracker, not in the code.
const LEFTOVERS: &[&str] = &["todo!", "unimplemented!", "FIXME", "TODO", "XXX:", "HACK"];

/// Places on the machine of whoever wrote the file.
const MACHINE_PATHS: &[&str] = &[concat!("/", "work/"), "/root/", "/home/"];

/// The rules' own files name what they look for.
const RULES: &str = "xtask/src/tidy/";

/// No source file holds more than one subject, as far as length can tell.
pub(super) fn length(tree: &Tree) -> Vec<Finding> {
    length_but_for(tree, LONG_FOR_A_REASON)
}

fn length_but_for(tree: &Tree, exceptions: &[(&str, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files() {
        if !path.ends_with(".rs") || is_test(path) || path.starts_with("fuzz/") {
            continue;
        }
        let lines = lines_before_tests(text);
        let excepted = exceptions.iter().any(|(exception, _)| *exception == path);
        if lines > LONG && !excepted {
            let advice = format!(
                "{lines} lines without its tests: look for the second subject, or list it with \
                 its reason in LONG_FOR_A_REASON (xtask/src/tidy/sources.rs)"
            );
            findings.push(Finding::new(path, 0, advice));
        } else if lines <= LONG && excepted {
            findings.push(Finding::new(
                path,
                0,
                "no longer long: strike it from LONG_FOR_A_REASON",
            ));
        }
    }
    findings
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Lines up to the unit tests at the foot of the file.
fn lines_before_tests(text: &str) -> usize {
    text.lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .count()
}

/// Nothing unfinished is left in the files.
pub(super) fn leftovers(tree: &Tree) -> Vec<Finding> {
    let advice =
        |word: &str| format!("`{word}`: finish it, or file an issue and say what is missing");
    lines_with(tree, LEFTOVERS, advice)
}

/// Nothing depends on, or tells of, the machine it was written on.
pub(super) fn machine_paths(tree: &Tree) -> Vec<Finding> {
    let advice = |path: &str| format!("`{path}` is a place on one machine: write it relative");
    lines_with(tree, MACHINE_PATHS, advice)
}

fn lines_with(tree: &Tree, words: &[&str], advice: impl Fn(&str) -> String) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| !path.starts_with(RULES)) {
        for (number, line) in text.lines().enumerate() {
            let found = words.iter().find(|word| line.contains(**word));
            findings.extend(found.map(|word| Finding::new(path, number + 1, advice(word))));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_do_not_make_a_file_long() {
        let code = "x\n".repeat(LONG);
        let with_tests = format!("{code}#[cfg(test)]\nmod tests {{\n{code}}}\n");
        assert_eq!(
            length(&Tree::of(&[("crates/a/src/lib.rs", &with_tests)])),
            []
        );
        let longer = format!("{code}x\n");
        assert_eq!(
            length(&Tree::of(&[("crates/a/src/lib.rs", &longer)])).len(),
            1
        );
        assert_eq!(
            length(&Tree::of(&[("crates/a/tests/it/main.rs", &longer)])),
            []
        );
    }

    #[test]
    fn an_exception_lasts_only_as_long_as_it_is_needed() {
        let exceptions = [("crates/a/src/lib.rs", "a table")];
        let longer = "x\n".repeat(LONG + 1);
        assert_eq!(
            length_but_for(&Tree::of(&[("crates/a/src/lib.rs", &longer)]), &exceptions),
            []
        );
        let found = length_but_for(&Tree::of(&[("crates/a/src/lib.rs", "x")]), &exceptions);
        assert!(
            found
                .iter()
                .all(|finding| finding.to_string().contains("no longer long"))
        );
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn leftovers_and_machine_paths_are_found_with_their_line() {
        let tree = Tree::of(&[
            ("README.md", "fine\nFIXME later, in /root/x\n"),
            ("xtask/src/tidy/a.rs", "FIXME"),
        ]);
        let found = leftovers(&tree);
        assert_eq!(found.len(), 1);
        assert!(
            found
                .iter()
                .all(|finding| finding.to_string().starts_with("README.md:2: `FIXME`"))
        );
        assert_eq!(machine_paths(&tree).len(), 1);
    }
}
