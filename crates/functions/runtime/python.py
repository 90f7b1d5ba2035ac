"""Runs a Python handler behind the Lambda Runtime API: fetches invocations, calls the
handler, posts what it returns or why it failed."""

import http.client
import importlib
import json
import os
import sys
import time
import traceback
import types

API = "/2018-06-01/runtime"
CLIENT = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext:
    """What the client says of itself."""

    def __init__(self, told):
        self.custom, self.env = told.get("custom"), told.get("env")
        client = told.get("client")
        self.client = client and types.SimpleNamespace(**{name: client.get(name) for name in CLIENT})


class Context:
    """What a handler is told of its invocation."""

    def __init__(self, headers):
        environ = os.environ
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        told = headers["Lambda-Runtime-Client-Context"]
        self.client_context = ClientContext(json.loads(told)) if told else None
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))


def call(method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, API + path, body, headers or {})
    answer = connection.getresponse()
    return answer.headers, answer.read()


class Broken(Exception):
    """A failure of the kind that Lambda's runtime itself tells of."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def told(path, error):
    kind = error.kind if isinstance(error, Broken) else type(error).__name__
    traceback.print_exception(type(error), error, error.__traceback__)
    sys.stderr.flush()
    frames = traceback.extract_tb(error.__traceback__)
    failure = {"errorMessage": str(error), "errorType": kind, "stackTrace": traceback.format_list(frames)}
    call("POST", path, json.dumps(failure), {"Lambda-Runtime-Function-Error-Type": kind})


def load(place):
    """The handler of `directory/file.function`, or of `package.module.function`."""
    path, dot, name = place.rpartition(".")
    if not dot:
        raise Broken("Runtime.MalformedHandlerName", f"Bad handler '{place}': it names no function of a module")
    module = path.replace("/", ".")
    try:
        loaded = importlib.import_module(module)
    except ImportError as error:
        raise Broken("Runtime.ImportModuleError", f"Unable to import module '{module}': {error}") from error
    except SyntaxError as error:
        raise Broken("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}") from error
    if not hasattr(loaded, name):
        raise Broken("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module}'")
    return getattr(loaded, name)


def marshal(result):
    try:
        return json.dumps(result)
    except (TypeError, ValueError) as error:
        raise Broken("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def main():
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    try:
        handler = load(os.environ["_HANDLER"])
    except BaseException as error:
        told("/init/error", error)
        sys.exit(1)
    while True:
        headers, event = call("GET", "/invocation/next")
        here = "/invocation/" + headers["Lambda-Runtime-Aws-Request-Id"]
        try:
            result = marshal(handler(json.loads(event or b"null"), Context(headers)))
        except Exception as error:
            told(here + "/error", error)
            continue
        sys.stdout.flush()
        call("POST", here + "/response", result, {"Content-Type": "application/json"})


main()
