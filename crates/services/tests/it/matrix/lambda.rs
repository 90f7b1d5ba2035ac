//! Of Lambda: about a function, its version and an alias of it.

use serde_json::{Value, json};
use strongroom_services::{lambda::operations::ROUTES, operation::Route};

use super::{Identity, Matrix, caller, cell};
use crate::{
    client::{Client, FOREIGN, OWNER, policy, user},
    lambda::{ROLE, ZIP, with_function},
};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:f";

#[derive(Clone, Copy)]
enum Who {
    /// Of an account, with such policies.
    Has(u64, Identity),
    /// Allowed the operation by the policy of the function's alias.
    LetIn,
    /// Allowed the operation on the function alone.
    Latest,
}

const MATRIX: Matrix<Who> = Matrix {
    service: "lambda",
    shows: "\
What each operation of Lambda answers to each kind of caller. Those that can name a
version ask for the alias `live`, whose policy allows only its own account to call it;
a policy that is an alias's says nothing of the function itself.",
    columns: &[
        (
            "admin",
            "a user of the function's account who may do everything",
            Who::Has(OWNER, Identity::Everything),
        ),
        ("root", "its root user", Who::Has(OWNER, Identity::Root)),
        (
            "only",
            "a user of it who may do this, and pass roles, and nothing else",
            Who::Has(OWNER, Identity::Only),
        ),
        (
            "latest",
            "the same, but only to the function's ARN without a qualifier",
            Who::Latest,
        ),
        (
            "nobody",
            "a user of it without policies",
            Who::Has(OWNER, Identity::Nothing),
        ),
        (
            "all-but",
            "a user of it with an explicit deny",
            Who::Has(OWNER, Identity::AllBut),
        ),
        (
            "outsider",
            "a user of another account who may do everything",
            Who::Has(FOREIGN, Identity::Everything),
        ),
        (
            "let-in",
            "the same, whom the policy of the function's alias allows this",
            Who::LetIn,
        ),
    ],
    routes: ROUTES,
};

async fn caller_of(admin: &Client, head: &str, who: Who, action: &str) -> Client {
    let world = &admin.world;
    match who {
        Who::Has(number, identity) => {
            let actions = match identity {
                Identity::Only => vec![action, "iam:PassRole"],
                _ => vec![action],
            };
            caller(world, number, head, identity, &actions).await
        }
        Who::LetIn => caller(world, FOREIGN, head, Identity::Everything, &[]).await,
        Who::Latest => {
            let allow = |action: &str, resource: &str| {
                policy(&json!({"Effect": "Allow", "Action": action, "Resource": resource}))
            };
            let policies = [allow(action, FUNCTION), allow("iam:PassRole", "*")];
            user(world, OWNER, head, &policies.each_ref().map(String::as_str)).await
        }
    }
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
        "DeleteFunction"
        | "ListAliases"
        | "ListFunctions"
        | "ListVersionsByFunction"
        | "PublishVersion"
        | "UpdateFunctionConfiguration" => json!({}),
        unknown => panic!("give {unknown} an input above"),
    };
    let mut input = json!({"FunctionName": FUNCTION});
    for (name, value) in own.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

/// What comes of an operation called by this kind of caller.
async fn outcome(route: &Route, head: &str, &who: &Who) -> String {
    let admin = with_function().await;
    let client = caller_of(&admin, head, who, route.action).await;
    // The policy is someone's, whoever calls.
    let (principal, action) = match who {
        Who::LetIn => (format!("arn:aws:iam::{FOREIGN}:root"), route.action),
        _ => (OWNER.to_string(), "lambda:InvokeFunction"),
    };
    let statement = json!({
        "FunctionName": "f", "Qualifier": "live", "StatementId": "first",
        "Action": action, "Principal": principal,
    });
    admin.ok("lambda:AddPermission", statement).await;
    let operation = format!("lambda:{}", route.name);
    cell(client.call(&operation, input(route.name)).await)
}

#[tokio::test]
async fn the_matrix_is_as_it_was() {
    MATRIX.check(outcome).await;
}
