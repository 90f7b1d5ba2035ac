use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use strongroom_types::{AccountId, Clock};

use crate::{
    Confinement, Files, Outcome, Runtime, Settings, archive,
    files::Unpacked,
    log::Report,
    outcome::{broken_off, message, told},
    places::Places,
    process::{AUTHORITIES, Process, Program},
    runtime::{NODE, PYTHON},
    runtime_api::{self, Event},
    watch::{Exceeded, Watch},
};

/// Bytes after which a function's log is begun anew.
const LOG_FILE_BYTES: u64 = 1 << 20;

/// Runs functions.
pub struct Host {
    /// Where their files are.
    pub(crate) root: PathBuf,
    unpacked: Arc<Unpacked>,
    pub(crate) settings: Settings,
    pub(crate) confinement: Confinement,
    clock: Arc<dyn Clock>,
    places: Arc<Places>,
    watch: Watch,
    /// Directories that no function sees.
    pub(crate) hidden: Vec<PathBuf>,
}

/// One call of a function.
pub struct Job<'a> {
    /// `x-amzn-RequestId` of the call.
    pub request_id: String,
    /// Whose function it is.
    pub account: AccountId,
    /// The function's name.
    pub name: &'a str,
    /// The ARN that was called, with its qualifier.
    pub arn: &'a str,
    /// `$LATEST` or a number.
    pub version: &'a str,
    /// What runs its handler.
    pub runtime: &'a Runtime,
    /// The handler, `file.function`.
    pub handler: &'a str,
    /// The files of its archive.
    pub files: Files,
    /// How long it may take.
    pub timeout: Duration,
    /// How much memory it may use.
    pub memory_mib: u32,
    /// Environment variables: the function's own, its credentials, the way
    /// home.
    pub environment: Vec<(String, String)>,
    /// The event.
    pub payload: Vec<u8>,
    /// What the client says of itself, JSON in ASCII.
    pub client_context: Option<String>,
}

/// What came of a call.
#[derive(Debug)]
pub struct Invocation {
    /// The answer or the error.
    pub outcome: Outcome,
    /// What the function printed.
    pub log: Vec<u8>,
}

/// Why a function was not called at all.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Its archive.
    #[error(transparent)]
    Archive(#[from] archive::ArchiveError),
    /// As many functions run as may, and there was no room in time.
    #[error("too many functions run at the same time")]
    Busy,
    /// Its files could not be written, or its process not started.
    #[error("cannot start the function")]
    Io(#[from] io::Error),
    /// This machine has no such interpreter.
    #[error("this machine cannot run the runtime of the function")]
    NoInterpreter,
}

impl Host {
    /// A host that keeps functions' files under `root`. Functions know servers
    /// by these authorities, PEM.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(
        root: &Path,
        settings: Settings,
        confinement: Confinement,
        clock: Arc<dyn Clock>,
        hidden: Vec<PathBuf>,
        authorities: &[u8],
    ) -> io::Result<Self> {
        for place in ["logs", "runtime"] {
            fs::create_dir_all(root.join(place))?;
        }
        let unpacked = Unpacked::new(&root.join("code"))?;
        // What calls left behind that were cut off.
        let scratch = root.join("scratch");
        if scratch.exists() {
            fs::remove_dir_all(&scratch)?;
        }
        fs::create_dir(scratch)?;
        let runtime = root.join("runtime");
        archive::open_up(&runtime)?;
        let files = [
            ("python.py", PYTHON.as_bytes()),
            ("node.mjs", NODE.as_bytes()),
            (AUTHORITIES, authorities),
        ];
        for (name, contents) in files {
            let path = runtime.join(name);
            if contents.is_empty() {
                // Of an earlier start, perhaps.
                let _ = fs::remove_file(&path);
                continue;
            }
            fs::write(&path, contents)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
        }
        Ok(Self {
            root: root.canonicalize()?,
            unpacked,
            confinement,
            clock,
            places: Places::new(settings.at_once),
            settings,
            watch: Watch::default(),
            hidden,
        })
    }

    /// How functions are confined.
    #[must_use]
    pub fn confinement(&self) -> Confinement {
        self.confinement
    }

    /// Functions that run at the same time.
    #[must_use]
    pub fn at_once(&self) -> u32 {
        self.places.at_once()
    }

    /// The files of an archive that is unpacked, by a name that no other
    /// archive has.
    #[must_use]
    pub fn files(&self, code: &str) -> Option<Files> {
        self.unpacked.files(code)
    }

    /// Unpacks an archive, on a thread that may wait for the disk.
    ///
    /// # Errors
    /// [`HostError::Archive`], [`HostError::Io`].
    pub async fn unpack(&self, code: &str, zip: Vec<u8>) -> Result<Files, HostError> {
        let (unpacked, code) = (Arc::clone(&self.unpacked), code.to_owned());
        let unpacking = tokio::task::spawn_blocking(move || unpacked.unpack(&code, &zip));
        unpacking.await.map_err(io::Error::other)?
    }

    /// Calls a function, and waits for its answer, its end or its time-out.
    /// Then its process is gone, with all that it started.
    ///
    /// # Errors
    /// [`HostError`]: nothing was called.
    pub async fn invoke(&self, job: Job<'_>) -> Result<Invocation, HostError> {
        let place = self.places.take(job.account).await;
        let place = place.ok_or(HostError::Busy)?;
        let user = self.confinement.user(place.number);
        let task = job.files.path.clone();
        let bootstraps = self.root.join("runtime");
        let (task_seen, bootstraps_seen) = self.confinement.places(&task, &bootstraps);
        let command = job
            .runtime
            .command(
                &self.settings.interpreters,
                &task_seen,
                &bootstraps_seen,
                job.memory_mib,
            )
            .ok_or(HostError::NoInterpreter)?;
        let scratch = self.root.join("scratch").join(&job.request_id);
        fs::create_dir_all(&scratch)?;
        let scratched = Scratch(scratch.clone());

        let began = self.clock.now();
        let now_ms = u64::try_from(began.as_millisecond()).unwrap_or(0);
        let timeout_ms = u64::try_from(job.timeout.as_millis()).unwrap_or(u64::MAX);
        let event = Event {
            request_id: job.request_id.clone(),
            function_arn: job.arn.to_owned(),
            deadline_ms: now_ms.saturating_add(timeout_ms),
            payload: job.payload.clone().into(),
            client_context: job.client_context.clone(),
        };
        let (endpoint, posted) = runtime_api::serve(event, user).await?;
        let program = Program {
            command,
            environment: self.environment(&job, endpoint.address.to_string()),
            task: &task,
            bootstraps: &bootstraps,
            user,
            scratch: &scratch,
            memory_mib: job.memory_mib,
            hidden: &self.hidden,
            bubblewrap: &self.settings.bubblewrap,
        };
        let mut process = Process::start(self.confinement, &program)?;
        let mut watching = self
            .watch
            .over(process.root()?, self.confinement.bounds(job.memory_mib))?;
        watching.kills_all = self.confinement == Confinement::ProcessGroup;
        let log = process.log();
        let mut exceeded = None;
        let outcome = tokio::select! {
            // An answer counts even if the process ends right after it.
            biased;
            posted = posted => match posted {
                Ok(posted) => told(posted),
                Err(_) => broken_off(&job, "Runtime.ExitError", "Runtime exited"),
            },
            // Before the end, which comes of it.
            what = watching.exceeded() => {
                exceeded = Some(what);
                // As Lambda tells of a function that the kernel ends.
                let kind = match what {
                    Exceeded::Memory => "Runtime.OutOfMemory",
                    Exceeded::Namespace | Exceeded::Processes => "Runtime.ExitError",
                };
                broken_off(&job, kind, "Runtime exited with error: signal: killed")
            }
            text = process.ended() => broken_off(&job, "Runtime.ExitError", &text),
            () = tokio::time::sleep(job.timeout) => {
                let text = format!("Task timed out after {:.2} seconds", job.timeout.as_secs_f64());
                broken_off(&job, "Sandbox.Timedout", &text)
            }
        };
        let took_ms = self.clock.now().duration_since(began).as_secs_f64() * 1000.0;
        let used_bytes = watching.most_bytes();
        // Looks for processes, which may take some milliseconds.
        let _ = tokio::task::spawn_blocking(move || drop(watching)).await;
        process.kill().await;
        drop(endpoint);
        // Removes what it wrote.
        let _ = tokio::task::spawn_blocking(move || drop(scratched)).await;
        let mut log = log.whole().await;
        let how = match (exceeded, &outcome) {
            (Some(exceeded), _) => Some(exceeded.in_words(&job.request_id, job.memory_mib)),
            (
                None,
                Outcome::Failed {
                    handled: false,
                    payload,
                    ..
                },
            ) => message(payload),
            _ => None,
        };
        if let Some(how) = how {
            if !log.is_empty() && !log.ends_with(b"\n") {
                log.push(b'\n');
            }
            log.extend(how.into_bytes());
        }
        let report = Report {
            request_id: &job.request_id,
            version: job.version,
            took_ms,
            memory_mib: job.memory_mib,
            used_bytes,
        };
        let log = report.around(&log);
        Ok(Invocation { outcome, log })
    }

    /// Adds to the log of a function, which is begun anew when it gets long;
    /// the one before is kept as `.1`.
    pub fn keep_log(&self, function: &str, text: &[u8]) {
        let path = self.root.join("logs").join(format!("{function}.log"));
        let long = fs::metadata(&path).is_ok_and(|log| log.len() > LOG_FILE_BYTES);
        if long {
            let _ = fs::rename(&path, path.with_extension("log.1"));
        }
        let log = fs::File::options()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path);
        // A log that cannot be kept is no reason to fail.
        if let Ok(mut log) = log {
            let time = self.clock.now();
            let _ = log.write_all(format!("{time:.3} ").as_bytes());
            let _ = log.write_all(text);
        }
    }
}

/// A directory that goes with the invocation.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
