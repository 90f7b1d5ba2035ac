//! Each operation of STS by each kind of caller, compared with
//! `permission_matrix_sts.txt` letter by letter.
//!
//! After a change that is meant, write the table anew with
//! `PERMISSION_MATRIX=write cargo test -p strongroom-services matrix`.

use std::fmt::Write as _;

use serde_json::{Value, json};
use strongroom_crypto::SystemRandom;
use strongroom_services::sts::{
    operations::ROUTES,
    session::{FederatedHolder, Holder, RoleHolder, RootHolder, UserHolder},
    token::access_key_id,
};

use crate::{
    client::{Client, FOREIGN, OWNER, account, administrator, policy, root, session, user},
    query::element,
};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/permission_matrix_sts.txt"
);

/// Kinds of caller: the column's head, and what it means.
const COLUMNS: &[(&str, &str)] = &[
    ("admin", "a user who may do everything"),
    ("root", "the root user"),
    ("only", "a user who may do this and nothing else"),
    ("nobody", "a user without policies"),
    ("all-but", "a user with an explicit deny"),
    ("role", "a session of a role that may do everything"),
    ("user-token", "credentials that GetSessionToken gave admin"),
    ("root-token", "credentials that GetSessionToken gave root"),
    (
        "federated",
        "a federated user of admin's who may do everything",
    ),
    (
        "stranger",
        "the admin of another account, which the role trusts",
    ),
    ("far-nobody", "a user without policies of that account"),
];

fn trust() -> String {
    let accounts = [OWNER, FOREIGN].map(|number| number.to_string());
    policy(&json!({"Effect": "Allow", "Principal": {"AWS": accounts}, "Action": "sts:AssumeRole"}))
}

async fn role(admin: &Client) -> (String, String) {
    let input = json!({"RoleName": "app", "AssumeRolePolicyDocument": trust()});
    let made = admin.ok("iam:CreateRole", input).await;
    let attach = json!({
        "RoleName": "app", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
    });
    admin.ok("iam:AttachRolePolicy", attach).await;
    (element(&made, "Arn"), element(&made, "RoleId"))
}

async fn caller(admin: &Client, head: &str, action: &str, role_id: &str) -> Client {
    let world = &admin.world;
    let allow =
        |action: &str| policy(&json!({"Effect": "Allow", "Action": action, "Resource": "*"}));
    let everything = allow("*");
    let (account, policies) = match head {
        "admin" => return admin.clone(),
        "root" => return root(world, OWNER),
        "only" => (OWNER, vec![allow(action)]),
        "nobody" => (OWNER, vec![]),
        "all-but" => {
            let deny = policy(&json!({"Effect": "Deny", "Action": action, "Resource": "*"}));
            (OWNER, vec![everything, deny])
        }
        "stranger" => (FOREIGN, vec![everything]),
        "far-nobody" => (FOREIGN, vec![]),
        _ => {
            let by_admin = || UserHolder {
                name: "admin".to_owned(),
                id: admin.caller.standing.id.to_string(),
            };
            let (holder, limit) = match head {
                "role" => (
                    Holder::Role(RoleHolder {
                        name: "app".to_owned(),
                        id: role_id.to_owned(),
                        session_name: "s".to_owned(),
                    }),
                    None,
                ),
                "user-token" => (Holder::User(by_admin()), None),
                "root-token" => (Holder::Root(RootHolder {}), None),
                _ => (
                    Holder::Federated(FederatedHolder {
                        name: "ann".to_owned(),
                        issuer: Some(by_admin()),
                    }),
                    Some(everything.as_str()),
                ),
            };
            return session(admin, OWNER, holder, limit).await;
        }
    };
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    user(world, account, head, &policies).await
}

/// A request that succeeds for who may make it; nothing for an operation that
/// this test does not know.
fn input(operation: &str, role: &str) -> Option<Value> {
    Some(match operation {
        "AssumeRole" => json!({"RoleArn": role, "RoleSessionName": "ss"}),
        "AssumeRoleWithSAML" => json!({
            "RoleArn": role, "SAMLAssertion": "PGE+PC9hPg==",
            "PrincipalArn": format!("arn:aws:iam::{OWNER}:saml-provider/idp"),
        }),
        "AssumeRoleWithWebIdentity" => {
            json!({"RoleArn": role, "RoleSessionName": "ss", "WebIdentityToken": "none"})
        }
        "DecodeAuthorizationMessage" => json!({"EncodedMessage": "none"}),
        "GetAccessKeyInfo" => {
            let owner = account(OWNER);
            json!({"AccessKeyId": access_key_id("ASIA", owner, &SystemRandom)})
        }
        "GetCallerIdentity" | "GetSessionToken" => json!({}),
        "GetFederationToken" => json!({"Name": "bob"}),
        _ => return None,
    })
}

async fn outcome(operation: &str, action: &str, head: &str) -> String {
    let admin = administrator().await;
    let (role, id) = role(&admin).await;
    let client = caller(&admin, head, action, &id).await;
    let input = input(operation, &role).unwrap();
    match client.call(&format!("sts:{operation}"), input).await {
        Ok(_) => "ok".to_owned(),
        Err((code, _)) => code.trim_end_matches("Exception").to_owned(),
    }
}

async fn table() -> String {
    let mut table = String::from(
        "What each operation of STS answers to each kind of caller: about a role that trusts two\n\
         accounts, a token and an assertion that are none, and a message that is none, which only\n\
         those learn who may decode.\n\n",
    );
    for (head, meaning) in COLUMNS {
        writeln!(table, "{head:<11} {meaning}").unwrap();
    }
    table.push('\n');
    let mut line = |first: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!(" {cell:<27}")).collect();
        writeln!(table, "{}", format!("{first:<27}{cells}").trim_end()).unwrap();
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

#[test]
fn every_operation_is_in_the_matrix() {
    let names = ROUTES.iter().map(|route| route.name);
    let missing: Vec<_> = names.filter(|name| input(name, "a").is_none()).collect();
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
