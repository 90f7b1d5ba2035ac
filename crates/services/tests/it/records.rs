//! What is recorded of each call, and what never is.

use std::{
    collections::BTreeSet,
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use prost::Message as _;
use serde_json::{Value, json};
use strongroom_services::{
    secretsmanager::operations::ROUTES,
    tables::{Jobs, KmsKeys, SecretPolicies, SecretValues, Secrets},
};
use tracing::field::{Field, Visit};

use crate::client::{
    Client, FOREIGN, OWNER, Recorded, administrator, outbox, policy, root, rows, token, user,
};

/// The record of the call itself: the first line.
fn own(recorded: &Recorded) -> &Value {
    &recorded.records[0]
}

fn owner_only() -> String {
    policy(&json!({
        "Effect": "Allow", "Principal": {"AWS": OWNER.to_string()}, "Action": "*", "Resource": "*",
    }))
}

/// Calls of every operation in an order in which each succeeds, with what
/// must be recorded of them: parameters, and the members of the answer.
fn calls() -> Vec<(&'static str, Value, Value, Value)> {
    let document = owner_only();
    let named = json!({"secretId": "a"});
    vec![
        (
            "CreateSecret",
            json!({
                "Name": "a", "ClientRequestToken": token(1), "SecretString": "x",
                "Description": "d", "Tags": [{"Key": "k", "Value": "v"}],
                "ForceOverwriteReplicaSecret": false,
            }),
            json!({
                "name": "a", "clientRequestToken": token(1), "description": "d",
                "tags": [{"key": "k", "value": "v"}], "forceOverwriteReplicaSecret": false,
            }),
            json!(["arn"]),
        ),
        (
            "GetSecretValue",
            json!({"SecretId": "a"}),
            named.clone(),
            Value::Null,
        ),
        (
            "GetSecretValue",
            json!({"SecretId": "a", "VersionId": token(1), "VersionStage": "AWSCURRENT"}),
            json!({"secretId": "a", "versionId": token(1), "versionStage": "AWSCURRENT"}),
            Value::Null,
        ),
        (
            "BatchGetSecretValue",
            json!({"SecretIdList": ["a"]}),
            json!({"secretIdList": ["a"]}),
            Value::Null,
        ),
        (
            "BatchGetSecretValue",
            json!({"Filters": [{"Key": "name", "Values": ["a"]}], "MaxResults": 3}),
            json!({"filters": [{"key": "name", "values": ["a"]}], "maxResults": 3}),
            Value::Null,
        ),
        (
            "PutSecretValue",
            json!({
                "SecretId": "a", "ClientRequestToken": token(2), "SecretBinary": "eA==",
                "VersionStages": ["AWSCURRENT", "MINE"],
            }),
            json!({
                "secretId": "a", "clientRequestToken": token(2),
                "versionStages": ["AWSCURRENT", "MINE"],
            }),
            json!(["arn"]),
        ),
        (
            "UpdateSecret",
            json!({
                "SecretId": "a", "ClientRequestToken": token(3), "SecretString": "y",
                "KmsKeyId": "alias/aws/secretsmanager",
            }),
            json!({
                "secretId": "a", "clientRequestToken": token(3),
                "kmsKeyId": "alias/aws/secretsmanager",
            }),
            json!(["arn", "name", "versionId"]),
        ),
        (
            "UpdateSecretVersionStage",
            json!({
                "SecretId": "a", "VersionStage": "MINE", "RemoveFromVersionId": token(2),
                "MoveToVersionId": token(1),
            }),
            json!({
                "secretId": "a", "versionStage": "MINE", "removeFromVersionId": token(2),
                "moveToVersionId": token(1),
            }),
            json!(["arn", "name"]),
        ),
        (
            "DescribeSecret",
            json!({"SecretId": "a"}),
            named.clone(),
            Value::Null,
        ),
        (
            "ListSecrets",
            json!({"MaxResults": 5, "SortOrder": "asc", "IncludePlannedDeletion": true}),
            json!({"maxResults": 5, "sortOrder": "asc", "includePlannedDeletion": true}),
            Value::Null,
        ),
        ("ListSecrets", json!({}), Value::Null, Value::Null),
        (
            "ListSecretVersionIds",
            json!({"SecretId": "a", "IncludeDeprecated": true}),
            json!({"secretId": "a", "includeDeprecated": true}),
            Value::Null,
        ),
        (
            "TagResource",
            json!({"SecretId": "a", "Tags": [{"Key": "k", "Value": "w"}]}),
            json!({"secretId": "a", "tags": [{"key": "k", "value": "w"}]}),
            Value::Null,
        ),
        (
            "UntagResource",
            json!({"SecretId": "a", "TagKeys": ["k"]}),
            json!({"secretId": "a", "tagKeys": ["k"]}),
            Value::Null,
        ),
        (
            "ValidateResourcePolicy",
            json!({"SecretId": "a", "ResourcePolicy": document}),
            json!({"secretId": "a", "resourcePolicy": document}),
            Value::Null,
        ),
        (
            "PutResourcePolicy",
            json!({"SecretId": "a", "ResourcePolicy": document, "BlockPublicPolicy": true}),
            json!({"secretId": "a", "resourcePolicy": document, "blockPublicPolicy": true}),
            json!(["arn", "name", "policyName"]),
        ),
        (
            "GetResourcePolicy",
            json!({"SecretId": "a"}),
            named.clone(),
            Value::Null,
        ),
        (
            "ListResourcePolicies",
            json!({"SecretId": "a"}),
            named.clone(),
            Value::Null,
        ),
        (
            "DeleteResourcePolicy",
            json!({"SecretId": "a", "PolicyName": "default"}),
            json!({"secretId": "a", "policyName": "default"}),
            json!(["arn", "name", "policyName"]),
        ),
        (
            "GetRandomPassword",
            json!({"PasswordLength": 20, "ExcludeCharacters": "abc"}),
            json!({"passwordLength": 20, "excludeCharacters": "abc"}),
            Value::Null,
        ),
        (
            "RotateSecret",
            json!({
                "SecretId": "a", "ClientRequestToken": ROTATION, "RotationLambdaARN": FUNCTION,
                "RotationRules": {"AutomaticallyAfterDays": 30}, "RotateImmediately": false,
            }),
            json!({
                "secretId": "a", "clientRequestToken": ROTATION, "rotationLambdaARN": FUNCTION,
                "rotationRules": {"automaticallyAfterDays": 30}, "rotateImmediately": false,
            }),
            json!(["arn", "name", "versionId"]),
        ),
        (
            "CancelRotateSecret",
            json!({"SecretId": "a"}),
            named.clone(),
            json!(["arn", "name"]),
        ),
        (
            "DeleteSecret",
            json!({"SecretId": "a", "RecoveryWindowInDays": 7}),
            json!({"secretId": "a", "recoveryWindowInDays": 7}),
            json!(["arn", "deletionDate", "name"]),
        ),
        (
            "RestoreSecret",
            json!({"SecretId": "a"}),
            named,
            json!(["arn", "name"]),
        ),
        (
            "DeleteSecret",
            json!({"SecretId": "a", "ForceDeleteWithoutRecovery": true}),
            json!({"secretId": "a", "forceDeleteWithoutRecovery": true}),
            json!(["arn", "deletionDate", "name"]),
        ),
    ]
}

/// The version that a rotation would make.
const ROTATION: &str = "22222222-2222-4222-8222-222222222222";
/// A function that exists in every account and Region.
const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:\
                        SecretsManagerRDSPostgreSQLRotationSingleUser";

/// Source: CloudTrail's reference of `readOnly` by the kind of operation.
fn is_read(operation: &str) -> bool {
    ["Get", "List", "Describe", "BatchGet", "Validate"]
        .iter()
        .any(|start| operation.starts_with(start))
}

#[tokio::test]
async fn each_operation_is_recorded_in_cloudtrails_form() {
    let client = administrator().await;
    let mut seen = BTreeSet::new();
    for (operation, input, parameters, answered) in calls() {
        seen.insert(operation);
        let recorded = client.recorded(operation, input).await;
        let record = own(&recorded);
        assert!(recorded.result.is_ok(), "{operation}: {recorded:?}");
        assert_eq!(record["requestParameters"], parameters, "{operation}");
        let members = record["responseElements"]
            .as_object()
            .map(|elements| elements.keys().collect::<Vec<_>>());
        assert_eq!(json!(members), answered, "{operation}");
        let caller = "arn:aws:iam::111122223333:user/admin";
        for (member, want) in [
            ("eventName", json!(operation)),
            ("eventSource", json!("secretsmanager.amazonaws.com")),
            ("eventType", json!("AwsApiCall")),
            ("eventCategory", json!("Management")),
            ("eventVersion", json!("1.11")),
            ("awsRegion", json!("us-east-1")),
            ("sourceIPAddress", json!("192.0.2.7")),
            ("userAgent", json!("tests/1.0")),
            ("readOnly", json!(is_read(operation))),
            ("managementEvent", json!(true)),
            ("recipientAccountId", json!("111122223333")),
            ("resources", Value::Null),
            ("errorCode", Value::Null),
            (
                "userIdentity",
                json!({
                    "type": "IAMUser", "principalId": "AIDA111122223333ADMIN", "arn": caller,
                    "accountId": "111122223333", "accessKeyId": "AKIA111122223333admin",
                    "userName": "admin",
                }),
            ),
        ] {
            assert_eq!(record[member], want, "{operation} {member}");
        }
        let answer = recorded.result.as_ref().unwrap();
        if let Some(elements) = record["responseElements"].as_object() {
            assert_eq!(elements["arn"], answer["ARN"]);
        }
    }
    let all: BTreeSet<_> = ROUTES.iter().map(|route| route.name).collect();
    assert_eq!(seen, all, "an operation has no call above");
}

#[tokio::test]
async fn the_root_user_is_recorded_as_such() {
    let client = root(&administrator().await.world, OWNER);
    let recorded = client.recorded("ListSecrets", json!({})).await;
    let arn = format!("arn:aws:iam::{OWNER}:root");
    let identity = json!({
        "type": "Root", "principalId": OWNER.to_string(), "arn": arn,
        "accountId": OWNER.to_string(), "accessKeyId": "AKIAROOT",
    });
    assert_eq!(own(&recorded)["userIdentity"], identity);
}

#[tokio::test]
async fn members_stand_in_cloudtrails_order() {
    let client = administrator().await;
    let recorded = client
        .recorded("GetSecretValue", json!({"SecretId": "none"}))
        .await;
    let order = [
        "eventVersion",
        "userIdentity",
        "eventTime",
        "eventSource",
        "eventName",
        "awsRegion",
        "sourceIPAddress",
        "userAgent",
        "errorCode",
        "errorMessage",
        "requestParameters",
        "responseElements",
        "requestID",
        "eventID",
        "readOnly",
        "eventType",
        "managementEvent",
        "recipientAccountId",
        "eventCategory",
    ];
    let places: Vec<_> = order
        .iter()
        .map(|member| recorded.lines[0].find(&format!("\"{member}\":")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{}", recorded.lines[0]);
    assert_eq!(own(&recorded).as_object().unwrap().len(), order.len());
}

#[tokio::test]
async fn failures_are_recorded_with_code_and_message() {
    let client = administrator().await;
    let nobody = user(&client.world, OWNER, "nobody", &[]).await;
    client.secret("a", "x").await;
    let short = json!({"SecretId": "a", "ClientRequestToken": "short", "SecretString": "x"});
    let taken = json!({"SecretId": "a", "ClientRequestToken": token("a"), "SecretString": "y"});
    for (who, operation, input, code, parameters) in [
        (
            &client,
            "GetSecretValue",
            json!({"SecretId": "none"}),
            "ResourceNotFoundException",
            json!({"secretId": "none"}),
        ),
        // The one code that the record spells in its own way.
        (
            &nobody,
            "GetSecretValue",
            json!({"SecretId": "a"}),
            "AccessDenied",
            json!({"secretId": "a"}),
        ),
        (
            &client,
            "PutSecretValue",
            short,
            "ValidationException",
            Value::Null,
        ),
        (
            &client,
            "PutSecretValue",
            taken,
            "ResourceExistsException",
            json!({"secretId": "a", "clientRequestToken": token("a")}),
        ),
        (
            &client,
            "DescribeSecret",
            json!([]),
            "SerializationException",
            Value::Null,
        ),
    ] {
        let recorded = who.recorded(operation, input).await;
        let record = own(&recorded);
        let (answered, message) = recorded.result.clone().unwrap_err();
        assert_eq!(
            answered.strip_suffix("Exception"),
            code.strip_suffix("Exception").or(Some(code))
        );
        assert_eq!(record["errorCode"], code);
        assert_eq!(record["errorMessage"], message);
        assert_eq!(record["requestParameters"], parameters);
        assert_eq!(record["responseElements"], Value::Null);
        assert_eq!(record["readOnly"], is_read(operation));
    }
}

#[tokio::test]
async fn every_use_of_a_key_is_recorded_for_its_caller() {
    let client = administrator().await;
    let create = json!({"Name": "a", "ClientRequestToken": token(1), "SecretString": "x"});
    let made = client.recorded("CreateSecret", create).await;
    let read = client
        .recorded("GetSecretValue", json!({"SecretId": "a"}))
        .await;
    let arn = client.describe("a").await["ARN"].clone();
    let context = json!({"SecretARN": arn, "SecretVersionId": token(1)});
    for (recorded, name) in [(&made, "GenerateDataKey"), (&read, "Decrypt")] {
        let uses: Vec<_> = recorded.records[1..].iter().collect();
        assert_eq!(uses.len(), 1);
        let key = &uses[0]["resources"][0];
        let service = "secretsmanager.amazonaws.com";
        for (member, want) in [
            ("eventName", json!(name)),
            ("eventSource", json!("kms.amazonaws.com")),
            ("eventType", json!("AwsApiCall")),
            ("sourceIPAddress", json!(service)),
            ("userAgent", json!(service)),
            ("readOnly", json!(true)),
            ("responseElements", Value::Null),
            ("requestID", own(recorded)["requestID"].clone()),
        ] {
            assert_eq!(uses[0][member], want, "{name} {member}");
        }
        assert_eq!(uses[0]["requestParameters"]["encryptionContext"], context);
        assert_eq!(uses[0]["userIdentity"]["invokedBy"], service);
        assert_eq!(uses[0]["userIdentity"]["userName"], "admin");
        assert_eq!(key["type"], "AWS::KMS::Key");
        assert_eq!(key["accountId"], "111122223333");
        assert_ne!(uses[0]["eventID"], own(recorded)["eventID"]);
    }
}

#[tokio::test]
async fn a_batch_is_recorded_with_each_of_its_secrets() {
    let client = administrator().await;
    client.secret("a", "x").await;
    let recorded = client
        .recorded(
            "BatchGetSecretValue",
            json!({"SecretIdList": ["a", "none"]}),
        )
        .await;
    let names: Vec<_> = recorded
        .records
        .iter()
        .map(|record| {
            (
                record["eventName"].as_str().unwrap(),
                record["errorCode"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            ("BatchGetSecretValue", None),
            ("GetSecretValue", None),
            ("Decrypt", None),
            ("GetSecretValue", Some("ResourceNotFoundException")),
        ]
    );
    assert_eq!(
        recorded.records[3]["requestParameters"],
        json!({"secretId": "none"})
    );
}

#[tokio::test]
async fn what_happens_to_a_secret_is_recorded_with_its_owner() {
    let client = administrator().await;
    let arn = client.secret("a", "x").await;
    let guest = user(
        &client.world,
        FOREIGN,
        "guest",
        &[crate::world::ADMINISTRATOR],
    )
    .await;
    let document = policy(&json!({
        "Effect": "Allow", "Principal": {"AWS": FOREIGN.to_string()}, "Action": "*",
        "Resource": "*",
    }));
    client
        .ok(
            "PutResourcePolicy",
            json!({"SecretId": "a", "ResourcePolicy": document}),
        )
        .await;
    let recorded = guest
        .recorded("DeleteSecret", json!({"SecretId": arn}))
        .await;
    let [call, copy, event] = &recorded.records[..] else {
        panic!("{recorded:?}")
    };
    assert_eq!(call["recipientAccountId"], "444455556666");
    assert_eq!(call["userIdentity"]["accountId"], "444455556666");
    // The owner hears of the call, and of the caller no more than whose it is.
    assert_eq!(copy["recipientAccountId"], "111122223333");
    let mut stranger = call["userIdentity"].clone();
    stranger["type"] = json!("AWSAccount");
    for member in ["arn", "accessKeyId", "userName", "sessionContext"] {
        stranger.as_object_mut().unwrap().remove(member);
    }
    assert_eq!(copy["userIdentity"], stranger);
    assert!(call["sharedEventID"].is_string());
    assert_ne!(call["eventID"], copy["eventID"]);
    for same in [
        "sharedEventID",
        "requestID",
        "eventName",
        "requestParameters",
    ] {
        assert_eq!(call[same], copy[same], "{same}");
    }
    assert_eq!(event.get("sharedEventID"), None);
    assert_eq!(event["eventName"], "StartSecretVersionDelete");
    assert_eq!(event["recipientAccountId"], "111122223333");
    assert_eq!(event["userIdentity"]["accountId"], "111122223333");

    // A refusal is on the caller's trail alone.
    client.secret("b", "x").await;
    let other = client.describe("b").await["ARN"].clone();
    let recorded = guest
        .recorded("GetSecretValue", json!({"SecretId": other}))
        .await;
    assert_eq!(recorded.result.unwrap_err().0, "AccessDeniedException");
    let [call] = &recorded.records[..] else {
        panic!("{:?}", recorded.records)
    };
    assert_eq!(call.get("sharedEventID"), None);
}

#[tokio::test]
async fn what_is_refused_leaves_no_trace_of_what_it_would_have_done() {
    let client = administrator().await;
    client.secret("a", "x").await;
    let before = outbox(&client.world).await.len();
    // The value is sealed before the labels are counted: the key was used.
    client
        .put("a", &token(2), "pending", Some(&["AWSPENDING"]))
        .await;
    let many: Vec<String> = (0..18).map(|n| format!("L{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    client.put("a", &token(3), "labels", Some(&many)).await;
    let input = json!({"SecretId": "a", "ClientRequestToken": token(4), "SecretString": "y",
        "VersionStages": ["ONE", "MORE"]});
    let recorded = client.recorded("PutSecretValue", input).await;
    assert_eq!(recorded.result.unwrap_err().0, "LimitExceededException");
    let names: Vec<_> = recorded
        .records
        .iter()
        .map(|record| &record["eventName"])
        .collect();
    assert_eq!(names, ["PutSecretValue", "GenerateDataKey"]);
    // Two calls with one use each were committed, the refusal was not.
    assert_eq!(outbox(&client.world).await.len() - before, 4);
}

/// Keeps everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        attributes.record(&mut self.clone());
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0.lock().unwrap(), "{field}={value:?}").unwrap();
    }
}

/// The members of requests that hold secrets, as the shapes declare them.
fn sensitive_members() -> BTreeSet<(String, String)> {
    let members = ROUTES.iter().flat_map(|route| {
        let input = route.describe()["input"].take();
        let sensitive = input
            .as_array()
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>();
        let name = route.name.to_owned();
        sensitive
            .into_iter()
            .filter(|member| member["sensitive"] == true)
            .map(move |member| (name.clone(), member["name"].as_str().unwrap().to_owned()))
    });
    members.collect()
}

/// Calls that carry a canary in every sensitive member, good and bad.
fn canary_calls(canary: &str, arn: &str) -> Vec<(&'static str, Value)> {
    let blob = BASE64_STANDARD.encode(canary);
    let long = canary.repeat(70_000 / canary.len());
    let mut calls = vec![
        (
            "CreateSecret",
            json!({"Name": "s", "SecretString": canary, "ClientRequestToken": token(1)}),
        ),
        (
            "CreateSecret",
            json!({"Name": "b", "SecretBinary": blob, "ClientRequestToken": token(1)}),
        ),
        ("GetSecretValue", json!({"SecretId": "s"})),
        ("BatchGetSecretValue", json!({"SecretIdList": ["s", "b"]})),
    ];
    for operation in ["CreateSecret", "PutSecretValue", "UpdateSecret"] {
        let name = if operation == "CreateSecret" {
            "Name"
        } else {
            "SecretId"
        };
        let mut call = |secret: &str, number: u32, members: Value| {
            let mut input = json!({name: secret, "ClientRequestToken": token(number)});
            input
                .as_object_mut()
                .unwrap()
                .extend(members.as_object().unwrap().clone());
            calls.push((operation, input));
        };
        // A new value, the same again, another one under its token.
        call("s", 2, json!({"SecretString": canary}));
        call("s", 2, json!({"SecretString": canary}));
        call("s", 2, json!({"SecretString": format!("other {canary}")}));
        call("s", 2, json!({"SecretBinary": blob}));
        call("s", 3, json!({"SecretBinary": blob}));
        // What is refused before it is looked at.
        call(
            "s",
            4,
            json!({"SecretString": canary, "SecretBinary": blob}),
        );
        call("s", 4, json!({"SecretString": long}));
        call(
            "s",
            4,
            json!({"SecretBinary": BASE64_STANDARD.encode(&long)}),
        );
        call("s", 4, json!({"SecretString": {"inner": canary}}));
        call("s", 4, json!({"SecretString": [canary]}));
        call("s", 4, json!({"SecretBinary": format!("{canary}!")}));
        call(
            "s",
            4,
            json!({"SecretString": canary, "ClientRequestToken": "short"}),
        );
        call(
            "s",
            4,
            json!({"SecretString": canary, "KmsKeyId": "alias/none"}),
        );
        call("bad name", 4, json!({"SecretString": canary}));
        call(
            "none",
            4,
            json!({"SecretString": canary, "Description": "x".repeat(3000)}),
        );
        call(
            arn,
            5,
            json!({"SecretString": canary, "ClientRequestToken": null}),
        );
    }
    for token_given in [
        canary.to_owned(),
        format!("{canary}{}", "x".repeat(300)),
        format!("{canary}!"),
    ] {
        let input = json!({
            "SecretId": "s", "SecretString": canary, "ClientRequestToken": token(6),
            "RotationToken": token_given,
        });
        calls.push(("PutSecretValue", input));
    }
    calls
}

#[track_caller]
fn check_clean(canary: &str, place: &str, text: &str) {
    let escaped = serde_json::to_string(canary).unwrap();
    let bytes = format!("{:?}", canary.as_bytes());
    for form in [
        canary,
        escaped.trim_matches('"'),
        // Without its ends, which depend on what stands around.
        BASE64_STANDARD
            .encode(canary)
            .trim_end_matches('=')
            .get(4..40)
            .unwrap(),
        bytes.trim_matches(['[', ']']),
    ] {
        assert!(!text.contains(form), "{place} holds a secret: {text}");
    }
}

/// No secret in any record, refusal, `Debug` text, log line or stored row.
#[tokio::test]
async fn canaries_are_nowhere() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let client = administrator().await;
    let arn = client.secret("first", "x").await;
    let nobody = user(&client.world, OWNER, "nobody", &[]).await;
    let canary = "canary-0f1e2d3c4b5a69788796a5b4c3d2e1f0-canary";
    let mut seen = BTreeSet::new();
    for (operation, input) in canary_calls(canary, &arn) {
        seen.extend(
            input
                .as_object()
                .unwrap()
                .keys()
                .map(|key| (operation.to_owned(), key.clone())),
        );
        for who in [&client, &nobody] {
            let recorded = who.recorded(operation, input.clone()).await;
            for line in &recorded.lines {
                check_clean(canary, operation, line);
            }
            if let Err((_, message)) = &recorded.result {
                check_clean(canary, operation, message);
            }
        }
        // Cut off in the middle, and with something behind it.
        let text = input.to_string();
        for bytes in [
            &text.as_bytes()[..text.len() - 3],
            format!("{text}{canary}").as_bytes(),
        ] {
            let recorded = client.recorded_bytes(operation, bytes).await;
            assert_eq!(recorded.result.unwrap_err().0, "SerializationException");
            recorded
                .lines
                .iter()
                .for_each(|line| check_clean(canary, operation, line));
        }
    }
    for member in sensitive_members() {
        assert!(seen.contains(&member), "no canary in {member:?}");
    }
    let first = json!({"SecretId": "s", "VersionId": token(1)});
    let answer = client.ok("GetSecretValue", first).await;
    assert_eq!(answer["SecretString"], canary);

    for line in outbox(&client.world).await {
        check_clean(canary, "outbox", std::str::from_utf8(&line).unwrap());
    }
    check_rows(&client, canary).await;
    check_clean(canary, "log", &log.0.lock().unwrap());
    check_clean(canary, "caller", &format!("{:?}", client.caller));
}

async fn check_rows(client: &Client, canary: &str) {
    let world = &client.world;
    let check = |place: &str, bytes: Vec<u8>, debug: String| {
        check_clean(canary, place, &String::from_utf8_lossy(&bytes));
        check_clean(canary, place, &debug);
    };
    for row in rows::<Secrets>(world).await {
        check("Secrets", row.1.encode_to_vec(), format!("{row:?}"));
    }
    for row in rows::<SecretValues>(world).await {
        check("SecretValues", row.1.encode_to_vec(), format!("{row:?}"));
    }
    for row in rows::<SecretPolicies>(world).await {
        check("SecretPolicies", row.1.encode_to_vec(), format!("{row:?}"));
    }
    for row in rows::<Jobs>(world).await {
        check("Jobs", row.1.encode_to_vec(), format!("{row:?}"));
    }
    for row in rows::<KmsKeys>(world).await {
        check("KmsKeys", row.1.encode_to_vec(), format!("{row:?}"));
    }
}

/// A password that was made is in the answer and nowhere else.
#[tokio::test]
async fn passwords_are_not_recorded() {
    let client = administrator().await;
    let recorded = client.recorded("GetRandomPassword", json!({})).await;
    let answer = recorded.result.unwrap();
    let password = answer["RandomPassword"].as_str().unwrap();
    let escaped = serde_json::to_string(password).unwrap();
    for line in &recorded.lines {
        assert!(!line.contains(password) && !line.contains(escaped.trim_matches('"')));
    }
}
