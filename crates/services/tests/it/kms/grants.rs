//! Grants: what they allow, to whom, with which encryption context.

use serde_json::{Value, json};

use super::support::{base64, plain_key};
use crate::client::{Client, FOREIGN, OWNER, administrator, assert_sound, outbox, problems, user};

async fn grant(
    client: &Client,
    key: &str,
    grantee: &Client,
    operations: &[&str],
    more: Value,
) -> Value {
    let mut input = json!({
        "KeyId": key, "GranteePrincipal": grantee.caller.arn.to_string(), "Operations": operations,
    });
    for (member, value) in more.as_object().unwrap() {
        input[member] = value.clone();
    }
    client.ok("kms:CreateGrant", input).await
}

fn encrypt(key: &str, context: Value) -> Value {
    json!({"KeyId": key, "Plaintext": base64(b"text"), "EncryptionContext": context})
}

#[tokio::test]
async fn a_grant_alone_is_enough_also_across_accounts_until_it_ends() {
    let admin = administrator().await;
    let key = plain_key(&admin).await;
    for number in [OWNER, FOREIGN] {
        let grantee = user(&admin.world, number, "grantee", &[]).await;
        let other = user(&admin.world, number, "other", &[]).await;
        let denied = grantee.code("kms:Encrypt", encrypt(&key, json!({}))).await;
        assert_eq!(denied, "AccessDeniedException");
        let made = grant(
            &admin,
            &key,
            &grantee,
            &["Encrypt", "DescribeKey"],
            json!({}),
        )
        .await;
        let record = outbox(&admin.world).await.pop().unwrap();
        let record: Value = serde_json::from_slice(&record).unwrap();
        assert_eq!(
            record["responseElements"],
            json!({"grantId": made["GrantId"], "keyId": key})
        );
        grantee.ok("kms:Encrypt", encrypt(&key, json!({}))).await;
        grantee.ok("kms:DescribeKey", json!({"KeyId": key})).await;
        for (client, operation, input) in [
            (
                &grantee,
                "kms:GenerateDataKey",
                json!({"KeyId": key, "KeySpec": "AES_256"}),
            ),
            (&other, "kms:Encrypt", encrypt(&key, json!({}))),
        ] {
            assert_eq!(client.code(operation, input).await, "AccessDeniedException");
        }
        let mut input = encrypt(&key, json!({}));
        input["GrantTokens"] = json!([made["GrantToken"]]);
        grantee.ok("kms:Encrypt", input.clone()).await;
        // A token lets nobody in who is not the grantee.
        assert_eq!(
            other.code("kms:Encrypt", input.clone()).await,
            "AccessDeniedException"
        );
        input["GrantTokens"] = json!(["nonsense"]);
        assert_eq!(
            grantee.code("kms:Encrypt", input).await,
            "InvalidGrantTokenException"
        );
        let listed = admin.ok("kms:ListGrants", json!({"KeyId": key})).await;
        assert_eq!(listed["Grants"][0]["GrantId"], made["GrantId"]);
        assert_eq!(
            listed["Grants"][0]["Operations"],
            json!(["Encrypt", "DescribeKey"])
        );
        let revoke = json!({"KeyId": key, "GrantId": made["GrantId"]});
        admin.ok("kms:RevokeGrant", revoke.clone()).await;
        let denied = grantee.code("kms:Encrypt", encrypt(&key, json!({}))).await;
        assert_eq!(denied, "AccessDeniedException");
        let (code, message) = admin.refused("kms:RevokeGrant", revoke).await;
        let id = made["GrantId"].as_str().unwrap();
        assert_eq!(
            (code.as_str(), message),
            ("NotFoundException", format!("Grant ID {id} not found"))
        );
        assert_sound(&problems(&admin.world).await);
    }
}

#[tokio::test]
async fn constraints_bind_a_grant_to_encryption_contexts() {
    let admin = administrator().await;
    let key = plain_key(&admin).await;
    let cases = [
        (
            "sub",
            json!({"EncryptionContextSubset": {"a": "1"}}),
            [true, true, false, false],
        ),
        (
            "eq",
            json!({"EncryptionContextEquals": {"a": "1"}}),
            [true, false, false, false],
        ),
        ("any", json!(null), [true, true, true, true]),
    ];
    let contexts = [
        json!({"a": "1"}),
        json!({"a": "1", "b": "2"}),
        json!({"A": "1"}),
        json!({}),
    ];
    for (name, constraints, expected) in cases {
        let grantee = user(&admin.world, OWNER, name, &[]).await;
        grant(
            &admin,
            &key,
            &grantee,
            &["Encrypt"],
            json!({"Constraints": constraints}),
        )
        .await;
        for (context, allowed) in contexts.iter().zip(expected) {
            let outcome = grantee
                .call("kms:Encrypt", encrypt(&key, context.clone()))
                .await;
            assert_eq!(outcome.is_ok(), allowed, "{name} {context}");
        }
    }
}

#[tokio::test]
async fn a_grantee_gives_no_more_than_it_has() {
    let admin = administrator().await;
    let key = plain_key(&admin).await;
    let middle = user(&admin.world, OWNER, "middle", &[]).await;
    let last = user(&admin.world, OWNER, "last", &[]).await;
    let constraints = json!({"Constraints": {"EncryptionContextSubset": {"a": "1"}}});
    grant(
        &admin,
        &key,
        &middle,
        &["CreateGrant", "Encrypt"],
        constraints.clone(),
    )
    .await;
    let ask = |operations: Value, constraints: Value| {
        json!({
            "KeyId": key, "GranteePrincipal": last.caller.arn.to_string(),
            "Operations": operations, "Constraints": constraints,
        })
    };
    for (operations, constraints, allowed) in [
        (
            json!(["Encrypt"]),
            json!({"EncryptionContextSubset": {"a": "1"}}),
            true,
        ),
        (
            json!(["Encrypt"]),
            json!({"EncryptionContextSubset": {"a": "1", "b": "2"}}),
            true,
        ),
        (
            json!(["Encrypt"]),
            json!({"EncryptionContextEquals": {"a": "1", "c": "3"}}),
            true,
        ),
        (
            json!(["Encrypt"]),
            json!({"EncryptionContextSubset": {"b": "2"}}),
            false,
        ),
        (json!(["Encrypt"]), json!(null), false),
        (
            json!(["Encrypt", "Decrypt"]),
            json!({"EncryptionContextSubset": {"a": "1"}}),
            false,
        ),
    ] {
        let outcome = middle
            .call("kms:CreateGrant", ask(operations, constraints))
            .await;
        assert_eq!(outcome.is_ok(), allowed, "{outcome:?}");
    }
    last.ok("kms:Encrypt", encrypt(&key, json!({"a": "1"})))
        .await;
}

#[tokio::test]
async fn grants_are_retired_by_who_may_and_listed_for_them() {
    let admin = administrator().await;
    let key = plain_key(&admin).await;
    let grantee = user(&admin.world, OWNER, "grantee", &[]).await;
    let retirer = user(&admin.world, OWNER, "retirer", &[]).await;
    let retiring = json!({"RetiringPrincipal": retirer.caller.arn.to_string()});
    let by_token = grant(&admin, &key, &grantee, &["Encrypt"], retiring.clone()).await;
    let by_id = grant(&admin, &key, &grantee, &["Decrypt"], retiring.clone()).await;
    let own = grant(
        &admin,
        &key,
        &grantee,
        &["Encrypt", "RetireGrant"],
        json!({}),
    )
    .await;
    let input = json!({"RetiringPrincipal": retirer.caller.arn.to_string()});
    let listed = admin.ok("kms:ListRetirableGrants", input.clone()).await;
    assert_eq!(listed["Grants"].as_array().unwrap().len(), 2);
    let token = json!({"GrantToken": by_token["GrantToken"]});
    assert_eq!(
        grantee.code("kms:RetireGrant", token.clone()).await,
        "AccessDeniedException"
    );
    retirer.ok("kms:RetireGrant", token).await;
    let id = json!({"KeyId": key, "GrantId": by_id["GrantId"]});
    retirer.ok("kms:RetireGrant", id).await;
    grantee
        .ok("kms:RetireGrant", json!({"GrantToken": own["GrantToken"]}))
        .await;
    assert_eq!(
        admin.ok("kms:ListRetirableGrants", input).await["Grants"],
        json!([])
    );
    assert_eq!(
        admin.ok("kms:ListGrants", json!({"KeyId": key})).await["Grants"],
        json!([])
    );
    assert_sound(&problems(&admin.world).await);
}

#[tokio::test]
async fn a_name_makes_a_repeated_grant_harmless() {
    let admin = administrator().await;
    let key = plain_key(&admin).await;
    let grantee = user(&admin.world, OWNER, "grantee", &[]).await;
    let first = grant(&admin, &key, &grantee, &["Encrypt"], json!({"Name": "n"})).await;
    let again = grant(&admin, &key, &grantee, &["Encrypt"], json!({"Name": "n"})).await;
    assert_eq!(first["GrantId"], again["GrantId"]);
    assert_ne!(first["GrantToken"], again["GrantToken"]);
    let other = grant(&admin, &key, &grantee, &["Decrypt"], json!({"Name": "n"})).await;
    assert_ne!(first["GrantId"], other["GrantId"]);
    let unnamed = grant(&admin, &key, &grantee, &["Encrypt"], json!({})).await;
    let unnamed_again = grant(&admin, &key, &grantee, &["Encrypt"], json!({})).await;
    assert_ne!(unnamed["GrantId"], unnamed_again["GrantId"]);
    assert_sound(&problems(&admin.world).await);
}

#[tokio::test]
async fn a_secret_is_read_by_grant_too() {
    let admin = administrator().await;
    let key = plain_key(&admin).await;
    let input = json!({
        "Name": "s", "KmsKeyId": key, "SecretString": "v",
        "ClientRequestToken": crate::client::token(1),
    });
    admin.ok("CreateSecret", input).await;
    let secrets = crate::client::policy(
        &json!({"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}),
    );
    let reader = user(&admin.world, OWNER, "reader", &[&secrets]).await;
    let (code, message) = reader
        .refused("GetSecretValue", json!({"SecretId": "s"}))
        .await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("AccessDeniedException", "Access to KMS is not allowed")
    );
    grant(&admin, &key, &reader, &["Decrypt"], json!({})).await;
    assert_eq!(reader.value("s").await, "v");
}
