//! Of Organizations: about an organization with a member, a unit and policies.

use serde_json::{Value, json};
use strongroom_services::{operation::Route, organizations::operations::ROUTES};

use super::{Identity, Matrix, caller, cell};
use crate::client::{Client, FOREIGN, OWNER, administrator, policy};

#[derive(Clone, Copy)]
enum Who {
    /// Of the management account, with such policies.
    Has(Identity),
    /// Of a member account, allowed everything.
    Member,
    /// Of an account in no organization, allowed everything.
    Outsider,
}

const MATRIX: Matrix<Who> = Matrix {
    service: "organizations",
    shows: "\
What each operation of Organizations answers to each kind of caller. NotInUse is the
account's that is in no organization; a member may only look at it and leave.",
    columns: &[
        (
            "admin",
            "a user of the management account who may do everything",
            Who::Has(Identity::Everything),
        ),
        (
            "root",
            "the management account's root user",
            Who::Has(Identity::Root),
        ),
        (
            "only",
            "a user of it who may do this and nothing else",
            Who::Has(Identity::Only),
        ),
        (
            "nobody",
            "a user of it without policies",
            Who::Has(Identity::Nothing),
        ),
        (
            "all-but",
            "a user of it with an explicit deny",
            Who::Has(Identity::AllBut),
        ),
        (
            "member",
            "a user of a member account who may do everything",
            Who::Member,
        ),
        (
            "outsider",
            "a user of an account in no organization who may do everything",
            Who::Outsider,
        ),
    ],
    routes: ROUTES,
};

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

    async fn caller(&self, head: &str, who: Who, action: &str) -> Client {
        let (number, identity) = match who {
            Who::Has(identity) => (OWNER, identity),
            Who::Member => {
                let member = self.account.parse().unwrap_or(FOREIGN);
                (member, Identity::Everything)
            }
            Who::Outsider => (FOREIGN, Identity::Everything),
        };
        caller(&self.admin.world, number, head, identity, &[action]).await
    }

    /// A request that succeeds for who may make it.
    fn input(&self, operation: &str) -> Value {
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
        match operation {
            "CreateOrganization"
            | "DeleteOrganization"
            | "DescribeOrganization"
            | "LeaveOrganization"
            | "ListAWSServiceAccessForOrganization"
            | "ListAccounts"
            | "ListCreateAccountStatus"
            | "ListDelegatedAdministrators"
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
            unknown => panic!("give {unknown} an input above"),
        }
    }
}

/// What comes of an operation called by this kind of caller.
async fn outcome(route: &Route, head: &str, &who: &Who) -> String {
    let scene = Scene::new(route.name).await;
    let client = scene.caller(head, who, route.action).await;
    let operation = format!("organizations:{}", route.name);
    cell(client.call(&operation, scene.input(route.name)).await)
}

#[tokio::test]
async fn the_matrix_is_as_it_was() {
    MATRIX.check(outcome).await;
}
