//! A function's process, and what keeps it to itself.

use std::{
    io,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use nix::{
    sys::{
        resource::{Resource, getrlimit},
        signal::{Signal, killpg},
    },
    unistd::Pid,
};
use tokio::{
    net::unix::pipe,
    process::{Child, ChildStdin, Command},
};

use crate::{
    confined::{bubblewrap, namespaces},
    log::Log,
    watch::Bounds,
};

/// The file of `bootstraps` with the authorities by which functions know
/// servers; absent if there are none.
pub(crate) const AUTHORITIES: &str = "cert.pem";

/// The user of the first of those that run at the same time; the others' come
/// after it. Of all ids below 65,536 nobody else claims these.
///
/// Source: systemd, "Users, Groups, UIDs and GIDs on systemd Systems".
pub(crate) const FIRST_ID: u32 = 60_600;
/// Bytes that a function may write to its `/tmp`, and to one file.
pub(crate) const DISK_BYTES: u64 = 512 * 1024 * 1024;
/// Processes and threads of a function.
const PROCESSES: u64 = 256;
/// Those that start it and wait for its end.
const HELPERS: u64 = 16;
/// Open files of a function.
const FILES: u32 = 1024;
/// What one process may have asked for beyond what the function may use, in
/// MiB: interpreters ask for more than they touch.
const OVERHEAD_MIB: u64 = 96;

/// How far a function's process is kept from the rest of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// Everything that root can do: an unprivileged user that no other function
    /// has at the same time, a process namespace of its own, so that nothing it
    /// starts outlives it, and a `/tmp` of its own in memory; it can write
    /// nowhere else.
    Namespaces,
    /// The same by bubblewrap, for a server that is not root.
    Bubblewrap,
    /// A process group and resource limits: it reads what the server reads, and
    /// what it detaches from itself fast enough outlives it.
    ProcessGroup,
}

impl Confinement {
    /// Where the function finds its own files, and our bootstraps.
    pub(crate) fn places(self, task: &Path, bootstraps: &Path) -> (PathBuf, PathBuf) {
        match self {
            Self::Namespaces | Self::Bubblewrap => {
                (PathBuf::from("/mnt/task"), PathBuf::from("/mnt/runtime"))
            }
            Self::ProcessGroup => (task.to_owned(), bootstraps.to_owned()),
        }
    }

    /// What all processes of a function may use together.
    pub(crate) fn bounds(self, memory_mib: u32) -> Bounds {
        Bounds {
            memory_bytes: u64::from(memory_mib) * 1024 * 1024,
            threads: PROCESSES + HELPERS,
            stays: self == Self::Namespaces,
        }
    }

    /// Processes that the kernel allows the user of a function. If that is the
    /// server's own, it counts what others of the same user have, and is but the
    /// last resort: functions are counted one by one as well.
    fn most_processes(self) -> u64 {
        if self != Self::ProcessGroup {
            return PROCESSES;
        }
        let most = getrlimit(Resource::RLIMIT_NPROC).map_or(u64::MAX, |(_, most)| most);
        most.min(PROCESSES * 4)
    }

    /// The user that a function runs as at one of the places there are for
    /// functions; nothing if it is the server's own.
    pub(crate) fn user(self, place: u32) -> Option<u32> {
        (self == Self::Namespaces).then(|| FIRST_ID.saturating_add(place))
    }
}

/// What is to be started.
pub(crate) struct Program<'a> {
    pub(crate) command: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) task: &'a Path,
    pub(crate) bootstraps: &'a Path,
    /// The user it runs as, and that user's group, if not the server's.
    pub(crate) user: Option<u32>,
    /// A directory of its own, for confinements that have no other `/tmp`.
    pub(crate) scratch: &'a Path,
    pub(crate) memory_mib: u32,
    /// Directories that it must not see.
    pub(crate) hidden: &'a [PathBuf],
    /// The program of that name, if it is used.
    pub(crate) bubblewrap: &'a Path,
}

/// A process that is running. Dropped, it is killed with all it started.
pub(crate) struct Process {
    child: Child,
    output: Option<pipe::Receiver>,
    group: Option<Pid>,
    /// Closed when the server ends, however it ends: then they all do.
    _lifeline: Option<ChildStdin>,
}

/// Runs its arguments, and ends with all of them when its input does. Ends as
/// they do, by the same signal.
const WATCHED: &str = "exec 3<&0 </dev/null; \"$@\" 3<&- & child=$!; \
     ( read -r _ <&3; kill -s KILL -- \"-$$\" ) >/dev/null 2>&1 & exec 3<&-; \
     wait \"$child\"; status=$?; \
     [ \"$status\" -le 128 ] || kill \"-$((status - 128))\" \"$$\"; exit \"$status\"";

/// Runs its arguments with the variables that it was given under other names:
/// what runs before it, with more rights, must not heed them. Should the machine
/// run out of memory, the function is the first to go.
const ENTER: &str = "echo 1000 2>/dev/null >/proc/self/oom_score_adj; __n=0; while [ \"$__n\" -lt \"$__strongroom_variables\" ]; do \
     eval \"export \\\"\\$__strongroom_$__n\\\"; unset __strongroom_$__n\"; __n=$((__n + 1)); \
     done; unset __n __strongroom_variables; exec \"$@\"";

impl Process {
    /// Starts a program.
    pub(crate) fn start(confinement: Confinement, program: &Program<'_>) -> std::io::Result<Self> {
        let mut function = limits(program.memory_mib, confinement.most_processes());
        function.extend(script(ENTER));
        function.extend(program.command.iter().cloned());
        let confined = match confinement {
            Confinement::Namespaces => namespaces(program, &function),
            Confinement::Bubblewrap => bubblewrap(program, &function),
            Confinement::ProcessGroup => function,
        };
        let [shell, watched @ ..] = script(WATCHED);
        // One pipe for both streams, so that lines stay in their order.
        let (output, out) = io::pipe()?;
        let mut command = Command::new(shell);
        command
            .args(watched)
            .args(confined)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::piped())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0)
            .kill_on_drop(true);
        let mut environment = program.environment.clone();
        if confinement == Confinement::ProcessGroup {
            let scratch = program.scratch.display().to_string();
            environment.push(("TMPDIR".to_owned(), scratch));
            command.current_dir(program.task);
        } else {
            command.current_dir("/");
        }
        command.env("__strongroom_variables", environment.len().to_string());
        for (number, (name, value)) in environment.iter().enumerate() {
            command.env(format!("__strongroom_{number}"), format!("{name}={value}"));
        }
        let mut child = command.spawn()?;
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .map(Pid::from_raw);
        let lifeline = child.stdin.take();
        Ok(Self {
            child,
            output: Some(pipe::Receiver::from_owned_fd(output.into())?),
            group,
            _lifeline: lifeline,
        })
    }

    /// The first of its processes, from which all others descend.
    pub(crate) fn root(&self) -> std::io::Result<Pid> {
        let gone = || std::io::Error::other("the process is gone");
        self.group.ok_or_else(gone)
    }

    /// Its output, both streams as they come.
    pub(crate) fn log(&mut self) -> Log {
        Log::of(self.output.take())
    }

    /// Waits for its end.
    pub(crate) async fn wait(&mut self) -> std::io::Result<std::process::ExitStatus> {
        self.child.wait().await
    }

    /// Waits for its end, and says how it came to it.
    pub(crate) async fn ended(&mut self) -> String {
        match self.wait().await {
            Ok(status) => in_words(status),
            Err(error) => format!("Runtime exited with error: {error}"),
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

/// How a function came to its end, in Lambda's words.
fn in_words(status: ExitStatus) -> String {
    let how = match (status.code(), status.signal()) {
        (Some(0), _) => return "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(9)) => "signal: killed".to_owned(),
        (None, Some(11)) => "signal: segmentation fault".to_owned(),
        (None, _) => status.to_string(),
    };
    format!("Runtime exited with error: {how}")
}

/// A shell that runs a script; what follows are the script's arguments.
pub(crate) fn script(text: &str) -> [String; 4] {
    ["/bin/sh", "-c", text, "sh"].map(str::to_owned)
}

/// What the kernel holds each process to, and that it comes after the server's
/// own when there is not enough of the machine for all.
fn limits(memory_mib: u32, processes: u64) -> Vec<String> {
    let memory = (u64::from(memory_mib) + OVERHEAD_MIB) * 1024 * 1024;
    let words = [
        "/usr/bin/nice".to_owned(),
        "--adjustment=10".to_owned(),
        "/usr/bin/prlimit".to_owned(),
        format!("--data={memory}"),
        format!("--fsize={DISK_BYTES}"),
        format!("--nofile={FILES}"),
        format!("--nproc={processes}"),
        "--core=0".to_owned(),
        "--".to_owned(),
    ];
    words.to_vec()
}
