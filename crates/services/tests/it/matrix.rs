//! Each operation by each kind of caller: one table, readable, compared with
//! `permission_matrix.txt` letter by letter.
//!
//! After a change that is meant, write the table anew with
//! `PERMISSION_MATRIX=write cargo test -p strongroom-services matrix`.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};
use strongroom_services::secretsmanager::operations::ROUTES;

use crate::{
    client::{Client, FOREIGN, OWNER, administrator, policy, root, route, token, user},
    world::World,
};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/permission_matrix.txt"
);

/// A kind of caller: the column's head, what it means, and how to make one.
struct Column {
    head: &'static str,
    meaning: &'static str,
    account: u64,
    /// What its own policies say of the operation.
    identity: Identity,
    /// What the secret's policy says of it.
    resource: Resource,
}

#[derive(Clone, Copy)]
enum Identity {
    /// The account's root user, who needs no policy.
    Root,
    /// A user who may do everything.
    Everything,
    /// A user without policies.
    Nothing,
    /// A user who may do this operation, and nothing else.
    Only,
    /// A user who may do everything but this operation.
    AllBut,
}

#[derive(Clone, Copy)]
enum Resource {
    Absent,
    Allow,
    Deny,
}

const COLUMNS: &[Column] = &[
    column(
        "admin",
        "a user who may do everything",
        OWNER,
        Identity::Everything,
        Resource::Absent,
    ),
    column(
        "root",
        "the root user",
        OWNER,
        Identity::Root,
        Resource::Absent,
    ),
    column(
        "only",
        "a user who may do this and nothing else",
        OWNER,
        Identity::Only,
        Resource::Absent,
    ),
    column(
        "nobody",
        "a user without policies",
        OWNER,
        Identity::Nothing,
        Resource::Absent,
    ),
    column(
        "all-but",
        "a user with an explicit deny",
        OWNER,
        Identity::AllBut,
        Resource::Absent,
    ),
    column(
        "invited",
        "nobody, whom the secret's policy allows",
        OWNER,
        Identity::Nothing,
        Resource::Allow,
    ),
    column(
        "banned",
        "admin, whom the secret's policy denies",
        OWNER,
        Identity::Everything,
        Resource::Deny,
    ),
    column(
        "stranger",
        "the admin of another account",
        FOREIGN,
        Identity::Everything,
        Resource::Absent,
    ),
    column(
        "guest",
        "stranger, whom the secret's policy allows",
        FOREIGN,
        Identity::Everything,
        Resource::Allow,
    ),
    column(
        "shy",
        "nobody of another account, whom the secret's policy allows",
        FOREIGN,
        Identity::Nothing,
        Resource::Allow,
    ),
    column(
        "far-root",
        "the root user of another account, whom the secret's policy allows",
        FOREIGN,
        Identity::Root,
        Resource::Allow,
    ),
];

const fn column(
    head: &'static str,
    meaning: &'static str,
    account: u64,
    identity: Identity,
    resource: Resource,
) -> Column {
    Column {
        head,
        meaning,
        account,
        identity,
        resource,
    }
}

/// A request that succeeds for who may make it, about the secret `arn`;
/// nothing for an operation that this test does not know.
fn input(operation: &str, arn: &str) -> Option<Value> {
    let document = policy(&json!({
        "Effect": "Allow", "Principal": {"AWS": OWNER.to_string()}, "Action": "*", "Resource": "*",
    }));
    let (new, first) = (token("new"), token("first"));
    Some(match operation {
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
        _ => return None,
    })
}

/// A caller of this kind for an action.
async fn caller(world: &Arc<World>, column: &Column, action: &str) -> Client {
    let allow = |action: &str| json!({"Effect": "Allow", "Action": action, "Resource": "*"});
    let deny = json!({"Effect": "Deny", "Action": action, "Resource": "*"});
    let policies = match column.identity {
        Identity::Root => return root(world, column.account),
        Identity::Everything => vec![policy(&allow("*"))],
        Identity::Nothing => vec![],
        Identity::Only => vec![policy(&allow(action))],
        Identity::AllBut => vec![policy(&allow("*")), policy(&deny)],
    };
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    user(world, column.account, column.head, &policies).await
}

/// What comes of an operation called by this kind of caller.
async fn outcome(operation: &str, column: &Column) -> String {
    let admin = administrator().await;
    let secret = json!({"Name": "a", "ClientRequestToken": token("first"), "SecretString": "v"});
    let arn = admin.ok("CreateSecret", secret).await["ARN"]
        .as_str()
        .unwrap()
        .to_owned();
    let action = route(operation).action;
    let client = caller(&admin.world, column, action).await;
    let effect = match column.resource {
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
    let input = input(operation, &arn).unwrap();
    let short = |code: &str| code.trim_end_matches("Exception").to_owned();
    match client.call(operation, input).await {
        Ok(answer) => match answer["Errors"][0]["ErrorCode"].as_str() {
            Some(code) => format!("({})", short(code)),
            None => "ok".to_owned(),
        },
        Err((code, _)) => short(&code),
    }
}

async fn table() -> String {
    let mut table = String::from(
        "What each operation of Secrets Manager answers to each kind of caller about a secret of\n\
         another's under the key aws/secretsmanager. In brackets: of the secret in a batch.\n\n",
    );
    for Column { head, meaning, .. } in COLUMNS {
        writeln!(table, "{head:<9} {meaning}").unwrap();
    }
    table.push('\n');
    let mut line = |first: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!(" {cell:<14}")).collect();
        writeln!(table, "{}", format!("{first:<24}{cells}").trim_end()).unwrap();
    };
    line(
        "",
        COLUMNS
            .iter()
            .map(|column| column.head.to_owned())
            .collect(),
    );
    for route in ROUTES {
        let mut cells = Vec::new();
        for column in COLUMNS {
            cells.push(outcome(route.name, column).await);
        }
        line(route.name, cells);
    }
    table
}

#[test]
fn every_operation_is_in_the_matrix() {
    let missing: Vec<_> = ROUTES
        .iter()
        .map(|route| route.name)
        .filter(|name| input(name, "a").is_none())
        .collect();
    assert_eq!(missing, [""; 0], "give them an input above");
}

#[tokio::test]
async fn the_matrix_is_as_it_was() {
    let table = table().await;
    if std::env::var("PERMISSION_MATRIX").is_ok_and(|value| value == "write") {
        std::fs::write(FILE, &table).unwrap();
    }
    let stored = std::fs::read_to_string(FILE).unwrap_or_default();
    for (now, before) in table.lines().zip(stored.lines()) {
        assert_eq!(now, before);
    }
    assert_eq!(table, stored);
}
