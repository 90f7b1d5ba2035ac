//! What an operator is told agrees with what callers are answered.

use serde_json::{Value, json};
use strongroom_services::{
    explain::{Answer, Question, explain},
    sts::session::{FederatedHolder, Holder, RoleHolder, UserHolder},
};

use crate::{
    client::{Client, FOREIGN, OWNER, administrator, policy, root, session, token, user},
    query::element,
};

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn text(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

async fn role(admin: &Client, name: &str, statements: &Value, more: Value) -> String {
    let trust = json!([{"Effect": "Allow", "Principal": {"AWS": OWNER.to_string()},
        "Action": "sts:AssumeRole"}]);
    let mut input = json!({"RoleName": name, "AssumeRolePolicyDocument": text(&trust)});
    input
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = admin.ok("iam:CreateRole", input).await;
    let document = text(statements);
    let inline = json!({"RoleName": name, "PolicyName": "p", "PolicyDocument": document});
    admin.ok("iam:PutRolePolicy", inline).await;
    element(&made, "RoleId").to_owned()
}

async fn of_role(admin: &Client, name: &str, id: &str) -> Client {
    let holder = Holder::Role(RoleHolder {
        name: name.to_owned(),
        id: id.to_owned(),
        session_name: "s".to_owned(),
    });
    session(admin, OWNER, holder, None).await
}

async fn ask(admin: &Client, question: Question) -> Result<Answer, String> {
    explain(&admin.world.services, &question).await
}

/// Asks about a caller, and has the caller do it: both come to the same.
async fn agree(client: &Client, principal: &str, operation: &str, input: Value, more: Question) {
    let action = match operation.split_once(':') {
        Some(_) => operation.to_owned(),
        None => format!("secretsmanager:{operation}"),
    };
    let question = Question {
        principal: principal.to_owned(),
        action,
        ..more
    };
    let place = format!("{question:?}");
    let told = ask(client, question).await.unwrap();
    match client.call(operation, input).await {
        Ok(_) => {
            assert!(told.allowed, "{place}: {}", told.verdict);
            assert_eq!(told.verdict, "Allowed");
            assert_eq!(told.decision["failures"]["items"], json!([]), "{place}");
        }
        Err((_, message)) => {
            assert!(!told.allowed, "{place}: {message}");
            let same = told.verdict == format!("Denied: {message}");
            // Secrets Manager does not hand KMS's text on.
            let by_key = message.contains("KMS") && told.verdict.contains("the KMS key");
            assert!(same || by_key, "{place}: {} is not {message}", told.verdict);
        }
    }
}

fn about(resource: &str) -> Question {
    Question {
        resource: resource.to_owned(),
        ..Question::default()
    }
}

#[tokio::test]
async fn explanations_agree_with_answers() {
    let admin = administrator().await;
    let arn = admin.secret("app/db", "v").await;
    let get = json!({"SecretId": arn});
    let own = |name: &str| format!("arn:aws:iam::{OWNER}:user/{name}");

    // Users: allowed, not allowed, denied; by ARN and by name.
    let reads = policy(&allow("secretsmanager:GetSecretValue", &arn));
    let reader = user(&admin.world, OWNER, "reader", &[&reads]).await;
    agree(
        &reader,
        &own("reader"),
        "GetSecretValue",
        get.clone(),
        about(&arn),
    )
    .await;
    let by_name = json!({"SecretId": "app/db"});
    agree(
        &reader,
        &own("reader"),
        "GetSecretValue",
        by_name.clone(),
        about("app/db"),
    )
    .await;
    agree(
        &reader,
        &own("reader"),
        "DeleteSecret",
        by_name.clone(),
        about("app/db"),
    )
    .await;
    agree(
        &reader,
        &own("reader"),
        "ListSecrets",
        json!({}),
        about("*"),
    )
    .await;
    let denied = policy(&json!({"Effect": "Deny", "Action": "*", "Resource": arn}));
    let banned = user(&admin.world, OWNER, "banned", &[&reads, &denied]).await;
    agree(
        &banned,
        &own("banned"),
        "GetSecretValue",
        get.clone(),
        about(&arn),
    )
    .await;

    // Roles: what asks for sessions of today, and for a device's code.
    let now = admin.world.clock_now_seconds();
    for (name, operator, key, value) in [
        (
            "fresh",
            "NumericGreaterThan",
            "aws:EpochTime",
            (now - 60).to_string(),
        ),
        (
            "young",
            "DateGreaterThan",
            "aws:TokenIssueTime",
            "2026-11-23".to_owned(),
        ),
        (
            "old",
            "DateLessThan",
            "aws:TokenIssueTime",
            "2026-11-23".to_owned(),
        ),
        (
            "keyed",
            "Bool",
            "aws:MultiFactorAuthPresent",
            "true".to_owned(),
        ),
        (
            "unkeyed",
            "Bool",
            "aws:MultiFactorAuthPresent",
            "false".to_owned(),
        ),
    ] {
        let statement = json!({"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*",
            "Condition": {operator: {key: value}}});
        let id = role(&admin, name, &json!([statement]), json!({})).await;
        let client = of_role(&admin, name, &id).await;
        for principal in [
            format!("arn:aws:iam::{OWNER}:role/{name}"),
            format!("arn:aws:sts::{OWNER}:assumed-role/{name}/s"),
        ] {
            // An answer names the session, and so must the question.
            if principal.contains(":sts:") || name != "old" && name != "keyed" {
                agree(
                    &client,
                    &principal,
                    "GetSecretValue",
                    get.clone(),
                    about(&arn),
                )
                .await;
            }
        }
    }

    // A boundary, and a secret's own policy.
    let boundary = json!({
        "PermissionsBoundary": "arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser",
    });
    let everything = json!([allow("*", "*")]);
    let id = role(&admin, "bounded", &everything, boundary).await;
    let bounded = of_role(&admin, "bounded", &id).await;
    let principal = format!("arn:aws:sts::{OWNER}:assumed-role/bounded/s");
    agree(
        &bounded,
        &principal,
        "GetSecretValue",
        get.clone(),
        about(&arn),
    )
    .await;

    // The root user, who may assume no role.
    let owner = root(&admin.world, OWNER);
    let principal = format!("arn:aws:iam::{OWNER}:root");
    agree(
        &owner,
        &principal,
        "GetSecretValue",
        get.clone(),
        about(&arn),
    )
    .await;
    let target = format!("arn:aws:iam::{OWNER}:role/bounded");
    let assume = json!({"RoleArn": target, "RoleSessionName": "ss"});
    agree(
        &owner,
        &principal,
        "sts:AssumeRole",
        assume.clone(),
        about(&target),
    )
    .await;
    agree(
        &reader,
        &own("reader"),
        "sts:AssumeRole",
        assume,
        about(&target),
    )
    .await;

    // Another account, with and without the secret's leave, and its key's.
    let far = policy(&allow("*", "*"));
    let guest = user(&admin.world, FOREIGN, "guest", &[&far]).await;
    let principal = format!("arn:aws:iam::{FOREIGN}:user/guest");
    agree(
        &guest,
        &principal,
        "GetSecretValue",
        get.clone(),
        about(&arn),
    )
    .await;
    let shared = policy(
        &json!({"Effect": "Allow", "Principal": {"AWS": FOREIGN.to_string()},
        "Action": "secretsmanager:GetSecretValue", "Resource": "*"}),
    );
    let put = json!({"SecretId": arn, "ResourcePolicy": shared});
    admin.ok("PutResourcePolicy", put).await;
    agree(
        &guest,
        &principal,
        "GetSecretValue",
        get.clone(),
        about(&arn),
    )
    .await;
}

#[tokio::test]
async fn the_key_of_a_secret_counts() {
    let admin = administrator().await;
    let made = admin.ok("kms:CreateKey", json!({})).await;
    let key = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let input = json!({
        "Name": "keyed", "KmsKeyId": key, "SecretString": "v", "ClientRequestToken": token(1),
    });
    let arn = admin.ok("CreateSecret", input).await["ARN"]
        .as_str()
        .unwrap()
        .to_owned();
    let get = json!({"SecretId": arn});
    let put = json!({"SecretId": arn, "SecretString": "w", "ClientRequestToken": token(2)});
    let secrets = policy(&allow("secretsmanager:*", "*"));
    let decrypts = policy(&allow("kms:Decrypt", "*"));
    let principal = |name: &str| format!("arn:aws:iam::{OWNER}:user/{name}");
    let keyless = user(&admin.world, OWNER, "keyless", &[&secrets]).await;
    let keyed = user(&admin.world, OWNER, "keyed", &[&secrets, &decrypts]).await;
    for (client, name) in [(&keyless, "keyless"), (&keyed, "keyed")] {
        agree(
            client,
            &principal(name),
            "GetSecretValue",
            get.clone(),
            about(&arn),
        )
        .await;
        agree(
            client,
            &principal(name),
            "PutSecretValue",
            put.clone(),
            about(&arn),
        )
        .await;
        agree(
            client,
            &principal(name),
            "DescribeSecret",
            get.clone(),
            about(&arn),
        )
        .await;
    }
    let told = ask(
        &admin,
        Question {
            principal: principal("keyless"),
            action: "secretsmanager:GetSecretValue".to_owned(),
            ..about("keyed")
        },
    );
    let told = told.await.unwrap();
    assert!(
        told.verdict
            .starts_with("Denied: the KMS key cannot be used: User: arn:aws:iam::")
    );
    assert_eq!(told.decision["allowed"], json!(true));
    assert_eq!(told.kms_key.unwrap()["allowed"], json!(false));
    // A key that is switched off is of use to nobody.
    admin.ok("kms:DisableKey", json!({"KeyId": key})).await;
    let question = Question {
        principal: principal("keyed"),
        action: "secretsmanager:GetSecretValue".to_owned(),
        ..about(&arn)
    };
    assert!(!ask(&admin, question).await.unwrap().allowed);
    keyed.refused("GetSecretValue", get).await;
}

#[tokio::test]
async fn federated_users_and_their_session_policies() {
    let admin = administrator().await;
    let arn = admin.secret("a", "v").await;
    let get = json!({"SecretId": arn});
    let all = policy(&allow("secretsmanager:*", "*"));
    let few = policy(&allow("secretsmanager:DescribeSecret", "*"));
    let voucher = user(&admin.world, OWNER, "voucher", &[&all]).await;
    let principal = format!("arn:aws:sts::{OWNER}:federated-user/ann");
    let issuer = voucher.caller.arn.to_string();
    for (by_user, limit) in [
        (false, None),
        (false, Some(&all)),
        (true, None),
        (true, Some(&all)),
        (true, Some(&few)),
    ] {
        let holder = Holder::Federated(FederatedHolder {
            name: "ann".to_owned(),
            issuer: by_user.then(|| UserHolder {
                name: "voucher".to_owned(),
                id: voucher.caller.standing.id.to_string(),
            }),
        });
        let client = session(&admin, OWNER, holder, limit.map(String::as_str)).await;
        let more = Question {
            issuer: by_user.then(|| issuer.clone()),
            session_policy: limit.cloned(),
            ..about(&arn)
        };
        agree(&client, &principal, "GetSecretValue", get.clone(), more).await;
    }
}

#[tokio::test]
async fn a_closed_account_may_nothing() {
    let admin = administrator().await;
    admin
        .ok("organizations:CreateOrganization", json!({}))
        .await;
    let asked = json!({"AccountName": "m", "Email": "m@example.com"});
    let made = admin.ok("organizations:CreateAccount", asked).await;
    let status = json!({"CreateAccountRequestId": made["CreateAccountStatus"]["Id"]});
    let status = admin
        .ok("organizations:DescribeCreateAccountStatus", status)
        .await;
    let member = status["CreateAccountStatus"]["AccountId"].as_str().unwrap();
    let question = Question {
        principal: format!("arn:aws:iam::{member}:root"),
        action: "secretsmanager:ListSecrets".to_owned(),
        ..about("*")
    };
    assert!(ask(&admin, question.clone()).await.unwrap().allowed);
    let close = json!({"AccountId": member});
    admin.ok("organizations:CloseAccount", close).await;
    let told = ask(&admin, question).await.unwrap();
    let expected =
        format!("Denied: the account {member} is closed, and its credentials are refused");
    assert_eq!(told.verdict, expected);
}

#[tokio::test]
async fn questions_that_make_no_sense() {
    let admin = administrator().await;
    let good = Question {
        principal: admin.caller.arn.to_string(),
        action: "secretsmanager:GetSecretValue".to_owned(),
        ..about("a")
    };
    for action in [
        "secretsmanager:GetSecretValue",
        "SecretsManager:getsecretvalue",
    ] {
        let asked = Question {
            action: action.to_owned(),
            ..good.clone()
        };
        assert!(ask(&admin, asked).await.unwrap().allowed, "{action}");
    }
    for (question, words) in [
        (
            Question {
                action: "foo".to_owned(),
                ..good.clone()
            },
            "is no action",
        ),
        (
            Question {
                action: "secretsmanager:*".to_owned(),
                ..good.clone()
            },
            "is no action",
        ),
        (
            Question {
                action: "secretsmanager:GetSecretValu".to_owned(),
                ..good.clone()
            },
            "there is no action `secretsmanager:GetSecretValu`: no operation here asks for it",
        ),
        (
            Question {
                principal: "ann".to_owned(),
                ..good.clone()
            },
            "there is no principal",
        ),
        (
            Question {
                resource: "a b".to_owned(),
                ..good.clone()
            },
            "Invalid name",
        ),
        (
            Question {
                action: "iam:GetUser".to_owned(),
                ..good.clone()
            },
            "is no ARN",
        ),
        (
            Question {
                issuer: Some("x".to_owned()),
                ..good.clone()
            },
            "no federated user",
        ),
        (
            Question {
                session_policy: Some("{}".to_owned()),
                ..good.clone()
            },
            "policy is none",
        ),
    ] {
        let why = ask(&admin, question).await.unwrap_err();
        assert!(why.contains(words), "{why}");
    }
}
