//! Organizations: the tree, its rules, and what its policies do to requests.

use std::sync::Arc;

use serde_json::{Value, json};
use strongroom_services::{
    explain::{Question, explain},
    iam::Caller,
};
use strongroom_types::Region;

use crate::{
    client::outbox,
    world::{ADMINISTRATOR, Reply, World},
};

const SCP: &str = "SERVICE_CONTROL_POLICY";
const RCP: &str = "RESOURCE_CONTROL_POLICY";

/// An organization whose management account is account 1.
struct Org {
    world: World,
    root: String,
}

impl Org {
    async fn new() -> Self {
        let mut org = Self {
            world: World::new().await,
            root: String::new(),
        };
        org.ok("CreateOrganization", json!({})).await;
        let roots = org.ok("ListRoots", json!({})).await;
        org.root = text(&roots["Roots"][0]["Id"]);
        org
    }

    async fn call(&self, operation: &str, input: Value) -> Reply {
        let admin = self.world.admin();
        self.call_as(&admin, operation, input).await
    }

    async fn call_as(&self, caller: &Arc<Caller>, operation: &str, input: Value) -> Reply {
        let operation = format!("organizations:{operation}");
        self.world
            .call_as(caller, Region::US_EAST_1, &operation, input)
            .await
    }

    async fn ok(&self, operation: &str, input: Value) -> Value {
        let reply = self.call(operation, input.clone()).await;
        (reply.result).unwrap_or_else(|refusal| panic!("{operation} {input}: {refusal:?}"))
    }

    async fn refused(&self, operation: &str, input: Value, code: &str) {
        let found = self.call(operation, input.clone()).await.result;
        let found = found.map_err(|(code, _)| code);
        assert_eq!(found, Err(code.to_owned()), "{operation} {input}");
    }

    async fn account(&self, name: &str) -> String {
        let email = format!("{name}@example.com");
        let asked = json!({"AccountName": name, "Email": email});
        let request = self.ok("CreateAccount", asked).await;
        let id = request["CreateAccountStatus"]["Id"].clone();
        let status = json!({"CreateAccountRequestId": id});
        let status = self.ok("DescribeCreateAccountStatus", status).await;
        assert_eq!(status["CreateAccountStatus"]["State"], "SUCCEEDED");
        text(&status["CreateAccountStatus"]["AccountId"])
    }

    async fn unit(&self, parent: &str, name: &str) -> String {
        let asked = json!({"ParentId": parent, "Name": name});
        let unit = self.ok("CreateOrganizationalUnit", asked).await;
        text(&unit["OrganizationalUnit"]["Id"])
    }

    async fn policy(&self, policy_type: &str, name: &str, statement: Value) -> String {
        let content = json!({"Version": "2012-10-17", "Statement": statement});
        let asked = json!({
            "Name": name, "Description": "", "Type": policy_type, "Content": content.to_string()
        });
        let policy = self.ok("CreatePolicy", asked).await;
        text(&policy["Policy"]["PolicySummary"]["Id"])
    }

    async fn attach(&self, policy: &str, target: &str) {
        let asked = json!({"PolicyId": policy, "TargetId": target});
        self.ok("AttachPolicy", asked).await;
    }

    async fn detach(&self, policy: &str, target: &str) {
        let asked = json!({"PolicyId": policy, "TargetId": target});
        self.ok("DetachPolicy", asked).await;
    }

    async fn enable(&self, policy_type: &str) {
        let asked = json!({"RootId": self.root, "PolicyType": policy_type});
        self.ok("EnablePolicyType", asked).await;
    }

    async fn member(&self, account: &str) -> Arc<Caller> {
        let account = account.parse().unwrap();
        self.world.user(account, "ann", ADMINISTRATOR).await
    }

    /// What becomes of the caller's CreateSecret.
    async fn create_secret(&self, caller: &Arc<Caller>, name: &str) -> Result<Value, String> {
        let token = "11111111-1111-4111-8111-111111111111";
        let asked = json!({"Name": name, "SecretString": "x", "ClientRequestToken": token});
        let region = Region::US_EAST_1;
        let reply = self
            .world
            .call_as(caller, region, "CreateSecret", asked)
            .await;
        reply.result.map_err(|(_, message)| message)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_tree() {
    let org = Org::new().await;
    let described = org.ok("DescribeOrganization", json!({})).await;
    assert_eq!(described["Organization"]["MasterAccountId"], "000000000001");
    org.refused(
        "CreateOrganization",
        json!({}),
        "AlreadyInOrganizationException",
    )
    .await;
    let ann = org.account("ann").await;
    let (outer, other) = (
        org.unit(&org.root, "outer").await,
        org.unit(&org.root, "other").await,
    );
    let inner = org.unit(&outer, "inner").await;
    org.refused(
        "CreateOrganizationalUnit",
        json!({"ParentId": outer, "Name": "inner"}),
        "DuplicateOrganizationalUnitException",
    )
    .await;
    let to = |from: &str, to: &str| json!({"AccountId": ann, "SourceParentId": from, "DestinationParentId": to});
    org.refused(
        "MoveAccount",
        to(&outer, &inner),
        "SourceParentNotFoundException",
    )
    .await;
    org.refused(
        "MoveAccount",
        to(&org.root, &org.root),
        "DuplicateAccountException",
    )
    .await;
    org.refused(
        "MoveAccount",
        to(&org.root, "ou-zzzz-zzzzzzzz"),
        "DestinationParentNotFoundException",
    )
    .await;
    org.ok("MoveAccount", to(&org.root, &inner)).await;
    let parents = org.ok("ListParents", json!({"ChildId": ann})).await;
    assert_eq!(
        parents["Parents"],
        json!([{"Id": inner, "Type": "ORGANIZATIONAL_UNIT"}])
    );
    let account = org.ok("DescribeAccount", json!({"AccountId": ann})).await;
    let path = text(&account["Account"]["Paths"][0]);
    assert!(
        path.ends_with(&format!("/{}/{outer}/{inner}/{ann}/", org.root)),
        "{path}"
    );
    let children = json!({"ParentId": outer, "ChildType": "ORGANIZATIONAL_UNIT"});
    let children = org.ok("ListChildren", children).await;
    assert_eq!(children["Children"][0]["Id"], json!(inner));
    for full in [&outer, &inner] {
        org.refused(
            "DeleteOrganizationalUnit",
            json!({"OrganizationalUnitId": full}),
            "OrganizationalUnitNotEmptyException",
        )
        .await;
    }
    org.ok(
        "DeleteOrganizationalUnit",
        json!({"OrganizationalUnitId": other}),
    )
    .await;
    org.refused(
        "DeleteOrganization",
        json!({}),
        "OrganizationNotEmptyException",
    )
    .await;
    org.ok("RemoveAccountFromOrganization", json!({"AccountId": ann}))
        .await;
    org.refused(
        "DescribeAccount",
        json!({"AccountId": ann}),
        "AccountNotFoundException",
    )
    .await;
    org.ok("DeleteOrganization", json!({})).await;
    org.refused(
        "DescribeOrganization",
        json!({}),
        "AWSOrganizationsNotInUseException",
    )
    .await;
}

#[tokio::test]
async fn a_unit_may_be_five_deep() {
    let org = Org::new().await;
    let mut parent = org.root.clone();
    for name in ["1", "2", "3", "4", "5"] {
        parent = org.unit(&parent, name).await;
    }
    org.refused(
        "CreateOrganizationalUnit",
        json!({"ParentId": parent, "Name": "6"}),
        "ConstraintViolationException",
    )
    .await;
}

#[tokio::test]
async fn an_address_is_used_once() {
    let org = Org::new().await;
    org.account("ann").await;
    let again = json!({"AccountName": "other", "Email": "ANN@example.com"});
    let request = org.ok("CreateAccount", again).await;
    assert_eq!(request["CreateAccountStatus"]["State"], "IN_PROGRESS");
    let failed = json!({"States": ["FAILED"]});
    let failed = org.ok("ListCreateAccountStatus", failed).await;
    let failed = failed["CreateAccountStatuses"].as_array().unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["FailureReason"], "EMAIL_ALREADY_EXISTS");
}

#[tokio::test]
async fn members_may_look_at_the_organization_and_leave_it() {
    let org = Org::new().await;
    let account = org.account("ann").await;
    let ann = org.member(&account).await;
    let described = org.call_as(&ann, "DescribeOrganization", json!({})).await;
    assert_eq!(
        described.result.unwrap()["Organization"]["MasterAccountId"],
        "000000000001"
    );
    let (code, message) = org
        .call_as(&ann, "ListAccounts", json!({}))
        .await
        .result
        .unwrap_err();
    assert_eq!(code, "AccessDeniedException");
    assert_eq!(
        message,
        "You don't have permissions to access this resource."
    );
    org.refused(
        "LeaveOrganization",
        json!({}),
        "MasterCannotLeaveOrganizationException",
    )
    .await;
    org.call_as(&ann, "LeaveOrganization", json!({}))
        .await
        .result
        .unwrap();
    let described = org.call_as(&ann, "DescribeOrganization", json!({})).await;
    assert_eq!(
        described.result.unwrap_err().0,
        "AWSOrganizationsNotInUseException"
    );
}

#[tokio::test]
async fn service_control_policies_bound_members_at_every_level() {
    let org = Org::new().await;
    let account = org.account("ann").await;
    let ann = org.member(&account).await;
    let unit = org.unit(&org.root, "unit").await;
    let deny = json!({"Effect": "Deny", "Action": "secretsmanager:CreateSecret", "Resource": "*"});
    let denying = org.policy(SCP, "deny", deny).await;
    org.refused(
        "AttachPolicy",
        json!({"PolicyId": denying, "TargetId": org.root}),
        "PolicyTypeNotEnabledException",
    )
    .await;
    org.enable(SCP).await;
    org.create_secret(&ann, "before").await.unwrap();

    org.attach(&denying, &org.root).await;
    let refused = org.create_secret(&ann, "denied").await.unwrap_err();
    assert_eq!(
        refused,
        format!(
            "User: arn:aws:iam::{account}:user/ann is not authorized to perform: \
             secretsmanager:CreateSecret on resource: denied with an explicit deny in a service \
             control policy"
        )
    );
    // Never in the management account.
    let admin = org.world.admin();
    org.create_secret(&admin, "admin").await.unwrap();
    org.detach(&denying, &org.root).await;
    org.create_secret(&ann, "after").await.unwrap();

    // Each level must allow.
    let allow = json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*"});
    let narrow = org.policy(SCP, "narrow", allow).await;
    org.attach(&narrow, &unit).await;
    org.detach("p-FullAWSAccess", &unit).await;
    let last = json!({"PolicyId": narrow, "TargetId": unit});
    org.refused("DetachPolicy", last, "ConstraintViolationException")
        .await;
    org.create_secret(&ann, "outside").await.unwrap();
    let into =
        json!({"AccountId": account, "SourceParentId": org.root, "DestinationParentId": unit});
    org.ok("MoveAccount", into).await;
    let refused = org.create_secret(&ann, "inside").await.unwrap_err();
    assert!(
        refused.ends_with(
            "because no service control policy allows the secretsmanager:CreateSecret action"
        ),
        "{refused}"
    );
    let off = json!({"RootId": org.root, "PolicyType": SCP});
    org.ok("DisablePolicyType", off).await;
    org.create_secret(&ann, "off").await.unwrap();
    let attached = json!({"TargetId": unit, "Filter": SCP});
    let attached = org.ok("ListPoliciesForTarget", attached).await;
    assert_eq!(attached["Policies"], json!([]));
}

#[tokio::test]
async fn resource_control_policies_bound_who_comes_in() {
    let org = Org::new().await;
    let account = org.account("ann").await;
    let ann = org.member(&account).await;
    org.enable(RCP).await;
    let outside = org.ok("DescribeOrganization", json!({})).await;
    let id = outside["Organization"]["Id"].clone();
    let perimeter = json!({
        "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": id}}
    });
    let perimeter = org.policy(RCP, "perimeter", perimeter).await;
    org.attach(&perimeter, &account).await;
    let secret = org.create_secret(&ann, "shared").await.unwrap();
    let arn = text(&secret["ARN"]);
    let open = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": "*", "Action": "secretsmanager:DescribeSecret",
        "Resource": "*"}});
    let put = json!({"SecretId": arn, "ResourcePolicy": open.to_string()});
    let region = Region::US_EAST_1;
    let put = org
        .world
        .call_as(&ann, region, "PutResourcePolicy", put)
        .await;
    put.result.unwrap();
    let describe = json!({"SecretId": arn});
    // The management account is in the organization, account 9 is not.
    let admin = org.world.admin();
    let inside = org
        .world
        .call_as(&admin, region, "DescribeSecret", describe.clone());
    inside.await.result.unwrap();
    let stranger = org.world.user(9, "stranger", ADMINISTRATOR).await;
    let refused = org
        .world
        .call_as(&stranger, region, "DescribeSecret", describe.clone());
    let (code, message) = refused.await.result.unwrap_err();
    assert_eq!(code, "AccessDeniedException");
    assert!(
        message.ends_with("with an explicit deny in a resource control policy"),
        "{message}"
    );
    let fixed = json!({"PolicyId": "p-RCPFullAWSAccess", "TargetId": account});
    org.refused("DetachPolicy", fixed, "InvalidInputException")
        .await;
    org.detach(&perimeter, &account).await;
    let free = org
        .world
        .call_as(&stranger, region, "DescribeSecret", describe);
    free.await.result.unwrap();
}

/// The KMS guide: neither AWS managed keys nor RetireGrant.
#[tokio::test]
async fn resource_control_policies_leave_alone_what_kms_says() {
    let org = Org::new().await;
    let region = Region::US_EAST_1;
    let account = org.account("ann").await;
    let ann = org.member(&account).await;
    org.enable(RCP).await;
    let made = async |operation: &str, input: Value| {
        let reply = org.world.call_as(&ann, region, operation, input);
        reply.await.result
    };
    let key = made("kms:CreateKey", json!({})).await.unwrap();
    let key = text(&key["KeyMetadata"]["Arn"]);
    let grant = json!({"KeyId": key, "Operations": ["Encrypt"],
        "GranteePrincipal": format!("arn:aws:iam::{account}:user/ann")});
    let grant = made("kms:CreateGrant", grant).await.unwrap();
    let no_kms = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"});
    let no_kms = org.policy(RCP, "no-kms", no_kms).await;
    org.attach(&no_kms, &account).await;

    let secret = org.create_secret(&ann, "own").await.unwrap();
    let get = json!({"SecretId": secret["ARN"]});
    made("GetSecretValue", get).await.unwrap();
    let aws_managed = json!({"KeyId": "alias/aws/secretsmanager"});
    made("kms:DescribeKey", aws_managed).await.unwrap();
    let encrypt = json!({"KeyId": key, "Plaintext": "eA=="});
    let (_, message) = made("kms:Encrypt", encrypt).await.unwrap_err();
    assert!(
        message.ends_with("with an explicit deny in a resource control policy"),
        "{message}"
    );
    let retire = json!({"KeyId": key, "GrantId": grant["GrantId"]});
    made("kms:RetireGrant", retire).await.unwrap();
}

#[tokio::test]
async fn what_is_no_policy_of_its_type_is_refused() {
    let org = Org::new().await;
    for (policy_type, statement) in [
        (SCP, json!({"Effect": "Deny", "Action": "*"})),
        (
            SCP,
            json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}),
        ),
        (
            RCP,
            json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}),
        ),
        (
            RCP,
            json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}),
        ),
        (
            RCP,
            json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}),
        ),
        (
            RCP,
            json!({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*", "Principal": "*"}),
        ),
    ] {
        let content = json!({"Version": "2012-10-17", "Statement": statement});
        let asked = json!({
            "Name": "p", "Description": "", "Type": policy_type, "Content": content.to_string()
        });
        org.refused("CreatePolicy", asked, "MalformedPolicyDocumentException")
            .await;
    }
    let long = format!(
        r#"{{"Statement":{{"Sid":"{}","Effect":"Deny","Action":"*","Resource":"*"}}}}"#,
        "a".repeat(5_120)
    );
    let asked = json!({"Name": "p", "Description": "", "Type": SCP, "Content": long});
    org.refused("CreatePolicy", asked, "ConstraintViolationException")
        .await;
    let asked = json!({"Name": "p", "Description": "", "Type": "TAG_POLICY", "Content": "{}"});
    org.refused(
        "CreatePolicy",
        asked,
        "PolicyTypeNotAvailableForOrganizationException",
    )
    .await;
}

#[tokio::test]
async fn a_closed_account_may_do_nothing() {
    let org = Org::new().await;
    let account = org.account("ann").await;
    let ann = org.member(&account).await;
    org.create_secret(&ann, "before").await.unwrap();
    org.ok("CloseAccount", json!({"AccountId": account})).await;
    org.refused(
        "CloseAccount",
        json!({"AccountId": account}),
        "AccountAlreadyClosedException",
    )
    .await;
    let refused = org.create_secret(&ann, "after").await.unwrap_err();
    assert_eq!(
        refused,
        "The security token included in the request is invalid."
    );
    let described = org
        .ok("DescribeAccount", json!({"AccountId": account}))
        .await;
    assert_eq!(described["Account"]["Status"], "SUSPENDED");
    org.refused(
        "CloseAccount",
        json!({"AccountId": "000000000001"}),
        "ConstraintViolationException",
    )
    .await;
}

#[tokio::test]
async fn a_closed_account_stays_closed() {
    let org = Org::new().await;
    let account = org.account("ann").await;
    let ann = org.member(&account).await;
    org.ok("CloseAccount", json!({"AccountId": account})).await;
    org.refused(
        "RemoveAccountFromOrganization",
        json!({"AccountId": account}),
        "ConstraintViolationException",
    )
    .await;
    org.refused(
        "DeleteOrganization",
        json!({}),
        "OrganizationNotEmptyException",
    )
    .await;
    let refused = org.create_secret(&ann, "after").await.unwrap_err();
    assert_eq!(
        refused,
        "The security token included in the request is invalid."
    );
}

/// Another account, let in by the policies of a secret and of a key, and by a
/// grant, is let in no longer, and `explain` says why.
#[tokio::test]
async fn what_a_closed_account_has_is_closed_to_others() {
    let org = Org::new().await;
    let region = Region::US_EAST_1;
    let account = org.account("ann").await;
    let ann = org.member(&account).await;
    let admin = org.world.admin();
    let made = async |caller: &Arc<Caller>, operation: &str, input: Value| {
        let reply = org.world.call_as(caller, region, operation, input.clone());
        let result = reply.await.result;
        result.unwrap_or_else(|refusal| panic!("{operation} {input}: {refusal:?}"))
    };
    let open = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
            "Principal": {"AWS": [account, "000000000001"]}, "Action": action, "Resource": "*"}})
        .to_string()
    };
    let key = made(&ann, "kms:CreateKey", json!({"Policy": open("kms:*")})).await;
    let key = text(&key["KeyMetadata"]["Arn"]);
    let token = |at: u32| format!("11111111-1111-4111-8111-11111111111{at}");
    let theirs = json!({"Name": "theirs", "SecretString": "x", "ClientRequestToken": token(1),
        "KmsKeyId": key});
    let theirs = text(&made(&ann, "CreateSecret", theirs).await["ARN"]);
    let policy = json!({"SecretId": theirs, "ResourcePolicy": open("secretsmanager:*")});
    made(&ann, "PutResourcePolicy", policy).await;
    // A secret of an open account under a key of the other.
    let ours = json!({"Name": "ours", "SecretString": "x", "ClientRequestToken": token(2),
        "KmsKeyId": key});
    let ours = text(&made(&admin, "CreateSecret", ours).await["ARN"]);
    let calls = [
        ("GetSecretValue", "theirs", json!({"SecretId": theirs})),
        ("DescribeSecret", "theirs", json!({"SecretId": theirs})),
        (
            "PutSecretValue",
            "theirs",
            json!({"SecretId": theirs, "SecretString": "y", "ClientRequestToken": token(3)}),
        ),
        ("GetSecretValue", "ours", json!({"SecretId": ours})),
        (
            "kms:Encrypt",
            "key",
            json!({"KeyId": key, "Plaintext": "eA=="}),
        ),
        ("kms:DescribeKey", "key", json!({"KeyId": key})),
    ];
    for (operation, _, input) in &calls {
        made(&admin, operation, input.clone()).await;
    }
    org.ok("CloseAccount", json!({"AccountId": account})).await;
    for (operation, of, input) in &calls {
        let reply = org
            .world
            .call_as(&admin, region, operation, input.clone())
            .await;
        let (code, message) = reply.result.unwrap_err();
        assert_eq!(code, "AccessDeniedException", "{operation} {of}: {message}");
        let action = match operation.split_once(':') {
            Some(_) => (*operation).to_owned(),
            None => format!("secretsmanager:{operation}"),
        };
        let resource = match *of {
            "theirs" => &theirs,
            "ours" => &ours,
            _ => &key,
        };
        let question = Question {
            principal: "arn:aws:iam::000000000001:user/admin".to_owned(),
            action,
            resource: resource.clone(),
            ..Question::default()
        };
        let told = explain(&org.world.services, &question).await.unwrap();
        assert!(!told.allowed, "{operation} {of}");
        let closed = format!("the account {account}, which owns it, is closed");
        assert!(told.verdict.contains(&closed), "{}", told.verdict);
        if *of != "ours" {
            let why = "because no resource-based policy allows the";
            assert!(message.contains(why), "{operation} {of}: {message}");
            assert_eq!(told.decision["allowed"], json!(false));
        }
    }
}

#[tokio::test]
async fn tags_are_set_listed_and_judged() {
    let org = Org::new().await;
    let unit = org.unit(&org.root, "unit").await;
    let tags = json!([{"Key": "team", "Value": "a"}]);
    org.ok("TagResource", json!({"ResourceId": unit, "Tags": tags}))
        .await;
    let listed = org
        .ok("ListTagsForResource", json!({"ResourceId": unit}))
        .await;
    assert_eq!(listed["Tags"], tags);
    let only_team = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow",
        "Action":"organizations:*","Resource":"arn:aws:organizations::000000000001:ou/*",
        "Condition":{"StringEquals":{"aws:ResourceTag/team":"a"}}}}"#;
    let bob = org.world.user(1, "bob", only_team).await;
    let describe = json!({"OrganizationalUnitId": unit});
    let found = org.call_as(&bob, "DescribeOrganizationalUnit", describe.clone());
    found.await.result.unwrap();
    org.ok(
        "UntagResource",
        json!({"ResourceId": unit, "TagKeys": ["team"]}),
    )
    .await;
    let found = org.call_as(&bob, "DescribeOrganizationalUnit", describe);
    assert_eq!(found.await.result.unwrap_err().0, "AccessDeniedException");
    org.refused(
        "TagResource",
        json!({"ResourceId": unit, "Tags": [{"Key": "aws:x", "Value": ""}]}),
        "InvalidInputException",
    )
    .await;
    org.refused(
        "TagResource",
        json!({"ResourceId": "p-FullAWSAccess", "Tags": tags}),
        "InvalidInputException",
    )
    .await;
}

#[tokio::test]
async fn lists_come_in_pages() {
    let org = Org::new().await;
    for number in 0..4 {
        org.account(&format!("member{number}")).await;
    }
    let mut seen = Vec::new();
    let mut asked = json!({"MaxResults": 2});
    loop {
        let page = org.ok("ListAccounts", asked).await;
        let accounts = page["Accounts"].as_array().unwrap();
        assert!(accounts.len() <= 2);
        seen.extend(accounts.iter().map(|account| text(&account["Id"])));
        match page.get("NextToken") {
            Some(token) => asked = json!({"MaxResults": 2, "NextToken": token}),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    seen.dedup();
    assert_eq!(seen.len(), 5);
    org.refused(
        "ListAccounts",
        json!({"NextToken": "x"}),
        "InvalidInputException",
    )
    .await;
}

#[tokio::test]
async fn what_breaks_the_model_has_a_reason() {
    let org = Org::new().await;
    for (operation, input, text) in [
        (
            "DescribeAccount",
            json!({}),
            "You must include a value for all required parameters.",
        ),
        (
            "DescribeAccount",
            json!({"AccountId": "1"}),
            "You provided a value that does not match the required pattern.",
        ),
        (
            "ListAccounts",
            json!({"MaxResults": 21}),
            "You provided a numeric parameter that has a larger value than allowed.",
        ),
        (
            "ListPolicies",
            json!({"Filter": "SOME_POLICY"}),
            "You specified an invalid value.",
        ),
        (
            "CreateAccount",
            json!({"AccountName": "a", "Email": "a@b"}),
            "You provided a string parameter that is shorter than allowed.",
        ),
    ] {
        let found = org.call(operation, input.clone()).await.result;
        let expected = ("InvalidInputException".to_owned(), text.to_owned());
        assert_eq!(found, Err(expected), "{operation} {input}");
    }
}

impl Org {
    /// The service events since the last call of this: names and details.
    async fn told(&self, seen: &mut usize) -> Vec<(String, Value)> {
        let records = outbox(&self.world).await;
        let new = records[*seen..].iter();
        *seen = records.len();
        let mut events = Vec::new();
        for line in new {
            let mut record: Value = serde_json::from_slice(line).unwrap();
            if record["eventType"] != "AwsServiceEvent" {
                continue;
            }
            let name = text(&record["eventName"]);
            let by = match name.as_str() {
                "CloseAccountResult" => "organizations.amazonaws.com",
                _ => "AWS Internal",
            };
            let management = "000000000001";
            let identity = json!({"accountId": management, "invokedBy": by});
            assert_eq!(record["userIdentity"], identity);
            assert_eq!(record["recipientAccountId"], management);
            assert_eq!(record["sourceIPAddress"], by);
            assert_eq!(record["userAgent"], by);
            assert_eq!(record["eventSource"], "organizations.amazonaws.com");
            assert_eq!(record["awsRegion"], "us-east-1");
            assert!(record["requestParameters"].is_null());
            assert!(record.get("requestID").is_none());
            events.push((name, record["serviceEventDetails"].take()));
        }
        events
    }
}

#[tokio::test]
async fn what_became_of_accounts_is_told_to_the_management_account() {
    let org = Org::new().await;
    let mut seen = 0;
    let when = "Nov 23, 2026, 1:00:00 PM";
    let event = |name: &str, details: Value| (name.to_owned(), details);
    let joined = |account: &str, how: &str| {
        let details = json!({"accountId": account, "joinedMethod": how, "joinedTime": when});
        event("AccountJoinedOrganization", details)
    };
    let departed = |account: &str, how: &str| {
        let details = json!({"accountId": account, "departureMethod": how, "departureTime": when});
        event("AccountDepartedOrganization", details)
    };
    let management = "000000000001";
    assert_eq!(org.told(&mut seen).await, [joined(management, "INVITED")]);

    let asked = json!({"AccountName": "secretive", "Email": "one@example.com"});
    let request = org.ok("CreateAccount", asked.clone()).await["CreateAccountStatus"].take();
    let id = json!({"CreateAccountRequestId": request["Id"]});
    let made = org.ok("DescribeCreateAccountStatus", id).await;
    let one = text(&made["CreateAccountStatus"]["AccountId"]);
    let result = json!({"createAccountStatus": {
        "id": request["Id"], "state": "SUCCEEDED", "accountName": "****", "accountId": one,
        "requestedTimestamp": when, "completedTimestamp": when,
    }});
    let made = [
        joined(&one, "CREATED"),
        event("CreateAccountResult", result),
    ];
    assert_eq!(org.told(&mut seen).await, made);

    let request = org.ok("CreateAccount", asked).await["CreateAccountStatus"].take();
    let result = json!({"createAccountStatus": {
        "id": request["Id"], "state": "FAILED", "accountName": "****",
        "failureReason": "EMAIL_ALREADY_EXISTS",
        "requestedTimestamp": when, "completedTimestamp": when,
    }});
    let failed = [event("CreateAccountResult", result)];
    assert_eq!(org.told(&mut seen).await, failed);

    org.ok("RemoveAccountFromOrganization", json!({"AccountId": one}))
        .await;
    assert_eq!(org.told(&mut seen).await, [departed(&one, "REMOVED")]);
    org.ok("DeleteOrganization", json!({})).await;
    assert_eq!(org.told(&mut seen).await, [departed(management, "LEFT")]);

    org.ok("CreateOrganization", json!({})).await;
    let two = org.account("two").await;
    org.told(&mut seen).await;
    org.ok("CloseAccount", json!({"AccountId": two})).await;
    let result = json!({"closeAccountStatus": {
        "accountId": two, "state": "SUCCEEDED",
        "requestedTimestamp": when, "completedTimestamp": when,
    }});
    let closed = [event("CloseAccountResult", result)];
    assert_eq!(org.told(&mut seen).await, closed);
    // What is refused is not told.
    org.refused(
        "CloseAccount",
        json!({"AccountId": two}),
        "AccountAlreadyClosedException",
    )
    .await;
    assert!(org.told(&mut seen).await.is_empty());
}

#[tokio::test]
async fn to_make_something_with_tags_is_to_tag() {
    let org = Org::new().await;
    let content = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"none:None","Resource":"*"}}"#;
    let only = |actions: Value| {
        json!({"Version": "2012-10-17", "Statement":
            {"Effect": "Allow", "Action": actions, "Resource": "*"}})
        .to_string()
    };
    for (operation, mut input) in [
        (
            "CreatePolicy",
            json!({"Name": "p", "Description": "", "Type": SCP, "Content": content}),
        ),
        (
            "CreateOrganizationalUnit",
            json!({"ParentId": org.root, "Name": "u"}),
        ),
        (
            "CreateAccount",
            json!({"AccountName": "a", "Email": "a@example.com"}),
        ),
    ] {
        let action = format!("organizations:{operation}");
        let name = operation.to_lowercase();
        let maker = org.world.user(1, &name, &only(json!([action]))).await;
        input["Tags"] = json!([{"Key": "team", "Value": "a"}]);
        let refused = org.call_as(&maker, operation, input.clone()).await.result;
        let (code, message) = refused.unwrap_err();
        assert_eq!(code, "AccessDeniedException");
        assert!(
            message.contains("is not authorized to perform: organizations:TagResource"),
            "{message}"
        );
        let both = only(json!([action, "organizations:TagResource"]));
        let tagger = org.world.user(1, &format!("{name}-tagger"), &both).await;
        let made = org.call_as(&tagger, operation, input.clone()).await.result;
        made.unwrap();
        // Without tags nothing is tagged.
        input["Tags"] = json!([]);
        for name in ["Name", "AccountName", "Email"] {
            if let Some(Value::String(name)) = input.get_mut(name) {
                name.insert(0, 'x');
            }
        }
        org.call_as(&maker, operation, input).await.result.unwrap();
    }
}
