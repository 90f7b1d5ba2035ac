//! Of Secrets Manager: about a secret, with a policy or without.

use serde_json::{Value, json};
use strongroom_services::{operation::Route, secretsmanager::operations::ROUTES};

use super::{Identity, Matrix, caller, cell, short};
use crate::client::{FOREIGN, OWNER, administrator, policy, token};

/// Whose caller, what its own policies say of the operation, and what the
/// secret's policy says of it.
type Column = (u64, Identity, Resource);

#[derive(Clone, Copy)]
enum Resource {
    Absent,
    Allow,
    Deny,
}

const MATRIX: Matrix<Column> = Matrix {
    service: "secretsmanager",
    shows: "\
What each operation of Secrets Manager answers to each kind of caller about a secret of
another's under the key aws/secretsmanager. In brackets: of the secret in a batch.",
    columns: &[
        (
            "admin",
            "a user who may do everything",
            (OWNER, Identity::Everything, Resource::Absent),
        ),
        (
            "root",
            "the root user",
            (OWNER, Identity::Root, Resource::Absent),
        ),
        (
            "only",
            "a user who may do this and nothing else",
            (OWNER, Identity::Only, Resource::Absent),
        ),
        (
            "nobody",
            "a user without policies",
            (OWNER, Identity::Nothing, Resource::Absent),
        ),
        (
            "all-but",
            "a user with an explicit deny",
            (OWNER, Identity::AllBut, Resource::Absent),
        ),
        (
            "invited",
            "nobody, whom the secret's policy allows",
            (OWNER, Identity::Nothing, Resource::Allow),
        ),
        (
            "banned",
            "admin, whom the secret's policy denies",
            (OWNER, Identity::Everything, Resource::Deny),
        ),
        (
            "stranger",
            "the admin of another account",
            (FOREIGN, Identity::Everything, Resource::Absent),
        ),
        (
            "guest",
            "stranger, whom the secret's policy allows",
            (FOREIGN, Identity::Everything, Resource::Allow),
        ),
        (
            "shy",
            "nobody of another account, whom the secret's policy allows",
            (FOREIGN, Identity::Nothing, Resource::Allow),
        ),
        (
            "far-root",
            "the root user of another account, whom the secret's policy allows",
            (FOREIGN, Identity::Root, Resource::Allow),
        ),
    ],
    routes: ROUTES,
};

/// A request that succeeds for who may make it, about the secret `arn`.
fn input(operation: &str, arn: &str) -> Value {
    let document = policy(&json!({
        "Effect": "Allow", "Principal": {"AWS": OWNER.to_string()}, "Action": "*", "Resource": "*",
    }));
    let (new, first) = (token("new"), token("first"));
    match operation {
        "BatchGetSecretValue" => json!({"SecretIdList": [arn]}),
        "CreateSecret" => json!({"Name": "new", "ClientRequestToken": new, "SecretString": "v"}),
        "CancelRotateSecret"
        | "DeleteResourcePolicy"
        | "DeleteSecret"
        | "DescribeSecret"
        | "GetResourcePolicy"
        | "GetSecretValue"
        | "ListResourcePolicies"
        | "ListSecretVersionIds"
        | "RestoreSecret" => {
            json!({"SecretId": arn})
        }
        "GetRandomPassword" | "ListSecrets" => json!({}),
        "PutResourcePolicy" | "ValidateResourcePolicy" => {
            json!({"SecretId": arn, "ResourcePolicy": document})
        }
        "PutSecretValue" | "UpdateSecret" => {
            json!({"SecretId": arn, "ClientRequestToken": new, "SecretString": "v"})
        }
        "RotateSecret" => {
            let name = "SecretsManagerRDSPostgreSQLRotationSingleUser";
            let function = format!("arn:aws:lambda:us-east-1:{OWNER}:function:{name}");
            json!({"SecretId": arn, "ClientRequestToken": new, "RotationLambdaARN": function})
        }
        "TagResource" => json!({"SecretId": arn, "Tags": [{"Key": "k", "Value": "v"}]}),
        "UntagResource" => json!({"SecretId": arn, "TagKeys": ["k"]}),
        "UpdateSecretVersionStage" => {
            json!({"SecretId": arn, "VersionStage": "S", "MoveToVersionId": first})
        }
        unknown => panic!("give {unknown} an input above"),
    }
}

/// What comes of an operation called by this kind of caller.
async fn outcome(route: &Route, head: &str, &(number, identity, resource): &Column) -> String {
    let admin = administrator().await;
    let secret = json!({"Name": "a", "ClientRequestToken": token("first"), "SecretString": "v"});
    let arn = admin.ok("CreateSecret", secret).await["ARN"]
        .as_str()
        .unwrap()
        .to_owned();
    let action = route.action;
    let client = caller(&admin.world, number, head, identity, &[action]).await;
    let effect = match resource {
        Resource::Absent => None,
        Resource::Allow => Some("Allow"),
        Resource::Deny => Some("Deny"),
    };
    if let Some(effect) = effect {
        let document = policy(&json!({
            "Effect": effect, "Principal": {"AWS": client.caller.arn.to_string()},
            "Action": action, "Resource": "*",
        }));
        let input = json!({"SecretId": arn, "ResourcePolicy": document});
        admin.ok("PutResourcePolicy", input).await;
    }
    let answer = client.call(route.name, input(route.name, &arn)).await;
    if let Ok(answer) = &answer
        && let Some(code) = answer["Errors"][0]["ErrorCode"].as_str()
    {
        return format!("({})", short(code));
    }
    cell(answer)
}

#[tokio::test]
async fn the_matrix_is_as_it_was() {
    MATRIX.check(outcome).await;
}
