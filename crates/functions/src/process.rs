//! A function's process, and what keeps it to itself.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::{Pid, Uid},
};
use tokio::process::{Child, ChildStdin, Command};

use crate::log::Log;

/// The user of the first of those that run at the same time; the others' come
/// after it. Of all ids below 65,536 nobody else claims these.
///
/// Source: systemd, "Users, Groups, UIDs and GIDs on systemd Systems".
const FIRST_ID: u32 = 60_600;
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
    /// Everything that root can do: an unprivileged user that no other function
    /// has at the same time, a process namespace of its own, so that nothing it
    /// starts outlives it, and a `/tmp` of its own in memory; it can write
    /// nowhere else.
    Namespaces,
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
            return Self::Namespaces;
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
            Self::Namespaces | Self::Bubblewrap => {
                (PathBuf::from("/mnt/task"), PathBuf::from("/mnt/runtime"))
            }
            Self::ProcessGroup => (task.to_owned(), bootstraps.to_owned()),
        }
    }

    /// The user that a function runs as at one of the places there are for
    /// functions; nothing if it is the server's own.
    pub(crate) fn user(&self, place: u32) -> Option<u32> {
        (*self == Self::Namespaces).then(|| FIRST_ID.saturating_add(place))
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
}

/// A process that is running. Dropped, it is killed with all it started.
pub(crate) struct Process {
    child: Child,
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
/// what runs before it, with more rights, must not heed them.
const ENTER: &str = "__n=0; while [ \"$__n\" -lt \"$__strongroom_variables\" ]; do \
     eval \"export \\\"\\$__strongroom_$__n\\\"; unset __strongroom_$__n\"; __n=$((__n + 1)); \
     done; unset __n __strongroom_variables; exec \"$@\"";

impl Process {
    /// Starts a program.
    pub(crate) fn start(confinement: &Confinement, program: &Program<'_>) -> std::io::Result<Self> {
        let mut function = limits(program.memory_mib);
        function.extend(script(ENTER));
        function.extend(program.command.iter().cloned());
        let confined = match confinement {
            Confinement::Namespaces => namespaces(program, &function),
            Confinement::Bubblewrap => bubblewrap(program, &function),
            Confinement::ProcessGroup => function,
        };
        let [shell, watched @ ..] = script(WATCHED);
        let mut command = Command::new(shell);
        command
            .args(watched)
            .args(confined)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut environment = program.environment.clone();
        if *confinement == Confinement::ProcessGroup {
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
            group,
            _lifeline: lifeline,
        })
    }

    /// Its output, both streams as they come.
    pub(crate) fn log(&mut self) -> Log {
        Log::of(self.child.stdout.take(), self.child.stderr.take())
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

/// A shell that runs a script; what follows are the script's arguments.
fn script(text: &str) -> [String; 4] {
    ["/bin/sh", "-c", text, "sh"].map(str::to_owned)
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
fn namespaces(program: &Program<'_>, function: &[String]) -> Vec<String> {
    // Every file system is first made one to read; what is mounted after that
    // is the function's own.
    const PLACES: &str = "set -e; task=$1; runtime=$2; size=$3; user=$4; shift 4; \
         while read -r _ _ _ _ place _; do case $place in /proc*|/sys*) ;; \
         *) mount -o remount,bind,ro \"$place\" 2>/dev/null || : ;; esac; \
         done < /proc/self/mountinfo; \
         while [ \"$1\" != -- ]; do mount -t tmpfs -o size=4k,mode=0 none \"$1\"; shift; done; shift; \
         mount -t tmpfs -o size=1m,mode=755 none /mnt; mkdir /mnt/task /mnt/runtime; \
         mount --bind \"$task\" /mnt/task; mount --bind \"$runtime\" /mnt/runtime; \
         mount -o remount,bind,ro /mnt/task; mount -o remount,bind,ro /mnt/runtime; \
         { cat /etc/passwd; echo \"function:x:$user:$user::/tmp:/bin/sh\"; } > /mnt/passwd; \
         mount --bind /mnt/passwd /etc/passwd; \
         mount -t tmpfs -o size=$size,mode=1777,nosuid,nodev none /tmp; \
         [ ! -d /var/tmp ] || mount --bind /tmp /var/tmp; \
         mount -t tmpfs -o size=1m,mode=1777,nosuid,nodev none /dev/shm; \
         umask 022; cd /mnt/task; exec \"$@\"";
    let user = program.user.unwrap_or(FIRST_ID);
    let mut words: Vec<String> = [
        "/usr/bin/unshare",
        "--mount",
        "--pid",
        "--ipc",
        "--fork",
        "--mount-proc",
        "--kill-child=KILL",
    ]
    .map(str::to_owned)
    .to_vec();
    words.extend(script(PLACES));
    words.push(program.task.display().to_string());
    words.push(program.bootstraps.display().to_string());
    words.push(DISK_BYTES.to_string());
    words.push(user.to_string());
    // What is under `/tmp` is hidden by the new one already; hiding the
    // server's directories first would hide the function's own files.
    words.push("--".to_owned());
    words.extend([
        "/usr/bin/setpriv".to_owned(),
        format!("--reuid={user}"),
        format!("--regid={user}"),
        "--clear-groups".to_owned(),
        "--no-new-privs".to_owned(),
        "--bounding-set=-all".to_owned(),
        "--inh-caps=-all".to_owned(),
    ]);
    words.extend_from_slice(function);
    words
}

fn bubblewrap(program: &Program<'_>, function: &[String]) -> Vec<String> {
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
    words.extend_from_slice(function);
    words
}
