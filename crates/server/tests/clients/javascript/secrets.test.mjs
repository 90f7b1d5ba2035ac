import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { test } from "node:test";
import {
  BatchGetSecretValueCommand, CreateSecretCommand, DeleteSecretCommand, DescribeSecretCommand,
  GetRandomPasswordCommand, GetSecretValueCommand, InvalidParameterException,
  InvalidRequestException, ListSecretVersionIdsCommand, MalformedPolicyDocumentException,
  PutResourcePolicyCommand, PutSecretValueCommand, ResourceExistsException,
  ResourceNotFoundException, RestoreSecretCommand, SecretsManager, SecretsManagerClient,
  TagResourceCommand, UpdateSecretVersionStageCommand, paginateListSecrets,
} from "@aws-sdk/client-secrets-manager";
import { all, name, refused, refusedAs } from "./world.mjs";

const client = new SecretsManagerClient();
const ask = (command) => client.send(command);

test("a secret's life", async () => {
  const Name = name("life");
  const Tags = [{ Key: "team", Value: "café" }];
  const made = await ask(new CreateSecretCommand({ Name, SecretString: "one", Tags }));
  assert.match(made.ARN, new RegExp(`:secret:${Name}-[A-Za-z0-9]{6}$`));
  assert.match(made.VersionId, /^[0-9a-f-]{36}$/); // The SDK made it.

  const put = await ask(new PutSecretValueCommand({ SecretId: Name, SecretString: "two" }));
  assert.deepEqual(put.VersionStages, ["AWSCURRENT"]);
  const read = await ask(new GetSecretValueCommand({ SecretId: made.ARN }));
  assert.equal(read.SecretString, "two");
  assert.ok(Math.abs(Date.now() - read.CreatedDate) < 3_600_000);
  const before = { SecretId: Name, VersionStage: "AWSPREVIOUS" };
  assert.equal((await ask(new GetSecretValueCommand(before))).SecretString, "one");

  await ask(new UpdateSecretVersionStageCommand({
    SecretId: Name, VersionStage: "AWSCURRENT",
    MoveToVersionId: made.VersionId, RemoveFromVersionId: put.VersionId,
  }));
  const told = await ask(new DescribeSecretCommand({ SecretId: Name }));
  assert.deepEqual(told.VersionIdsToStages, {
    [made.VersionId]: ["AWSCURRENT"], [put.VersionId]: ["AWSPREVIOUS"],
  });
  assert.deepEqual(told.Tags, Tags);
  await ask(new TagResourceCommand({ SecretId: Name, Tags: [{ Key: "team", Value: "" }] }));
  const { Versions } = await ask(new ListSecretVersionIdsCommand({ SecretId: Name }));
  assert.deepEqual(new Set(Versions.map((version) => version.VersionId)),
    new Set([made.VersionId, put.VersionId]));

  const gone = await ask(new DeleteSecretCommand({ SecretId: Name, RecoveryWindowInDays: 7 }));
  const days = (gone.DeletionDate - Date.now()) / 86_400_000;
  assert.ok(days > 6.9 && days < 7.1, `${days} days`);
  await refused(ask(new GetSecretValueCommand({ SecretId: Name })), InvalidRequestException,
    /marked for deletion/);
  await ask(new RestoreSecretCommand({ SecretId: Name }));
  assert.equal((await ask(new GetSecretValueCommand({ SecretId: Name }))).SecretString, "one");
});

test("bytes come back as they went", async () => {
  const Name = name("bytes");
  const SecretBinary = randomBytes(65_536);
  await ask(new CreateSecretCommand({ Name, SecretBinary }));
  const read = await ask(new GetSecretValueCommand({ SecretId: Name }));
  assert.equal(read.SecretString, undefined);
  assert.deepEqual(Buffer.from(read.SecretBinary), SecretBinary);
});

test("text of every script comes back as it went", async () => {
  const Name = name("text");
  const SecretString = "\u0000\u001f\"\\/\u2028😀 \ud83d\udc69\u200d💻 é e\u0301 \uffff";
  await ask(new CreateSecretCommand({ Name, SecretString }));
  const read = await ask(new GetSecretValueCommand({ SecretId: Name }));
  assert.equal(read.SecretString, SecretString);
});

test("errors have their classes", async () => {
  const Name = name("errors");
  await ask(new CreateSecretCommand({ Name, SecretString: "one" }));
  const missing = new GetSecretValueCommand({ SecretId: name("missing") });
  const error = await refused(ask(missing), ResourceNotFoundException,
    "Secrets Manager can't find the specified secret.");
  assert.equal(error.$fault, "client");
  assert.equal(error.$metadata.httpStatusCode, 400);
  assert.equal(error.$retryable, undefined);
  await refused(ask(new CreateSecretCommand({ Name })), ResourceExistsException);
  const both = { SecretId: Name, SecretString: "a", SecretBinary: Buffer.from("b") };
  await refused(ask(new PutSecretValueCommand(both)), InvalidParameterException);
  const policy = { SecretId: Name, ResourcePolicy: "{}" };
  await refused(ask(new PutResourcePolicyCommand(policy)), MalformedPolicyDocumentException);
  await refusedAs(ask(new GetSecretValueCommand({ SecretId: "" })), "ValidationException",
    /1 validation error detected/);
});

test("what is sent again is done once", async () => {
  const Name = name("again");
  const given = { Name, SecretString: "one", ClientRequestToken: randomUUID() };
  const [first, second] = await Promise.all(
    [1, 2].map(() => ask(new CreateSecretCommand(given))));
  assert.equal(first.VersionId, given.ClientRequestToken);
  assert.equal(first.ARN, second.ARN);
});

test("pages and batches", async () => {
  const topic = name("paged");
  const names = Array.from({ length: 23 }, (_, place) => `${topic}/${String(place).padStart(2, "0")}`);
  await Promise.all(names.map((Name) => ask(new CreateSecretCommand({ Name, SecretString: Name }))));
  const Filters = [{ Key: "name", Values: [topic] }];
  const pages = paginateListSecrets({ client, pageSize: 5 }, { Filters, SortOrder: "asc" });
  const listed = (await all(pages, "SecretList")).map((secret) => secret.Name);
  assert.deepEqual(listed.sort(), names);

  const SecretIdList = [...names.slice(0, 19), `${topic}/none`];
  const batch = await ask(new BatchGetSecretValueCommand({ SecretIdList }));
  assert.deepEqual(batch.SecretValues.map((value) => value.SecretString).sort(), names.slice(0, 19));
  assert.deepEqual(batch.Errors.map((error) => error.ErrorCode), ["ResourceNotFoundException"]);
});

test("the other way to call, and a password", async () => {
  const { RandomPassword } = await new SecretsManager().getRandomPassword({
    PasswordLength: 64, ExcludePunctuation: true,
  });
  assert.match(RandomPassword, /^[A-Za-z0-9]{64}$/);
  await refused(ask(new GetRandomPasswordCommand({ PasswordLength: 2 })), InvalidParameterException);
});

test("a wrong key is refused", async () => {
  const { AWS_ACCESS_KEY_ID: accessKeyId } = process.env;
  const credentials = { accessKeyId, secretAccessKey: "wrong" };
  const stranger = new SecretsManagerClient({ credentials });
  await refusedAs(stranger.send(new GetRandomPasswordCommand({})), "InvalidSignatureException",
    /signature we calculated does not match/);
});
