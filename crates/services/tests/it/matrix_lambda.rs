//! Each operation of Lambda by each kind of caller, compared with
//! `permission_matrix_lambda.txt` letter by letter.
//!
//! After a change that is meant, write the table anew with
//! `PERMISSION_MATRIX=write cargo test -p strongroom-services matrix`.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};
use strongroom_services::lambda::operations::ROUTES;

use crate::{
    client::{Client, FOREIGN, OWNER, policy, root, user},
    lambda::{ROLE, ZIP, with_function},
    world::World,
};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/permission_matrix_lambda.txt"
);

const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:f";

/// Kinds of caller: the column's head, and what it means.
const COLUMNS: &[(&str, &str)] = &[
    (
        "admin",
        "a user of the function's account who may do everything",
    ),
    ("root", "its root user"),
    (
        "only",
        "a user of it who may do this, and pass roles, and nothing else",
    ),
    (
        "latest",
        "the same, but only to the function's ARN without a qualifier",
    ),
    ("nobody", "a user of it without policies"),
    ("all-but", "a user of it with an explicit deny"),
    (
        "outsider",
        "a user of another account who may do everything",
    ),
    (
        "let-in",
        "the same, whom the policy of the function's alias allows this",
    ),
];

async fn caller(world: &Arc<World>, admin: &Client, action: &str, head: &str) -> Client {
    let allow = |action: &str, resource: &str| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    let (account, policies) = match head {
        "admin" => return admin.clone(),
        "root" => return root(world, OWNER),
        "only" => (OWNER, vec![allow(action, "*"), allow("iam:PassRole", "*")]),
        "latest" => (
            OWNER,
            vec![allow(action, FUNCTION), allow("iam:PassRole", "*")],
        ),
        "nobody" => (OWNER, vec![]),
        "all-but" => {
            let deny = json!({"Effect": "Deny", "Action": action, "Resource": "*"});
            (OWNER, vec![allow("*", "*"), deny])
        }
        _ => (FOREIGN, vec![allow("*", "*")]),
    };
    let policies: Vec<String> = policies.iter().map(policy).collect();
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    user(world, account, head, &policies).await
}

/// A request that succeeds for who may make it.
fn input(operation: &str) -> Value {
    let own = match operation {
        "AddPermission" => json!({
            "Qualifier": "live", "StatementId": "s", "Action": "lambda:InvokeFunction",
            "Principal": "secretsmanager.amazonaws.com",
        }),
        "CreateAlias" => json!({"Name": "new", "FunctionVersion": "1"}),
        "CreateFunction" => json!({
            "FunctionName": "arn:aws:lambda:us-east-1:111122223333:function:g",
            "Runtime": "python3.11", "Handler": "f.main", "Role": ROLE, "Code": {"ZipFile": ZIP},
        }),
        "DeleteAlias" | "GetAlias" | "UpdateAlias" => json!({"Name": "live"}),
        "GetFunction" | "GetFunctionConfiguration" | "GetPolicy" => json!({"Qualifier": "live"}),
        // Whether it may is all that is asked: functions do not run here.
        "Invoke" => json!({"Qualifier": "live", "InvocationType": "DryRun"}),
        "RemovePermission" => json!({"Qualifier": "live", "StatementId": "first"}),
        "UpdateFunctionCode" => json!({"ZipFile": ZIP}),
        _ => json!({}),
    };
    let mut input = json!({"FunctionName": FUNCTION});
    for (name, value) in own.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

/// What comes of an operation called by this kind of caller.
async fn outcome(operation: &str, action: &str, head: &str) -> String {
    let admin = with_function().await;
    let client = caller(&admin.world, &admin, action, head).await;
    // The policy is someone's, whoever calls.
    let (principal, action) = if head == "let-in" {
        (format!("arn:aws:iam::{FOREIGN}:root"), action)
    } else {
        (OWNER.to_string(), "lambda:InvokeFunction")
    };
    let statement = json!({
        "FunctionName": "f", "Qualifier": "live", "StatementId": "first",
        "Action": action, "Principal": principal,
    });
    admin.ok("lambda:AddPermission", statement).await;
    let input = input(operation);
    match client.call(&format!("lambda:{operation}"), input).await {
        Ok(_) => "ok".to_owned(),
        Err((code, _)) => code.trim_end_matches("Exception").to_owned(),
    }
}

async fn table() -> String {
    let mut table = String::from(
        "What each operation of Lambda answers to each kind of caller. Those that can name a\n\
         version ask for the alias `live`, whose policy allows only its own account to call it;\n\
         a policy that is an alias's says nothing of the function itself.\n\n",
    );
    for (head, meaning) in COLUMNS {
        writeln!(table, "{head:<9} {meaning}").unwrap();
    }
    table.push('\n');
    let mut line = |first: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!(" {cell:<13}")).collect();
        writeln!(table, "{}", format!("{first:<28}{cells}").trim_end()).unwrap();
    };
    line(
        "",
        COLUMNS.iter().map(|(head, _)| (*head).to_owned()).collect(),
    );
    for route in ROUTES {
        let mut cells = Vec::new();
        for (head, _) in COLUMNS {
            cells.push(outcome(route.name, route.action, head).await);
        }
        line(route.name, cells);
    }
    table
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
