use super::{Finding, Tree};

/// Operations that have neither a client's test nor a transcript. The list may
/// only shrink: an operation that gets its test is struck off.
const UNTESTED: &[&str] = &[];

/// Where the snapshots of records are that the clients' test compares.
const RECORDS: &str = "crates/server/tests/clients/records/";
const CLIENTS: &str = "crates/server/tests/clients/";
const TRANSCRIPTS: &str = "crates/server/tests/wire/";
const MATRIX: &str = "crates/services/tests/it/matrix";

/// An operation in the table of its service.
struct Operation<'t> {
    table: &'t str,
    line: usize,
    service: &'t str,
    name: &'t str,
}

/// Every operation that a service lists has a file of its own and is called by
/// an official client's test or shown in a transcript; and every file of an
/// operation is in the list.
pub(super) fn tested(tree: &Tree) -> Vec<Finding> {
    tested_but_for(tree, UNTESTED)
}

fn tested_but_for(tree: &Tree, untested: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let operations = listed(tree);
    for Operation {
        table,
        line,
        service,
        name,
    } in &operations
    {
        let file = format!(
            "crates/services/src/{service}/operations/{}.rs",
            snake_case(name)
        );
        if !tree
            .text(&file)
            .is_some_and(|text| text.contains(&format!("for {name} {{")))
        {
            let advice = format!("`{name}` needs a file of its own, {file}");
            findings.push(Finding::new(table, *line, advice));
        }
        let excepted = untested.contains(name);
        match (is_tested(tree, service, name), excepted) {
            (false, false) => {
                let advice = format!(
                    "`{name}` has no test: call it in {CLIENTS} or keep a transcript in \
                     {TRANSCRIPTS}{service}/{name}/"
                );
                findings.push(Finding::new(table, *line, advice));
            }
            (true, true) => {
                let advice = format!("`{name}` is tested: strike it from UNTESTED");
                findings.push(Finding::new("xtask/src/tidy/operations.rs", 0, advice));
            }
            (true, false) | (false, true) => {}
        }
    }
    for (path, _) in tree.files() {
        let Some((service, name)) = operation_file(path) else {
            continue;
        };
        let is_listed = |operation: &Operation<'_>| {
            operation.service == service && snake_case(operation.name) == name
        };
        if !operations.iter().any(is_listed) {
            let advice = format!("not listed in crates/services/src/{service}/operations.rs");
            findings.push(Finding::new(path, 0, advice));
        }
    }
    findings
}

/// Every operation that a service lists has its row in the service's permission
/// matrix.
pub(super) fn in_the_matrix(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for operation in listed(tree) {
        let Operation { service, name, .. } = operation;
        let file = format!("{MATRIX}/{service}.txt");
        let text = tree.text(&file).unwrap_or_default();
        let mut rows = text.lines().map(|line| line.split_whitespace());
        if !rows.any(|mut row| row.next() == Some(name)) {
            let advice = format!("`{name}` has no row in {file}: give it one in {MATRIX}.rs");
            findings.push(Finding::new(operation.table, operation.line, advice));
        }
    }
    findings
}

/// Every operation that a service lists has a snapshot of its record. There is
/// no list of exceptions: what cannot succeed is on record as refused.
pub(super) fn recorded(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Operation {
        table,
        line,
        service,
        name,
    } in listed(tree)
    {
        let snapshot = format!("{RECORDS}{service}/{name}.json");
        if tree.text(&snapshot).is_none() {
            let advice = format!(
                "`{name}` has no snapshot of its record: call it in {CLIENTS}walk_*.py and run \
                 test_records.py with UPDATE_RECORDS=1, which makes {snapshot}"
            );
            findings.push(Finding::new(table, line, advice));
        }
    }
    findings
}

/// The operations of every `crates/services/src/<service>/operations.rs`.
fn listed(tree: &Tree) -> Vec<Operation<'_>> {
    let mut operations = Vec::new();
    for (table, text) in tree.files() {
        let service = table.strip_prefix("crates/services/src/");
        let Some(service) = service.and_then(|rest| rest.strip_suffix("/operations.rs")) else {
            continue;
        };
        // A long path stands on a line of its own.
        for (at, marker) in text.match_indices("Route::of::<") {
            let rest = text.get(at + marker.len()..).unwrap_or_default();
            let path = rest.split('>').next().unwrap_or_default();
            let path = path.trim().trim_end_matches(',');
            let name = path.rsplit("::").next().unwrap_or_default();
            let before = text.get(..at).unwrap_or_default();
            operations.push(Operation {
                table,
                line: before.matches('\n').count() + 1,
                service,
                name,
            });
        }
    }
    operations
}

/// The service and the module of an operation's file.
fn operation_file(path: &str) -> Option<(&str, &str)> {
    let rest = path
        .strip_prefix("crates/services/src/")?
        .strip_suffix(".rs")?;
    rest.split_once("/operations/")
        .filter(|(_, module)| !module.contains('/'))
}

fn is_tested(tree: &Tree, service: &str, name: &str) -> bool {
    let transcripts = format!("{TRANSCRIPTS}{service}/{name}/");
    // As boto3 and the AWS CLI write it.
    let names = [snake_case(name), snake_case(name).replace('_', "-")];
    let calls = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c))
            .any(|word| names.iter().any(|name| name == word))
    };
    tree.files().any(|(path, text)| {
        let is_client = path.starts_with(CLIENTS) && path.ends_with(".py");
        path.starts_with(&transcripts) || is_client && calls(text)
    })
}

fn snake_case(name: &str) -> String {
    // As botocore does: `ListMFADevices` is `list_mfa_devices`.
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (place, &letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| letters.get(before));
        let begins_word = before.is_some_and(|before| !before.is_ascii_uppercase())
            || letters.get(place + 1).is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && !snake.is_empty() && begins_word {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: (&str, &str) = (
        "crates/services/src/kms/operations.rs",
        "pub const ROUTES: &[Route] = &[\n    Route::of::<create_key::CreateKey>(),\n];\n",
    );
    const FILE: (&str, &str) = (
        "crates/services/src/kms/operations/create_key.rs",
        "impl Operation for CreateKey {",
    );

    fn check(files: &[(&str, &str)], untested: &[&str], expected: &[&str]) {
        let found = tested_but_for(&Tree::of(files), untested);
        let found: Vec<String> = found.iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                found.contains(expected),
                "`{found}` does not say `{expected}`"
            );
        }
    }

    #[test]
    fn a_test_is_a_call_by_a_client_or_a_transcript() {
        check(
            &[
                TABLE,
                FILE,
                (
                    "crates/server/tests/clients/test_kms.py",
                    "kms.create_key()",
                ),
            ],
            &[],
            &[],
        );
        check(
            &[
                TABLE,
                FILE,
                ("crates/server/tests/clients/test_cli.py", "\"create-key\""),
            ],
            &[],
            &[],
        );
        check(
            &[
                TABLE,
                FILE,
                ("crates/server/tests/wire/kms/CreateKey/plain.txt", ""),
            ],
            &[],
            &[],
        );
        check(
            &[
                TABLE,
                FILE,
                (
                    "crates/server/tests/clients/test_kms.py",
                    "create_key_pair()",
                ),
            ],
            &[],
            &["operations.rs:2: `CreateKey` has no test"],
        );
    }

    #[test]
    fn the_list_of_the_untested_only_shrinks() {
        check(&[TABLE, FILE], &["CreateKey"], &[]);
        let test = ("crates/server/tests/clients/test_kms.py", "create_key");
        check(&[TABLE, FILE, test], &["CreateKey"], &["strike it"]);
    }

    #[test]
    fn an_operation_without_a_row_is_found() {
        let found = |table| {
            let path = "crates/services/tests/it/matrix/kms.txt";
            in_the_matrix(&Tree::of(&[TABLE, FILE, (path, table)])).len()
        };
        assert_eq!(found("CreateKey ok Denied\n"), 0);
        assert_eq!(found("about CreateKey\nCreateKeyPair ok\n"), 1);
        let none = in_the_matrix(&Tree::of(&[TABLE, FILE]));
        assert!(none[0].to_string().contains("kms.txt"));
    }

    #[test]
    fn every_operation_has_a_record() {
        let path = "crates/server/tests/clients/records/kms/CreateKey.json";
        assert!(recorded(&Tree::of(&[TABLE, (path, "{}")])).is_empty());
        let [missing] = &recorded(&Tree::of(&[TABLE]))[..] else {
            panic!("one operation, one finding");
        };
        assert!(missing.to_string().contains("`CreateKey` has no snapshot"));
    }

    #[test]
    fn names_are_split_as_botocore_splits_them() {
        for (name, snake) in [
            ("GetSecretValue", "get_secret_value"),
            ("ListMFADevices", "list_mfa_devices"),
            (
                "CreateOpenIDConnectProvider",
                "create_open_id_connect_provider",
            ),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }

    #[test]
    fn files_and_the_list_agree() {
        check(&[TABLE], &["CreateKey"], &["needs a file of its own"]);
        check(&[FILE], &[], &["create_key.rs: not listed in"]);
    }
}
