use std::{
    fs,
    io::Write as _,
    net::TcpStream,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use flate2::Crc;
use serde_json::{Value, json};
use strongroom_functions::{Confinement, Host, Invocation, Job, Outcome, Runtime};
use strongroom_types::SystemClock;
use tempfile::TempDir;

/// A host with a directory that functions must not see.
struct World {
    host: Host,
    secret: PathBuf,
    environment: Vec<(String, String)>,
    _directory: TempDir,
}

impl World {
    fn new() -> Self {
        // As the server's own.
        nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        fs::create_dir(&data).unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
        let secret = data.join("root.key");
        fs::write(&secret, "the key").unwrap();
        let host = Host::new(
            &data.join("functions"),
            Confinement::best(),
            Arc::new(SystemClock),
            vec![data],
        );
        Self {
            host: host.unwrap(),
            secret,
            environment: vec![("GREETING".to_owned(), "hello".to_owned())],
            _directory: directory,
        }
    }

    async fn run(&self, runtime: &str, files: &[(&str, &str)], event: Value) -> Invocation {
        self.run_for(runtime, files, event, Duration::from_secs(30))
            .await
    }

    async fn run_for(
        &self,
        runtime: &str,
        files: &[(&str, &str)],
        event: Value,
        timeout: Duration,
    ) -> Invocation {
        let zip = archive(files);
        let mut crc = Crc::new();
        crc.update(&zip);
        let job = Job {
            request_id: format!("11111111-1111-4111-8111-{:012}", crc.sum()),
            name: "rotate",
            arn: "arn:aws:lambda:us-east-1:111122223333:function:rotate:live",
            version: "$LATEST",
            runtime: &Runtime::named(runtime).unwrap(),
            handler: "handler.main",
            files: self
                .host
                .unpack(&format!("{:08x}", crc.sum()), &zip)
                .unwrap(),
            timeout,
            memory_mib: 128,
            environment: self.environment.clone(),
            payload: event.to_string().into_bytes(),
            client_context: Some(r#"{"custom":{"who":"a test"}}"#.to_owned()),
        };
        self.host.invoke(job).await.unwrap()
    }

    async fn python(&self, code: &str, event: Value) -> Invocation {
        self.run("python3.11", &[("handler.py", code)], event).await
    }
}

/// An archive of stored files; `bootstrap` may be carried out.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for (name, contents) in files {
        let mut crc = Crc::new();
        crc.update(contents.as_bytes());
        let offset = zip.len() as u32;
        let bytes = contents.len() as u32;
        let mode: u32 = if *name == "bootstrap" {
            0o100_755
        } else {
            0o100_644
        };
        let sizes: Vec<u8> = [crc.sum(), bytes, bytes]
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect();
        zip.extend([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        zip.extend(&sizes);
        zip.extend((name.len() as u16).to_le_bytes());
        zip.extend([0, 0]);
        zip.extend(name.bytes().chain(contents.bytes()));
        directory.extend([0x50, 0x4b, 1, 2, 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        directory.extend(&sizes);
        directory.extend((name.len() as u16).to_le_bytes());
        directory.extend([0; 8]);
        directory.extend((mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (count, at, bytes) = (files.len() as u16, zip.len() as u32, directory.len() as u32);
    zip.extend(directory);
    zip.extend([0x50, 0x4b, 5, 6, 0, 0, 0, 0]);
    zip.extend(count.to_le_bytes());
    zip.extend(count.to_le_bytes());
    zip.extend(bytes.to_le_bytes());
    zip.extend(at.to_le_bytes());
    zip.extend([0, 0]);
    zip
}

#[track_caller]
fn answer(invocation: &Invocation) -> Value {
    match &invocation.outcome {
        Outcome::Answer(payload) => serde_json::from_slice(payload).unwrap(),
        failed => panic!("{failed:?}: {}", String::from_utf8_lossy(&invocation.log)),
    }
}

#[track_caller]
fn failure(invocation: &Invocation) -> (String, String, bool) {
    let Outcome::Failed {
        kind,
        payload,
        handled,
    } = &invocation.outcome
    else {
        panic!("{:?}", invocation.outcome);
    };
    let told: Value = serde_json::from_slice(payload).unwrap();
    (
        kind.clone(),
        told["errorMessage"].as_str().unwrap().to_owned(),
        *handled,
    )
}

/// Whether a process with this word in its command line is running.
fn is_running(word: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let mut lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(word))
}

#[tokio::test]
async fn a_python_handler() {
    let world = World::new();
    let code = r#"
import os
def main(event, context):
    print("one line")
    return {
        "event": event, "greeting": os.environ["GREETING"],
        "arn": context.invoked_function_arn, "name": context.function_name,
        "memory": context.memory_limit_in_mb, "request": context.aws_request_id,
        "time": 0 < context.get_remaining_time_in_millis() <= 30000,
        "client": context.client_context.custom["who"],
    }
"#;
    let invocation = world.python(code, json!({"Step": "createSecret"})).await;
    let answer = answer(&invocation);
    assert_eq!(answer["event"], json!({"Step": "createSecret"}));
    assert_eq!(answer["greeting"], "hello");
    assert_eq!(
        answer["arn"],
        "arn:aws:lambda:us-east-1:111122223333:function:rotate:live"
    );
    assert_eq!(
        (&answer["name"], &answer["memory"]),
        (&json!("rotate"), &json!("128"))
    );
    assert_eq!(
        (&answer["time"], &answer["client"]),
        (&json!(true), &json!("a test"))
    );
    assert_eq!(String::from_utf8_lossy(&invocation.log), "one line\n");
}

#[tokio::test]
async fn a_node_handler() {
    let world = World::new();
    for (file, code) in [
        (
            "handler.mjs",
            "export const main = async (event, context) => ({ ...event, name: context.functionName, who: context.clientContext.custom.who });",
        ),
        (
            "handler.cjs",
            "exports.main = (event, context, done) => done(null, { ...event, name: context.functionName, who: context.clientContext.custom.who });",
        ),
    ] {
        let invocation = world
            .run("nodejs22.x", &[(file, code)], json!({"a": 1}))
            .await;
        assert_eq!(
            answer(&invocation),
            json!({"a": 1, "name": "rotate", "who": "a test"})
        );
    }
    let code = "export const main = async () => { throw new TypeError('no'); };";
    let invocation = world
        .run("nodejs22.x", &[("handler.mjs", code)], json!({}))
        .await;
    assert_eq!(
        failure(&invocation),
        ("TypeError".to_owned(), "no".to_owned(), true)
    );
    let invocation = world
        .run("nodejs22.x", &[("other.mjs", "")], json!({}))
        .await;
    assert_eq!(failure(&invocation).0, "Runtime.ImportModuleError");
}

#[tokio::test]
async fn a_bootstrap_of_ones_own() {
    let world = World::new();
    let code = r#"#!/usr/bin/python3
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
api.request("GET", "/2018-06-01/runtime/invocation/next")
event = api.getresponse(); body = event.read()
assert event.headers["Content-Type"] and event.headers["Lambda-Runtime-Trace-Id"]
here = "/2018-06-01/runtime/invocation/" + event.headers["Lambda-Runtime-Aws-Request-Id"]
api.request("POST", here + "/response", body)
assert api.getresponse().status == 202
"#;
    let invocation = world
        .run("provided.al2023", &[("bootstrap", code)], json!({"a": 1}))
        .await;
    assert_eq!(answer(&invocation), json!({"a": 1}));

    let nonsense = code.replace(
        "here + \"/response\", body",
        "here + \"/response\", b\"no json\"",
    );
    let invocation = world
        .run("provided.al2023", &[("bootstrap", &nonsense)], json!({}))
        .await;
    assert_eq!(failure(&invocation).0, "Runtime.MarshalError");
}

#[tokio::test]
async fn what_fails_is_told() {
    let world = World::new();
    let raising = "def main(event, context):\n    raise ValueError('not like this')\n";
    let invocation = world.python(raising, json!({})).await;
    let expected = ("ValueError".to_owned(), "not like this".to_owned(), true);
    assert_eq!(failure(&invocation), expected);
    assert!(String::from_utf8_lossy(&invocation.log).contains("Traceback"));

    let invocation = world
        .python("import nothing_of_this_name\n", json!({}))
        .await;
    assert_eq!(failure(&invocation).0, "Runtime.ImportModuleError");

    let leaving = "import os\ndef main(event, context):\n    os._exit(3)\n";
    let invocation = world.python(leaving, json!({})).await;
    let (kind, text, handled) = failure(&invocation);
    assert_eq!((kind.as_str(), handled), ("Runtime.ExitError", false));
    assert!(text.contains("exit status: 3"), "{text}");
}

#[tokio::test]
async fn a_handler_that_never_returns_is_killed_with_all_its_children() {
    let world = World::new();
    let code = r#"
import subprocess, time
def main(event, context):
    for detach in (False, True):
        subprocess.Popen(["sleep", "98765"], start_new_session=detach)
    while True:
        time.sleep(1)
"#;
    let started = Instant::now();
    let files = [("handler.py", code)];
    let two = Duration::from_secs(2);
    let invocation = world.run_for("python3.11", &files, json!({}), two).await;
    let (kind, text, handled) = failure(&invocation);
    assert_eq!((kind.as_str(), handled), ("Sandbox.Timedout", false));
    assert!(
        text.ends_with("Task timed out after 2.00 seconds"),
        "{text}"
    );
    assert!(started.elapsed() < Duration::from_secs(20));
    if Confinement::best() != Confinement::ProcessGroup {
        assert!(!is_running("98765"));
    }

    // Nor does what it leaves behind outlive an answer.
    let code = code.replace("    while True:\n        time.sleep(1)", "    return 1");
    let invocation = world.python(&code, json!({})).await;
    assert_eq!(answer(&invocation), 1);
    if Confinement::best() != Confinement::ProcessGroup {
        assert!(!is_running("98765"));
    }
}

#[tokio::test]
async fn a_handler_sees_nothing_that_is_not_its_own() {
    let world = World::new();
    if Confinement::best() == Confinement::ProcessGroup {
        return;
    }
    let code = r#"
import os
def attempt(what):
    try:
        return what()
    except Exception as error:
        return type(error).__name__
def main(event, context):
    return {
        "key": attempt(lambda: open(event["key"]).read()),
        "shadow": attempt(lambda: open("/etc/shadow").read()),
        "write": attempt(lambda: open("/mnt/task/new", "w").write("x")),
        "home": attempt(lambda: open("/etc/new", "w").write("x")),
        "tmp": attempt(lambda: open("/tmp/mine", "w").write("x")),
        "others": [name for name in os.listdir("/tmp") if name != "mine"],
        "processes": len([name for name in os.listdir("/proc") if name.isdigit()]),
        "root": attempt(lambda: os.setuid(0)),
        "kill": attempt(lambda: os.kill(event["server"], 9)),
        "descriptors": sorted(map(int, os.listdir("/proc/self/fd")))[:4],
        "environment": sorted(os.environ),
    }
"#;
    let event = json!({"key": world.secret, "server": std::process::id()});
    let seen = answer(&world.python(code, event).await);
    for (name, refusals) in [
        ("key", &["PermissionError", "FileNotFoundError"][..]),
        ("shadow", &["PermissionError"]),
        ("write", &["PermissionError", "OSError"]),
        ("home", &["PermissionError", "OSError"]),
        ("root", &["PermissionError"]),
        ("kill", &["ProcessLookupError", "PermissionError"]),
    ] {
        assert!(
            refusals.iter().any(|refusal| seen[name] == *refusal),
            "{name}: {}",
            seen[name]
        );
    }
    assert_eq!(seen["tmp"], 1);
    assert_eq!(seen["others"], json!([]));
    assert!(
        seen["processes"].as_u64().unwrap() <= 3,
        "{}",
        seen["processes"]
    );
    let environment = seen["environment"].as_array().unwrap();
    let ours = [
        "AWS_", "LAMBDA_", "GREETING", "HOME", "LANG", "LC_", "PATH", "PWD", "TZ", "_HANDLER",
    ];
    for name in environment {
        let name = name.as_str().unwrap();
        assert!(
            ours.iter().any(|start| name.starts_with(start)) || name == "OLDPWD",
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_handler_that_takes_too_much_takes_it_from_nobody() {
    let world = World::new();
    if Confinement::best() == Confinement::ProcessGroup {
        return;
    }
    let code = r#"
import os
def main(event, context):
    told = {}
    try:
        with open("/tmp/big", "wb") as big:
            for _ in range(700):
                big.write(bytes(1 << 20))
    except OSError as error:
        told["disk"] = error.errno
    os.remove("/tmp/big")
    try:
        bytes(2 << 30)
    except MemoryError:
        told["memory"] = True
    children = []
    try:
        for _ in range(5000):
            child = os.fork()
            if child == 0:
                import time
                time.sleep(60)
                os._exit(0)
            children.append(child)
    except OSError:
        told["forks"] = len(children)
    return told
"#;
    let told = answer(&world.python(code, json!({})).await);
    // No space left, or a file too large.
    assert!(told["disk"] == 28 || told["disk"] == 27, "{told}");
    assert_eq!(told["memory"], true);
    assert!(told["forks"].as_u64().unwrap() < 300, "{told}");
    // And the next runs as if nothing had been.
    let next = world
        .python("def main(event, context):\n    return 'well'\n", json!({}))
        .await;
    assert_eq!(answer(&next), "well");
}

#[tokio::test]
async fn what_the_runtime_itself_tells_of() {
    let world = World::new();
    for (code, kind) in [
        ("import nothing_of_the_kind\n", "Runtime.ImportModuleError"),
        ("def main(:\n", "Runtime.UserCodeSyntaxError"),
        (
            "def other(event, context):\n    pass\n",
            "Runtime.HandlerNotFound",
        ),
        (
            "def main(event, context):\n    return object()\n",
            "Runtime.MarshalError",
        ),
        (
            "def main(event, context):\n    return 'x' * 6291556\n",
            "Function.ResponseSizeTooLarge",
        ),
    ] {
        let failed = failure(&world.python(code, json!({})).await);
        assert_eq!(failed.0, kind, "{failed:?}");
    }
}

#[tokio::test]
async fn what_runs_before_a_handler_heeds_none_of_its_variables() {
    let mut world = World::new();
    if Confinement::best() != Confinement::Namespaces {
        return;
    }
    let code = r#"
import os
def main(event, context):
    own = ["LD_PRELOAD", "ODD", "PATH", "HOME"]
    return [os.getuid(), [os.environ.get(name) for name in own],
            [name for name in os.environ if name.startswith("__")]]
"#;
    let variables = [
        // Were it heeded by a program that runs before, its complaint would be in the log
        // more often than the interpreter makes it.
        ("LD_PRELOAD", "/mnt/task/none.so"),
        ("ODD", "a\"b$(id)`id`\\'\n c"),
        ("IFS", "x"),
        ("HOME", "/elsewhere"),
    ];
    let set = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    world.environment.extend(set);
    let invocation = world.python(code, json!({})).await;
    let answer = answer(&invocation);
    assert_eq!(
        answer[1],
        json!([
            "/mnt/task/none.so",
            variables[1].1,
            "/usr/local/bin:/usr/bin:/bin",
            "/elsewhere"
        ])
    );
    assert!(answer[0].as_u64().unwrap() >= 60_600, "{answer}");
    assert_eq!(answer[2], json!([]));
    let log = String::from_utf8_lossy(&invocation.log);
    assert_eq!(log.matches("none.so").count(), 1, "{log}");
}

#[tokio::test]
async fn a_handler_writes_nowhere_but_its_tmp() {
    let world = World::new();
    if Confinement::best() != Confinement::Namespaces {
        return;
    }
    let code = r#"
import os
def main(event, context):
    written = []
    for top, names, _ in os.walk("/"):
        names[:] = [name for name in names if os.path.join(top, name) not in ("/proc", "/sys")]
        try:
            path = os.path.join(top, "strongroom-was-here")
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
            os.unlink(path)
            written.append(top)
        except OSError:
            pass
    return sorted(written)
"#;
    let invocation = world.python(code, json!({})).await;
    assert_eq!(answer(&invocation), json!(["/dev/shm", "/tmp", "/var/tmp"]));
}

#[tokio::test]
async fn nobody_else_speaks_for_a_function() {
    let world = World::new();
    if Confinement::best() != Confinement::Namespaces {
        return;
    }
    let code = "
import time
def main(event, context):
    time.sleep(1)
    return 'mine'
";
    let forge = async {
        for _ in 0..8 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            listening().for_each(say_it_failed);
        }
    };
    let (invocation, ()) = tokio::join!(world.python(code, json!({})), forge);
    assert_eq!(answer(&invocation), "mine");
}

/// Ports on loopback that somebody listens at.
fn listening() -> impl Iterator<Item = u16> {
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let listens = |line: &str| {
        let mut columns = line.split_ascii_whitespace();
        let port = columns.nth(1)?.strip_prefix("0100007F:")?.to_owned();
        (columns.nth(1)? == "0A").then(|| u16::from_str_radix(&port, 16).unwrap())
    };
    let ports: Vec<u16> = table.lines().filter_map(listens).collect();
    ports.into_iter()
}

/// What a function says that could not begin.
fn say_it_failed(port: u16) {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return;
    };
    let said = "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\n\
                Content-Length: 2\r\n\r\n{}";
    let _ = stream.write_all(said.as_bytes());
}

#[tokio::test]
async fn of_a_long_log_the_end_is_kept() {
    let world = World::new();
    let code = "
def main(event, context):
    for number in range(100000):
        print('line', number)
    print('the end', flush=True)
";
    let invocation = world.python(code, json!({})).await;
    let log = String::from_utf8_lossy(&invocation.log);
    assert!(log.contains("the end"), "{} bytes", log.len());
    assert!(log.contains("line 99999") && !log.contains("line 1\n"));
    assert_eq!(log.len(), 256 * 1024);
}
