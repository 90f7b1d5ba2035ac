//! Ends functions that use more than they may, all their processes together:
//! what the kernel bounds (`process.rs`) is each process.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use tokio::sync::oneshot;

use crate::usage::{ProcessId, Processes, memory_bytes};

/// How often is looked.
const TICK: Duration = Duration::from_millis(25);
/// How many times as long as a look took is waited after it, at least: on a
/// machine of many processes a look takes long, and is to take a fifth of a
/// processor at most.
const REST: u32 = 4;
/// Rounds in which all processes of a function are found, at most.
const ROUNDS: u32 = 20;

/// What a function may use.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) memory_bytes: u64,
    /// Processes and threads.
    pub(crate) threads: u64,
    /// Whether it must stay in the server's user namespace: in one of its own it
    /// may make file systems in memory that nobody counts.
    pub(crate) stays: bool,
}

/// What a function used too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exceeded {
    Memory,
    Processes,
    Namespace,
}

/// Looks after all functions that run, by one thread, while there are any.
#[derive(Default)]
pub(crate) struct Watch(Arc<Mutex<Watched>>);

#[derive(Default)]
struct Watched {
    is_looked_after: bool,
    functions: HashMap<i32, Function>,
}

struct Function {
    bounds: Bounds,
    known: Known,
    exceeded: Option<oneshot::Sender<Exceeded>>,
}

/// What was seen of a function.
#[derive(Default)]
struct Seen {
    processes: HashSet<ProcessId>,
    /// The most memory that it was found to use, in bytes.
    most_bytes: u64,
}

type Known = Arc<Mutex<Seen>>;

/// A function that is looked after until this is dropped.
pub(crate) struct Watching {
    root: i32,
    watched: Arc<Mutex<Watched>>,
    known: Known,
    exceeded: oneshot::Receiver<Exceeded>,
    /// Whether its processes are found and killed in the end: they do not die
    /// with their namespace.
    pub(crate) kills_all: bool,
}

impl Exceeded {
    /// A line for the function's log.
    pub(crate) fn in_words(self, request_id: &str, memory_mib: u32) -> String {
        let what = match self {
            Self::Memory => format!("its processes together used more than {memory_mib} MB"),
            Self::Namespace => "it made a user namespace".to_owned(),
            Self::Processes => "it had too many processes and threads".to_owned(),
        };
        format!("RequestId: {request_id} Error: the function was ended, as {what}\n")
    }
}

impl Watch {
    /// Looks after the process `root` and all that it starts.
    ///
    /// # Errors
    /// When there is no thread to be had for it.
    pub(crate) fn over(&self, root: Pid, bounds: Bounds) -> io::Result<Watching> {
        let root = root.as_raw();
        let (sender, exceeded) = oneshot::channel();
        let known = Known::default();
        let function = Function {
            bounds,
            known: Arc::clone(&known),
            exceeded: Some(sender),
        };
        let mut watched = lock(&self.0);
        if !watched.is_looked_after {
            let all = Arc::clone(&self.0);
            thread::Builder::new()
                .name("function-watch".to_owned())
                .spawn(move || look_after(&all))?;
            watched.is_looked_after = true;
        }
        watched.functions.insert(root, function);
        drop(watched);
        Ok(Watching {
            root,
            watched: Arc::clone(&self.0),
            known,
            exceeded,
            kills_all: false,
        })
    }
}

impl Watching {
    /// Waits until the function uses more than it may.
    pub(crate) async fn exceeded(&mut self) -> Exceeded {
        match (&mut self.exceeded).await {
            Ok(exceeded) => exceeded,
            Err(_) => std::future::pending().await,
        }
    }

    /// The most memory that the function was found to use, in bytes; zero if
    /// nobody looked while it ran.
    pub(crate) fn most_bytes(&self) -> u64 {
        lock(&self.known).most_bytes
    }

    /// Kills all processes of the function that can be found. They are stopped
    /// first, as what is killed may have started another meanwhile.
    fn kill_all(&self) {
        let _ = killpg(Pid::from_raw(self.root), Signal::SIGSTOP);
        let mut known = lock(&self.known);
        let mut stopped = HashSet::new();
        for _ in 0..ROUNDS {
            let members = Processes::now().of(self.root, &known.processes);
            let before = stopped.len();
            for process in members.ids {
                if stopped.insert(process) {
                    let _ = kill(Pid::from_raw(process.pid), Signal::SIGSTOP);
                }
                known.processes.insert(process);
            }
            if stopped.len() == before {
                break;
            }
        }
        for process in stopped {
            let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        if self.kills_all {
            self.kill_all();
        }
        lock(&self.watched).functions.remove(&self.root);
    }
}

/// Looks after functions until there are none.
fn look_after(watched: &Mutex<Watched>) {
    let mut took = Duration::ZERO;
    loop {
        thread::sleep(TICK.max(took * REST));
        let began = Instant::now();
        let functions: Vec<(i32, Bounds, Known)> = {
            let mut watched = lock(watched);
            if watched.functions.is_empty() {
                watched.is_looked_after = false;
                return;
            }
            let each = watched.functions.iter();
            each.map(|(root, function)| (*root, function.bounds, Arc::clone(&function.known)))
                .collect()
        };
        let processes = Processes::now();
        for (root, bounds, known) in functions {
            let Some(exceeded) = judge(&processes, root, bounds, &known) else {
                continue;
            };
            // At once, and all together: whoever waits for this may have to wait
            // for a processor first, while there are more and more of them. Only
            // a function that is still there, for numbers are used again.
            let mut watched = lock(watched);
            let function = watched.functions.get_mut(&root);
            if let Some(sender) = function.and_then(|function| function.exceeded.take()) {
                let _ = sender.send(exceeded);
                let _ = killpg(Pid::from_raw(root), Signal::SIGKILL);
            }
        }
        took = began.elapsed();
    }
}

fn judge(processes: &Processes, root: i32, bounds: Bounds, known: &Known) -> Option<Exceeded> {
    let members = {
        let mut known = lock(known);
        let members = processes.of(root, &known.processes);
        known.processes.clone_from(&members.ids);
        members
    };
    if members.threads > bounds.threads {
        return Some(Exceeded::Processes);
    }
    if bounds.stays && members.have_left() {
        return Some(Exceeded::Namespace);
    }
    let used = memory_bytes(&members, bounds.memory_bytes);
    let mut known = lock(known);
    known.most_bytes = known.most_bytes.max(used);
    (used > bounds.memory_bytes).then_some(Exceeded::Memory)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
