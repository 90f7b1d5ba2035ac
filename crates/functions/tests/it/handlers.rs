//! Functions as users write them.

use serde_json::json;

use crate::world::{World, answer, failure};

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
    assert_eq!(log.len(), 256 * 1024);
}
