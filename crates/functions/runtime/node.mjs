// Runs a Node.js handler behind the Lambda Runtime API: fetches invocations, calls the
// handler, posts what it returns or why it failed.

import { existsSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { format, types } from "node:util";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const api = "/2018-06-01/runtime";
let requestId;

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

// What handlers log, in lines as Lambda has them: time, request, level, message.
for (const level of ["debug", "error", "info", "log", "warn"]) {
  const print = console[level].bind(console);
  const shown = level === "log" ? "INFO" : level.toUpperCase();
  console[level] = (...words) =>
    print("%s\t%s\t%s\t%s", new Date().toISOString(), requestId, shown, format(...words));
}

async function told(path, error) {
  console.error(error);
  const isError = types.isNativeError(error) || (error?.name && error?.message !== undefined && error?.stack);
  const type = isError ? String(error.name) : typeof error;
  const body = JSON.stringify({
    errorType: type,
    errorMessage: isError ? String(error.message) : String(error),
    trace: isError ? String(error.stack ?? "").split("\n") : [],
  });
  // A header carries no more than ASCII.
  const kind = type.replace(/[^\x20-\x7e]/g, "?");
  await call("POST", path, body, { "Lambda-Runtime-Function-Error-Type": kind });
}

// A failure of the kind that Lambda's runtime itself tells of.
function broken(name, message, cause) {
  const error = Object.assign(new Error(message), { name });
  error.stack = [`${name}: ${message}`, ...(cause?.stack ?? "").split("\n").slice(1)].join("\n");
  return error;
}

function context(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const environment = process.env;
  return {
    awsRequestId: requestId,
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

// The module's file, and the names that lead to the handler in it: `src/file.api.handler`.
async function load() {
  const place = process.env._HANDLER;
  const [, file, names] = /^([^.]*)\.(.+)$/.exec(basename(place)) ?? [];
  if (!file) throw broken("Runtime.MalformedHandlerName", "Bad handler");
  const module = await open(join(dirname(place), file));
  const found = (from) => names.split(".").reduce((value, name) => value?.[name], from);
  const handler = found(module) ?? found(module.default);
  if (handler === undefined) {
    throw broken("Runtime.HandlerNotFound", `${place} is undefined or not exported`);
  }
  if (typeof handler !== "function") {
    throw broken("Runtime.HandlerNotFound", `${place} is not a function`);
  }
  return handler;
}

async function open(file) {
  const path = join(process.env.LAMBDA_TASK_ROOT, file);
  const end = [".mjs", ".js", ".cjs"].find((end) => existsSync(path + end));
  if (!end) throw broken("Runtime.ImportModuleError", `Error: Cannot find module '${file}'`);
  try {
    if (end === ".cjs") return createRequire(import.meta.url)(path + end);
    return await import(pathToFileURL(path + end).href);
  } catch (error) {
    if (error instanceof SyntaxError) throw broken("Runtime.UserCodeSyntaxError", String(error), error);
    const missing = ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code);
    throw missing ? broken("Runtime.ImportModuleError", String(error), error) : error;
  }
}

// Handlers answer by a promise or by the callback, or not at all: then nothing is left to do
// in the end. What an answer by the callback leaves to do is done before it is given.
function run(handler, event, about) {
  return new Promise((resolve, reject) => {
    let settle = () => resolve(null);
    about.succeed = resolve;
    about.fail = (error) => reject(error ?? "handled");
    about.done = (error, value) => (error ? about.fail(error) : resolve(value));
    const answer = (error, value) => {
      settle = () => about.done(error, value);
      if (error || !about.callbackWaitsForEmptyEventLoop) settle();
    };
    const result = handler(event, about, answer);
    if (typeof result?.then === "function") result.then(resolve, reject);
    process.once("beforeExit", () => settle());
  });
}

async function end(error, name, status) {
  const path = requestId ? `/invocation/${requestId}/error` : "/init/error";
  await told(path, name ? broken(name, String(error), error) : error);
  process.exit(status);
}
process.on("uncaughtException", (error) => end(error, undefined, 129));
process.on("unhandledRejection", (reason) => end(reason, "Runtime.UnhandledPromiseRejection", 128));

let handler;
try {
  handler = await load();
} catch (error) {
  await told("/init/error", error);
  process.exit(1);
}
for (;;) {
  const { headers, body } = await call("GET", "/invocation/next");
  requestId = headers["lambda-runtime-aws-request-id"];
  const here = `/invocation/${requestId}`;
  try {
    const result = await run(handler, JSON.parse(body.toString() || "null"), context(headers));
    await call("POST", `${here}/response`, JSON.stringify(result ?? null), {
      "Content-Type": "application/json",
    });
  } catch (error) {
    await told(`${here}/error`, error);
  }
}
