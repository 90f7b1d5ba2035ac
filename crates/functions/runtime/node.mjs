// Runs a Node.js handler behind the Lambda Runtime API: fetches invocations, calls the
// handler, posts what it returns or why it failed.

import { existsSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const api = "/2018-06-01/runtime";

function call(method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, method, path: api + path, headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ headers: answer.headers, body: Buffer.concat(parts) }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function told(path, error) {
  console.error(error);
  const type = error?.name ?? "Error";
  const body = JSON.stringify({
    errorType: type,
    errorMessage: String(error?.message ?? error),
    trace: String(error?.stack ?? "").split("\n"),
  });
  await call("POST", path, body, { "Lambda-Runtime-Function-Error-Type": type });
}

function context(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const environment = process.env;
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: JSON.parse(headers["lambda-runtime-client-context"] ?? "null") ?? undefined,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

async function load() {
  const [file, name] = process.env._HANDLER.split(/\.(?=[^./]+$)/);
  const place = join(process.env.LAMBDA_TASK_ROOT, file);
  for (const end of [".mjs", ".js", ".cjs"]) {
    if (!existsSync(place + end)) continue;
    const module =
      end === ".cjs"
        ? createRequire(import.meta.url)(place + end)
        : await import(pathToFileURL(place + end).href);
    const handler = module[name] ?? module.default?.[name];
    if (typeof handler === "function") return handler;
    throw Object.assign(new Error(`${process.env._HANDLER} is undefined or not exported`), {
      name: "Runtime.HandlerNotFound",
    });
  }
  throw Object.assign(new Error(`Error: Cannot find module '${file}'`), {
    name: "Runtime.ImportModuleError",
  });
}

// Handlers answer by a promise or, where they take a third argument, by a callback.
function run(handler, event, about) {
  if (handler.length < 3) return handler(event, about);
  return new Promise((resolve, reject) => {
    const result = handler(event, about, (error, value) => (error ? reject(error) : resolve(value)));
    if (typeof result?.then === "function") result.then(resolve, reject);
  });
}

let handler;
try {
  handler = await load();
} catch (error) {
  await told("/init/error", error);
  process.exit(1);
}
for (;;) {
  const { headers, body } = await call("GET", "/invocation/next");
  const here = `/invocation/${headers["lambda-runtime-aws-request-id"]}`;
  try {
    const result = await run(handler, JSON.parse(body.toString() || "null"), context(headers));
    await call("POST", `${here}/response`, JSON.stringify(result ?? null), {
      "Content-Type": "application/json",
    });
  } catch (error) {
    await told(`${here}/error`, error);
  }
}
