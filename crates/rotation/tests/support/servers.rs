//! Real database servers from Debian's packages: each in a directory of its
//! own, on a port of its own, gone when dropped.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Gid, Pid, Uid, User, chown},
};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use tempfile::TempDir;

/// The superuser's password everywhere.
pub const ROOT_PASSWORD: &str = "the-superuser";

/// A server; the process ends with it.
pub struct Server {
    pub port: u16,
    /// The authority that its certificate is of; empty if it has none.
    pub ca_pem: String,
    child: Child,
    start: Box<dyn Fn() -> Command + Send + Sync>,
    /// Succeeds once it takes logins; absent where it does as soon as it
    /// listens.
    probe: Option<PathBuf>,
    stop: Signal,
    // After the process.
    directory: TempDir,
}

impl Server {
    /// PostgreSQL with TLS; the superuser is `postgres`.
    pub fn postgresql() -> Self {
        let directory = directory("postgres");
        let data = directory.path().join("data");
        let ca_pem = certificate(directory.path(), "postgres");
        let password = directory.path().join("password");
        fs::write(&password, ROOT_PASSWORD).unwrap();
        own(&password, "postgres");
        let bin = postgresql_bin();
        run(as_user(&bin.join("initdb"), "postgres", directory.path())
            .args([
                "-U",
                "postgres",
                "-A",
                "scram-sha-256",
                "--no-sync",
                "-E",
                "UTF8",
            ])
            .arg("--locale=C")
            .arg(format!("--pwfile={}", password.display()))
            .arg("-D")
            .arg(&data));
        let port = free_port();
        let place = directory.path().to_owned();
        let start = move || {
            let mut command = as_user(&bin.join("postgres"), "postgres", &place);
            command.arg("-D").arg(&data);
            for setting in [
                format!("port={port}"),
                "listen_addresses=127.0.0.1,::1".to_owned(),
                format!("unix_socket_directories={}", place.display()),
                "fsync=off".to_owned(),
                "ssl=on".to_owned(),
                format!("ssl_cert_file={}", place.join("server.pem").display()),
                format!("ssl_key_file={}", place.join("server.key").display()),
            ] {
                command.arg("-c").arg(setting);
            }
            command
        };
        let probe = Some(postgresql_bin().join("pg_isready"));
        Self::start(directory, port, ca_pem, probe, Signal::SIGQUIT, start)
    }

    /// MariaDB with TLS; the superuser is `superuser`.
    pub fn mariadb() -> Self {
        let directory = directory("mysql");
        let data = directory.path().join("data");
        let ca_pem = certificate(directory.path(), "mysql");
        let init = directory.path().join("init.sql");
        let statements = format!(
            "CREATE USER IF NOT EXISTS 'superuser'@'%' IDENTIFIED BY '{ROOT_PASSWORD}';\n\
             GRANT ALL ON *.* TO 'superuser'@'%' WITH GRANT OPTION;\n"
        );
        fs::write(&init, statements).unwrap();
        own(&init, "mysql");
        run(
            as_user(Path::new("mariadb-install-db"), "mysql", directory.path())
                .args([
                    "--no-defaults",
                    "--skip-test-db",
                    "--auth-root-authentication-method=normal",
                ])
                .arg(format!("--datadir={}", data.display())),
        );
        let port = free_port();
        let place = directory.path().to_owned();
        let start = move || {
            let mut command = as_user(Path::new("/usr/sbin/mariadbd"), "mysql", &place);
            command.args([
                "--no-defaults",
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
            ]);
            command
                .arg(format!("--datadir={}", place.join("data").display()))
                .arg(format!("--port={port}"))
                .arg(format!("--socket={}", place.join("socket").display()))
                .arg(format!("--pid-file={}", place.join("pid").display()))
                .arg(format!("--init-file={}", place.join("init.sql").display()))
                .arg(format!("--ssl-cert={}", place.join("server.pem").display()))
                .arg(format!("--ssl-key={}", place.join("server.key").display()))
                .args([
                    "--innodb-flush-log-at-trx-commit=0",
                    "--max-connect-errors=1000000",
                ]);
            command
        };
        Self::start(directory, port, ca_pem, None, Signal::SIGKILL, start)
    }

    /// Redis with an ACL file; the superuser is `default`.
    pub fn redis() -> Self {
        let directory = directory("redis");
        let acl = directory.path().join("users.acl");
        fs::write(
            &acl,
            format!("user default on >{ROOT_PASSWORD} ~* &* +@all\n"),
        )
        .unwrap();
        own(&acl, "redis");
        let port = free_port();
        let place = directory.path().to_owned();
        let start = move || {
            let mut command = as_user(Path::new("redis-server"), "redis", &place);
            command
                .args([
                    "--port",
                    &port.to_string(),
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                ])
                .arg("--dir")
                .arg(&place)
                .arg("--aclfile")
                .arg(place.join("users.acl"));
            command
        };
        Self::start(directory, port, String::new(), None, Signal::SIGKILL, start)
    }

    fn start(
        directory: TempDir,
        port: u16,
        ca_pem: String,
        probe: Option<PathBuf>,
        stop: Signal,
        start: impl Fn() -> Command + Send + Sync + 'static,
    ) -> Self {
        let child = spawn(start(), directory.path());
        let mut server = Self {
            port,
            ca_pem,
            child,
            start: Box::new(start),
            probe,
            stop,
            directory,
        };
        server.wait();
        server
    }

    /// Ends the process, as a machine that fails.
    pub fn stop(&mut self) {
        let _ = kill(Pid::from_raw(self.child.id() as i32), self.stop);
        let _ = self.child.wait();
    }

    /// Starts it again, on its port, with its data.
    pub fn restart(&mut self) {
        self.child = spawn((self.start)(), self.directory.path());
        self.wait();
    }

    fn is_ready(&self) -> bool {
        let Some(probe) = &self.probe else {
            return TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        };
        let mut probe = Command::new(probe);
        probe.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        probe.status().unwrap().success()
    }

    fn wait(&mut self) {
        let end = Instant::now() + Duration::from_secs(300);
        while !self.is_ready() {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() || Instant::now() > end {
                let log = fs::read_to_string(self.directory.path().join("log")).unwrap();
                panic!("the server does not start: {ended:?}\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A command under an unprivileged user, if this is root.
fn as_user(program: &Path, user: &str, directory: &Path) -> Command {
    let mut command = Command::new(program);
    // Temporary files too: two servers take each other's away.
    command
        .current_dir(directory)
        .env("LC_ALL", "C")
        .env("TMPDIR", directory);
    if let Some((uid, gid)) = unprivileged(user) {
        command.uid(uid.as_raw()).gid(gid.as_raw());
    }
    command
}

fn unprivileged(user: &str) -> Option<(Uid, Gid)> {
    if !Uid::effective().is_root() {
        return None;
    }
    let named = |name| User::from_name(name).unwrap();
    let user = named(user).or_else(|| named("nobody")).unwrap();
    Some((user.uid, user.gid))
}

fn own(path: &Path, user: &str) {
    if let Some((uid, gid)) = unprivileged(user) {
        chown(path, Some(uid), Some(gid)).unwrap();
    }
}

fn directory(user: &str) -> TempDir {
    // Short, for the paths of sockets are limited.
    let directory = tempfile::Builder::new()
        .prefix("db")
        .tempdir_in("/tmp")
        .unwrap();
    own(directory.path(), user);
    directory
}

/// Makes an authority, and a server's certificate by it.
fn certificate(directory: &Path, user: &str) -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let server = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &ca)
        .unwrap();
    for (name, text) in [
        ("server.pem", server.pem()),
        ("server.key", key.serialize_pem()),
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        let path = directory.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        own(&path, user);
    }
    ca.pem()
}

fn postgresql_bin() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").unwrap();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.unwrap().path()).collect();
    versions.sort();
    versions.pop().unwrap().join("bin")
}

/// A port that nobody else is given: one of those below the kernel's own, of
/// which a connection may take any before the server does.
fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let place = process::id() * 100 + TAKEN.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + u16::try_from(place % 22_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}");
}

fn spawn(mut command: Command, directory: &Path) -> Child {
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(directory.join("log"))
        .unwrap();
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}
