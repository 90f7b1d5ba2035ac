//! Of IAM: about what is in an account.

use serde_json::{Value, json};
use strongroom_services::{
    iam::{PolicyAttachment, operations::ROUTES},
    operation::Route,
    tables::{PolicyAttachments, Users},
};

use super::{Identity, Matrix, caller, cell};
use crate::{
    client::{Client, FOREIGN, OWNER, account, add_row, administrator, policy, rows},
    query::element,
};

/// A boundary that leaves IAM out.
const BOUNDARY: &str = "arn:aws:iam::aws:policy/SecretsManagerReadWrite";

/// Whose caller, what its own policies say of the operation, and whether there
/// is a boundary.
type Column = (u64, Identity, bool);

const MATRIX: Matrix<Column> = Matrix {
    service: "iam",
    shows: "\
What each operation of IAM answers to each kind of caller about what is in the account
111122223333. Names are looked up in the caller's own account, ARNs where they say.",
    columns: &[
        (
            "admin",
            "a user who may do everything",
            (OWNER, Identity::Everything, false),
        ),
        ("root", "the root user", (OWNER, Identity::Root, false)),
        (
            "only",
            "a user who may do this and nothing else",
            (OWNER, Identity::Only, false),
        ),
        (
            "nobody",
            "a user without policies",
            (OWNER, Identity::Nothing, false),
        ),
        (
            "all-but",
            "a user with an explicit deny",
            (OWNER, Identity::AllBut, false),
        ),
        (
            "bounded",
            "admin within a boundary that leaves IAM out",
            (OWNER, Identity::Everything, true),
        ),
        (
            "stranger",
            "the admin of another account",
            (FOREIGN, Identity::Everything, false),
        ),
        (
            "far-root",
            "the root user of another account",
            (FOREIGN, Identity::Root, false),
        ),
    ],
    routes: ROUTES,
};

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

/// A request that succeeds for who may make it.
fn input(operation: &str, ids: &Ids) -> Value {
    input_about_people(operation, ids)
        .or_else(|| input_about_roles(operation, ids))
        .unwrap_or_else(|| panic!("give {operation} an input below"))
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
async fn outcome(route: &Route, head: &str, &(number, identity, bounded): &Column) -> String {
    let admin = administrator().await;
    let ids = scene(&admin).await;
    let mut client = caller(&admin.world, number, head, identity, &[route.action]).await;
    if bounded {
        client = bound(client, head).await;
    }
    let operation = format!("iam:{}", route.name);
    cell(client.call(&operation, input(route.name, &ids)).await)
}

#[tokio::test]
async fn the_matrix_is_as_it_was() {
    MATRIX.check(outcome).await;
}
