//! Who may use a key: its policy, the account's policies, other accounts.

use serde_json::{Value, json};

use super::support::{base64, key, plain_key};
use crate::client::{Client, FOREIGN, OWNER, administrator, policy, root, token, user};

fn document(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn allow(principal: &str, action: &str) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"})
}

async fn put_policy(client: &Client, key: &str, document: &str) {
    let input = json!({"KeyId": key, "Policy": document});
    client.ok("kms:PutKeyPolicy", input).await;
}

fn encrypt(key: &str) -> Value {
    json!({"KeyId": key, "Plaintext": base64(b"text")})
}

#[tokio::test]
async fn identity_policies_count_only_where_the_key_policy_leaves_it_to_them() {
    let admin = administrator().await;
    let key = plain_key(&admin).await;
    let nobody = user(&admin.world, OWNER, "nobody", &[]).await;
    let (code, message) = nobody.refused("kms:Encrypt", encrypt(&key)).await;
    assert_eq!(code, "AccessDeniedException");
    assert_eq!(
        message,
        format!(
            "User: arn:aws:iam::{OWNER}:user/nobody is not authorized to perform: kms:Encrypt on \
             resource: {key} because no identity-based policy allows the kms:Encrypt action"
        )
    );
    admin.ok("kms:Encrypt", encrypt(&key)).await;

    // Named by the key policy, a user needs no more; and nobody else has it.
    let arn = nobody.caller.arn.to_string();
    let own = document(&json!([
        allow(&admin.caller.arn.to_string(), "kms:PutKeyPolicy"),
        allow(&arn, "kms:Encrypt")
    ]));
    put_policy(&admin, &key, &own).await;
    nobody.ok("kms:Encrypt", encrypt(&key)).await;
    for client in [&admin, &root(&admin.world, OWNER)] {
        let (code, message) = client.refused("kms:Encrypt", encrypt(&key)).await;
        assert_eq!(code, "AccessDeniedException");
        assert!(
            message.ends_with("because no resource-based policy allows the kms:Encrypt action"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn another_account_comes_in_by_arn_where_both_let_it() {
    let admin = administrator().await;
    let key = plain_key(&admin).await;
    let everything = policy(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let guest = user(&admin.world, FOREIGN, "guest", &[&everything]).await;
    let shy = user(&admin.world, FOREIGN, "shy", &[]).await;
    assert_eq!(
        guest.code("kms:Encrypt", encrypt(&key)).await,
        "AccessDeniedException"
    );
    let shared = document(&json!([
        allow(&format!("arn:aws:iam::{OWNER}:root"), "kms:*"),
        allow(&FOREIGN.to_string(), "kms:Encrypt"),
        allow(&FOREIGN.to_string(), "kms:GenerateDataKey"),
        allow(&FOREIGN.to_string(), "kms:Decrypt"),
    ]));
    put_policy(&admin, &key, &shared).await;
    guest.ok("kms:Encrypt", encrypt(&key)).await;
    assert_eq!(
        shy.code("kms:Encrypt", encrypt(&key)).await,
        "AccessDeniedException"
    );
    // A bare id is one of the caller's own account.
    let id = key.rsplit('/').next().unwrap();
    assert_eq!(
        guest.code("kms:Encrypt", encrypt(id)).await,
        "NotFoundException"
    );
    // What is there looks as what is not, to whom it does not concern.
    let none = format!("arn:aws:kms:us-east-1:{OWNER}:key/11111111-2222-3333-4444-555555555555");
    assert_eq!(
        guest.code("kms:Encrypt", encrypt(&none)).await,
        "AccessDeniedException"
    );
    assert_eq!(
        guest.code("kms:DescribeKey", json!({"KeyId": none})).await,
        guest.code("kms:DescribeKey", json!({"KeyId": key})).await
    );
    // A secret of theirs under our key.
    let input = json!({
        "Name": "theirs", "KmsKeyId": key, "SecretString": "v", "ClientRequestToken": token(1),
    });
    guest.ok("CreateSecret", input).await;
    assert_eq!(guest.value("theirs").await, "v");
    admin.ok("kms:DisableKey", json!({"KeyId": key})).await;
    assert_eq!(
        guest
            .code("GetSecretValue", json!({"SecretId": "theirs"}))
            .await,
        "DecryptionFailure"
    );
}

#[tokio::test]
async fn condition_keys_say_what_a_key_is_used_for() {
    let admin = administrator().await;
    let made = key(
        &admin,
        json!({"Tags": [{"TagKey": "team", "TagValue": "red"}]}),
    )
    .await;
    let key = made["Arn"].as_str().unwrap().to_owned();
    let alias = json!({"AliasName": "alias/mine", "TargetKeyId": key});
    admin.ok("kms:CreateAlias", alias).await;
    for (name, condition, input, allowed) in [
        (
            "c1",
            json!({"StringEquals": {"kms:EncryptionContext:app": "a"}}),
            json!({"EncryptionContext": {"app": "a", "b": "c"}}),
            true,
        ),
        (
            "c2",
            json!({"StringEquals": {"kms:EncryptionContext:app": "a"}}),
            json!({"EncryptionContext": {"app": "b"}}),
            false,
        ),
        (
            "c3",
            json!({"StringEquals": {"kms:EncryptionContext:app": "a"}}),
            json!({}),
            false,
        ),
        (
            "c4",
            json!({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["app"]}}),
            json!({"EncryptionContext": {"app": "b"}}),
            true,
        ),
        (
            "c5",
            json!({"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": ["other"]}}),
            json!({"EncryptionContext": {"app": "b"}}),
            false,
        ),
        (
            "c6",
            json!({"StringEquals": {"kms:RequestAlias": "alias/mine"}}),
            json!({}),
            false,
        ),
        (
            "c7",
            json!({"StringEquals": {"kms:RequestAlias": "alias/mine"}}),
            json!({"KeyId": "alias/mine"}),
            true,
        ),
        (
            "c8",
            json!({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/mine"}}),
            json!({}),
            true,
        ),
        (
            "c9",
            json!({"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT", "kms:KeyUsage": "ENCRYPT_DECRYPT", "kms:KeyOrigin": "AWS_KMS", "kms:MultiRegion": "false"}}),
            json!({}),
            true,
        ),
        (
            "c10",
            json!({"StringEquals": {"aws:ResourceTag/team": "red"}}),
            json!({}),
            true,
        ),
        (
            "c11",
            json!({"StringEquals": {"aws:ResourceTag/team": "blue"}}),
            json!({}),
            false,
        ),
        (
            "c12",
            json!({"StringEquals": {"kms:CallerAccount": OWNER.to_string()}}),
            json!({}),
            true,
        ),
        (
            "c13",
            json!({"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}),
            json!({}),
            false,
        ),
        (
            "c14",
            json!({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}),
            json!({}),
            true,
        ),
    ] {
        let statement = json!({"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*", "Condition": condition});
        let client = user(&admin.world, OWNER, name, &[&policy(&statement)]).await;
        let mut request = encrypt(&key);
        for (member, value) in input.as_object().unwrap() {
            request[member] = value.clone();
        }
        let outcome = client.call("kms:Encrypt", request).await;
        assert_eq!(outcome.is_ok(), allowed, "{name}: {outcome:?}");
    }
    // Through Secrets Manager, the service is named.
    let statement = json!({
        "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}},
    });
    let secrets =
        policy(&json!({"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}));
    let client = user(&admin.world, OWNER, "via", &[&policy(&statement), &secrets]).await;
    let input = json!({
        "Name": "s", "KmsKeyId": key, "SecretString": "v", "ClientRequestToken": token(1),
    });
    client.ok("CreateSecret", input).await;
    assert_eq!(client.value("s").await, "v");
    assert_eq!(
        client.code("kms:Encrypt", encrypt(&key)).await,
        "AccessDeniedException"
    );
}

#[tokio::test]
async fn nobody_locks_the_account_out_by_mistake() {
    let admin = administrator().await;
    let key = plain_key(&admin).await;
    let before = admin.ok("kms:GetKeyPolicy", json!({"KeyId": key})).await;
    for (bad, text) in [
        (
            document(&json!(allow(
                &format!("arn:aws:iam::{OWNER}:root"),
                "kms:Encrypt"
            ))),
            "The new key policy will not allow you to update the key policy in the future.",
        ),
        (
            document(&json!(allow(
                &format!("arn:aws:iam::{OWNER}:user/none"),
                "kms:*"
            ))),
            "Policy contains a statement with one or more invalid principals.",
        ),
    ] {
        for input in [json!({"KeyId": key, "Policy": bad}), json!({"Policy": bad})] {
            let operation = if input.get("KeyId").is_some() {
                "kms:PutKeyPolicy"
            } else {
                "kms:CreateKey"
            };
            let (code, message) = admin.refused(operation, input).await;
            assert_eq!(
                (code.as_str(), message.as_str()),
                ("MalformedPolicyDocumentException", text)
            );
        }
    }
    assert_eq!(
        admin.ok("kms:GetKeyPolicy", json!({"KeyId": key})).await,
        before
    );
    // On purpose one may.
    let gone = document(&json!(allow(
        &format!("arn:aws:iam::{OWNER}:root"),
        "kms:Encrypt"
    )));
    let input = json!({"KeyId": key, "Policy": gone, "BypassPolicyLockoutSafetyCheck": true});
    admin.ok("kms:PutKeyPolicy", input).await;
    let refused = admin.code("kms:GetKeyPolicy", json!({"KeyId": key})).await;
    assert_eq!(refused, "AccessDeniedException");
    // Only the right to make keys is enough to make one.
    let statement = json!({"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*"});
    let maker = user(&admin.world, OWNER, "maker", &[&policy(&statement)]).await;
    maker.ok("kms:CreateKey", json!({})).await;
}

#[tokio::test]
async fn the_managed_key_is_for_secrets_of_its_account_alone() {
    let admin = administrator().await;
    admin.secret("s", "v").await;
    let described = admin
        .ok(
            "kms:DescribeKey",
            json!({"KeyId": "alias/aws/secretsmanager"}),
        )
        .await;
    let metadata = &described["KeyMetadata"];
    assert_eq!(metadata["KeyManager"], "AWS");
    let key = metadata["Arn"].as_str().unwrap();
    for (operation, input) in [
        ("kms:Encrypt", encrypt(key)),
        ("kms:DisableKey", json!({"KeyId": key})),
        ("kms:ScheduleKeyDeletion", json!({"KeyId": key})),
        ("kms:PutKeyPolicy", json!({"KeyId": key, "Policy": "{}"})),
        ("kms:TagResource", json!({"KeyId": key, "Tags": []})),
        ("kms:EnableKeyRotation", json!({"KeyId": key})),
    ] {
        assert_eq!(
            admin.code(operation, input).await,
            "AccessDeniedException",
            "{operation}"
        );
    }
    let status = admin
        .ok("kms:GetKeyRotationStatus", json!({"KeyId": key}))
        .await;
    assert_eq!(status["KeyRotationEnabled"], true);
    let reserved = json!({"AliasName": "alias/aws/mine", "TargetKeyId": plain_key(&admin).await});
    assert_eq!(
        admin.code("kms:CreateAlias", reserved).await,
        "InvalidAliasNameException"
    );
}

#[tokio::test]
async fn the_managed_key_is_made_when_it_is_asked_for_by_its_alias() {
    let admin = administrator().await;
    let nobody = user(&admin.world, OWNER, "nobody", &[]).await;
    let by_alias = json!({"KeyId": "alias/aws/secretsmanager"});
    assert_eq!(
        nobody.code("kms:DescribeKey", by_alias.clone()).await,
        "AccessDeniedException"
    );
    let before = admin.ok("kms:ListKeys", json!({})).await;
    assert_eq!(before["Keys"], json!([]));
    let recorded = admin.recorded("kms:DescribeKey", by_alias.clone()).await;
    let made = recorded.result.unwrap();
    assert_eq!(recorded.records[0]["readOnly"], true);
    assert_eq!(recorded.records[0]["responseElements"], Value::Null);
    assert_eq!(admin.ok("kms:DescribeKey", by_alias).await, made);
    admin.secret("s", "v").await;
    let keys = admin.ok("kms:ListKeys", json!({})).await;
    assert_eq!(keys["Keys"].as_array().unwrap().len(), 1);
}
