use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Where interpreters are looked for.
const PATH: &[&str] = &["/usr/local/bin", "/usr/bin", "/bin"];

/// All versions of Node.js.
const NODE_FAMILY: &str = "nodejs";
/// All versions of Python.
const PYTHON_FAMILY: &str = "python3";
/// Our bootstrap for Python.
pub(crate) const PYTHON: &str = include_str!("../runtime/python.py");
/// Our bootstrap for Node.js.
pub(crate) const NODE: &str = include_str!("../runtime/node.mjs");

/// The programs that run handlers, where they are not the machine's own: by the
/// name of the runtime (`python3.12`, `nodejs22.x`), or by `python3` and `nodejs`
/// for all versions without one.
pub type Interpreters = BTreeMap<String, PathBuf>;

/// What runs a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// `nodejs22.x`: Node.js, of the version that there is.
    Node(String),
    /// `provided.al2023`: the archive's `bootstrap`.
    Provided,
    /// `python3.12`: Python of that version, or the machine's `python3`.
    Python(String),
}

impl Runtime {
    /// The runtime of this name in Lambda's API.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if matches!(name, "provided.al2023" | "provided.al2" | "provided") {
            return Some(Self::Provided);
        }
        let version = |rest: &str| {
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            rest.split('.').all(digits)
        };
        if let Some(rest) = name.strip_prefix("python3.") {
            return version(rest).then(|| Self::Python(format!("3.{rest}")));
        }
        let rest = name.strip_prefix("nodejs")?.strip_suffix(".x")?;
        version(rest).then(|| Self::Node(rest.to_owned()))
    }

    /// `AWS_EXECUTION_ENV`; there is none for executables.
    pub(crate) fn execution_environment(&self) -> Option<String> {
        match self {
            Self::Node(version) => Some(format!("AWS_Lambda_nodejs{version}.x")),
            Self::Provided => None,
            Self::Python(version) => Some(format!("AWS_Lambda_python{version}")),
        }
    }

    /// Whether a handler must be named.
    #[must_use]
    pub fn needs_handler(&self) -> bool {
        *self != Self::Provided
    }

    /// What runs it; nothing if that is the archive's, or there is none.
    fn interpreter(&self, interpreters: &Interpreters) -> Option<String> {
        let given = |name: &str| Some(interpreters.get(name)?.display().to_string());
        match self {
            Self::Node(version) => given(&format!("nodejs{version}.x"))
                .or_else(|| given(NODE_FAMILY))
                .or_else(|| find("node")),
            Self::Provided => None,
            Self::Python(version) => {
                let name = format!("python{version}");
                given(&name)
                    .or_else(|| find(&name))
                    .or_else(|| given(PYTHON_FAMILY))
                    .or_else(|| find("python3"))
            }
        }
    }

    /// The program and its arguments, for files at `task` and bootstraps at
    /// `bootstraps`; nothing if there is no such interpreter.
    pub(crate) fn command(
        &self,
        interpreters: &Interpreters,
        task: &Path,
        bootstraps: &Path,
        memory_mib: u32,
    ) -> Option<Vec<String>> {
        let shown = |path: PathBuf| path.display().to_string();
        match self {
            Self::Node(_) => Some(vec![
                self.interpreter(interpreters)?,
                format!("--max-old-space-size={}", memory_mib * 3 / 4),
                shown(bootstraps.join("node.mjs")),
            ]),
            Self::Provided => Some(vec![shown(task.join("bootstrap"))]),
            Self::Python(_) => Some(vec![
                self.interpreter(interpreters)?,
                shown(bootstraps.join("python.py")),
            ]),
        }
    }
}

/// Whether interpreters can be given for this name.
#[must_use]
pub fn is_interpreted(name: &str) -> bool {
    let family = matches!(name, NODE_FAMILY | PYTHON_FAMILY);
    family || Runtime::named(name).is_some_and(|runtime| runtime.needs_handler())
}

/// The runtimes that can be used here and by what, in words.
pub(crate) fn in_words(interpreters: &Interpreters) -> String {
    let given = interpreters.iter();
    let mut words: Vec<String> = given
        .map(|(name, path)| format!("{name} ({})", path.display()))
        .collect();
    for (family, program) in [(PYTHON_FAMILY, "python3"), (NODE_FAMILY, "node")] {
        if !interpreters.contains_key(family) {
            let found = find(program).unwrap_or_else(|| "none found".to_owned());
            words.push(format!("{family} ({found})"));
        }
    }
    words.push("provided.al2023".to_owned());
    words.join(", ")
}

fn find(program: &str) -> Option<String> {
    let mut places = PATH.iter().map(|place| Path::new(place).join(program));
    let found = places.find(|path| path.is_file())?;
    Some(found.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_by_name() {
        for (name, runtime) in [
            ("python3.12", Some(Runtime::Python("3.12".to_owned()))),
            ("nodejs22.x", Some(Runtime::Node("22".to_owned()))),
            ("provided.al2023", Some(Runtime::Provided)),
            ("python2.7", None),
            ("python3.", None),
            ("python3.x;rm", None),
            ("nodejs.x", None),
            ("java21", None),
            ("", None),
        ] {
            assert_eq!(Runtime::named(name), runtime, "{name}");
        }
    }

    #[test]
    fn interpreters_by_runtime() {
        let given = [
            ("python3.9", "/opt/python3.9"),
            ("nodejs", "/opt/node"),
            ("nodejs20.x", "/opt/node20"),
        ];
        let given: Interpreters = given
            .map(|(name, path)| (name.to_owned(), path.into()))
            .into();
        for (name, expected) in [
            ("python3.9", Some("/opt/python3.9")),
            ("nodejs20.x", Some("/opt/node20")),
            ("nodejs22.x", Some("/opt/node")),
            ("provided.al2023", None),
        ] {
            let found = Runtime::named(name).unwrap().interpreter(&given);
            assert_eq!(found.as_deref(), expected, "{name}");
            assert_eq!(is_interpreted(name), expected.is_some());
        }
        assert!(
            is_interpreted("python3") && !is_interpreted("python") && !is_interpreted("java21")
        );
        let words = in_words(&given);
        assert!(words.starts_with("nodejs (/opt/node), nodejs20.x (/opt/node20), python3.9 ("));
        assert!(words.ends_with(", provided.al2023"), "{words}");
    }
}
