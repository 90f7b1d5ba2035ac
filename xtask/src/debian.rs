use std::path::Path;

use crate::command::{Failure, Result, command, output, run, succeeds};

/// A Debian package that the tests need, and how to see that what it brings
/// is there already, from wherever it came.
struct Package {
    name: &'static str,
    probe: &'static [&'static str],
}

const PACKAGES: &[Package] = &[
    Package {
        name: "bubblewrap",
        probe: &["/usr/bin/bwrap", "--version"],
    },
    Package {
        name: "git",
        probe: &["git", "--version"],
    },
    Package {
        name: "mariadb-server",
        probe: &["/usr/sbin/mariadbd", "--version"],
    },
    // Where functions find it too.
    Package {
        name: "nodejs",
        probe: &["sh", "-c", "PATH=/usr/local/bin:/usr/bin node --version"],
    },
    Package {
        name: "npm",
        probe: &["npm", "--version"],
    },
    Package {
        name: "openssl",
        probe: &["openssl", "version"],
    },
    Package {
        name: "postgresql",
        probe: &["sh", "-c", "ls /usr/lib/postgresql/*/bin/postgres"],
    },
    Package {
        name: "python3",
        probe: &["python3", "--version"],
    },
    Package {
        name: "python3-venv",
        probe: &["python3", "-c", "import ensurepip, venv"],
    },
    Package {
        name: "redis-server",
        probe: &["redis-server", "--version"],
    },
];

/// Installs the packages that are missing and returns their names.
///
/// # Errors
///
/// When a package is missing and this machine has no `apt-get`, the user is
/// not root, or the installation fails.
pub(crate) fn install_missing(root: &Path) -> Result<Vec<&'static str>> {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|package| !is_there(root, package))
        .map(|package| package.name)
        .collect();
    if missing.is_empty() {
        return Ok(missing);
    }
    let names = missing.join(" ");
    if !succeeds(&mut command(root, "apt-get", ["--version"])) {
        return Err(Failure::new(format!(
            "the tests need what Debian packages as {names}; install it and run this again"
        )));
    }
    if output(&mut command(root, "id", ["-u"]))?.trim() != "0" {
        return Err(Failure::new(format!(
            "the tests need some packages; run `apt-get install {names}` as root, then this again"
        )));
    }
    run(&mut apt_get(root, &["update"]))?;
    run(apt_get(root, &["install", "-y", "--no-install-recommends"]).args(&missing))?;
    Ok(missing)
}

fn is_there(root: &Path, package: &Package) -> bool {
    package
        .probe
        .split_first()
        .is_some_and(|(program, arguments)| succeeds(&mut command(root, program, arguments)))
}

fn apt_get(root: &Path, arguments: &[&str]) -> std::process::Command {
    let mut apt_get = command(root, "apt-get", ["-qq"]);
    apt_get
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    apt_get
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_tells_what_is_there_from_what_is_not() {
        let root = Path::new("/");
        assert!(is_there(
            root,
            &Package {
                name: "dash",
                probe: &["sh", "-c", "exit 0"]
            }
        ));
        assert!(!is_there(
            root,
            &Package {
                name: "dash",
                probe: &["sh", "-c", "exit 1"]
            }
        ));
        assert!(!is_there(
            root,
            &Package {
                name: "nothing",
                probe: &["no-such-program"]
            }
        ));
    }
}
