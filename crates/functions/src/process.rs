//! A function's process, and what keeps it to itself.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::{Pid, Uid, User},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, Command},
};

/// Bytes of a function's log that are kept of one invocation.
pub(crate) const LOG_BYTES: usize = 256 * 1024;
/// Bytes that a function may write to its `/tmp`, and to one file.
const DISK_BYTES: u64 = 512 * 1024 * 1024;
/// Processes and threads of a function.
const PROCESSES: u32 = 256;
/// Open files of a function.
const FILES: u32 = 1024;
/// What an interpreter needs beside the function's own memory, in MiB.
const OVERHEAD_MIB: u64 = 96;

/// How far a function's process is kept from the rest of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// Everything that root can do: an unprivileged user, a process namespace
    /// of its own, so that nothing it starts outlives it, and a `/tmp` of its
    /// own in memory.
    Namespaces {
        /// The user.
        uid: u32,
        /// The user's group.
        gid: u32,
    },
    /// The same by bubblewrap, for a server that is not root.
    Bubblewrap,
    /// A process group and resource limits: what it starts and detaches
    /// outlives it, and it reads what the server reads.
    ProcessGroup,
}

impl Confinement {
    /// The best there is on this machine.
    #[must_use]
    pub fn best() -> Self {
        if Uid::effective().is_root() {
            let nobody = User::from_name("nobody").ok().flatten();
            let (uid, gid) = nobody.map_or((65_534, 65_534), |user| {
                (user.uid.as_raw(), user.gid.as_raw())
            });
            return Self::Namespaces { uid, gid };
        }
        if Path::new("/usr/bin/bwrap").is_file() {
            Self::Bubblewrap
        } else {
            Self::ProcessGroup
        }
    }

    /// Where the function finds its own files, and our bootstraps.
    pub(crate) fn places(&self, task: &Path, bootstraps: &Path) -> (PathBuf, PathBuf) {
        match self {
            Self::Namespaces { .. } | Self::Bubblewrap => {
                (PathBuf::from("/mnt/task"), PathBuf::from("/mnt/runtime"))
            }
            Self::ProcessGroup => (task.to_owned(), bootstraps.to_owned()),
        }
    }
}

/// What is to be started.
pub(crate) struct Program<'a> {
    pub(crate) command: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) task: &'a Path,
    pub(crate) bootstraps: &'a Path,
    /// A directory of its own, for confinements that have no other `/tmp`.
    pub(crate) scratch: &'a Path,
    pub(crate) memory_mib: u32,
    /// Directories that it must not see.
    pub(crate) hidden: &'a [PathBuf],
}

/// A process that is running. Dropped, it is killed with all it started.
pub(crate) struct Process {
    child: Child,
    group: Option<Pid>,
}

impl Process {
    /// Starts a program.
    pub(crate) fn start(confinement: &Confinement, program: &Program<'_>) -> std::io::Result<Self> {
        let limits = limits(program.memory_mib);
        let words: Vec<String> = match confinement {
            Confinement::Namespaces { uid, gid } => namespaces(program, *uid, *gid, &limits),
            Confinement::Bubblewrap => bubblewrap(program, &limits),
            Confinement::ProcessGroup => [limits, program.command.clone()].concat(),
        };
        let (first, rest) = words
            .split_first()
            .ok_or_else(|| std::io::Error::other("nothing to start"))?;
        let mut command = Command::new(first);
        command
            .args(rest)
            .env_clear()
            .envs(
                program
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        if *confinement == Confinement::ProcessGroup {
            command
                .current_dir(program.task)
                .env("TMPDIR", program.scratch);
        } else {
            command.current_dir("/");
        }
        let child = command.spawn()?;
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .map(Pid::from_raw);
        Ok(Self { child, group })
    }

    /// Its output, both streams as they come.
    pub(crate) fn log(&mut self) -> impl Future<Output = Vec<u8>> + Send + use<> {
        let (out, err) = (self.child.stdout.take(), self.child.stderr.take());
        async move {
            let (mut log, err) = tokio::join!(read(out), read(err));
            log.extend(err);
            log.truncate(LOG_BYTES);
            log
        }
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Kills it with all that it started.
    pub(crate) async fn kill(mut self) {
        self.kill_group();
        let _ = self.child.wait().await;
        // A descendant may have been started while the first was killed.
        self.kill_group();
    }

    fn kill_group(&self) {
        if let Some(group) = self.group {
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_group();
    }
}

async fn read(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut log = Vec::new();
    let Some(mut stream) = stream else {
        return log;
    };
    let mut part = [0; 4096];
    // What is too much is read all the same, so that nobody waits.
    while let Ok(bytes) = stream.read(&mut part).await {
        if bytes == 0 {
            break;
        }
        let room = LOG_BYTES.saturating_sub(log.len()).min(bytes);
        log.extend(part.get(..room).unwrap_or_default());
    }
    log
}

fn limits(memory_mib: u32) -> Vec<String> {
    let memory = (u64::from(memory_mib) + OVERHEAD_MIB) * 1024 * 1024;
    let words = [
        "/usr/bin/prlimit".to_owned(),
        format!("--data={memory}"),
        format!("--fsize={DISK_BYTES}"),
        format!("--nofile={FILES}"),
        format!("--nproc={PROCESSES}"),
        "--core=0".to_owned(),
        "--".to_owned(),
    ];
    words.to_vec()
}

/// The first process in a namespace takes all others with it. It makes the
/// places, gives up its rights and becomes the function.
fn namespaces(program: &Program<'_>, uid: u32, gid: u32, limits: &[String]) -> Vec<String> {
    const SCRIPT: &str = "set -e; task=$1; runtime=$2; size=$3; shift 3; \
         while [ \"$1\" != -- ]; do mount -t tmpfs -o size=4k,mode=0 none \"$1\"; shift; done; shift; \
         mount -t tmpfs -o size=1m,mode=755 none /mnt; mkdir /mnt/task /mnt/runtime; \
         mount --bind \"$task\" /mnt/task; mount --bind \"$runtime\" /mnt/runtime; \
         mount -o remount,bind,ro /mnt/task; mount -o remount,bind,ro /mnt/runtime; \
         mount -t tmpfs -o size=$size,mode=1777,nosuid,nodev none /tmp; \
         mount -t tmpfs -o size=1m,mode=1777,nosuid,nodev none /dev/shm; \
         umask 022; cd /mnt/task; exec \"$@\"";
    let mut words: Vec<String> = [
        "/usr/bin/unshare",
        "--mount",
        "--pid",
        "--ipc",
        "--fork",
        "--mount-proc",
        "--kill-child=KILL",
        "/bin/sh",
        "-c",
        SCRIPT,
        "sh",
    ]
    .map(str::to_owned)
    .to_vec();
    words.push(program.task.display().to_string());
    words.push(program.bootstraps.display().to_string());
    words.push(DISK_BYTES.to_string());
    // What is under `/tmp` is hidden by the new one already; hiding the
    // server's directories first would hide the function's own files.
    words.push("--".to_owned());
    words.extend(
        [
            "/usr/bin/setpriv".to_owned(),
            format!("--reuid={uid}"),
            format!("--regid={gid}"),
            "--clear-groups".to_owned(),
            "--no-new-privs".to_owned(),
            "--bounding-set=-all".to_owned(),
            "--inh-caps=-all".to_owned(),
        ]
        .into_iter()
        .chain(limits.iter().cloned())
        .chain(program.command.iter().cloned()),
    );
    words
}

fn bubblewrap(program: &Program<'_>, limits: &[String]) -> Vec<String> {
    let mut words: Vec<String> = [
        "/usr/bin/bwrap",
        "--unshare-all",
        "--share-net",
        "--die-with-parent",
        "--new-session",
        "--ro-bind",
        "/",
        "/",
        "--dev",
        "/dev",
        "--proc",
        "/proc",
        "--tmpfs",
        "/tmp",
        "--tmpfs",
        "/mnt",
        "--ro-bind",
    ]
    .map(str::to_owned)
    .to_vec();
    words.push(program.task.display().to_string());
    words.extend(["/mnt/task".to_owned(), "--ro-bind".to_owned()]);
    words.push(program.bootstraps.display().to_string());
    words.push("/mnt/runtime".to_owned());
    for hidden in program.hidden {
        words.extend(["--tmpfs".to_owned(), hidden.display().to_string()]);
    }
    words.extend(["--chdir", "/mnt/task", "--"].map(str::to_owned));
    words.extend(limits.iter().chain(&program.command).cloned());
    words
}
