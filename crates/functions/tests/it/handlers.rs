//! Functions as users write them.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_functions::{Confinement, Invocation, Outcome};

use crate::world::{BUNDLE, World, answer, failure};

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
    let log = String::from_utf8_lossy(&invocation.log);
    let request = answer["request"].as_str().unwrap();
    let (told, report) = log.split_once("REPORT ").unwrap();
    assert_eq!(
        told,
        format!(
            "START RequestId: {request} Version: $LATEST\none line\nEND RequestId: {request}\n"
        )
    );
    assert!(
        report.starts_with(&format!("RequestId: {request}\tDuration: ")),
        "{report}"
    );
    assert!(report.contains("\tMemory Size: 128 MB\t"), "{report}");
}

#[tokio::test]
async fn what_python_handlers_find_as_on_lambda() {
    let world = World::new();
    let code = r#"
import decimal, logging, os, sys
logging.getLogger().setLevel(logging.INFO)
def main(event, context):
    print("printed")
    logging.info("logged")
    logging.getLogger("mine").warning("of %s", "mine")
    logging.debug("not this")
    print("to stderr", file=sys.stderr)
    context.log("by the context\n")
    print("\udc80")
    return {
        "identity": context.identity.cognito_identity_id, "number": decimal.Decimal("1.5"),
        "runtime": os.environ["AWS_EXECUTION_ENV"], "input": sys.stdin.read(),
        "libraries": os.environ["LD_LIBRARY_PATH"].split(":")[1] == os.environ["LAMBDA_TASK_ROOT"] + "/lib",
    }
"#;
    let invocation = world.python(code, json!({})).await;
    assert_eq!(
        answer(&invocation),
        json!({
            "identity": null, "number": 1.5, "runtime": "AWS_Lambda_python3.11", "input": "",
            "libraries": true,
        })
    );
    // In the order in which it was told, whatever the stream.
    let log = String::from_utf8_lossy(&invocation.log);
    let lines: Vec<&str> = log.lines().skip(1).take(6).collect();
    assert_eq!(
        (lines[0], lines[3], lines[4], lines[5]),
        ("printed", "to stderr", "by the context", "\\udc80")
    );
    for (line, level, message) in [
        (lines[1], "INFO", "logged"),
        (lines[2], "WARNING", "of mine"),
    ] {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!((columns[0], columns[3]), (&*format!("[{level}]"), message));
        assert!(
            columns[1].ends_with('Z') && columns[1].len() == 24,
            "{line}"
        );
        assert!(log.contains(&format!("START RequestId: {} ", columns[2])));
    }
}

#[tokio::test]
async fn the_authorities_are_where_handlers_look_for_them() {
    let expected = std::fs::read(BUNDLE).unwrap_or_default();
    if expected.is_empty() {
        return;
    }
    let world = World::new();
    let code = r#"
import os, ssl
def main(event, context):
    names = ["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"]
    places = [os.environ[name] for name in names] + event["places"]
    ssl.create_default_context(cafile=places[-1])
    user = __import__("pwd").getpwuid(os.getuid()).pw_name
    return [[os.stat(place).st_size for place in places], user, os.access("/etc/hosts", os.R_OK),
            os.access("/etc", os.W_OK), os.access("/etc/shadow", os.R_OK)]
"#;
    let is_layered = world.host.confinement() != Confinement::ProcessGroup;
    let places: &[&str] = if is_layered {
        &["/etc/pki/tls/cert.pem"]
    } else {
        &[]
    };
    let invocation = world.python(code, json!({"places": places})).await;
    let answer = answer(&invocation);
    let sizes = vec![expected.len(); 3 + places.len()];
    assert_eq!(answer[0], json!(sizes));
    if world.host.confinement() == Confinement::Namespaces {
        assert_eq!(answer[1], "function");
        assert_eq!(answer[4], false);
    }
    assert_eq!((&answer[2], &answer[3]), (&json!(true), &json!(false)));
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
async fn node_handlers_answer_in_every_way_there_is() {
    let world = World::new();
    for (code, expected) in [
        ("exports.main = async () => undefined", json!(null)),
        ("exports.main = () => 'not heard'", json!(null)),
        (
            "exports.main = async () => new Promise(() => {})",
            json!(null),
        ),
        (
            "exports.main = (...all) => all[2](null, 'rest')",
            json!("rest"),
        ),
        (
            "exports.main = (event, context) => context.succeed('well')",
            json!("well"),
        ),
        (
            "exports.main = (event, context) => context.done(null, 'well')",
            json!("well"),
        ),
        (
            "let done = 'no'; exports.main = (event, context, answer) => {
                setTimeout(() => { done = 'yes' }, 100);
                answer(null, { toJSON: () => done });
            }",
            json!("yes"),
        ),
        (
            "exports.main = (event, context, answer) => {
                context.callbackWaitsForEmptyEventLoop = false;
                setTimeout(() => {}, 60000);
                answer(null, 'at once');
            }",
            json!("at once"),
        ),
    ] {
        let invocation = world
            .run("nodejs20.x", &[("handler.js", code)], json!({}))
            .await;
        assert_eq!(answer(&invocation), expected, "{code}");
    }
}

#[tokio::test]
async fn how_node_handlers_fail() {
    let world = World::new();
    for (code, kind, text, handled) in [
        (
            "exports.main = async () => { throw 'a word' }",
            "string",
            "a word",
            true,
        ),
        (
            "exports.main = async () => { throw null }",
            "object",
            "null",
            true,
        ),
        (
            "exports.main = (e, c, answer) => answer(new RangeError('far'))",
            "RangeError",
            "far",
            true,
        ),
        (
            "exports.main = (e, c) => c.fail(new Error('bad'))",
            "Error",
            "bad",
            true,
        ),
        (
            "exports.main = async () => { ",
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: Unexpected end of input",
            true,
        ),
        (
            "exports.main = require('nothing-of-this-name')",
            "Runtime.ImportModuleError",
            "Error: Cannot find module",
            true,
        ),
        (
            "exports.other = 1",
            "Runtime.HandlerNotFound",
            "handler.main is undefined or not exported",
            true,
        ),
        (
            "exports.main = 1",
            "Runtime.HandlerNotFound",
            "handler.main is not a function",
            true,
        ),
        (
            "exports.main = () => { setTimeout(() => { throw new TypeError('late') }, 10) }",
            "TypeError",
            "late",
            true,
        ),
        (
            "exports.main = async () => {
                Promise.reject(new Error('lost')); await new Promise((go) => setTimeout(go, 1000));
            }",
            "Runtime.UnhandledPromiseRejection",
            "Error: lost",
            true,
        ),
        (
            "exports.main = async () => process.exit(4)",
            "Runtime.ExitError",
            "exit status 4",
            false,
        ),
    ] {
        let invocation = world
            .run("nodejs20.x", &[("handler.js", code)], json!({}))
            .await;
        let told = failure(&invocation);
        assert_eq!((told.0.as_str(), told.2), (kind, handled), "{code}");
        assert!(told.1.contains(text), "{}", told.1);
    }
    let code = "exports.main = async () => { console.log('one', 2); console.error('three') }";
    let invocation = world
        .run("nodejs20.x", &[("handler.js", code)], json!({}))
        .await;
    let log = String::from_utf8_lossy(&invocation.log);
    assert!(
        log.contains("\tINFO\tone 2\n") && log.contains("\tERROR\tthree\n"),
        "{log}"
    );
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
    assert_eq!(
        told(&invocation)["stackTrace"],
        json!([
            "  File \"HERE/handler.py\", line 2, in main\n    raise ValueError('not like this')\n"
                .replace("HERE", task(&world))
        ])
    );
    assert_eq!(told(&invocation)["requestId"].as_str().unwrap().len(), 36);
    let log = String::from_utf8_lossy(&invocation.log);
    assert!(
        log.contains("\n[ERROR] ValueError: not like this\nTraceback (most"),
        "{log}"
    );

    let invocation = world
        .python("import nothing_of_this_name\n", json!({}))
        .await;
    assert_eq!(failure(&invocation).0, "Runtime.ImportModuleError");

    let leaving = "import os\ndef main(event, context):\n    print('so far')\n    os._exit(3)\n";
    let invocation = world.python(leaving, json!({})).await;
    let (kind, text, handled) = failure(&invocation);
    assert_eq!((kind.as_str(), handled), ("Runtime.ExitError", false));
    assert!(
        text.ends_with(" Error: Runtime exited with error: exit status 3"),
        "{text}"
    );
    let log = String::from_utf8_lossy(&invocation.log);
    assert!(log.contains(&format!("\nso far\n{text}\nEND ")), "{log}");

    let endless =
        "import time\ndef main(event, context):\n    print('so far')\n    time.sleep(99)\n";
    let files = [("handler.py", endless)];
    let two = Duration::from_secs(2);
    let invocation = world.run_for("python3.11", &files, json!({}), two).await;
    let log = String::from_utf8_lossy(&invocation.log);
    let text = "Error: Task timed out after 2.00 seconds";
    assert!(log.contains("\nso far\n") && log.contains(text), "{log}");
}

fn told(invocation: &Invocation) -> Value {
    match &invocation.outcome {
        Outcome::Failed { payload, .. } => serde_json::from_slice(payload).unwrap(),
        answered => panic!("{answered:?}"),
    }
}

/// Where a function finds its files, as far as a test can know.
fn task(world: &World) -> &'static str {
    match world.host.confinement() {
        Confinement::ProcessGroup => panic!("needs namespaces or bubblewrap"),
        _ => "/mnt/task",
    }
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
    let added = log.len() - 256 * 1024;
    assert!((200..400).contains(&added), "{added}");
}
