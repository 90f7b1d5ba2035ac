import assert from "node:assert/strict";
import { createPublicKey, createVerify } from "node:crypto";
import { test } from "node:test";
import {
  CreateAliasCommand, CreateKeyCommand, DecryptCommand, DescribeKeyCommand, DisableKeyCommand,
  DisabledException, EncryptCommand, GenerateDataKeyCommand, GetPublicKeyCommand,
  InvalidCiphertextException, KMSClient, NotFoundException, SignCommand, paginateListAliases,
} from "@aws-sdk/client-kms";
import { all, name, refused } from "./world.mjs";

const client = new KMSClient();
const ask = (command) => client.send(command);

test("what a key encrypts it decrypts, in its context alone", async () => {
  const { KeyMetadata } = await ask(new CreateKeyCommand({ Description: "of the SDK" }));
  assert.ok(KeyMetadata.CreationDate instanceof Date);
  const AliasName = `alias/${name("sdk")}`;
  await ask(new CreateAliasCommand({ AliasName, TargetKeyId: KeyMetadata.KeyId }));
  const EncryptionContext = { app: "x", "ключ": "значение" };
  const Plaintext = Buffer.from("plain");
  const { CiphertextBlob } = await ask(
    new EncryptCommand({ KeyId: AliasName, Plaintext, EncryptionContext }));
  const opened = await ask(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
  assert.deepEqual(Buffer.from(opened.Plaintext), Plaintext);
  assert.equal(opened.KeyId, KeyMetadata.Arn);
  await refused(ask(new DecryptCommand({ CiphertextBlob })), InvalidCiphertextException);
  const data = await ask(new GenerateDataKeyCommand({ KeyId: AliasName, KeySpec: "AES_256" }));
  assert.equal(data.Plaintext.length, 32);

  const aliases = await all(paginateListAliases({ client, pageSize: 2 }, {}), "Aliases");
  assert.ok(aliases.some((alias) => alias.AliasName === AliasName));

  await ask(new DisableKeyCommand({ KeyId: KeyMetadata.KeyId }));
  await refused(ask(new DecryptCommand({ CiphertextBlob, EncryptionContext })), DisabledException);
  await refused(ask(new DescribeKeyCommand({ KeyId: "alias/none-of-that-name" })), NotFoundException);
});

test("Node.js verifies what a key signs", async () => {
  const { KeyMetadata } = await ask(
    new CreateKeyCommand({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }));
  const { KeyId } = KeyMetadata;
  const Message = Buffer.from("message");
  const SigningAlgorithm = "ECDSA_SHA_256";
  const { Signature } = await ask(new SignCommand({ KeyId, Message, SigningAlgorithm }));
  const { PublicKey } = await ask(new GetPublicKeyCommand({ KeyId }));
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: "der", type: "spki" });
  assert.ok(createVerify("sha256").update(Message).verify(key, Signature));
});
