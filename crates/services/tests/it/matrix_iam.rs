//! Each operation of IAM by each kind of caller: one table, readable, compared
//! with `permission_matrix_iam.txt` letter by letter.
//!
//! After a change that is meant, write the table anew with
//! `PERMISSION_MATRIX=write cargo test -p strongroom-services matrix`.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};
use strongroom_services::{
    iam::{PolicyAttachment, operations::ROUTES},
    tables::{PolicyAttachments, Users},
};

use crate::{
    client::{Client, FOREIGN, OWNER, account, add_row, administrator, policy, root, rows, user},
    query::element,
    world::World,
};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/permission_matrix_iam.txt"
);
/// A boundary that leaves IAM out.
const BOUNDARY: &str = "arn:aws:iam::aws:policy/SecretsManagerReadWrite";

/// A kind of caller: the column's head, what it means, and whose account.
struct Column {
    head: &'static str,
    meaning: &'static str,
    account: u64,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    AllBut,
    Bounded,
    Everything,
    Nothing,
    Only,
    Root,
}

const COLUMNS: &[Column] = &[
    column(
        "admin",
        "a user who may do everything",
        OWNER,
        Kind::Everything,
    ),
    column("root", "the root user", OWNER, Kind::Root),
    column(
        "only",
        "a user who may do this and nothing else",
        OWNER,
        Kind::Only,
    ),
    column("nobody", "a user without policies", OWNER, Kind::Nothing),
    column(
        "all-but",
        "a user with an explicit deny",
        OWNER,
        Kind::AllBut,
    ),
    column(
        "bounded",
        "admin within a boundary that leaves IAM out",
        OWNER,
        Kind::Bounded,
    ),
    column(
        "stranger",
        "the admin of another account",
        FOREIGN,
        Kind::Everything,
    ),
    column(
        "far-root",
        "the root user of another account",
        FOREIGN,
        Kind::Root,
    ),
];

const fn column(head: &'static str, meaning: &'static str, account: u64, kind: Kind) -> Column {
    Column {
        head,
        meaning,
        account,
        kind,
    }
}

fn arn(resource: &str) -> String {
    format!("arn:aws:iam::{OWNER}:{resource}")
}

fn trust() -> String {
    policy(&json!({
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }))
}

fn document() -> String {
    policy(&json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*"}))
}

/// Ids of what the scene made.
#[derive(Default)]
struct Ids {
    access_key: String,
    /// Of a deletion that is done.
    task: String,
}

/// Metadata of a SAML provider, long enough.
fn metadata() -> String {
    let padding = " ".repeat(1_000);
    format!(
        "<EntityDescriptor entityID=\"a\"><IDPSSODescriptor><X509Certificate>MII</X509Certificate>\
         </IDPSSODescriptor>{padding}</EntityDescriptor>"
    )
}

/// Users, a group and providers.
async fn people(admin: &Client) -> String {
    let policy = |owner: &str, name: &str| json!({owner: name, "PolicyName": "inline", "PolicyDocument": document()});
    let attach = |owner: &str, name: &str| json!({owner: name, "PolicyArn": arn("policy/reader")});
    let tags = json!([{"Key": "k", "Value": "v"}]);
    let url = "https://issuer.example.com";
    for (operation, input) in [
        ("iam:CreateUser", json!({"UserName": "ann", "Tags": tags})),
        ("iam:CreateUser", json!({"UserName": "idle"})),
        ("iam:CreateGroup", json!({"GroupName": "ops"})),
        ("iam:CreateGroup", json!({"GroupName": "empty"})),
        (
            "iam:AddUserToGroup",
            json!({"GroupName": "ops", "UserName": "ann"}),
        ),
        ("iam:PutUserPolicy", policy("UserName", "ann")),
        ("iam:PutGroupPolicy", policy("GroupName", "ops")),
        ("iam:AttachUserPolicy", attach("UserName", "ann")),
        ("iam:AttachGroupPolicy", attach("GroupName", "ops")),
        (
            "iam:PutUserPermissionsBoundary",
            json!({"UserName": "ann", "PermissionsBoundary": BOUNDARY}),
        ),
        (
            "iam:CreateOpenIDConnectProvider",
            json!({
                "Url": url, "ClientIDList": ["a", "b"], "ThumbprintList": ["a".repeat(40)],
                "Tags": tags,
            }),
        ),
        (
            "iam:CreateSAMLProvider",
            json!({"Name": "corp", "SAMLMetadataDocument": metadata(), "Tags": tags}),
        ),
        ("iam:CreateAccountAlias", json!({"AccountAlias": "matrix"})),
        (
            "iam:UpdateAccountPasswordPolicy",
            json!({"MinimumPasswordLength": 12}),
        ),
    ] {
        admin.ok(operation, input).await;
    }
    let key = admin
        .ok("iam:CreateAccessKey", json!({"UserName": "ann"}))
        .await;
    element(&key, "AccessKeyId")
}

/// What the account has.
async fn scene(admin: &Client) -> Ids {
    let (trust, document) = (trust(), document());
    let role = |name: &str| json!({"RoleName": name, "AssumeRolePolicyDocument": trust});
    let policy = |name: &str| json!({"PolicyName": name, "PolicyDocument": document});
    let service = |name: &str| json!({"AWSServiceName": format!("{name}.amazonaws.com")});
    let tags = json!([{"Key": "k", "Value": "v"}]);
    for (operation, input) in [
        ("iam:CreateRole", role("app")),
        ("iam:CreateRole", role("idle")),
        ("iam:CreatePolicy", policy("reader")),
        ("iam:CreatePolicy", policy("spare")),
        ("iam:CreatePolicy", policy("free")),
        (
            "iam:CreatePolicyVersion",
            json!({"PolicyArn": arn("policy/spare"), "PolicyDocument": document}),
        ),
        (
            "iam:AttachRolePolicy",
            json!({"RoleName": "app", "PolicyArn": arn("policy/reader")}),
        ),
        (
            "iam:PutRolePolicy",
            json!({"RoleName": "app", "PolicyName": "inline", "PolicyDocument": document}),
        ),
        (
            "iam:PutRolePermissionsBoundary",
            json!({"RoleName": "app", "PermissionsBoundary": BOUNDARY}),
        ),
        ("iam:TagRole", json!({"RoleName": "app", "Tags": tags})),
        (
            "iam:CreateInstanceProfile",
            json!({"InstanceProfileName": "web"}),
        ),
        (
            "iam:CreateInstanceProfile",
            json!({"InstanceProfileName": "full"}),
        ),
        (
            "iam:AddRoleToInstanceProfile",
            json!({"InstanceProfileName": "full", "RoleName": "app"}),
        ),
        ("iam:CreateServiceLinkedRole", service("support")),
        ("iam:CreateServiceLinkedRole", service("sso")),
    ] {
        admin.ok(operation, input).await;
    }
    let gone = json!({"RoleName": "AWSServiceRoleForSSO"});
    let answer = admin.ok("iam:DeleteServiceLinkedRole", gone).await;
    Ids {
        access_key: people(admin).await,
        task: element(&answer, "DeletionTaskId"),
    }
}

/// A request that succeeds for who may make it; nothing for an operation that
/// this test does not know.
fn input(operation: &str, ids: &Ids) -> Option<Value> {
    input_about_people(operation, ids).or_else(|| input_about_roles(operation, ids))
}

/// The same of users, groups, access keys, providers and the account.
fn input_about_people(operation: &str, ids: &Ids) -> Option<Value> {
    let with = |mut input: Value, more: Value| {
        let more = more.as_object().unwrap().clone();
        input.as_object_mut().unwrap().extend(more);
        input
    };
    let ann = || json!({"UserName": "ann"});
    let ops = || json!({"GroupName": "ops"});
    let oidc = || json!({"OpenIDConnectProviderArn": arn("oidc-provider/issuer.example.com")});
    let saml = || json!({"SAMLProviderArn": arn("saml-provider/corp")});
    let policy = || json!({"PolicyArn": arn("policy/reader")});
    let spare = || json!({"PolicyArn": arn("policy/spare")});
    let inline = || json!({"PolicyName": "inline"});
    let written = || with(inline(), json!({"PolicyDocument": document()}));
    let key = || json!({"UserName": "ann", "AccessKeyId": ids.access_key});
    let tags = || json!({"Tags": [{"Key": "k", "Value": "v"}]});
    let keys = || json!({"TagKeys": ["k"]});
    Some(match operation {
        "AddClientIDToOpenIDConnectProvider" => with(oidc(), json!({"ClientID": "c"})),
        "AddUserToGroup" => json!({"GroupName": "ops", "UserName": "idle"}),
        "AttachGroupPolicy" => with(ops(), spare()),
        "AttachUserPolicy" => with(ann(), spare()),
        "CreateAccessKey" => json!({"UserName": "idle"}),
        "CreateAccountAlias" => json!({"AccountAlias": "another"}),
        "CreateGroup" => json!({"GroupName": "new"}),
        "CreateOpenIDConnectProvider" => json!({"Url": "https://new.example.com"}),
        "CreateSAMLProvider" => json!({"Name": "new", "SAMLMetadataDocument": metadata()}),
        "CreateUser" => json!({"UserName": "new"}),
        "DeleteAccessKey" => key(),
        "DeleteAccountAlias" => json!({"AccountAlias": "matrix"}),
        "DeleteGroup" => json!({"GroupName": "empty"}),
        "DeleteGroupPolicy" | "GetGroupPolicy" => with(ops(), inline()),
        "DeleteOpenIDConnectProvider"
        | "GetOpenIDConnectProvider"
        | "ListOpenIDConnectProviderTags" => oidc(),
        "DeleteSAMLProvider" | "GetSAMLProvider" | "ListSAMLProviderTags" => saml(),
        "DeleteUser" => json!({"UserName": "idle"}),
        "DeleteUserPolicy" | "GetUserPolicy" => with(ann(), inline()),
        "DetachGroupPolicy" => with(ops(), policy()),
        "DetachUserPolicy" => with(ann(), policy()),
        "GetAccessKeyLastUsed" => json!({"AccessKeyId": ids.access_key}),
        "DeleteAccountPasswordPolicy"
        | "GetAccountPasswordPolicy"
        | "GetAccountSummary"
        | "ListAccountAliases"
        | "ListGroups"
        | "ListOpenIDConnectProviders"
        | "ListSAMLProviders"
        | "ListServerCertificates"
        | "ListUsers"
        | "ListVirtualMFADevices" => json!({}),
        "GetGroup" | "ListAttachedGroupPolicies" | "ListGroupPolicies" => ops(),
        "DeleteLoginProfile"
        | "DeleteUserPermissionsBoundary"
        | "GetLoginProfile"
        | "GetUser"
        | "ListAccessKeys"
        | "ListAttachedUserPolicies"
        | "ListGroupsForUser"
        | "ListMFADevices"
        | "ListSSHPublicKeys"
        | "ListServiceSpecificCredentials"
        | "ListSigningCertificates"
        | "ListUserPolicies"
        | "ListUserTags" => ann(),
        "PutGroupPolicy" => with(ops(), written()),
        "PutUserPermissionsBoundary" => with(ann(), json!({"PermissionsBoundary": BOUNDARY})),
        "PutUserPolicy" => with(ann(), written()),
        "RemoveClientIDFromOpenIDConnectProvider" => with(oidc(), json!({"ClientID": "a"})),
        "RemoveUserFromGroup" => with(ops(), ann()),
        "TagOpenIDConnectProvider" => with(oidc(), tags()),
        "TagSAMLProvider" => with(saml(), tags()),
        "TagUser" => with(ann(), tags()),
        "UntagOpenIDConnectProvider" => with(oidc(), keys()),
        "UntagSAMLProvider" => with(saml(), keys()),
        "UntagUser" => with(ann(), keys()),
        "UpdateAccessKey" => with(key(), json!({"Status": "Inactive"})),
        "UpdateAccountPasswordPolicy" => json!({"MinimumPasswordLength": 16}),
        "UpdateGroup" => with(ops(), json!({"NewGroupName": "operators"})),
        "UpdateOpenIDConnectProviderThumbprint" => {
            with(oidc(), json!({"ThumbprintList": ["b".repeat(40)]}))
        }
        "UpdateSAMLProvider" => with(saml(), json!({"SAMLMetadataDocument": metadata()})),
        "UpdateUser" => with(ann(), json!({"NewUserName": "anna"})),
        _ => return None,
    })
}

/// The same of roles, managed policies, instance profiles and the simulator.
fn input_about_roles(operation: &str, ids: &Ids) -> Option<Value> {
    let (app, idle) = (json!({"RoleName": "app"}), json!({"RoleName": "idle"}));
    let spare = || json!({"PolicyArn": arn("policy/spare")});
    let web = || json!({"InstanceProfileName": "web"});
    let with = |mut input: Value, more: Value| {
        let more = more.as_object().unwrap().clone();
        input.as_object_mut().unwrap().extend(more);
        input
    };
    let tags = json!({"Tags": [{"Key": "k", "Value": "v"}]});
    let keys = json!({"TagKeys": ["k"]});
    let inline = json!({"RoleName": "app", "PolicyName": "inline"});
    Some(match operation {
        "AddRoleToInstanceProfile" => with(web(), idle),
        "AttachRolePolicy" => with(idle, spare()),
        "CreateInstanceProfile" => json!({"InstanceProfileName": "new"}),
        "CreatePolicy" => json!({"PolicyName": "new", "PolicyDocument": document()}),
        "CreatePolicyVersion" => with(spare(), json!({"PolicyDocument": document()})),
        "CreateRole" => json!({"RoleName": "new", "AssumeRolePolicyDocument": trust()}),
        "CreateServiceLinkedRole" => json!({"AWSServiceName": "rds.amazonaws.com"}),
        "DeleteInstanceProfile" | "GetInstanceProfile" | "ListInstanceProfileTags" => web(),
        "DeletePolicy" => json!({"PolicyArn": arn("policy/free")}),
        "DeletePolicyVersion" | "SetDefaultPolicyVersion" => {
            with(spare(), json!({"VersionId": "v2"}))
        }
        "DeleteRole" => idle,
        "DeleteRolePermissionsBoundary"
        | "GetRole"
        | "ListAttachedRolePolicies"
        | "ListInstanceProfilesForRole"
        | "ListRolePolicies"
        | "ListRoleTags"
        | "UpdateRole" => app,
        "DeleteRolePolicy" | "GetRolePolicy" => inline,
        "DeleteServiceLinkedRole" => json!({"RoleName": "AWSServiceRoleForSupport"}),
        "DetachRolePolicy" => with(app, json!({"PolicyArn": arn("policy/reader")})),
        "GetAccountAuthorizationDetails"
        | "ListInstanceProfiles"
        | "ListPolicies"
        | "ListRoles" => json!({}),
        "GetContextKeysForCustomPolicy" => json!({"PolicyInputList": [document()]}),
        "GetContextKeysForPrincipalPolicy" => json!({"PolicySourceArn": arn("role/app")}),
        "GetPolicy" | "ListEntitiesForPolicy" | "ListPolicyTags" | "ListPolicyVersions" => spare(),
        "GetPolicyVersion" => with(spare(), json!({"VersionId": "v1"})),
        "GetServiceLinkedRoleDeletionStatus" => json!({"DeletionTaskId": ids.task}),
        "ListPoliciesGrantingServiceAccess" => {
            json!({"Arn": arn("role/app"), "ServiceNamespaces": ["kms"]})
        }
        "PutRolePermissionsBoundary" => with(app, json!({"PermissionsBoundary": BOUNDARY})),
        "PutRolePolicy" => with(inline, json!({"PolicyDocument": document()})),
        "RemoveRoleFromInstanceProfile" => with(app, json!({"InstanceProfileName": "full"})),
        "SimulateCustomPolicy" => {
            json!({"PolicyInputList": [document()], "ActionNames": ["kms:Decrypt"]})
        }
        "SimulatePrincipalPolicy" => {
            json!({"PolicySourceArn": arn("role/app"), "ActionNames": ["kms:Decrypt"]})
        }
        "TagInstanceProfile" => with(web(), tags),
        "TagPolicy" => with(spare(), tags),
        "TagRole" => with(app, tags),
        "UntagInstanceProfile" => with(web(), keys),
        "UntagPolicy" => with(spare(), keys),
        "UntagRole" => with(app, keys),
        "UpdateAssumeRolePolicy" => with(app, json!({"PolicyDocument": trust()})),
        "UpdateRoleDescription" => with(app, json!({"Description": "new"})),
        _ => return None,
    })
}

/// A caller of this kind for an action.
async fn caller(world: &Arc<World>, column: &Column, action: &str) -> Client {
    let allow =
        |action: &str| policy(&json!({"Effect": "Allow", "Action": action, "Resource": "*"}));
    let deny = policy(&json!({"Effect": "Deny", "Action": action, "Resource": "*"}));
    let policies = match column.kind {
        Kind::Root => return root(world, column.account),
        Kind::Bounded | Kind::Everything => vec![allow("*")],
        Kind::Nothing => vec![],
        Kind::Only => vec![allow(action)],
        Kind::AllBut => vec![allow("*"), deny],
    };
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    let client = user(world, column.account, column.head, &policies).await;
    if column.kind == Kind::Bounded {
        bound(client, column.head).await
    } else {
        client
    }
}

/// The same user with a permissions boundary.
async fn bound(client: Client, name: &str) -> Client {
    let world = &client.world;
    let owner = account(OWNER);
    let key = (owner, name.to_owned());
    let users = rows::<Users>(world).await;
    let (_, mut user) = users.into_iter().find(|(known, _)| *known == key).unwrap();
    user.permissions_boundary = Some(BOUNDARY.to_owned());
    // 5: of a user's boundary.
    let attachment = (owner, BOUNDARY.to_owned(), 5, name.to_owned());
    add_row::<PolicyAttachments>(world, attachment, PolicyAttachment {}).await;
    add_row::<Users>(world, key, user).await;
    let id = &client.caller.access_key_id;
    let (services, partition) = (&world.services, world.services.partition);
    let found = services.callers.find(&services.store, partition, id).await;
    let caller = found.unwrap().unwrap();
    Client { caller, ..client }
}

/// What comes of an operation called by this kind of caller.
async fn outcome(operation: &str, action: &str, column: &Column) -> String {
    let admin = administrator().await;
    let ids = scene(&admin).await;
    let client = caller(&admin.world, column, action).await;
    let input = input(operation, &ids).unwrap();
    match client.call(&format!("iam:{operation}"), input).await {
        Ok(_) => "ok".to_owned(),
        Err((code, _)) => code,
    }
}

async fn table() -> String {
    let mut table = String::from(
        "What each operation of IAM answers to each kind of caller about what is in the account\n\
         111122223333. Names are looked up in the caller's own account, ARNs where they say.\n\n",
    );
    for Column { head, meaning, .. } in COLUMNS {
        writeln!(table, "{head:<9} {meaning}").unwrap();
    }
    table.push('\n');
    let mut line = |first: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!(" {cell:<13}")).collect();
        writeln!(table, "{}", format!("{first:<39}{cells}").trim_end()).unwrap();
    };
    let heads = COLUMNS.iter().map(|column| column.head.to_owned());
    line("", heads.collect());
    for route in ROUTES {
        let mut cells = Vec::new();
        for column in COLUMNS {
            cells.push(outcome(route.name, route.action, column).await);
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
        .filter(|name| input(name, &Ids::default()).is_none())
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
