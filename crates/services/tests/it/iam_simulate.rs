//! What the simulator says is what is answered.

use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};
use strongroom_services::{
    iam::{PolicyAttachment, Tag},
    tables::{PolicyAttachments, Users},
};

use crate::{
    client::{Client, OWNER, account, add_row, administrator, policy, rows, user},
    query::element,
};

/// A statement about the calls that are made below.
fn statement() -> impl Strategy<Value = Value> {
    let effect = prop_oneof![3 => Just("Allow"), 1 => Just("Deny")];
    let action = select(vec!["iam:GetRole", "iam:Get*", "iam:TagRole", "*", "kms:*"]);
    let resource = select(vec![
        "*".to_owned(),
        format!("arn:aws:iam::{OWNER}:role/app/*"),
        format!("arn:aws:iam::{OWNER}:role/${{aws:username}}"),
        format!("arn:aws:iam::{OWNER}:role/${{aws:PrincipalTag/team}}"),
    ]);
    let operator = select(vec![
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIfExists",
        "Null",
    ]);
    let key = select(vec![
        "aws:username",
        "aws:PrincipalTag/team",
        "aws:PrincipalTag/none",
        "iam:ResourceTag/team",
        "aws:ResourceTag/none",
        "aws:PrincipalType",
    ]);
    let value = select(vec!["ann", "blue", "red", "User", "true", "false"]);
    let condition = prop::option::weighted(0.5, (operator, key, value));
    (effect, action, resource, condition).prop_map(|(effect, action, resource, condition)| {
        let mut statement = json!({"Effect": effect, "Action": action, "Resource": resource});
        if let Some((operator, key, value)) = condition {
            statement["Condition"] = json!({operator: {key: value}});
        }
        statement
    })
}

/// `ann` with this inline policy and boundary, and the tag `team: blue`.
async fn ann(admin: &Client, inline: &str, boundary: Option<&str>) -> Client {
    let client = user(&admin.world, OWNER, "ann", &[inline]).await;
    let key = (account(OWNER), "ann".to_owned());
    let users = rows::<Users>(&admin.world).await;
    let (_, mut row) = users.into_iter().find(|(known, _)| *known == key).unwrap();
    row.tags = vec![Tag {
        key: "team".to_owned(),
        value: "blue".to_owned(),
    }];
    if let Some(document) = boundary {
        let input = json!({"PolicyName": "boundary", "PolicyDocument": document});
        let arn = element(&admin.ok("iam:CreatePolicy", input).await, "Arn");
        row.permissions_boundary = Some(arn.clone());
        // 5: of a user's boundary.
        let attachment = (key.0, arn, 5, "ann".to_owned());
        add_row::<PolicyAttachments>(&admin.world, attachment, PolicyAttachment {}).await;
    }
    add_row::<Users>(&admin.world, key, row).await;
    let services = &admin.world.services;
    let id = &client.caller.access_key_id;
    let found = services
        .callers
        .find(&services.store, services.partition, id)
        .await;
    let caller = found.unwrap().unwrap();
    Client { caller, ..client }
}

/// Each role, its path, and the value of its tag `team`.
const ROLES: &[(&str, &str, Option<&str>)] = &[
    ("ann", "/", Some("blue")),
    ("blue", "/", None),
    ("web", "/app/", Some("red")),
];

async fn check(statements: &[Value], boundary: Option<&[Value]>) {
    let admin = administrator().await;
    let trust = policy(&json!({
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }));
    let inline = policy(&json!(statements));
    let boundary = boundary.map(|statements| policy(&json!(statements)));
    let ann = ann(&admin, &inline, boundary.as_deref()).await;
    let source = format!("arn:aws:iam::{OWNER}:user/ann");
    for (name, path, team) in ROLES {
        let tags = team.map(|team| json!([{"Key": "team", "Value": team}]));
        let role = json!({
            "RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust, "Tags": tags,
        });
        admin.ok("iam:CreateRole", role).await;
        let entries: Vec<Value> = team
            .iter()
            .flat_map(|team| {
                ["iam:ResourceTag/team", "aws:ResourceTag/team"].map(|key| (key, team))
            })
            .map(|(key, team)| {
                json!({
                    "ContextKeyName": key, "ContextKeyValues": [team], "ContextKeyType": "string",
                })
            })
            .collect();
        let mut simulation = json!({
            "PolicySourceArn": source, "ActionNames": ["iam:GetRole"],
            "ResourceArns": [format!("arn:aws:iam::{OWNER}:role{path}{name}")],
        });
        if !entries.is_empty() {
            simulation["ContextEntries"] = entries.into();
        }
        let answer = admin.ok("iam:SimulatePrincipalPolicy", simulation).await;
        let said = element(&answer, "EvalDecision");
        let done = match ann.call("iam:GetRole", json!({"RoleName": name})).await {
            Ok(_) => "allowed",
            Err((code, text)) => {
                assert_eq!(code, "AccessDenied");
                if text.contains("explicit deny") {
                    "explicitDeny"
                } else {
                    "implicitDeny"
                }
            }
        };
        assert_eq!(said, done, "{inline} within {boundary:?} on {name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_simulator_says_what_is_answered(
        statements in prop::collection::vec(statement(), 1..5),
        boundary in prop::option::weighted(0.3, prop::collection::vec(statement(), 1..4)),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(check(&statements, boundary.as_deref()));
    }
}
