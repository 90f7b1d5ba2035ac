//! How functions are confined on this machine: as the operator says, as far as
//! it works.

use std::{fmt, io, path::PathBuf, time::Duration};

use nix::unistd::Uid;
use tokio::time::timeout;

use crate::{
    Confinement, Host, Interpreters,
    process::{FIRST_ID, Process, Program},
    runtime,
};

/// How long is waited for a program that only says that it works.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the operator decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How functions are confined.
    pub sandbox: Sandbox,
    /// The program `bwrap`.
    pub bubblewrap: PathBuf,
    /// What runs handlers.
    pub interpreters: Interpreters,
    /// Functions that run at the same time; 1 to [`MAX_AT_ONCE`].
    pub at_once: u32,
}

/// The most functions that run at the same time: each may need a user.
pub const MAX_AT_ONCE: u32 = 512;

/// Which confinement is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sandbox {
    /// The best that works.
    #[default]
    Auto,
    /// [`Confinement::Bubblewrap`] or nothing.
    Bubblewrap,
    /// [`Confinement::Namespaces`] or nothing.
    Namespaces,
    /// [`Confinement::ProcessGroup`], though it is weak.
    ProcessGroup,
}

/// Why functions cannot be run as the operator says, in a sentence with what to
/// do.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// An interpreter.
    #[error("the interpreter {path} of {runtime} cannot be run: {why}")]
    Interpreter {
        /// What it is for.
        runtime: String,
        /// Where it should be.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It does not work on this machine.
    #[error(
        "functions cannot be confined by {0}: {1}; mend that, or choose another `sandbox` in \
         [functions]"
    )]
    Broken(Confinement, String),
    /// The server is root, and that would be no confinement.
    #[error(
        "functions of a server that is root cannot be confined by {0}: run the server as another \
         user, or set `sandbox = \"namespaces\"` in [functions]"
    )]
    Root(Confinement),
    /// The server is not root, which that needs.
    #[error(
        "functions can be confined by {0} only if the server is root: run it so, or install \
         bubblewrap and set `sandbox = \"bubblewrap\"` in [functions]"
    )]
    NotRoot(Confinement),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sandbox: Sandbox::Auto,
            bubblewrap: PathBuf::from("/usr/bin/bwrap"),
            interpreters: Interpreters::new(),
            at_once: 32,
        }
    }
}

impl fmt::Display for Confinement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bubblewrap => "bubblewrap",
            Self::Namespaces => "namespaces",
            Self::ProcessGroup => "a process group",
        })
    }
}

impl Settings {
    /// The best confinement there is on this machine, by what it has and not by
    /// trying.
    #[must_use]
    pub fn best(&self) -> Confinement {
        if Uid::effective().is_root() {
            Confinement::Namespaces
        } else if self.bubblewrap.is_file() {
            Confinement::Bubblewrap
        } else {
            Confinement::ProcessGroup
        }
    }

    /// The confinement that is wanted.
    ///
    /// # Errors
    /// When this user cannot have it.
    pub fn wanted(&self) -> Result<Confinement, SandboxError> {
        let wanted = match self.sandbox {
            Sandbox::Auto => self.best(),
            Sandbox::Bubblewrap => Confinement::Bubblewrap,
            Sandbox::Namespaces => Confinement::Namespaces,
            Sandbox::ProcessGroup => Confinement::ProcessGroup,
        };
        match (
            wanted == Confinement::Namespaces,
            Uid::effective().is_root(),
        ) {
            (true, false) => Err(SandboxError::NotRoot(wanted)),
            (false, true) => Err(SandboxError::Root(wanted)),
            _ => Ok(wanted),
        }
    }

    /// Which runtimes there are, in words.
    #[must_use]
    pub fn runtimes(&self) -> String {
        runtime::in_words(&self.interpreters)
    }

    /// How functions are confined, in words.
    #[must_use]
    pub fn in_words(&self, confinement: Confinement) -> String {
        match confinement {
            Confinement::Bubblewrap => {
                format!(
                    "by bubblewrap ({}), as the server's user",
                    self.bubblewrap.display()
                )
            }
            Confinement::Namespaces => {
                let last = FIRST_ID + self.at_once.saturating_sub(1);
                format!("in namespaces of their own, as the users {FIRST_ID} to {last}")
            }
            Confinement::ProcessGroup => "in a process group only, as the server's user".to_owned(),
        }
    }
}

impl Host {
    /// Finds out whether functions can be run as the operator says. Where nothing
    /// certain is asked for, and bubblewrap does not work, functions are confined
    /// in a process group from now on; why is returned.
    ///
    /// # Errors
    /// [`SandboxError`].
    pub async fn try_out(&mut self) -> Result<Option<String>, SandboxError> {
        let mut weaker = None;
        if let Err(why) = self.probe(&["/bin/true".to_owned()]).await {
            let is_auto = self.settings.sandbox == Sandbox::Auto;
            if !is_auto || self.confinement != Confinement::Bubblewrap {
                return Err(SandboxError::Broken(self.confinement, why));
            }
            self.confinement = Confinement::ProcessGroup;
            weaker = Some(why);
        }
        for (runtime, path) in &self.settings.interpreters {
            let asked = [path.display().to_string(), "--version".to_owned()];
            let broken = |why| SandboxError::Interpreter {
                runtime: runtime.clone(),
                path: path.clone(),
                why,
            };
            if !path.is_file() {
                return Err(broken("there is no such file".to_owned()));
            }
            self.probe(&asked).await.map_err(|why| {
                broken(format!("{why} (functions run it as a user without rights)"))
            })?;
        }
        Ok(weaker)
    }

    /// Runs a program in confinement, or says what is wrong.
    async fn probe(&self, command: &[String]) -> Result<(), String> {
        let scratch = self.root.join("scratch");
        let bootstraps = self.root.join("runtime");
        let program = Program {
            command: command.to_vec(),
            environment: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
            task: &bootstraps,
            bootstraps: &bootstraps,
            user: self.confinement.user(0),
            scratch: &scratch,
            memory_mib: 128,
            hidden: &self.hidden,
            bubblewrap: &self.settings.bubblewrap,
        };
        let said = |error: io::Error| error.to_string();
        let mut process = Process::start(self.confinement, &program).map_err(said)?;
        let log = process.log();
        let ended = timeout(PATIENCE, process.wait()).await;
        process.kill().await;
        match ended {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => {
                let log = String::from_utf8_lossy(&log.whole().await).into_owned();
                let line = log.lines().find(|line| !line.trim().is_empty());
                Err(line.map_or_else(|| status.to_string(), str::to_owned))
            }
            Ok(Err(error)) => Err(said(error)),
            Err(_) => Err("it does not end".to_owned()),
        }
    }
}
