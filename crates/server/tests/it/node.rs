//! The real binary under test, and a client that speaks raw, signed HTTP.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use strongroom_sigv4::{Credentials, Request, sign_headers};
use strongroom_types::{Clock, SystemClock};

/// The longest time that starting or stopping may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A running process, killed when dropped.
pub(crate) struct Node {
    child: Child,
    stderr: PathBuf,
    pub(crate) access: Access,
}

/// Where a node answers, and with what to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// Host and port.
    pub(crate) host: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) region: String,
}

/// The binary with `arguments`.
pub(crate) fn strongroom<A: AsRef<std::ffi::OsStr>>(
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    command
        .args(arguments)
        .env_remove("STRONGROOM_CONFIG")
        .stdin(Stdio::null());
    command
}

/// What the binary with `arguments` says, and how it ends.
pub(crate) fn ended<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Output {
    strongroom(arguments).output().unwrap()
}

/// Standard output of a command that must succeed.
pub(crate) fn said<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> String {
    let output = ended(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Standard error of a command that must fail with status 1.
pub(crate) fn refused<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> String {
    let output = ended(arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

impl Node {
    /// `strongroom dev` in `home`, with its data in `home/data`.
    pub(crate) fn dev(home: &Path) -> Self {
        Self::dev_by(home, strongroom(["dev"])).unwrap()
    }

    /// The same by a command that ends where the arguments of `dev` begin.
    /// Standard error if it does not start.
    pub(crate) fn dev_by(home: &Path, mut command: Command) -> Result<Self, String> {
        let environment = home.join("env");
        let _ = fs::remove_file(&environment);
        command
            .args(["--listen", "127.0.0.1:0", "--data-dir"])
            .arg(home.join("data"))
            .arg("--env-file")
            .arg(&environment);
        let mut node = Self::spawn(home, command);
        node.until(|| environment.exists())?;
        node.access = Access::read(&environment);
        Ok(node)
    }

    /// `command`, with its standard error in a file.
    pub(crate) fn spawn(home: &Path, mut command: Command) -> Self {
        let stderr = home.join("stderr");
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        let access = Access {
            host: String::new(),
            access_key_id: String::new(),
            secret_access_key: String::new(),
            region: String::new(),
        };
        Self {
            child,
            stderr,
            access,
        }
    }

    /// Waits until `condition`; standard error if the process ends before.
    pub(crate) fn until(&mut self, condition: impl Fn() -> bool) -> Result<(), String> {
        let start = Instant::now();
        while !condition() {
            if self.child.try_wait().unwrap().is_some() {
                return Err(self.stderr());
            }
            assert!(start.elapsed() < PATIENCE, "too slow: {}", self.stderr());
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// What the process logged.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Lets its files grow as they like.
    pub(crate) fn unlimited(&self) {
        let mut command = Command::new("prlimit");
        command.args(["--fsize=unlimited", "--pid"]);
        assert!(
            command
                .arg(self.child.id().to_string())
                .status()
                .unwrap()
                .success()
        );
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how it ends.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.end()
    }

    /// How it ends by itself.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE * 2, "does not end");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// A client of it.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.access.clone())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Access {
    /// From a file of `export` lines.
    pub(crate) fn read(path: &Path) -> Self {
        Self::parse(&fs::read_to_string(path).unwrap())
    }

    /// From `export` lines.
    pub(crate) fn parse(exports: &str) -> Self {
        let value = |name: &str| {
            let line = exports.lines().find_map(|line| {
                line.strip_prefix("export ")?
                    .strip_prefix(name)?
                    .strip_prefix('=')
            });
            line.unwrap_or_else(|| panic!("no {name} in {exports}"))
                .to_owned()
        };
        assert_eq!(value("AWS_REGION"), value("AWS_DEFAULT_REGION"));
        let endpoint = value("AWS_ENDPOINT_URL");
        let (_, host) = endpoint.split_once("://").unwrap();
        Self {
            host: host.to_owned(),
            access_key_id: value("AWS_ACCESS_KEY_ID"),
            secret_access_key: value("AWS_SECRET_ACCESS_KEY"),
            region: value("AWS_REGION"),
        }
    }

    /// The headers of a signed call, `host` first.
    pub(crate) fn headers(&self, operation: &str, body: &[u8]) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("host", self.host.clone()),
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("secretsmanager.{operation}")),
        ];
        let to_sign: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        let request = Request {
            method: "POST",
            path: "/",
            query: "",
            headers: &to_sign,
            body,
        };
        let credentials = Credentials {
            access_key_id: &self.access_key_id,
            secret_access_key: &self.secret_access_key,
            session_token: None,
            region: &self.region,
            service: "secretsmanager",
        };
        headers.extend(sign_headers(&request, &credentials, SystemClock.now()).unwrap());
        headers
    }

    /// A signed call as it goes over the wire: head and body.
    pub(crate) fn request(&self, operation: &str, members: &Value) -> (Vec<u8>, Vec<u8>) {
        static TOKENS: AtomicU64 = AtomicU64::new(0);
        let mut members = members.clone();
        if matches!(operation, "CreateSecret" | "PutSecretValue") {
            // Official clients make one too.
            let token = format!("{:032}", TOKENS.fetch_add(1, Ordering::Relaxed));
            members["ClientRequestToken"] = token.into();
        }
        let body = members.to_string().into_bytes();
        let mut head = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in self.headers(operation, &body) {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        (head.into_bytes(), body)
    }
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) request_id: String,
    pub(crate) body: Value,
}

/// One connection, opened when needed and kept.
pub(crate) struct Client {
    access: Access,
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(crate) fn new(access: Access) -> Self {
        Self {
            access,
            stream: None,
        }
    }

    /// Calls an operation; an error if the connection fails.
    pub(crate) fn call(&mut self, operation: &str, members: &Value) -> io::Result<Reply> {
        let (mut request, body) = self.access.request(operation, members);
        request.extend(body);
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(&self.access.host)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                BufReader::new(stream)
            }
        };
        stream.get_mut().write_all(&request)?;
        let reply = receive(&mut stream)?;
        self.stream = Some(stream);
        Ok(reply)
    }

    /// Calls an operation that must succeed.
    pub(crate) fn do_call(&mut self, operation: &str, members: &Value) -> Value {
        let reply = self.call(operation, members).unwrap();
        assert_eq!(reply.status, 200, "{operation} {reply:?}");
        reply.body
    }
}

/// Reads one answer.
pub(crate) fn receive(stream: &mut impl BufRead) -> io::Result<Reply> {
    let line = |stream: &mut dyn BufRead| {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        }
    };
    let status = line(stream)?.split(' ').nth(1).unwrap().parse().unwrap();
    let (mut length, mut request_id) = (0, String::new());
    loop {
        let line = line(stream)?;
        let Some((name, value)) = line.split_once(": ") else {
            break;
        };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "x-amzn-requestid" => request_id = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Reply {
        status,
        request_id,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    })
}

/// Every record in the audit log of a data directory, in its order.
pub(crate) fn audit_records(data: &Path) -> Vec<Value> {
    let mut segments: Vec<_> = fs::read_dir(data.join("audit"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .collect();
    segments.sort();
    let mut records = Vec::new();
    for segment in segments {
        let bytes = fs::read(segment).unwrap();
        let end = bytes
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(bytes.len());
        for line in bytes[..end].split(|byte| *byte == b'\n') {
            if !line.is_empty() {
                records.push(serde_json::from_slice(line).unwrap());
            }
        }
    }
    records
}
