use std::collections::BTreeSet;

use super::{Finding, Tree};

/// Which of the project's packages each of its packages may name. Arrows
/// point down; nothing points back (`docs/ARCHITECTURE.md`).
const ARROWS: &[(&str, &[&str])] = &[
    (
        "strongroom",
        &[
            "strongroom-crypto",
            "strongroom-functions",
            "strongroom-policy",
            "strongroom-rotation",
            "strongroom-services",
            "strongroom-sigv4",
            "strongroom-store",
            "strongroom-types",
        ],
    ),
    (
        "strongroom-bench",
        &[
            "strongroom",
            "strongroom-crypto",
            "strongroom-sigv4",
            "strongroom-types",
        ],
    ),
    ("strongroom-crypto", &["strongroom-types"]),
    ("strongroom-functions", &["strongroom-types"]),
    ("strongroom-policy", &["strongroom-types"]),
    ("strongroom-rotation", &["strongroom-types"]),
    (
        "strongroom-services",
        &[
            "strongroom-crypto",
            "strongroom-functions",
            "strongroom-policy",
            "strongroom-rotation",
            "strongroom-shapes",
            "strongroom-store",
            "strongroom-types",
        ],
    ),
    ("strongroom-shapes", &[]),
    (
        "strongroom-sigv4",
        &["strongroom-crypto", "strongroom-types"],
    ),
    (
        "strongroom-store",
        &["strongroom-crypto", "strongroom-types"],
    ),
    ("strongroom-types", &[]),
    ("xtask", &[]),
];

/// Libraries that do cryptography. `deny.toml` keeps most of them out of the
/// whole graph; here it is about who may name one.
const LIBRARIES: &[&str] = &[
    "aes",
    "aes-gcm",
    "aws-lc-rs",
    "aws-lc-sys",
    "ed25519-dalek",
    "hmac",
    "openssl",
    "p256",
    "ring",
    "rsa",
    "sha1",
    "sha2",
];

const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// A manifest of the workspace, with the names of what it depends on.
struct Manifest<'t> {
    path: &'t str,
    package: String,
    table: toml::Table,
}

impl Manifest<'_> {
    fn dependencies(&self, kinds: &[&str]) -> BTreeSet<&str> {
        let tables = kinds
            .iter()
            .filter_map(|kind| self.table.get(*kind)?.as_table());
        tables
            .flat_map(|table| table.keys().map(String::as_str))
            .collect()
    }
}

/// The manifests that name a package, and a finding for each that is not TOML.
fn manifests(tree: &Tree) -> (Vec<Manifest<'_>>, Vec<Finding>) {
    let (mut manifests, mut findings) = (Vec::new(), Vec::new());
    for (path, text) in tree.files() {
        let in_workspace = path.starts_with("crates/") || path.starts_with("xtask/");
        if !in_workspace || !path.ends_with("Cargo.toml") {
            continue;
        }
        match text.parse::<toml::Table>() {
            Ok(table) => {
                let package = table.get("package").and_then(|package| package.get("name"));
                let package = package
                    .and_then(|name| name.as_str())
                    .unwrap_or_default()
                    .to_owned();
                manifests.push(Manifest {
                    path,
                    package,
                    table,
                });
            }
            Err(error) => findings.push(Finding::new(path, 0, error.message())),
        }
    }
    (manifests, findings)
}

/// Every package depends only on those below it.
pub(super) fn arrows(tree: &Tree) -> Vec<Finding> {
    let (manifests, mut findings) = manifests(tree);
    let ours = |name: &str| name == "strongroom" || name.starts_with("strongroom-");
    for manifest in &manifests {
        let package = manifest.package.as_str();
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package) else {
            let advice = format!(
                "`{package}` has no arrows: say in ARROWS (xtask/src/tidy/manifests.rs) and in \
                 docs/ARCHITECTURE.md what it may depend on"
            );
            findings.push(Finding::new(manifest.path, 0, advice));
            continue;
        };
        for name in manifest.dependencies(&KINDS) {
            if ours(name) && name != package && !allowed.contains(&name) {
                let advice = format!(
                    "`{package}` must not know `{name}`: move what both need below both, or \
                     pass it in as an argument"
                );
                findings.push(Finding::new(manifest.path, 0, advice));
            }
        }
    }
    findings
}

/// Only `crates/crypto` names a library for cryptography. rustls brings its
/// own door to the same library, which the server's TLS and tests may use.
pub(super) fn cryptography(tree: &Tree) -> Vec<Finding> {
    let (manifests, mut findings) = manifests(tree);
    for manifest in manifests
        .iter()
        .filter(|manifest| manifest.package != "strongroom-crypto")
    {
        for name in manifest.dependencies(&["dependencies", "build-dependencies"]) {
            if LIBRARIES.contains(&name) {
                let advice =
                    format!("`{name}` is named by crates/crypto alone: add what you need there");
                findings.push(Finding::new(manifest.path, 0, advice));
            }
        }
    }
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".rs")) {
        let exempt = ["crates/crypto/", "crates/server/src/tls", "xtask/src/tidy/"];
        if exempt.iter().any(|prefix| path.starts_with(prefix)) || path.contains("/tests/") {
            continue;
        }
        let code = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"));
        for (number, _) in code.filter(|(_, line)| line.contains("aws_lc_")) {
            let advice = "only crates/crypto names the cryptography library: use strongroom-crypto";
            findings.push(Finding::new(path, number + 1, advice));
        }
    }
    findings
}

/// Every package takes the workspace's lints.
pub(super) fn lints(tree: &Tree) -> Vec<Finding> {
    let (manifests, mut findings) = manifests(tree);
    for manifest in &manifests {
        let lints = manifest
            .table
            .get("lints")
            .and_then(|lints| lints.get("workspace"));
        if lints.and_then(toml::Value::as_bool) != Some(true) {
            findings.push(Finding::new(
                manifest.path,
                0,
                "add `[lints] workspace = true`",
            ));
        }
    }
    findings
}

/// A crate's integration tests are one binary, `tests/it.rs` or
/// `tests/it/main.rs`: linking dozens is what makes a suite slow.
pub(super) fn test_binaries(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, _) in tree.files().filter(|(path, _)| path.starts_with("crates/")) {
        // The crate's own directory of tests, not one of a module in `src`.
        let mut parts = path.splitn(4, '/').skip(2);
        let (Some("tests"), Some(rest)) = (parts.next(), parts.next()) else {
            continue;
        };
        let is_binary = rest.ends_with("/main.rs") || rest.ends_with(".rs") && !rest.contains('/');
        if is_binary && !["it.rs", "it/main.rs"].contains(&rest) {
            let advice = "a second test binary: make it a module of the crate's tests/it";
            findings.push(Finding::new(path, 0, advice));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)], expected: &[&str]) {
        let found: Vec<String> = rule(&Tree::of(files))
            .iter()
            .map(Finding::to_string)
            .collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                found.contains(expected),
                "`{found}` does not say `{expected}`"
            );
        }
    }

    const STORE: &str = "[package]\nname = \"strongroom-store\"\n";

    #[test]
    fn arrows_point_down() {
        let with = |lines: &str| format!("{STORE}{lines}");
        let path = "crates/store/Cargo.toml";
        check(
            arrows,
            &[(
                path,
                &with("[dependencies]\nstrongroom-types.workspace = true"),
            )],
            &[],
        );
        check(
            arrows,
            &[(path, &with("[dev-dependencies]\nstrongroom = {}"))],
            &["`strongroom`"],
        );
        check(
            arrows,
            &[(
                path,
                &with("[dependencies]\nstrongroom-policy.workspace = true"),
            )],
            &["must not know `strongroom-policy`"],
        );
        check(
            arrows,
            &[("crates/new/Cargo.toml", "[package]\nname = \"new\"")],
            &["no arrows"],
        );
        check(
            arrows,
            &[("crates/new/Cargo.toml", "[package\n")],
            &["Cargo.toml: "],
        );
    }

    #[test]
    fn the_table_of_arrows_has_no_circle() {
        // In the order of the map, repeatedly taking what depends on nothing left.
        let mut left: Vec<_> = ARROWS.to_vec();
        while !left.is_empty() {
            let names: Vec<&str> = left.iter().map(|(name, _)| *name).collect();
            let before = left.len();
            left.retain(|(_, below)| below.iter().any(|name| names.contains(name)));
            assert!(left.len() < before, "a circle among {names:?}");
        }
    }

    #[test]
    fn one_crate_names_the_cryptography_library() {
        let store = format!("{STORE}[dependencies]\nsha2 = \"1\"");
        check(
            cryptography,
            &[("crates/store/Cargo.toml", &store)],
            &["`sha2`"],
        );
        let oracle = format!("{STORE}[dev-dependencies]\nsha2 = \"1\"");
        check(cryptography, &[("crates/store/Cargo.toml", &oracle)], &[]);
        let line = "// aws_lc_rs\nuse aws_lc_rs::aead;\n";
        check(
            cryptography,
            &[("crates/store/src/seal.rs", line)],
            &["seal.rs:2: only"],
        );
        check(cryptography, &[("crates/crypto/src/aead.rs", line)], &[]);
        check(cryptography, &[("crates/server/src/tls.rs", line)], &[]);
    }

    #[test]
    fn lints_are_the_workspaces() {
        check(lints, &[("crates/store/Cargo.toml", STORE)], &["[lints]"]);
        let good = format!("{STORE}[lints]\nworkspace = true");
        check(lints, &[("crates/store/Cargo.toml", &good)], &[]);
    }

    #[test]
    fn a_crate_has_one_test_binary() {
        let good = [
            ("crates/store/tests/it/main.rs", ""),
            ("crates/store/tests/it/crash.rs", ""),
            ("crates/store/src/seal/tests/laws.rs", ""),
        ];
        check(test_binaries, &good, &[]);
        check(
            test_binaries,
            &[("crates/store/tests/crash.rs", "")],
            &["second test binary"],
        );
    }
}
