import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AttachRolePolicyCommand, CreateAccessKeyCommand, CreatePolicyCommand, CreateRoleCommand,
  CreateUserCommand, EntityAlreadyExistsException, GetRoleCommand, IAMClient,
  MalformedPolicyDocumentException, NoSuchEntityException, paginateListUsers,
  waitUntilPolicyExists, waitUntilRoleExists, waitUntilUserExists,
} from "@aws-sdk/client-iam";
import {
  CreateOrganizationCommand, OrganizationsClient, paginateListAccounts,
} from "@aws-sdk/client-organizations";
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { all, name, refused, refusedAs } from "./world.mjs";

const iam = new IAMClient();
const sts = new STSClient();
const wait = { client: iam, maxWaitTime: 30, minDelay: 1 };
const statement = (more) => JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", ...more } });

test("a role that the SDK assumes by itself reads one secret", async () => {
  const { Account, Arn } = await sts.send(new GetCallerIdentityCommand({}));
  assert.equal(Arn, `arn:aws:iam::${Account}:user/admin`);
  const RoleName = name("reader");
  const trust = statement({ Principal: { AWS: Arn }, Action: "sts:AssumeRole" });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
  await waitUntilRoleExists(wait, { RoleName });
  assert.ok(Role.CreateDate instanceof Date);
  assert.equal(decodeURIComponent((await iam.send(new GetRoleCommand({ RoleName }))).Role.AssumeRolePolicyDocument), trust);

  const manager = new SecretsManagerClient();
  const mine = await manager.send(new CreateSecretCommand({ Name: name("mine"), SecretString: "read me" }));
  const other = await manager.send(new CreateSecretCommand({ Name: name("other"), SecretString: "not me" }));
  const { Policy } = await iam.send(new CreatePolicyCommand({
    PolicyName: name("read"),
    PolicyDocument: statement({ Action: "secretsmanager:GetSecretValue", Resource: mine.ARN }),
  }));
  await waitUntilPolicyExists(wait, { PolicyArn: Policy.Arn });
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: Policy.Arn }));

  const credentials = fromTemporaryCredentials({
    params: { RoleArn: Role.Arn, RoleSessionName: "by-the-sdk", DurationSeconds: 900 },
  });
  const reader = new SecretsManagerClient({ credentials });
  assert.equal((await reader.send(new GetSecretValueCommand({ SecretId: mine.ARN }))).SecretString, "read me");
  await refusedAs(reader.send(new GetSecretValueCommand({ SecretId: other.ARN })), "AccessDeniedException",
    `User: arn:aws:sts::${Account}:assumed-role/${RoleName}/by-the-sdk is not authorized to perform: `
    + `secretsmanager:GetSecretValue on resource: ${other.ARN} `
    + "because no identity-based policy allows the secretsmanager:GetSecretValue action");
  await refusedAs(sts.send(new AssumeRoleCommand({ RoleArn: `${Role.Arn}x`, RoleSessionName: "no" })),
    "AccessDenied", /is not authorized to perform: sts:AssumeRole on resource/);
});

test("IAM's answers in XML, page by page, and its refusals", async () => {
  const names = Array.from({ length: 5 }, () => name("user"));
  for (const UserName of names) {
    await iam.send(new CreateUserCommand({ UserName, Path: "/of-the-sdk/", Tags: [{ Key: "a=b", Value: "é+1 @home" }] }));
  }
  await waitUntilUserExists(wait, { UserName: names[4] });
  const users = await all(paginateListUsers({ client: iam, pageSize: 2 }, { PathPrefix: "/of-the-sdk/" }), "Users");
  assert.deepEqual(users.map((user) => user.UserName), names.sort());
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: names[0] }));
  assert.match(AccessKey.AccessKeyId, /^AKIA[A-Z2-7]{16}$/);

  await refused(iam.send(new CreateUserCommand({ UserName: names[0] })), EntityAlreadyExistsException,
    `User with name ${names[0]} already exists.`);
  await refused(iam.send(new GetRoleCommand({ RoleName: "none-of-that-name" })), NoSuchEntityException,
    "The role with name none-of-that-name cannot be found.");
  await refused(iam.send(new CreatePolicyCommand({ PolicyName: name("bad"), PolicyDocument: "{" })),
    MalformedPolicyDocumentException, "This policy contains invalid Json");
});

test("an organization's accounts", async () => {
  const client = new OrganizationsClient();
  const made = await client.send(new CreateOrganizationCommand({ FeatureSet: "ALL" }));
  const accounts = await all(paginateListAccounts({ client }, {}), "Accounts");
  assert.deepEqual(accounts.map((account) => account.Id), [made.Organization.MasterAccountId]);
});
