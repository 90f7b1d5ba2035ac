//! Functions that mean harm.

use std::{
    fs,
    io::Write as _,
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::json;
use strongroom_functions::Confinement;

use crate::world::{World, answer, best, failure, is_running};

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
    assert!(started.elapsed() < Duration::from_secs(300));
    if best() != Confinement::ProcessGroup {
        assert!(!is_running("98765"));
    }

    // Nor does what it leaves behind outlive an answer.
    let code = code.replace("    while True:\n        time.sleep(1)", "    return 1");
    let invocation = world.python(&code, json!({})).await;
    assert_eq!(answer(&invocation), 1);
    if best() != Confinement::ProcessGroup {
        assert!(!is_running("98765"));
    }
}

#[tokio::test]
async fn a_handler_sees_nothing_that_is_not_its_own() {
    let world = World::new();
    if best() == Confinement::ProcessGroup {
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
        // Who has no such user is told that.
        ("root", &["PermissionError", "OSError"]),
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
        "AWS_",
        "LAMBDA_",
        "GREETING",
        "HOME",
        "LANG",
        "LC_",
        "LD_LIBRARY_PATH",
        "NODE_EXTRA_CA_CERTS",
        "PATH",
        "PWD",
        "SSL_CERT_FILE",
        "TZ",
        "_HANDLER",
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
    let _alone = ALONE.lock().await;
    let world = World::new();
    if best() == Confinement::ProcessGroup {
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
async fn what_runs_before_a_handler_heeds_none_of_its_variables() {
    let mut world = World::new();
    if best() != Confinement::Namespaces {
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
    if best() != Confinement::Namespaces {
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
    if best() != Confinement::Namespaces {
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

/// One at a time: each of these keeps a machine busy.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// In each way there is to confine functions here. Of root's own processes the
/// kernel bounds nothing, and so the server confines none that way.
fn worlds() -> Vec<World> {
    let mut worlds = vec![World::new()];
    if best() == Confinement::Bubblewrap {
        worlds.push(World::confined(Confinement::ProcessGroup));
    }
    worlds
}

/// What comes of a handler that takes more than it may: it is ended, soon, with
/// all that it started, and what it told of in its log was not too much more.
async fn is_ended(world: &World, code: &str, kind: &str) {
    let started = Instant::now();
    let invocation = world.python(code, json!({"word": "76543"})).await;
    let (told, text, handled) = failure(&invocation);
    let log = String::from_utf8_lossy(&invocation.log);
    assert_eq!((told.as_str(), handled), (kind, false), "{text} {log}");
    assert!(
        text.ends_with("Runtime exited with error: signal: killed"),
        "{text}"
    );
    assert!(log.contains("the function was ended"), "{log}");
    // Before what it does is over by itself, on a busy machine too.
    assert!(started.elapsed() < Duration::from_secs(50), "{log}");
    assert!(!is_running("76543"));
}

#[tokio::test]
async fn the_memory_of_all_its_processes_is_bounded() {
    let _alone = ALONE.lock().await;
    // Each takes less than one may have.
    let code = r#"
import os, subprocess, sys, time
CHILD = "import time; kept = bytearray(40 << 20); time.sleep(60)"
def main(event, context):
    for _ in range(8):
        subprocess.Popen([sys.executable, "-c", CHILD, event["word"]])
    time.sleep(60)
"#;
    for world in worlds() {
        is_ended(&world, code, "Runtime.OutOfMemory").await;
        // Forked ones too, that detach from those before them.
        let forking = r#"
import os, time
def main(event, context):
    for _ in range(8):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                kept = bytearray(40 << 20)
                time.sleep(60)
            time.sleep(0.3)
            os._exit(0)
    time.sleep(60)
"#;
        is_ended(&world, forking, "Runtime.OutOfMemory").await;
    }
}

#[tokio::test]
async fn memory_that_is_shared_is_bounded() {
    let _alone = ALONE.lock().await;
    let mapped = r#"
import mmap, time
def main(event, context):
    shared = mmap.mmap(-1, 1 << 30)
    for at in range(0, 1 << 30, 4096):
        shared[at] = 1
    time.sleep(60)
"#;
    // Filled by one who is gone, mapped by one who never looks.
    let filled = r#"
import mmap, os, time
def main(event, context):
    shared = mmap.mmap(-1, 300 << 20)
    if os.fork() == 0:
        for at in range(0, 300 << 20, 4096):
            shared[at] = 1
        os._exit(0)
    os.wait()
    time.sleep(60)
"#;
    // Open, and mapped by nobody.
    let open = r#"
import os, time
def main(event, context):
    file = os.memfd_create("kept")
    for _ in range(300):
        os.write(file, bytes(1 << 20))
    time.sleep(60)
"#;
    for world in worlds() {
        for code in [mapped, filled, open] {
            is_ended(&world, code, "Runtime.OutOfMemory").await;
        }
    }
}

/// Where it could mount what it likes, and fill that.
#[tokio::test]
async fn a_handler_stays_in_its_namespaces() {
    let _alone = ALONE.lock().await;
    let world = World::new();
    let code = r#"
import subprocess, time
def main(event, context):
    made = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sleep", "30"])
    return made.returncode
"#;
    if best() == Confinement::Namespaces {
        is_ended(&world, code, "Runtime.ExitError").await;
    } else if best() == Confinement::Bubblewrap {
        assert_ne!(answer(&world.python(code, json!({})).await), 0);
    }
}

#[tokio::test]
async fn what_is_used_is_counted_once() {
    let _alone = ALONE.lock().await;
    // A hundred that have the same 60 MiB, and little of their own.
    let code = r#"
import mmap, os, time
def main(event, context):
    own, shared = bytearray(60 << 20), mmap.mmap(-1, 20 << 20)
    for at in range(0, 20 << 20, 4096):
        shared[at] = 1
    for _ in range(100):
        if os.fork() == 0:
            sum(shared[at] for at in range(0, 20 << 20, 4096))
            time.sleep(60)
    time.sleep(2)
    return len(own)
"#;
    for world in worlds() {
        let invocation = world.python(code, json!({})).await;
        assert_eq!(answer(&invocation), 60 << 20);
    }
}

#[tokio::test]
async fn a_fork_bomb_ends_and_harms_no_other() {
    let _alone = ALONE.lock().await;
    let bomb = r#"
import os, time
def main(event, context):
    open("/proc/self/comm", "w").write("bomb-65432")
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)
"#;
    for world in worlds() {
        let three = Duration::from_secs(3);
        let files = [("handler.py", bomb)];
        let well = "def main(event, context):\n    return 'well'\n";
        let (bombed, next) = tokio::join!(
            world.run_for("python3.11", &files, json!({}), three),
            async {
                tokio::time::sleep(Duration::from_millis(1500)).await;
                world.python(well, json!({})).await
            }
        );
        let (kind, ..) = failure(&bombed);
        assert!(
            matches!(
                kind.as_str(),
                "Sandbox.Timedout" | "Runtime.ExitError" | "Runtime.OutOfMemory"
            ),
            "{kind}"
        );
        assert_eq!(answer(&next), "well");
        // So many take a moment to die.
        let end = Instant::now() + Duration::from_secs(120);
        while is_running("bomb-65432") {
            assert!(Instant::now() < end);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
