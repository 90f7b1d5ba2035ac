//! Of STS: about a role that two accounts may assume, and what sessions may
//! still do.

use serde_json::{Value, json};
use strongroom_crypto::SystemRandom;
use strongroom_services::{
    operation::Route,
    sts::{
        operations::ROUTES,
        session::{FederatedHolder, Holder, RoleHolder, RootHolder, UserHolder},
        token::access_key_id,
    },
};

use super::{Identity, Matrix, caller, cell};
use crate::{
    client::{Client, FOREIGN, OWNER, account, administrator, policy, session},
    query::element,
};

#[derive(Clone, Copy)]
enum Who {
    /// Of an account, with such policies.
    Has(u64, Identity),
    /// With temporary credentials.
    Session(Kind),
}

#[derive(Clone, Copy)]
enum Kind {
    Federated,
    Role,
    RootToken,
    UserToken,
}

const MATRIX: Matrix<Who> = Matrix {
    service: "sts",
    shows: "\
What each operation of STS answers to each kind of caller: about a role that trusts two
accounts, a token and an assertion that are none, and a message that is none, which only
those learn who may decode.",
    columns: &[
        (
            "admin",
            "a user who may do everything",
            Who::Has(OWNER, Identity::Everything),
        ),
        ("root", "the root user", Who::Has(OWNER, Identity::Root)),
        (
            "only",
            "a user who may do this and nothing else",
            Who::Has(OWNER, Identity::Only),
        ),
        (
            "nobody",
            "a user without policies",
            Who::Has(OWNER, Identity::Nothing),
        ),
        (
            "all-but",
            "a user with an explicit deny",
            Who::Has(OWNER, Identity::AllBut),
        ),
        (
            "role",
            "a session of a role that may do everything",
            Who::Session(Kind::Role),
        ),
        (
            "user-token",
            "credentials that GetSessionToken gave admin",
            Who::Session(Kind::UserToken),
        ),
        (
            "root-token",
            "credentials that GetSessionToken gave root",
            Who::Session(Kind::RootToken),
        ),
        (
            "federated",
            "a federated user of admin's who may do everything",
            Who::Session(Kind::Federated),
        ),
        (
            "stranger",
            "the admin of another account, which the role trusts",
            Who::Has(FOREIGN, Identity::Everything),
        ),
        (
            "far-nobody",
            "a user without policies of that account",
            Who::Has(FOREIGN, Identity::Nothing),
        ),
    ],
    routes: ROUTES,
};

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

async fn session_of(admin: &Client, kind: Kind, role_id: &str) -> Client {
    let by_admin = || UserHolder {
        name: "admin".to_owned(),
        id: admin.caller.standing.id.to_string(),
    };
    let everything = policy(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let (holder, limit) = match kind {
        Kind::Federated => (
            Holder::Federated(FederatedHolder {
                name: "ann".to_owned(),
                issuer: Some(by_admin()),
            }),
            Some(everything.as_str()),
        ),
        Kind::Role => (
            Holder::Role(RoleHolder {
                name: "app".to_owned(),
                id: role_id.to_owned(),
                session_name: "s".to_owned(),
            }),
            None,
        ),
        Kind::RootToken => (Holder::Root(RootHolder {}), None),
        Kind::UserToken => (Holder::User(by_admin()), None),
    };
    session(admin, OWNER, holder, limit).await
}

/// A request that succeeds for who may make it.
fn input(operation: &str, role: &str) -> Value {
    match operation {
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
        unknown => panic!("give {unknown} an input above"),
    }
}

/// What comes of an operation called by this kind of caller.
async fn outcome(route: &Route, head: &str, &who: &Who) -> String {
    let admin = administrator().await;
    let (role, id) = role(&admin).await;
    let client = match who {
        Who::Has(number, identity) => {
            caller(&admin.world, number, head, identity, &[route.action]).await
        }
        Who::Session(kind) => session_of(&admin, kind, &id).await,
    };
    let operation = format!("sts:{}", route.name);
    cell(client.call(&operation, input(route.name, &role)).await)
}

#[tokio::test]
async fn the_matrix_is_as_it_was() {
    MATRIX.check(outcome).await;
}
