import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CloudTrailClient, paginateLookupEvents } from "@aws-sdk/client-cloudtrail";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  AddPermissionCommand, CreateFunctionCommand, InvokeCommand, LambdaClient,
  ResourceNotFoundException, waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import {
  CreateSecretCommand, DescribeSecretCommand, GetSecretValueCommand, RotateSecretCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { all, name, refused } from "./world.mjs";

// As users write them for AWS; the SDK comes along in the archive.
const HANDLER = `
import {
  DescribeSecretCommand, GetRandomPasswordCommand, GetSecretValueCommand, PutSecretValueCommand,
  SecretsManagerClient, UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";

const client = new SecretsManagerClient({ endpoint: process.env.SECRETS_MANAGER_ENDPOINT });

export const handler = async (event) => {
  const { Step, SecretId, ClientRequestToken } = event;
  if (!Step) return { echo: event };
  const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId }));
  if (VersionIdsToStages[ClientRequestToken].includes("AWSCURRENT")) return;
  if (Step === "createSecret") {
    const { RandomPassword } = await client.send(new GetRandomPasswordCommand({ PasswordLength: 40 }));
    await client.send(new PutSecretValueCommand({
      SecretId, ClientRequestToken, SecretString: RandomPassword, VersionStages: ["AWSPENDING"],
    }));
  } else if (Step === "testSecret") {
    const pending = { SecretId, VersionId: ClientRequestToken, VersionStage: "AWSPENDING" };
    await client.send(new GetSecretValueCommand(pending));
  } else if (Step === "finishSecret") {
    const current = Object.keys(VersionIdsToStages)
      .find((version) => VersionIdsToStages[version].includes("AWSCURRENT"));
    await client.send(new UpdateSecretVersionStageCommand({
      SecretId, VersionStage: "AWSCURRENT", MoveToVersionId: ClientRequestToken, RemoveFromVersionId: current,
    }));
  }
};
`;

const place = mkdtempSync(join(tmpdir(), "function-"));
after(() => rmSync(place, { recursive: true }));

function archive() {
  writeFileSync(join(place, "index.mjs"), HANDLER);
  symlinkSync(fileURLToPath(new URL("node_modules", import.meta.url)), join(place, "node_modules"));
  execFileSync("python3", ["-m", "zipfile", "-c", "function.zip", "index.mjs", "node_modules"], { cwd: place });
  return readFileSync(join(place, "function.zip"));
}

test("a handler with the SDK in its archive rotates", async () => {
  const iam = new IAMClient();
  const lambda = new LambdaClient();
  const manager = new SecretsManagerClient();
  const RoleName = name("rotator");
  const policy = (statement) => JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", ...statement } });
  const { Role } = await iam.send(new CreateRoleCommand({
    RoleName,
    AssumeRolePolicyDocument: policy({ Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName, PolicyName: "rotate", PolicyDocument: policy({ Action: "secretsmanager:*", Resource: "*" }),
  }));
  const FunctionName = name("rotate");
  const made = await lambda.send(new CreateFunctionCommand({
    FunctionName, Role: Role.Arn, Runtime: "nodejs20.x", Handler: "index.handler", Timeout: 60,
    MemorySize: 512, Code: { ZipFile: archive() },
  }));
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 1 }, { FunctionName });

  const Payload = JSON.stringify({ hello: "wörld" });
  const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
  assert.equal(answer.FunctionError, undefined, answer.Payload.transformToString());
  assert.deepEqual(JSON.parse(answer.Payload.transformToString()), { echo: { hello: "wörld" } });
  await refused(lambda.send(new InvokeCommand({ FunctionName: "none-of-that-name" })), ResourceNotFoundException);

  await lambda.send(new AddPermissionCommand({
    FunctionName, StatementId: "rotation", Action: "lambda:InvokeFunction",
    Principal: "secretsmanager.amazonaws.com",
  }));
  const { ARN: SecretId } = await manager.send(new CreateSecretCommand({ Name: name("rotated"), SecretString: "one" }));
  const rotation = await manager.send(new RotateSecretCommand({
    SecretId, RotationLambdaARN: made.FunctionArn, RotationRules: { AutomaticallyAfterDays: 30 },
  }));
  const isDone = async () => {
    const { VersionIdsToStages } = await manager.send(new DescribeSecretCommand({ SecretId }));
    return VersionIdsToStages[rotation.VersionId]?.includes("AWSCURRENT");
  };
  const deadline = Date.now() + 120_000;
  while (!(await isDone())) {
    assert.ok(Date.now() < deadline, "it was not rotated");
    await new Promise((done) => setTimeout(done, 250));
  }
  const { SecretString } = await manager.send(new GetSecretValueCommand({ SecretId }));
  assert.equal(SecretString.length, 40);

  // And all that is on record.
  const pages = paginateLookupEvents({ client: new CloudTrailClient() }, {
    LookupAttributes: [{ AttributeKey: "ResourceName", AttributeValue: SecretId }],
  });
  const names = new Set((await all(pages, "Events")).map((event) => event.EventName));
  for (const event of ["CreateSecret", "RotateSecret", "PutSecretValue", "GetSecretValue"]) {
    assert.ok(names.has(event), `${event} is not among ${[...names]}`);
  }
});
