//! Who may do what, and in which words the others are refused.

use serde_json::{Value, json};
use strongroom_services::{
    context::{Context, Home, Services},
    secretsmanager::SecretRef,
    tables::Users,
};
use strongroom_store::Mode;

use crate::client::{
    Client, FOREIGN, OWNER, Refused, account, administrator, policy, rows, token, user,
};

const USER: &str = "arn:aws:iam::111122223333:user/ann";
const PREFIX: &str = "arn:aws:secretsmanager:us-east-1:111122223333:secret:";

fn allow(action: &str, resource: &str) -> String {
    policy(&json!({"Effect": "Allow", "Action": action, "Resource": resource}))
}

fn allow_if(action: &str, condition: &Value) -> String {
    policy(&json!({"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition}))
}

fn deny(action: &str) -> String {
    policy(&json!({"Effect": "Deny", "Action": action, "Resource": "*"}))
}

/// A resource policy.
fn for_principal(effect: &str, principal: &str, action: &str) -> String {
    policy(&json!({
        "Effect": effect, "Principal": {"AWS": principal}, "Action": action, "Resource": "*",
    }))
}

/// The user `ann` of the owner's account, with these policies from now on.
async fn ann(admin: &Client, policies: &[&str]) -> Client {
    user(&admin.world, OWNER, "ann", policies).await
}

async fn put_policy(admin: &Client, secret: &str, document: &str) {
    admin
        .ok(
            "PutResourcePolicy",
            json!({"SecretId": secret, "ResourcePolicy": document}),
        )
        .await;
}

fn denied(who: &str, action: &str, resource: Option<&str>, clause: &str) -> Refused {
    let on = resource
        .map(|shown| format!(" on resource: {shown}"))
        .unwrap_or_default();
    (
        "AccessDeniedException".to_owned(),
        format!("User: {who} is not authorized to perform: secretsmanager:{action}{on} {clause}"),
    )
}

fn no_identity_policy(action: &str, resource: Option<&str>) -> Refused {
    let clause =
        format!("because no identity-based policy allows the secretsmanager:{action} action");
    denied(USER, action, resource, &clause)
}

fn get(secret: &str) -> Value {
    json!({"SecretId": secret})
}

#[tokio::test]
async fn resources_are_matched_by_their_whole_arn() {
    let admin = administrator().await;
    for name in ["app/db", "app/cache", "other"] {
        admin.secret(name, name).await;
    }
    for (resource, may_read) in [
        (format!("{PREFIX}app/*"), &["app/db", "app/cache"][..]),
        (format!("{PREFIX}app/db-??????"), &["app/db"]),
        // Without the suffix the ARN is none of a secret.
        (format!("{PREFIX}app/db"), &[]),
        (format!("{PREFIX}*"), &["app/db", "app/cache", "other"]),
        (
            "arn:aws:secretsmanager:*:111122223333:secret:other-*".to_owned(),
            &["other"],
        ),
        (
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:*".to_owned(),
            &[],
        ),
        (
            "arn:aws:secretsmanager:us-east-1:444455556666:secret:*".to_owned(),
            &[],
        ),
    ] {
        let ann = ann(
            &admin,
            &[&allow("secretsmanager:GetSecretValue", &resource)],
        )
        .await;
        for name in ["app/db", "app/cache", "other"] {
            let allowed = ann.call("GetSecretValue", get(name)).await.is_ok();
            assert_eq!(allowed, may_read.contains(&name), "{resource} {name}");
        }
    }
}

#[tokio::test]
async fn actions_are_matched_with_wildcards_and_without_case() {
    let admin = administrator().await;
    admin.secret("a", "one").await;
    for (action, may_get, may_describe) in [
        ("secretsmanager:Get*", true, false),
        ("SecretsManager:getsecretvalue", true, false),
        ("secretsmanager:*", true, true),
        ("*", true, true),
        ("secretsmanager:GetSecretValu", false, false),
        ("secretsmanager:?escribeSecret", false, true),
        ("kms:*", false, false),
    ] {
        let ann = ann(&admin, &[&allow(action, "*")]).await;
        assert_eq!(
            ann.call("GetSecretValue", get("a")).await.is_ok(),
            may_get,
            "{action}"
        );
        assert_eq!(
            ann.call("DescribeSecret", get("a")).await.is_ok(),
            may_describe,
            "{action}"
        );
    }
}

#[tokio::test]
async fn a_deny_outweighs_every_allow() {
    let admin = administrator().await;
    admin.secret("a", "one").await;
    let ann = ann(
        &admin,
        &[&allow("*", "*"), &deny("secretsmanager:GetSecretValue")],
    )
    .await;
    ann.ok("DescribeSecret", get("a")).await;
    let clause = "with an explicit deny in an identity-based policy";
    let want = denied(USER, "GetSecretValue", Some("a"), clause);
    assert_eq!(ann.refused("GetSecretValue", get("a")).await, want);
}

#[tokio::test]
async fn a_missing_secret_is_judged_by_the_arn_it_would_have() {
    let admin = administrator().await;
    let missing = format!("{PREFIX}app/x-AbCdEf");
    let not_found = (
        "ResourceNotFoundException".to_owned(),
        "Secrets Manager can't find the specified secret.".to_owned(),
    );
    for (resource, by_name, by_arn) in [
        (format!("{PREFIX}app/*"), true, true),
        (format!("{PREFIX}app/x-??????"), false, true),
        (format!("{PREFIX}app/x"), true, false),
        (format!("{PREFIX}other"), false, false),
    ] {
        let ann = ann(&admin, &[&allow("secretsmanager:*", &resource)]).await;
        for (secret_id, may_know) in [("app/x", by_name), (&missing, by_arn)] {
            for operation in [
                "GetSecretValue",
                "DescribeSecret",
                "DeleteSecret",
                "RestoreSecret",
            ] {
                let want = if may_know {
                    not_found.clone()
                } else {
                    no_identity_policy(operation, Some(secret_id))
                };
                let refused = ann.refused(operation, get(secret_id)).await;
                assert_eq!(refused, want, "{operation} {resource}");
            }
        }
    }
}

#[tokio::test]
async fn refusals_show_the_secret_as_it_was_named() {
    let admin = administrator().await;
    let arn = admin.secret("app/db", "one").await;
    let ann = ann(&admin, &[]).await;
    let partial = format!("{PREFIX}app/db");
    for shown in ["app/db", "app/none", &arn, &partial] {
        let want = no_identity_policy("GetSecretValue", Some(shown));
        assert_eq!(ann.refused("GetSecretValue", get(shown)).await, want);
    }
    let create = json!({"Name": "new", "ClientRequestToken": token(1)});
    let want = no_identity_policy("CreateSecret", Some("new"));
    assert_eq!(ann.refused("CreateSecret", create).await, want);
    // Operations without a resource show none.
    for (operation, input) in [
        ("ListSecrets", json!({})),
        ("GetRandomPassword", json!({})),
        ("BatchGetSecretValue", json!({"SecretIdList": ["app/db"]})),
    ] {
        let refused = ann.refused(operation, input).await;
        assert_eq!(refused, no_identity_policy(operation, None));
    }
}

#[tokio::test]
async fn the_tags_of_a_secret_decide() {
    let admin = administrator().await;
    admin.secret("blue", "value").await;
    admin.secret("plain", "value").await;
    let tags = json!({"SecretId": "blue", "Tags": [{"Key": "team", "Value": "blue"}]});
    admin.ok("TagResource", tags).await;
    for key in ["aws:ResourceTag/team", "secretsmanager:ResourceTag/team"] {
        let condition = json!({"StringEquals": {key: "blue"}});
        let ann = ann(
            &admin,
            &[&allow_if("secretsmanager:GetSecretValue", &condition)],
        )
        .await;
        ann.ok("GetSecretValue", get("blue")).await;
        assert_eq!(
            ann.code("GetSecretValue", get("plain")).await,
            "AccessDeniedException"
        );
        admin
            .ok(
                "UntagResource",
                json!({"SecretId": "blue", "TagKeys": ["team"]}),
            )
            .await;
        assert_eq!(
            ann.code("GetSecretValue", get("blue")).await,
            "AccessDeniedException"
        );
        let tags = json!({"SecretId": "blue", "Tags": [{"Key": "team", "Value": "blue"}]});
        admin.ok("TagResource", tags).await;
    }
}

#[tokio::test]
async fn the_tags_of_a_request_decide() {
    let admin = administrator().await;
    admin.secret("a", "value").await;
    let condition = json!({
        "StringEquals": {"aws:RequestTag/team": "blue"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]},
    });
    let ann = ann(&admin, &[&allow_if("secretsmanager:*", &condition)]).await;
    let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
    for (tags, allowed) in [
        (json!([tag("team", "blue")]), true),
        (json!([tag("team", "blue"), tag("stage", "x")]), true),
        (json!([tag("team", "red")]), false),
        (json!([tag("team", "blue"), tag("other", "x")]), false),
        (json!([tag("stage", "x")]), false),
    ] {
        let input = json!({"SecretId": "a", "Tags": tags});
        assert_eq!(
            ann.call("TagResource", input).await.is_ok(),
            allowed,
            "{tags}"
        );
        let name = format!("n{}", ann.world.services.random.uuid());
        let input = json!({"Name": name, "Tags": tags, "ClientRequestToken": token(1)});
        assert_eq!(
            ann.call("CreateSecret", input).await.is_ok(),
            allowed,
            "{tags}"
        );
    }
}

/// Recorded: defaults are not filled in.
#[tokio::test]
async fn the_version_stage_counts_only_if_it_is_sent() {
    let admin = administrator().await;
    admin.secret("a", "value").await;
    let sent = json!({"SecretId": "a", "VersionStage": "AWSCURRENT"});
    let strict = json!({"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}});
    let lenient = json!({"StringEqualsIfExists": {"secretsmanager:VersionStage": "AWSCURRENT"}});
    for (condition, without) in [(strict, false), (lenient, true)] {
        let ann = ann(
            &admin,
            &[&allow_if("secretsmanager:GetSecretValue", &condition)],
        )
        .await;
        ann.ok("GetSecretValue", sent.clone()).await;
        assert_eq!(ann.call("GetSecretValue", get("a")).await.is_ok(), without);
        let other = json!({"SecretId": "a", "VersionStage": "AWSPREVIOUS"});
        assert_eq!(
            ann.code("GetSecretValue", other).await,
            "AccessDeniedException"
        );
    }
}

#[tokio::test]
async fn parameters_decide() {
    let admin = administrator().await;
    let deny_if = |condition: Value| {
        policy(&json!([
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition},
        ]))
    };
    let create = |name: &str| json!({"Name": name, "ClientRequestToken": token(1)});
    for (condition, operation, refused, allowed) in [
        (
            json!({"Bool": {"secretsmanager:ForceDeleteWithoutRecovery": "true"}}),
            "DeleteSecret",
            json!({"SecretId": "a", "ForceDeleteWithoutRecovery": true}),
            json!({"SecretId": "a"}),
        ),
        (
            json!({"NumericLessThan": {"secretsmanager:RecoveryWindowInDays": "20"}}),
            "DeleteSecret",
            json!({"SecretId": "a", "RecoveryWindowInDays": 19}),
            json!({"SecretId": "a", "RecoveryWindowInDays": 20}),
        ),
        (
            json!({"StringLike": {"secretsmanager:Name": "prod/*"}}),
            "CreateSecret",
            create("prod/x"),
            create("dev/x"),
        ),
        (
            json!({"StringEquals": {"secretsmanager:Description": "no"}}),
            "UpdateSecret",
            json!({"SecretId": "a", "Description": "no", "ClientRequestToken": token(2)}),
            json!({"SecretId": "a", "Description": "yes", "ClientRequestToken": token(2)}),
        ),
        (
            json!({"StringEquals": {"secretsmanager:VersionId": token("a")}}),
            "GetSecretValue",
            json!({"SecretId": "a", "VersionId": token("a")}),
            json!({"SecretId": "a"}),
        ),
        (
            json!({"ArnLike": {"secretsmanager:SecretId": format!("{PREFIX}a-*")}}),
            "DescribeSecret",
            get("a"),
            get("b"),
        ),
    ] {
        for name in ["a", "b"] {
            let force = json!({"SecretId": name, "ForceDeleteWithoutRecovery": true});
            admin.ok("DeleteSecret", force).await;
            admin.secret(name, "value").await;
        }
        let ann = ann(&admin, &[&deny_if(condition.clone())]).await;
        assert_eq!(
            ann.code(operation, refused).await,
            "AccessDeniedException",
            "{condition}"
        );
        ann.ok(operation, allowed).await;
    }
}

#[tokio::test]
async fn some_calls_need_a_second_action() {
    let admin = administrator().await;
    admin.secret("a", "value").await;
    let document = allow("*", "*");
    for (operation, input, further, resource) in [
        (
            "CreateSecret",
            json!({"Name": "n", "ClientRequestToken": token(1), "Tags": [{"Key": "k"}]}),
            "TagResource",
            Some("n"),
        ),
        (
            "ValidateResourcePolicy",
            json!({"SecretId": "a", "ResourcePolicy": document}),
            "PutResourcePolicy",
            Some("a"),
        ),
        (
            "BatchGetSecretValue",
            json!({"Filters": [{"Key": "name", "Values": ["a"]}]}),
            "ListSecrets",
            None,
        ),
    ] {
        let own = allow(&format!("secretsmanager:{operation}"), "*");
        let both = allow(&format!("secretsmanager:{further}"), "*");
        let client = ann(&admin, &[&own]).await;
        let want = no_identity_policy(further, resource);
        assert_eq!(client.refused(operation, input.clone()).await, want);
        let client = ann(&admin, &[&both]).await;
        let want = no_identity_policy(operation, resource);
        assert_eq!(client.refused(operation, input.clone()).await, want);
        let client = ann(&admin, &[&own, &both]).await;
        client.ok(operation, input).await;
    }
    // Without tags nothing is tagged.
    let ann = ann(&admin, &[&allow("secretsmanager:CreateSecret", "*")]).await;
    ann.ok(
        "CreateSecret",
        json!({"Name": "m", "ClientRequestToken": token(1)}),
    )
    .await;
}

#[tokio::test]
async fn in_a_batch_each_secret_is_judged_for_itself() {
    let admin = administrator().await;
    admin.secret("mine", "one").await;
    admin.secret("theirs", "two").await;
    let policies = [
        allow("secretsmanager:BatchGetSecretValue", "*"),
        allow("secretsmanager:GetSecretValue", &format!("{PREFIX}mine-*")),
    ];
    let ann = ann(&admin, &[&policies[0], &policies[1]]).await;
    let input = json!({"SecretIdList": ["mine", "theirs", "none"]});
    let answer = ann.ok("BatchGetSecretValue", input).await;
    assert_eq!(answer["SecretValues"].as_array().unwrap().len(), 1);
    assert_eq!(answer["SecretValues"][0]["SecretString"], "one");
    let errors: Vec<Value> = ["theirs", "none"]
        .map(|name| {
            let (code, message) = no_identity_policy("GetSecretValue", Some(name));
            json!({"SecretId": name, "ErrorCode": code, "Message": message})
        })
        .into();
    assert_eq!(answer["Errors"], json!(errors));
}

#[tokio::test]
async fn a_resource_policy_lets_its_own_users_in() {
    let admin = administrator().await;
    admin.secret("a", "one").await;
    let ann = ann(&admin, &[]).await;
    for (principal, allowed) in [
        (USER, true),
        ("*", true),
        // The account leaves it to the identity policies.
        ("arn:aws:iam::111122223333:root", false),
        ("111122223333", false),
        ("arn:aws:iam::444455556666:root", false),
    ] {
        let document = for_principal("Allow", principal, "secretsmanager:GetSecretValue");
        put_policy(&admin, "a", &document).await;
        let answer = ann.call("GetSecretValue", get("a")).await;
        if allowed {
            answer.unwrap();
        } else {
            let want = no_identity_policy("GetSecretValue", Some("a"));
            assert_eq!(answer.unwrap_err(), want, "{principal}");
        }
        assert_eq!(
            ann.code("DescribeSecret", get("a")).await,
            "AccessDeniedException"
        );
    }
    // It speaks of its own secret only.
    admin.secret("b", "two").await;
    assert_eq!(
        ann.code("GetSecretValue", get("b")).await,
        "AccessDeniedException"
    );
    admin.ok("DeleteResourcePolicy", get("a")).await;
    assert_eq!(
        ann.code("GetSecretValue", get("a")).await,
        "AccessDeniedException"
    );
}

#[tokio::test]
async fn a_deny_in_a_resource_policy_outweighs_every_allow() {
    let admin = administrator().await;
    admin.secret("a", "one").await;
    let ann = ann(&admin, &[&allow("*", "*")]).await;
    ann.ok("GetSecretValue", get("a")).await;
    put_policy(
        &admin,
        "a",
        &for_principal("Deny", USER, "secretsmanager:GetSecretValue"),
    )
    .await;
    let clause = "with an explicit deny in a resource-based policy";
    let want = denied(USER, "GetSecretValue", Some("a"), clause);
    assert_eq!(ann.refused("GetSecretValue", get("a")).await, want);
    admin.ok("GetSecretValue", get("a")).await;
    ann.ok("DescribeSecret", get("a")).await;
}

#[tokio::test]
async fn nobody_locks_themselves_out_by_a_policy() {
    let admin = administrator().await;
    admin.secret("a", "one").await;
    ann(&admin, &[]).await;
    let who = "arn:aws:iam::111122223333:user/admin";
    let clause = "with an explicit deny in a resource-based policy";
    for (action, lost) in [
        ("secretsmanager:*", "PutResourcePolicy"),
        ("secretsmanager:PutResourcePolicy", "PutResourcePolicy"),
        (
            "secretsmanager:DeleteResourcePolicy",
            "DeleteResourcePolicy",
        ),
    ] {
        let document = for_principal("Deny", who, action);
        let input = json!({"SecretId": "a", "ResourcePolicy": document});
        let want = denied(who, lost, Some("a"), clause);
        assert_eq!(
            admin.refused("PutResourcePolicy", input.clone()).await,
            want
        );
        let verdict = admin.ok("ValidateResourcePolicy", input).await;
        assert_eq!(verdict["PolicyValidationPassed"], false);
    }
    let policy = admin.ok("GetResourcePolicy", get("a")).await;
    assert_eq!(policy.get("ResourcePolicy"), None);
    // Others may be locked out, and oneself of other things.
    put_policy(
        &admin,
        "a",
        &for_principal("Deny", USER, "secretsmanager:*"),
    )
    .await;
    put_policy(
        &admin,
        "a",
        &for_principal("Deny", who, "secretsmanager:GetSecretValue"),
    )
    .await;
}

#[tokio::test]
async fn what_one_never_could_do_is_not_lost() {
    let admin = administrator().await;
    admin.secret("a", "one").await;
    let ann = ann(&admin, &[&allow("secretsmanager:PutResourcePolicy", "*")]).await;
    let input = |document: &str| json!({"SecretId": "a", "ResourcePolicy": document});
    let harmless = for_principal("Allow", USER, "secretsmanager:GetSecretValue");
    ann.ok("PutResourcePolicy", input(&harmless)).await;
    let deny = for_principal("Deny", USER, "secretsmanager:PutResourcePolicy");
    assert_eq!(
        ann.code("PutResourcePolicy", input(&deny)).await,
        "AccessDeniedException"
    );
}

#[tokio::test]
async fn nobody_locks_themselves_out_by_a_tag() {
    let admin = administrator().await;
    admin.secret("a", "one").await;
    let tag = |value: &str| json!({"SecretId": "a", "Tags": [{"Key": "team", "Value": value}]});
    let untag = json!({"SecretId": "a", "TagKeys": ["team"]});
    admin.ok("TagResource", tag("blue")).await;
    let condition = json!({"StringEquals": {"aws:ResourceTag/team": "blue"}});
    let ann = ann(&admin, &[&allow_if("secretsmanager:*", &condition)]).await;
    let before = admin.describe("a").await;
    assert_eq!(
        ann.refused("TagResource", tag("red")).await,
        no_identity_policy("TagResource", Some("a"))
    );
    assert_eq!(
        ann.refused("UntagResource", untag.clone()).await,
        no_identity_policy("UntagResource", Some("a"))
    );
    assert_eq!(admin.describe("a").await, before);
    // Tags that its policies do not ask for are free.
    let other = json!({"SecretId": "a", "Tags": [{"Key": "stage", "Value": "x"}]});
    ann.ok("TagResource", other).await;
    ann.ok(
        "UntagResource",
        json!({"SecretId": "a", "TagKeys": ["stage"]}),
    )
    .await;
    // Nor does who may tag anything take the reading away from themselves.
    let tags = allow("secretsmanager:*agResource", "*");
    let reads = allow_if("secretsmanager:GetSecretValue", &condition);
    let bob = user(&admin.world, OWNER, "bob", &[&tags, &reads]).await;
    let (code, message) = bob.refused("UntagResource", untag.clone()).await;
    assert_eq!(code, "AccessDeniedException");
    assert!(
        message.contains(": secretsmanager:GetSecretValue on"),
        "{message}"
    );
    assert_eq!(admin.describe("a").await["Tags"][0]["Value"], "blue");
    admin.ok("UntagResource", untag).await;
}

#[tokio::test]
async fn across_accounts_both_sides_must_agree() {
    let admin = administrator().await;
    let arn = admin.secret("a", "one").await;
    let who = "arn:aws:iam::444455556666:user/bob";
    let on_identity =
        "because no identity-based policy allows the secretsmanager:DescribeSecret action";
    let on_resource =
        "because no resource-based policy allows the secretsmanager:DescribeSecret action";
    let open = allow("secretsmanager:*", "*");
    let named = for_principal("Allow", who, "secretsmanager:DescribeSecret");
    let whole = for_principal("Allow", "444455556666", "secretsmanager:DescribeSecret");
    let other = for_principal("Allow", USER, "secretsmanager:DescribeSecret");
    user(&admin.world, OWNER, "ann", &[]).await;
    for (identity, resource, want) in [
        (None, None, Some(on_resource)),
        (Some(&open), None, Some(on_resource)),
        (Some(&open), Some(&other), Some(on_resource)),
        (None, Some(&named), Some(on_identity)),
        (Some(&open), Some(&named), None),
        (Some(&open), Some(&whole), None),
    ] {
        let identity: Vec<&str> = identity.into_iter().map(String::as_str).collect();
        let bob = user(&admin.world, FOREIGN, "bob", &identity).await;
        match resource {
            Some(document) => put_policy(&admin, "a", document).await,
            None => drop(admin.ok("DeleteResourcePolicy", get("a")).await),
        }
        let answer = bob.call("DescribeSecret", get(&arn)).await;
        match want {
            Some(clause) => assert_eq!(
                answer.unwrap_err(),
                denied(who, "DescribeSecret", Some(&arn), clause)
            ),
            None => assert_eq!(answer.unwrap()["ARN"], arn),
        }
        // A name is one in the caller's own account.
        if !identity.is_empty() {
            let code = bob.code("DescribeSecret", get("a")).await;
            assert_eq!(code, "ResourceNotFoundException");
        }
        // What is missing over there is not told apart.
        let missing = format!("{PREFIX}none-AbCdEf");
        let want = denied(who, "DescribeSecret", Some(&missing), on_resource);
        assert_eq!(bob.refused("DescribeSecret", get(&missing)).await, want);
    }
}

/// Recorded: values under the AWS managed key stay in their account, the rest
/// of the secret does not.
#[tokio::test]
async fn the_managed_key_serves_its_own_account_only() {
    let admin = administrator().await;
    let arn = admin.secret("a", "one").await;
    let bob = user(&admin.world, FOREIGN, "bob", &[&allow("*", "*")]).await;
    let document = for_principal(
        "Allow",
        "arn:aws:iam::444455556666:root",
        "secretsmanager:*",
    );
    put_policy(&admin, "a", &document).await;
    let want = (
        "InvalidRequestException".to_owned(),
        "You can't access a secret from a different AWS account if you encrypt the secret with \
         the default KMS service key."
            .to_owned(),
    );
    let put = json!({"SecretId": arn, "SecretString": "x", "ClientRequestToken": token(2)});
    for (operation, input) in [
        ("GetSecretValue", get(&arn)),
        ("PutSecretValue", put.clone()),
        ("UpdateSecret", put.clone()),
    ] {
        assert_eq!(bob.refused(operation, input).await, want, "{operation}");
    }
    let batch = bob
        .ok("BatchGetSecretValue", json!({"SecretIdList": [arn]}))
        .await;
    assert_eq!(batch["Errors"][0]["ErrorCode"], "InvalidRequestException");

    let update = json!({"SecretId": arn, "Description": "d", "ClientRequestToken": token(3)});
    let stage = json!({"SecretId": arn, "VersionStage": "S", "MoveToVersionId": token("a")});
    for (operation, input) in [
        ("DescribeSecret", get(&arn)),
        ("ListSecretVersionIds", get(&arn)),
        (
            "TagResource",
            json!({"SecretId": arn, "Tags": [{"Key": "k"}]}),
        ),
        ("UntagResource", json!({"SecretId": arn, "TagKeys": ["k"]})),
        ("UpdateSecret", update),
        ("UpdateSecretVersionStage", stage),
        ("GetResourcePolicy", get(&arn)),
        ("ListResourcePolicies", get(&arn)),
        (
            "ValidateResourcePolicy",
            json!({"SecretId": arn, "ResourcePolicy": document}),
        ),
        (
            "PutResourcePolicy",
            json!({"SecretId": arn, "ResourcePolicy": document}),
        ),
        ("DeleteSecret", get(&arn)),
        ("RestoreSecret", get(&arn)),
        ("DeleteResourcePolicy", get(&arn)),
    ] {
        bob.ok(operation, input).await;
    }
    // Now that its policy is gone, so is bob's way in.
    assert_eq!(
        bob.code("DescribeSecret", get(&arn)).await,
        "AccessDeniedException"
    );
    // Lists show one's own account, whatever policies say.
    let listed = bob.ok("ListSecrets", json!({})).await;
    assert_eq!(listed["SecretList"], json!([]));
}

#[tokio::test]
async fn regions_do_not_see_each_other() {
    let admin = administrator().await;
    let arn = admin.secret("a", "here").await;
    let there = admin.region("eu-west-1");
    assert_eq!(
        there.code("GetSecretValue", get("a")).await,
        "ResourceNotFoundException"
    );
    assert_eq!(
        there.code("GetSecretValue", get(&arn)).await,
        "ResourceNotFoundException"
    );
    there.secret("a", "there").await;
    assert_eq!(
        (admin.value("a").await, there.value("a").await),
        ("here".into(), "there".into())
    );
    there.ok("DeleteSecret", get("a")).await;
    assert_eq!(admin.value("a").await, "here");
}

#[tokio::test]
async fn changed_policies_count_from_the_next_call() {
    let admin = administrator().await;
    admin.secret("a", "one").await;
    let ann = ann(&admin, &[&allow("*", "*")]).await;
    let services = &admin.world.services;
    let key_id = &ann.caller.access_key_id;
    // The row changes as the IAM API will change it: what is cached goes.
    for (policies, allowed) in [(vec![], false), (vec![allow("*", "*")], true)] {
        let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
        user(&admin.world, OWNER, "ann", &policies).await;
        let found = services
            .callers
            .find(&services.store, services.partition, key_id)
            .await;
        let ann = Client {
            caller: found.unwrap().unwrap(),
            ..ann.clone()
        };
        assert_eq!(ann.call("GetSecretValue", get("a")).await.is_ok(), allowed);
    }
    let mut tx = services.store.begin(Mode::Write).await.unwrap();
    tx.delete::<Users>(&(account(OWNER), "ann".to_owned()))
        .unwrap();
    tx.commit(Vec::new()).await.unwrap();
    let found = services
        .callers
        .find(&services.store, services.partition, key_id)
        .await;
    assert!(found.unwrap().is_none());
    assert_eq!(rows::<Users>(&admin.world).await.len(), 2);
}

/// A request that began before a policy changed must not leave the old one
/// behind for those that come after.
#[tokio::test]
async fn a_slow_request_does_not_bring_an_old_policy_back() {
    let admin = administrator().await;
    admin.secret("a", "one").await;
    let ann = ann(&admin, &[]).await;
    put_policy(
        &admin,
        "a",
        &for_principal("Allow", USER, "secretsmanager:*"),
    )
    .await;

    let services: &Services = &admin.world.services;
    let request = admin.request();
    let mut slow = Context::begin(services, &request, services.clock.now(), Mode::Read)
        .await
        .unwrap();
    let other = for_principal("Deny", USER, "secretsmanager:*");
    put_policy(&admin, "a", &other).await;
    SecretRef::resolve(&mut slow, "a").await.unwrap();

    assert_eq!(
        ann.code("GetSecretValue", get("a")).await,
        "AccessDeniedException"
    );
    let home = Home { ..slow.home() };
    assert_eq!(home.account, account(OWNER));
}

#[tokio::test]
async fn a_key_is_used_only_for_those_who_may_use_it() {
    let admin = administrator().await;
    admin.secret("a", "v").await;
    let everything = allow("secretsmanager:*", "*");
    let no_access = (
        "AccessDeniedException".to_owned(),
        "Access to KMS is not allowed".to_owned(),
    );

    // Nobody needs a permission for the managed key.
    assert_eq!(ann(&admin, &[&everything]).await.value("a").await, "v");

    let no_kms = ann(&admin, &[&everything, &deny("kms:*")]).await;
    let put = json!({"SecretId": "a", "ClientRequestToken": token("n"), "SecretString": "w"});
    assert_eq!(no_kms.refused("GetSecretValue", get("a")).await, no_access);
    assert_eq!(
        no_kms.refused("PutSecretValue", put.clone()).await,
        no_access
    );
    let read = no_kms.recorded("GetSecretValue", get("a")).await;
    let decrypt = &read.records[1];
    assert_eq!(decrypt["eventName"], "Decrypt");
    assert_eq!(decrypt["errorCode"], "AccessDenied");

    let no_decrypt = ann(&admin, &[&everything, &deny("kms:Decrypt")]).await;
    assert_eq!(
        no_decrypt.refused("GetSecretValue", get("a")).await,
        no_access
    );
    no_decrypt.ok("PutSecretValue", put).await;

    // What a policy may ask of the use.
    let through = |service: &str| {
        policy(&json!({
            "Effect": "Deny", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:*:*:key/*",
            "Condition": {
                "Bool": {"aws:ViaAWSService": "true"},
                "StringEquals": {"kms:ViaService": service},
                "StringLike": {"kms:EncryptionContext:SecretARN": "*:secret:a-*"},
            },
        }))
    };
    let here = through("secretsmanager.us-east-1.amazonaws.com");
    let there = through("secretsmanager.eu-west-1.amazonaws.com");
    let refused = ann(&admin, &[&everything, &here]).await;
    assert_eq!(refused.refused("GetSecretValue", get("a")).await, no_access);
    ann(&admin, &[&everything, &there])
        .await
        .ok("GetSecretValue", get("a"))
        .await;
}

#[tokio::test]
async fn a_key_that_is_named_is_tried_out_for_the_caller() {
    let admin = administrator().await;
    admin.secret("first", "v").await;
    let create = |name: &str| {
        json!({
            "Name": name, "ClientRequestToken": token(name), "KmsKeyId": "alias/aws/secretsmanager",
        })
    };
    let created = admin.recorded("CreateSecret", create("a")).await;
    let tried: Vec<_> = created.records[1..]
        .iter()
        .map(|record| {
            let version = &record["requestParameters"]["encryptionContext"]["SecretVersionId"];
            (record["eventName"].clone(), version.clone())
        })
        .collect();
    let context = json!("RequestToValidateKeyAccess");
    let expected = ["GenerateDataKey", "Decrypt"].map(|name| (json!(name), context.clone()));
    assert_eq!(tried, expected);

    let all = allow("secretsmanager:*", "*");
    let no_decrypt = ann(&admin, &[&all, &deny("kms:Decrypt")]).await;
    let (code, _) = no_decrypt.refused("CreateSecret", create("b")).await;
    assert_eq!(code, "AccessDeniedException");
}

#[tokio::test]
async fn policies_may_ask_for_the_key_by_its_arn() {
    let admin = administrator().await;
    admin.secret("a", "v").await;
    let other_keys = policy(&json!({
        "Effect": "Deny", "Action": ["secretsmanager:CreateSecret", "secretsmanager:UpdateSecret"],
        "Resource": "*",
        "Condition": {"ArnLike": {"secretsmanager:KmsKeyArn": "arn:aws:kms:*:*:key/*"}},
    }));
    let ann = ann(&admin, &[&allow("secretsmanager:*", "*"), &other_keys]).await;
    let named = "alias/aws/secretsmanager";
    let create =
        |key: Option<&str>| json!({"Name": "b", "ClientRequestToken": token("b"), "KmsKeyId": key});
    let update = |key: Option<&str>| json!({"SecretId": "a", "ClientRequestToken": token("u"), "KmsKeyId": key});
    for (operation, input) in [
        ("CreateSecret", create(Some(named))),
        ("UpdateSecret", update(Some(named))),
    ] {
        assert_eq!(ann.code(operation, input).await, "AccessDeniedException");
    }
    ann.ok("CreateSecret", create(None)).await;
    ann.ok("UpdateSecret", update(None)).await;
}
