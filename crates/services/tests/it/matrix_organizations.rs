//! Each operation of Organizations by each kind of caller, compared with
//! `permission_matrix_organizations.txt` letter by letter.
//!
//! After a change that is meant, write the table anew with
//! `PERMISSION_MATRIX=write cargo test -p strongroom-services matrix`.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};
use strongroom_services::organizations::operations::ROUTES;

use crate::{
    client::{Client, FOREIGN, OWNER, administrator, policy, root, user},
    world::World,
};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/permission_matrix_organizations.txt"
);

/// Kinds of caller: the column's head, and what it means.
const COLUMNS: &[(&str, &str)] = &[
    (
        "admin",
        "a user of the management account who may do everything",
    ),
    ("root", "the management account's root user"),
    ("only", "a user of it who may do this and nothing else"),
    ("nobody", "a user of it without policies"),
    ("all-but", "a user of it with an explicit deny"),
    ("member", "a user of a member account who may do everything"),
    (
        "outsider",
        "a user of an account in no organization who may do everything",
    ),
];

/// What there is: an organization with a unit, an account, a policy that is
/// attached to nothing, and one that is attached to the root.
struct Scene {
    admin: Client,
    root: String,
    unit: String,
    account: String,
    request: String,
    free: String,
    used: String,
}

impl Scene {
    async fn new(operation: &str) -> Self {
        let admin = administrator().await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let ask = async |operation: &str, input: Value| {
            admin.ok(&format!("organizations:{operation}"), input).await
        };
        if operation == "CreateOrganization" {
            let none = String::new;
            return Self {
                root: none(),
                unit: none(),
                account: none(),
                request: none(),
                free: none(),
                used: none(),
                admin,
            };
        }
        ask("CreateOrganization", json!({})).await;
        let root = text(&ask("ListRoots", json!({})).await["Roots"][0]["Id"]);
        let asked = json!({"AccountName": "member", "Email": "member@example.com"});
        let made = ask("CreateAccount", asked).await;
        let request = text(&made["CreateAccountStatus"]["Id"]);
        let status = json!({"CreateAccountRequestId": request});
        let status = ask("DescribeCreateAccountStatus", status).await;
        let account = text(&status["CreateAccountStatus"]["AccountId"]);
        let unit = json!({"ParentId": root, "Name": "unit"});
        let unit = ask("CreateOrganizationalUnit", unit).await;
        let unit = text(&unit["OrganizationalUnit"]["Id"]);
        let enable = json!({"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"});
        ask("EnablePolicyType", enable).await;
        let content = policy(&json!({"Effect": "Deny", "Action": "none:None", "Resource": "*"}));
        let mut policies = Vec::new();
        for name in ["free", "used"] {
            let asked = json!({
                "Name": name, "Description": "", "Type": "SERVICE_CONTROL_POLICY",
                "Content": content,
            });
            let made = ask("CreatePolicy", asked).await;
            policies.push(text(&made["Policy"]["PolicySummary"]["Id"]));
        }
        let [free, used] = policies.try_into().unwrap();
        let attached = json!({"PolicyId": used, "TargetId": root});
        ask("AttachPolicy", attached).await;
        match operation {
            // The organization must be empty but for its management account.
            "DeleteOrganization" => {
                let gone = json!({"AccountId": account});
                ask("RemoveAccountFromOrganization", gone).await;
            }
            "EnablePolicyType" => {
                let off = json!({"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"});
                ask("DisablePolicyType", off).await;
            }
            _ => {}
        }
        Self {
            admin,
            root,
            unit,
            account,
            request,
            free,
            used,
        }
    }

    async fn caller(&self, head: &str, action: &str) -> Client {
        let world: &Arc<World> = &self.admin.world;
        let allow = |action: &str| json!({"Effect": "Allow", "Action": action, "Resource": "*"});
        let deny = json!({"Effect": "Deny", "Action": action, "Resource": "*"});
        let (account, policies) = match head {
            "admin" => return self.admin.clone(),
            "root" => return root(world, OWNER),
            "only" => (OWNER, vec![policy(&allow(action))]),
            "nobody" => (OWNER, vec![]),
            "all-but" => (OWNER, vec![policy(&allow("*")), policy(&deny)]),
            "member" => {
                let account = self.account.parse().unwrap_or(FOREIGN);
                (account, vec![policy(&allow("*"))])
            }
            _ => (FOREIGN, vec![policy(&allow("*"))]),
        };
        let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
        user(world, account, head, &policies).await
    }

    /// A request that succeeds for who may make it; nothing for an operation
    /// that this test does not know.
    fn input(&self, operation: &str) -> Option<Value> {
        let Self {
            root,
            unit,
            account,
            request,
            free,
            used,
            ..
        } = self;
        let scp = "SERVICE_CONTROL_POLICY";
        Some(match operation {
            "CreateOrganization"
            | "DeleteOrganization"
            | "DescribeOrganization"
            | "LeaveOrganization"
            | "ListAccounts"
            | "ListCreateAccountStatus"
            | "ListRoots" => {
                json!({})
            }
            "AttachPolicy" => json!({"PolicyId": free, "TargetId": unit}),
            "CloseAccount" | "DescribeAccount" | "RemoveAccountFromOrganization" => {
                json!({"AccountId": account})
            }
            "CreateAccount" => json!({"AccountName": "b", "Email": "b@example.com"}),
            "CreateOrganizationalUnit" => json!({"ParentId": root, "Name": "other"}),
            "CreatePolicy" => {
                let deny = json!({"Effect": "Deny", "Action": "none:None", "Resource": "*"});
                json!({"Name": "other", "Description": "", "Type": scp, "Content": policy(&deny)})
            }
            "DeleteOrganizationalUnit" | "DescribeOrganizationalUnit" => {
                json!({"OrganizationalUnitId": unit})
            }
            "DeletePolicy" | "DescribePolicy" | "ListTargetsForPolicy" => json!({"PolicyId": free}),
            "DescribeCreateAccountStatus" => json!({"CreateAccountRequestId": request}),
            "DetachPolicy" => json!({"PolicyId": used, "TargetId": root}),
            "DisablePolicyType" | "EnablePolicyType" => {
                json!({"RootId": root, "PolicyType": scp})
            }
            "ListAccountsForParent" | "ListOrganizationalUnitsForParent" => {
                json!({"ParentId": root})
            }
            "ListChildren" => json!({"ParentId": root, "ChildType": "ACCOUNT"}),
            "ListParents" => json!({"ChildId": account}),
            "ListPolicies" => json!({"Filter": scp}),
            "ListPoliciesForTarget" => json!({"TargetId": root, "Filter": scp}),
            "ListTagsForResource" => json!({"ResourceId": unit}),
            "MoveAccount" => json!({
                "AccountId": account, "SourceParentId": root, "DestinationParentId": unit,
            }),
            "TagResource" => json!({"ResourceId": unit, "Tags": [{"Key": "k", "Value": "v"}]}),
            "UntagResource" => json!({"ResourceId": unit, "TagKeys": ["k"]}),
            "UpdateOrganizationalUnit" => json!({"OrganizationalUnitId": unit, "Name": "other"}),
            "UpdatePolicy" => json!({"PolicyId": free, "Name": "other"}),
            _ => return None,
        })
    }
}

/// What comes of an operation called by this kind of caller.
async fn outcome(operation: &str, action: &str, head: &str) -> String {
    let scene = Scene::new(operation).await;
    let client = scene.caller(head, action).await;
    let input = scene.input(operation).unwrap();
    match client
        .call(&format!("organizations:{operation}"), input)
        .await
    {
        Ok(_) => "ok".to_owned(),
        Err((code, _)) => {
            let short = code.trim_end_matches("Exception");
            short.trim_start_matches("AWSOrganizations").to_owned()
        }
    }
}

async fn table() -> String {
    let mut table = String::from(
        "What each operation of Organizations answers to each kind of caller. NotInUse is the\n\
         account's that is in no organization; a member may only look at it and leave.\n\n",
    );
    for (head, meaning) in COLUMNS {
        writeln!(table, "{head:<9} {meaning}").unwrap();
    }
    table.push('\n');
    let mut line = |first: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!(" {cell:<14}")).collect();
        writeln!(table, "{}", format!("{first:<32}{cells}").trim_end()).unwrap();
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
