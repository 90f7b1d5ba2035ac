"""Runs a Python handler behind the Lambda Runtime API: fetches invocations, calls the
handler, posts what it returns or why it failed."""

import http.client
import importlib
import importlib.machinery
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
        self.identity = types.SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        told = headers["Lambda-Runtime-Client-Context"]
        self.client_context = ClientContext(json.loads(told)) if told else None
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


class Request:
    """What is answered just now."""

    id = ""


class Logging:
    """Gives `logging` the handler that Lambda gives it, once somebody imports it: it is dear to
    processes that are forked."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(Logging)
        spec = importlib.machinery.PathFinder.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            # Unless it is another of this name.
            if hasattr(module, "StreamHandler"):
                module.getLogger().addHandler(lines(module))

        spec.loader.exec_module = exec_module
        return spec


def lines(logging):
    """Writes lines as Lambda has them: level, time, request, message."""
    def with_request(record):
        record.aws_request_id = Request.id
        return True

    line = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    formatter = logging.Formatter(line, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    handler.addFilter(with_request)
    return handler


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


def frames(error):
    """Where an error comes from, without the part of this file."""
    if isinstance(error, SyntaxError):
        return [f'  File "{error.filename}" Line {error.lineno}\n    {(error.text or "").strip()}\n']
    found = traceback.extract_tb(error.__traceback__)
    own = next((n for n, frame in enumerate(found) if frame.filename != __file__), len(found))
    return traceback.format_list(found[own:])


def told(path, error):
    kind = error.kind if isinstance(error, Broken) else type(error).__name__
    cause = error.__cause__ if isinstance(error, Broken) else error
    trace = frames(cause) if cause else []
    print(f"[ERROR] {kind}: {error}\nTraceback (most recent call last):\n{''.join(trace)}", end="", flush=True)
    failure = {
        "errorMessage": str(error), "errorType": kind, "requestId": Request.id,
        "stackTrace": trace,
    }
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


def number(value):
    """What JSON's own types do not have."""
    # Who has one has imported it.
    decimal = sys.modules.get("decimal")
    if decimal and isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def marshal(result):
    try:
        return json.dumps(result, default=number)
    except (TypeError, ValueError) as error:
        raise Broken("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def main():
    # What is printed is in the log also if the process is killed.
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    sys.meta_path.insert(0, Logging)
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    try:
        handler = load(os.environ["_HANDLER"])
    except BaseException as error:
        told("/init/error", error)
        sys.exit(1)
    while True:
        headers, event = call("GET", "/invocation/next")
        Request.id = headers["Lambda-Runtime-Aws-Request-Id"]
        here = "/invocation/" + Request.id
        try:
            result = marshal(handler(json.loads(event or b"null"), Context(headers)))
        except Exception as error:
            told(here + "/error", error)
            continue
        sys.stdout.flush()
        call("POST", here + "/response", result, {"Content-Type": "application/json"})


main()
