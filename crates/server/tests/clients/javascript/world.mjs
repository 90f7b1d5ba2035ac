// What the tests share. The SDK finds the endpoint, the Region and the
// credentials in its environment, as an application of a user does.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

/** A name that no other test has. */
export const name = (topic) => `${topic}-${randomUUID().slice(0, 8)}`;

/** That a call is refused with an exception of this class, which says `message`. */
export async function refused(call, type, message) {
  const error = await call.then(
    (answer) => assert.fail(`it was not refused: ${JSON.stringify(answer)}`),
    (error) => error,
  );
  assert.ok(error instanceof type, `${error.constructor.name}: ${error.message}`);
  assert.equal(error.name, type.name);
  assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
  if (message instanceof RegExp) assert.match(error.message, message);
  else if (message !== undefined) assert.equal(error.message, message);
  return error;
}

/** That a call is refused with an error of this name, for which the SDK has no class. */
export async function refusedAs(call, name, message) {
  await assert.rejects(call, { name, message });
}

/** Everything that a paginator gives, by the list `member` of its pages. */
export async function all(pages, member) {
  const found = [];
  for await (const page of pages) found.push(...(page[member] ?? []));
  return found;
}
