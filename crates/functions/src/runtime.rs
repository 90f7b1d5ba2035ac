use std::path::{Path, PathBuf};

/// Where interpreters are looked for.
const PATH: &[&str] = &["/usr/local/bin", "/usr/bin", "/bin"];

/// Our bootstrap for Python.
pub(crate) const PYTHON: &str = include_str!("../runtime/python.py");
/// Our bootstrap for Node.js.
pub(crate) const NODE: &str = include_str!("../runtime/node.mjs");

/// What runs a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// `nodejs22.x`: the machine's Node.js.
    Node,
    /// `provided.al2023`: the archive's `bootstrap`.
    Provided,
    /// `python3.12`: the machine's Python of that version, or its `python3`.
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
        version(rest).then_some(Self::Node)
    }

    /// Whether a handler must be named.
    #[must_use]
    pub fn needs_handler(&self) -> bool {
        *self != Self::Provided
    }

    /// The program and its arguments, for files at `task` and bootstraps at
    /// `bootstraps`; nothing if the machine has no such interpreter.
    pub(crate) fn command(
        &self,
        task: &Path,
        bootstraps: &Path,
        memory_mib: u32,
    ) -> Option<Vec<String>> {
        let shown = |path: PathBuf| path.display().to_string();
        match self {
            Self::Node => Some(vec![
                find("node")?,
                format!("--max-old-space-size={}", memory_mib * 3 / 4),
                shown(bootstraps.join("node.mjs")),
            ]),
            Self::Provided => Some(vec![shown(task.join("bootstrap"))]),
            Self::Python(version) => Some(vec![
                find(&format!("python{version}")).or_else(|| find("python3"))?,
                shown(bootstraps.join("python.py")),
            ]),
        }
    }
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
            ("nodejs22.x", Some(Runtime::Node)),
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
}
