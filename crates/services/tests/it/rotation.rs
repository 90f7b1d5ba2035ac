//! Rotation from RotateSecret to its end, with a real Redis behind it.

use std::{
    future::Future as _,
    pin::pin,
    task::{Context, Poll, Waker},
};

use jiff::SignedDuration;
use mysql_async::{Conn, OptsBuilder, prelude::Queryable as _};
use redis::{Client as Redis, IntoConnectionInfo as _, RedisConnectionInfo, cmd};
use serde_json::{Value, json};
use strongroom_services::secretsmanager::rotation::{run_due, take_back};

use crate::{
    client::{Client, OWNER, administrator, assert_sound, outbox, problems, token},
    servers::{ROOT_PASSWORD, Server},
};

const FUNCTION: &str =
    "arn:aws:lambda:us-east-1:111122223333:function:SecretsManagerElasticacheUserRotation";

/// A user of a server, whose secret is `app`.
struct App {
    server: Server,
    client: Client,
    arn: String,
}

async fn connect(
    port: u16,
    user: &str,
    password: &str,
) -> Result<redis::aio::MultiplexedConnection, redis::RedisError> {
    let login = RedisConnectionInfo::default()
        .set_username(user)
        .set_password(password);
    let info = ("127.0.0.1", port)
        .into_connection_info()?
        .set_redis_settings(login);
    Redis::open(info)?.get_multiplexed_async_connection().await
}

impl App {
    async fn new() -> Self {
        let server = Server::redis();
        let mut root = connect(server.port, "default", ROOT_PASSWORD)
            .await
            .unwrap();
        cmd("ACL")
            .arg(&["SETUSER", "app", "on", ">first", "~*", "+ping"])
            .exec_async(&mut root)
            .await
            .unwrap();
        cmd("ACL").arg("SAVE").exec_async(&mut root).await.unwrap();
        let client = administrator().await;
        let login = |user: &str, password: &str| {
            json!({
                "host": "127.0.0.1", "port": server.port, "ssl": false,
                "username": user, "password": password,
            })
        };
        let master = client
            .secret("root", &login("default", ROOT_PASSWORD).to_string())
            .await;
        let mut value = login("app", "first");
        value["masterarn"] = master.into();
        let arn = client.secret("app", &value.to_string()).await;
        Self {
            server,
            client,
            arn,
        }
    }

    async fn rotate(&self, end: &str, more: Value) -> Value {
        self.client.ok("RotateSecret", input(end, more)).await
    }

    async fn refused(&self, end: &str, more: Value) -> (String, String) {
        self.client.refused("RotateSecret", input(end, more)).await
    }

    /// Carries out what is due.
    async fn work(&self) -> usize {
        run_due(&self.client.world.services).await.unwrap()
    }

    fn pass(&self, seconds: i64) {
        self.client
            .world
            .clock
            .advance(SignedDuration::from_secs(seconds));
    }

    async fn current(&self) -> Value {
        serde_json::from_str(&self.client.value("app").await).unwrap()
    }

    /// Version 1 becomes current, as its function makes it, before the engine has
    /// seen it.
    async fn finish_unseen(&self) {
        let value = self.current().await.to_string();
        let pending: Option<&[&str]> = Some(&["AWSPENDING"]);
        self.client.put("app", &token("1"), &value, pending).await;
        let moved = json!({
            "SecretId": "app", "VersionStage": "AWSCURRENT", "MoveToVersionId": token("1"),
            "RemoveFromVersionId": token("app"),
        });
        self.client.ok("UpdateSecretVersionStage", moved).await;
    }

    async fn current_logs_in(&self) -> bool {
        let value = self.current().await;
        let password = value["password"].as_str().unwrap();
        connect(self.server.port, "app", password).await.is_ok()
    }

    /// How many passwords the user has.
    async fn passwords(&self) -> usize {
        let mut root = connect(self.server.port, "default", ROOT_PASSWORD)
            .await
            .unwrap();
        let user: std::collections::HashMap<String, redis::Value> = cmd("ACL")
            .arg(&["GETUSER", "app"])
            .query_async(&mut root)
            .await
            .unwrap();
        let passwords: Vec<String> = redis::from_redis_value(user["passwords"].clone()).unwrap();
        passwords.len()
    }

    /// Names of the service's events since the last call of this.
    async fn events(&self, seen: &mut usize) -> Vec<String> {
        let records = outbox(&self.client.world).await;
        let new = records[*seen..].iter();
        *seen = records.len();
        new.map(|line| serde_json::from_slice::<Value>(line).unwrap())
            .filter(|record| record["eventType"] == "AwsServiceEvent")
            .map(|record| record["eventName"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The last event tells that the rotation to this version was abandoned.
    async fn abandoned(&self, end: &str) {
        let records = outbox(&self.client.world).await;
        let events = records
            .iter()
            .map(|line| serde_json::from_slice::<Value>(line).unwrap());
        let mut events = events.filter(|record| record["eventName"] == "RotationAbandoned");
        let event = events.next_back().unwrap();
        let request = format!("Rotation-{}-{}", self.arn, token(end));
        assert_eq!(event["requestID"], request);
        assert_eq!(event["additionalEventData"], json!({"SecretId": self.arn}));
        assert!(event.get("errorMessage").is_none(), "{event}");
    }

    async fn sound(&self) {
        assert_sound(&problems(&self.client.world).await);
    }
}

fn input(end: &str, more: Value) -> Value {
    let mut input = json!({"SecretId": "app", "ClientRequestToken": token(end)});
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

#[tokio::test]
async fn a_rotation_from_its_call_to_its_end() {
    let app = App::new().await;
    let mut seen = outbox(&app.client.world).await.len();
    let started = app.client.world.services.clock.now();
    let answer = app
        .rotate(
            "1",
            json!({
                "RotationLambdaARN": FUNCTION,
                "RotationRules": {"AutomaticallyAfterDays": 10},
            }),
        )
        .await;
    assert_eq!(
        answer,
        json!({"ARN": app.arn, "Name": "app", "VersionId": token("1")})
    );

    // Until the function makes one there is no value.
    let stages = app.client.stages("app").await;
    assert_eq!(stages[&token("1")], ["AWSPENDING"]);
    let refused = app
        .client
        .refused(
            "GetSecretValue",
            json!({"SecretId": "app", "VersionStage": "AWSPENDING"}),
        )
        .await;
    assert_eq!(refused.0, "ResourceNotFoundException");
    app.sound().await;

    assert_eq!(app.work().await, 1);
    let stages = app.client.stages("app").await;
    assert_eq!(stages[&token("1")], ["AWSCURRENT", "AWSPENDING"]);
    assert_eq!(stages[&token("app")], ["AWSPREVIOUS"]);
    assert!(app.current_logs_in().await);
    assert_eq!(
        app.events(&mut seen).await,
        ["RotationStarted", "RotationSucceeded"]
    );
    app.sound().await;

    let described = app.client.describe("app").await;
    assert_eq!(described["RotationEnabled"], true);
    assert_eq!(described["RotationLambdaARN"], FUNCTION);
    assert_eq!(
        described["RotationRules"],
        json!({"AutomaticallyAfterDays": 10})
    );
    let date = |name: &str| described[name].as_f64().unwrap();
    assert!(date("LastRotatedDate") >= started.as_second() as f64);
    // The end of the day ten days later: 3 December 2026.
    assert_eq!(date("NextRotationDate"), 1_796_342_399.0);
    let listed = app.client.ok("ListSecrets", json!({})).await;
    let entry = listed["SecretList"].as_array().unwrap();
    let entry = entry.iter().find(|entry| entry["Name"] == "app").unwrap();
    for name in [
        "RotationEnabled",
        "RotationLambdaARN",
        "RotationRules",
        "LastRotatedDate",
        "NextRotationDate",
    ] {
        assert_eq!(entry[name], described[name], "{name}");
    }
    // The same call again changes nothing.
    app.rotate("1", json!({})).await;
    assert_eq!(app.work().await, 0);
}

#[tokio::test]
async fn every_call_of_a_rotation_is_on_record() {
    let app = App::new().await;
    let before = outbox(&app.client.world).await.len();
    app.rotate("1", json!({"RotationLambdaARN": FUNCTION}))
        .await;
    app.work().await;
    let secret = app.current().await["password"].as_str().unwrap().to_owned();
    let lines = outbox(&app.client.world).await.split_off(before);
    let records: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    for (line, record) in lines.iter().zip(&records) {
        let text = std::str::from_utf8(line).unwrap();
        assert!(!text.contains(&secret), "{text}");
        assert!(!text.contains("rotationToken"), "{text}");
        if record["eventName"] == "Invoke" {
            assert_eq!(record["userIdentity"]["type"], "AWSService");
            assert_eq!(
                record["userIdentity"]["invokedBy"],
                "secretsmanager.amazonaws.com"
            );
            assert_eq!(record["eventSource"], "lambda.amazonaws.com");
            assert_eq!(record["eventCategory"], "Data");
            assert_eq!(record["resources"][0]["ARN"], FUNCTION);
        }
    }
    let named = |name: &str| {
        records
            .iter()
            .filter(|record| record["eventName"] == name)
            .count()
    };
    assert_eq!(named("Invoke"), 4);
    assert_eq!(
        (named("RotationStarted"), named("RotationSucceeded")),
        (1, 1)
    );
    let put = records
        .iter()
        .find(|record| record["eventName"] == "PutSecretValue")
        .unwrap();
    assert_eq!(
        put["userIdentity"]["arn"],
        "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForSecretsManagerRotation/\
         SecretsManagerElasticacheUserRotation"
    );
    let started = records
        .iter()
        .find(|record| record["eventName"] == "RotationStarted")
        .unwrap();
    assert!(put.get("tlsDetails").is_none());
    assert_eq!(
        started["requestID"],
        format!("Rotation-{}-{}", app.arn, token("1"))
    );
    assert_eq!(started["additionalEventData"], json!({"SecretId": app.arn}));
}

#[tokio::test]
async fn policies_of_the_secret_bind_the_functions_too() {
    let app = App::new().await;
    let refuse = |condition: Value| {
        let document = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:PutSecretValue",
            "Resource": "*", "Condition": condition,
        }});
        json!({"SecretId": "app", "ResourcePolicy": document.to_string()})
    };
    // Not a connection, and none that could be listened to.
    let plain = refuse(json!({"Bool": {"aws:SecureTransport": "false"}}));
    app.client.ok("PutResourcePolicy", plain).await;
    app.rotate("1", json!({"RotationLambdaARN": FUNCTION}))
        .await;
    app.work().await;
    assert!(app.client.stages("app").await[&token("1")].contains(&"AWSCURRENT".to_owned()));
    let role = "arn:aws:iam::111122223333:role/aws-service-role/\
                rotation.secretsmanager.amazonaws.com/AWSServiceRoleForSecretsManagerRotation";
    let roles = refuse(json!({"ArnEquals": {"aws:PrincipalArn": role}}));
    app.client.ok("PutResourcePolicy", roles).await;
    app.rotate("2", json!({})).await;
    app.work().await;
    assert_eq!(app.client.stages("app").await[&token("2")], ["AWSPENDING"]);
    let records = outbox(&app.client.world).await;
    let told = String::from_utf8_lossy(records.last().unwrap());
    assert!(told.contains("AccessDeniedException"), "{told}");
    assert!(app.current_logs_in().await);
}

#[tokio::test]
async fn what_cannot_be_rotated_is_refused() {
    let app = App::new().await;
    let code = |code: &str, text: &str| (code.to_owned(), text.to_owned());
    assert_eq!(
        app.refused("1", json!({})).await,
        code(
            "InvalidRequestException",
            "No Lambda rotation function ARN is associated with this secret."
        )
    );
    let no_token = json!({"SecretId": "app", "RotationLambdaARN": FUNCTION});
    assert_eq!(
        app.client.refused("RotateSecret", no_token).await,
        code(
            "InvalidParameterException",
            "You must provide a ClientRequestToken value. We recommend a UUID-type value."
        )
    );
    for function in [
        "not an ARN",
        "arn:aws:lambda:us-east-1:111122223333:function:none",
        // Functions of another account serve that account's secrets.
        "arn:aws:lambda:us-east-1:444455556666:function:SecretsManagerElasticacheUserRotation",
    ] {
        assert_eq!(
            app.refused("1", json!({"RotationLambdaARN": function}))
                .await,
            code(
                "AccessDeniedException",
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the \
                 function policy grants access to the principal secretsmanager.amazonaws.com."
            ),
            "{function}"
        );
    }
    for (rules, text) in [
        (
            json!({"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)"}),
            "You cannot specify both rotation frequency and schedule expression together.",
        ),
        (
            json!({"ScheduleExpression": "rate(3 hours)"}),
            "The ScheduleExpression isn't valid: a secret can be rotated at most every four hours.",
        ),
    ] {
        assert_eq!(
            app.refused(
                "1",
                json!({"RotationLambdaARN": FUNCTION, "RotationRules": rules})
            )
            .await,
            code("InvalidParameterException", text)
        );
    }
    // Nothing was stored by any of these.
    assert!(
        app.client
            .describe("app")
            .await
            .get("RotationEnabled")
            .is_none()
    );
    let cancelled = app
        .client
        .code("CancelRotateSecret", json!({"SecretId": "app"}))
        .await;
    assert_eq!(cancelled, "InvalidRequestException");

    app.rotate("1", json!({"RotationLambdaARN": FUNCTION}))
        .await;
    assert_eq!(
        app.refused("2", json!({})).await,
        code(
            "InvalidRequestException",
            "A previous rotation isn't complete. That rotation will be reattempted."
        )
    );
    app.client
        .ok("DeleteSecret", json!({"SecretId": "app"}))
        .await;
    for operation in ["RotateSecret", "CancelRotateSecret"] {
        assert_eq!(
            app.client.refused(operation, input("3", json!({}))).await,
            code(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion."
            )
        );
    }
    // What is deleted does not rotate.
    app.work().await;
    assert_eq!(
        app.client.stages("app").await[&token("app")],
        ["AWSCURRENT"]
    );
}

#[tokio::test]
async fn a_failure_leaves_the_old_password_and_is_tried_again() {
    let mut app = App::new().await;
    app.rotate("1", json!({"RotationLambdaARN": FUNCTION}))
        .await;
    let mut seen = outbox(&app.client.world).await.len();
    app.server.stop();
    assert_eq!(app.work().await, 1);
    assert_eq!(app.events(&mut seen).await, ["RotationFailed"]);
    let line = outbox(&app.client.world).await;
    let failed: Value = line
        .iter()
        .map(|line| serde_json::from_slice::<Value>(line).unwrap())
        .find(|record| record["eventName"] == "RotationFailed")
        .unwrap();
    let message = failed["errorMessage"].as_str().unwrap();
    let start =
        format!("Error when executing lambda {FUNCTION} during setSecret step: ValueError: ");
    assert!(message.starts_with(&start), "{message}");
    assert!(failed.get("errorCode").is_none());
    assert_eq!(app.client.stages("app").await[&token("1")], ["AWSPENDING"]);
    app.sound().await;

    // Not before its time, and with the same version.
    assert_eq!(app.work().await, 0);
    app.pass(6);
    assert_eq!(app.work().await, 1);
    app.server.restart();
    assert!(app.current_logs_in().await);
    app.pass(31);
    assert_eq!(app.work().await, 1);
    assert_eq!(
        app.events(&mut seen).await,
        ["RotationFailed", "RotationSucceeded"]
    );
    assert!(app.current_logs_in().await);
    assert!(app.client.stages("app").await[&token("1")].contains(&"AWSCURRENT".to_owned()));
    app.sound().await;
}

#[tokio::test]
async fn what_failed_for_long_is_taken_up_in_the_next_window_or_when_asked() {
    let mut app = App::new().await;
    let rules = json!({"ScheduleExpression": "rate(1 day)"});
    app.rotate(
        "1",
        json!({"RotationLambdaARN": FUNCTION, "RotationRules": rules}),
    )
    .await;
    app.server.stop();
    for _ in 0..5 {
        assert_eq!(app.work().await, 1);
        app.pass(601);
    }
    // Given up, until the next window.
    assert_eq!(app.work().await, 0);
    // Or until somebody asks for a rotation, which is refused and helps.
    app.server.restart();
    assert_eq!(
        app.refused("2", json!({})).await.0,
        "InvalidRequestException"
    );
    assert_eq!(app.work().await, 1);
    assert!(app.current_logs_in().await);

    // The next window, the same way.
    app.server.stop();
    app.pass(13 * 3600);
    for _ in 0..5 {
        assert_eq!(app.work().await, 1);
        app.pass(601);
    }
    assert_eq!(app.work().await, 0);
    let pending = app.client.stages("app").await;
    let pending = pending
        .iter()
        .find(|(_, labels)| **labels == ["AWSPENDING"])
        .unwrap()
        .0
        .clone();
    app.server.restart();
    app.pass(24 * 3600);
    assert_eq!(app.work().await, 1);
    assert!(app.client.stages("app").await[&pending].contains(&"AWSCURRENT".to_owned()));
    assert!(app.current_logs_in().await);
    app.sound().await;
}

#[tokio::test]
async fn rotations_begin_within_their_windows_only() {
    let app = App::new().await;
    // It is 13:00.
    let rules = json!({"ScheduleExpression": "cron(0 16 * * ? *)", "Duration": "2h"});
    app.rotate(
        "1",
        json!({
            "RotationLambdaARN": FUNCTION, "RotationRules": rules, "RotateImmediately": false,
        }),
    )
    .await;
    app.work().await;
    let first = app.current().await;
    let date = app.client.describe("app").await["NextRotationDate"]
        .as_f64()
        .unwrap();
    // 17:59:59 of the day.
    assert_eq!(date, 1_795_456_799.0);
    app.pass(3 * 3600 - 60);
    assert_eq!(app.work().await, 0);
    app.pass(60 + 12 * 60);
    assert_eq!(app.work().await, 1);
    assert_ne!(app.current().await, first);
    assert!(app.current_logs_in().await);
    assert_eq!(app.work().await, 0);

    // Nobody was there during the next window: it is left out.
    let second = app.current().await;
    app.pass(26 * 3600);
    assert_eq!(app.work().await, 1);
    assert_eq!(app.current().await, second);
    app.pass(22 * 3600);
    app.work().await;
    assert_ne!(app.current().await, second);
    app.sound().await;
}

#[tokio::test]
async fn a_test_changes_nothing() {
    let app = App::new().await;
    let mut seen = outbox(&app.client.world).await.len();
    let before = app.client.stages("app").await;
    let value = app.current().await;
    let answer = app
        .rotate(
            "1",
            json!({
                "RotationLambdaARN": FUNCTION,
                "RotationRules": {"AutomaticallyAfterDays": 1},
                "RotateImmediately": false,
            }),
        )
        .await;
    assert_eq!(answer["VersionId"], token("1"));
    assert_eq!(app.client.stages("app").await[&token("1")], ["AWSPENDING"]);
    assert_eq!(app.work().await, 1);
    assert_eq!(
        app.events(&mut seen).await,
        ["TestRotationStarted", "TestRotationSucceeded"]
    );
    assert_eq!(app.client.stages("app").await, before);
    assert_eq!(app.current().await, value);
    assert!(
        app.client
            .describe("app")
            .await
            .get("LastRotatedDate")
            .is_none()
    );
    app.sound().await;

    // One that fails is told, and no more.
    let mut app = app;
    app.server.stop();
    app.rotate("2", json!({"RotateImmediately": false})).await;
    assert_eq!(app.work().await, 1);
    assert_eq!(
        app.events(&mut seen).await,
        ["TestRotationStarted", "TestRotationFailed"]
    );
    assert_eq!(app.client.stages("app").await, before);
    app.sound().await;
}

#[tokio::test]
async fn a_test_that_is_cut_short_has_an_end_on_record() {
    let app = App::new().await;
    let mut seen = outbox(&app.client.world).await.len();
    let test = json!({"RotationLambdaARN": FUNCTION, "RotateImmediately": false});
    app.rotate("1", test).await;
    app.client
        .ok("CancelRotateSecret", json!({"SecretId": "app"}))
        .await;
    assert_eq!(
        app.events(&mut seen).await,
        ["TestRotationStarted", "TestRotationFailed"]
    );
    app.sound().await;
}

#[tokio::test]
async fn a_test_that_loses_its_label_has_an_end_on_record() {
    let app = App::new().await;
    let mut seen = outbox(&app.client.world).await.len();
    let before = app.client.stages("app").await;
    let test = json!({"RotationLambdaARN": FUNCTION, "RotateImmediately": false});
    app.rotate("1", test).await;
    let taken = json!({
        "SecretId": "app", "VersionStage": "AWSPENDING", "RemoveFromVersionId": token("1"),
    });
    app.client.ok("UpdateSecretVersionStage", taken).await;
    assert_eq!(app.work().await, 1);
    assert_eq!(
        app.events(&mut seen).await,
        ["TestRotationStarted", "TestRotationFailed"]
    );
    let records = outbox(&app.client.world).await;
    let end: Value = serde_json::from_slice(records.last().unwrap()).unwrap();
    assert_eq!(
        end["requestID"],
        format!("Rotation-{}-{}", app.arn, token("1"))
    );
    assert_eq!(
        end["errorMessage"],
        "The version lost its AWSPENDING label during the test."
    );
    assert_eq!(app.client.stages("app").await, before);
    app.sound().await;
}

#[tokio::test]
async fn a_value_set_by_hand_ends_a_rotation() {
    let mut app = App::new().await;
    let rules = json!({"AutomaticallyAfterDays": 2});
    app.rotate(
        "1",
        json!({"RotationLambdaARN": FUNCTION, "RotationRules": rules}),
    )
    .await;
    app.server.stop();
    app.work().await;
    let mut seen = outbox(&app.client.world).await.len();
    let value = app.current().await.to_string();
    app.client.put("app", &token("by hand"), &value, None).await;
    assert_eq!(app.events(&mut seen).await, ["RotationAbandoned"]);
    app.abandoned("1").await;
    app.server.restart();
    app.pass(3600);
    assert_eq!(app.work().await, 0);
    app.sound().await;
    // It counts as one: the next is two days later.
    app.pass(2 * 24 * 3600);
    assert_eq!(app.work().await, 1);
    assert!(app.current_logs_in().await);
    app.sound().await;
}

#[tokio::test]
async fn a_label_that_is_taken_away_ends_a_rotation() {
    let mut app = App::new().await;
    app.rotate("1", json!({"RotationLambdaARN": FUNCTION}))
        .await;
    app.server.stop();
    app.work().await;
    let mut seen = outbox(&app.client.world).await.len();
    let taken = json!({
        "SecretId": "app", "VersionStage": "AWSPENDING", "RemoveFromVersionId": token("1"),
    });
    app.client.ok("UpdateSecretVersionStage", taken).await;
    app.server.restart();
    app.pass(6);
    assert_eq!(app.work().await, 1);
    assert_eq!(app.events(&mut seen).await, ["RotationAbandoned"]);
    app.abandoned("1").await;
    app.sound().await;
    // Nothing stands in the way of the next.
    app.rotate("2", json!({})).await;
    assert_eq!(app.work().await, 1);
    assert!(app.client.stages("app").await[&token("2")].contains(&"AWSCURRENT".to_owned()));
    assert!(app.current_logs_in().await);
    app.sound().await;
}

#[tokio::test]
async fn a_value_beside_a_rotation_does_not_end_it() {
    let mut app = App::new().await;
    app.rotate("1", json!({"RotationLambdaARN": FUNCTION}))
        .await;
    app.server.stop();
    app.work().await;
    let mut seen = outbox(&app.client.world).await.len();
    let value = app.current().await.to_string();
    let labels = json!({
        "SecretId": "app", "ClientRequestToken": token("by hand"), "SecretString": value,
        "VersionStages": ["AWSCURRENT"],
    });
    app.client.ok("PutSecretValue", labels).await;
    // Its version is pending still, so that another rotation is refused.
    assert_eq!(
        app.refused("2", json!({})).await.0,
        "InvalidRequestException"
    );
    app.server.restart();
    assert_eq!(app.work().await, 1);
    assert_eq!(app.events(&mut seen).await, ["RotationSucceeded"]);
    assert!(app.client.stages("app").await[&token("1")].contains(&"AWSCURRENT".to_owned()));
    assert!(app.current_logs_in().await);
    app.sound().await;
}

#[tokio::test]
async fn many_secrets_of_one_window_begin_inside_of_it_and_not_together() {
    const SECRETS: usize = 40;
    let client = administrator().await;
    let rules = json!({"ScheduleExpression": "cron(0 16 * * ? *)", "Duration": "2h"});
    for number in 0..SECRETS {
        let name = format!("secret-{number}");
        // The function fails at once, which is as good a beginning as any.
        client.secret(&name, "no JSON").await;
        let input = json!({
            "SecretId": name, "ClientRequestToken": token(number), "RotationLambdaARN": FUNCTION,
            "RotationRules": rules, "RotateImmediately": false,
        });
        client.ok("RotateSecret", input).await;
    }
    let services = &client.world.services;
    run_due(services).await.unwrap();
    // It is 13:00; minute by minute until 19:00.
    let mut begun = Vec::new();
    for minute in 0..6 * 60 {
        client.world.clock.advance(SignedDuration::from_mins(1));
        let before = outbox(&client.world).await.len();
        run_due(services).await.unwrap();
        let new = outbox(&client.world).await.split_off(before);
        let started = new
            .iter()
            .filter(|line| String::from_utf8_lossy(line).contains("\"RotationStarted\""))
            .count();
        begun.extend(std::iter::repeat_n(minute + 1, started));
    }
    assert_eq!(begun.len(), SECRETS, "each once: {begun:?}");
    let (open, close) = (3 * 60, 5 * 60);
    assert!(
        begun.iter().all(|minute| (open..close).contains(minute)),
        "{begun:?}"
    );
    begun.dedup();
    assert!(begun.len() > 5, "{begun:?}");
}

#[tokio::test]
async fn a_rotation_that_is_cancelled_stops() {
    let mut app = App::new().await;
    let rules = json!({"AutomaticallyAfterDays": 2});
    app.rotate(
        "1",
        json!({"RotationLambdaARN": FUNCTION, "RotationRules": rules}),
    )
    .await;
    app.server.stop();
    app.work().await;
    let answer = app
        .client
        .ok("CancelRotateSecret", json!({"SecretId": "app"}))
        .await;
    assert_eq!(
        answer,
        json!({"ARN": app.arn, "Name": "app", "VersionId": token("1")})
    );
    // Who saw it start sees that it ended.
    app.abandoned("1").await;
    let mut seen = outbox(&app.client.world).await.len();
    app.server.restart();
    app.pass(5 * 24 * 3600);
    assert_eq!(app.work().await, 0);
    assert!(app.events(&mut seen).await.is_empty());
    // There is nothing to end a second time.
    app.client
        .ok("CancelRotateSecret", json!({"SecretId": "app"}))
        .await;
    assert!(app.events(&mut seen).await.is_empty());
    let described = app.client.describe("app").await;
    assert_eq!(described["RotationEnabled"], false);
    assert_eq!(described["RotationLambdaARN"], FUNCTION);
    assert!(described.get("NextRotationDate").is_none());
    assert_eq!(
        described["VersionIdsToStages"][token("1")],
        json!(["AWSPENDING"])
    );
    app.sound().await;
}

#[tokio::test]
async fn a_rotation_has_its_end_on_record_when_the_next_one_comes_first() {
    let app = App::new().await;
    app.rotate("1", json!({"RotationLambdaARN": FUNCTION}))
        .await;
    app.finish_unseen().await;
    let mut seen = outbox(&app.client.world).await.len();
    app.rotate("2", json!({})).await;
    let events = app.events(&mut seen).await;
    assert_eq!(events, ["RotationSucceeded", "RotationStarted"]);
    let described = app.client.describe("app").await;
    assert!(described.get("LastRotatedDate").is_some());
    assert_eq!(app.work().await, 1);
    assert_eq!(app.events(&mut seen).await, ["RotationSucceeded"]);
    assert!(app.current_logs_in().await);
    app.sound().await;
}

#[tokio::test]
async fn a_rotation_that_is_cancelled_when_it_is_done_has_succeeded() {
    let app = App::new().await;
    app.rotate("1", json!({"RotationLambdaARN": FUNCTION}))
        .await;
    app.finish_unseen().await;
    let mut seen = outbox(&app.client.world).await.len();
    app.client
        .ok("CancelRotateSecret", json!({"SecretId": "app"}))
        .await;
    assert_eq!(app.events(&mut seen).await, ["RotationSucceeded"]);
    assert_eq!(app.work().await, 0);
    assert!(app.events(&mut seen).await.is_empty());
    app.sound().await;
}

/// What a cancelled rotation left behind stands in the way, until that is
/// finished as the answer says or taken away.
#[tokio::test]
async fn a_rotation_that_was_cancelled_is_taken_up_again() {
    let mut app = App::new().await;
    let rules = json!({"AutomaticallyAfterDays": 2});
    let rotate = json!({"RotationLambdaARN": FUNCTION, "RotationRules": rules});
    app.rotate("1", rotate).await;
    app.server.stop();
    app.work().await;
    for end in ["finished", "taken away"] {
        app.client
            .ok("CancelRotateSecret", json!({"SecretId": "app"}))
            .await;
        let mut seen = outbox(&app.client.world).await.len();
        assert_eq!(
            app.refused("2", json!({})).await,
            (
                "InvalidRequestException".to_owned(),
                "A previous rotation isn't complete. That rotation will be reattempted.".to_owned()
            )
        );
        assert_eq!(app.work().await, 1);
        let described = app.client.describe("app").await;
        assert_eq!(described["RotationEnabled"], true);
        assert!(described.get("NextRotationDate").is_some());
        assert_eq!(
            app.events(&mut seen).await,
            ["RotationStarted", "RotationFailed"]
        );
        app.sound().await;
        app.server.restart();
        if end == "finished" {
            app.pass(5);
            assert_eq!(app.work().await, 1);
            assert_eq!(app.events(&mut seen).await, ["RotationSucceeded"]);
            let stages = app.client.stages("app").await;
            assert_eq!(stages[&token("1")], ["AWSCURRENT", "AWSPENDING"]);
            assert!(!stages.contains_key(&token("2")));
            app.rotate("3", json!({})).await;
            app.server.stop();
            app.work().await;
        }
    }
    app.client
        .ok("CancelRotateSecret", json!({"SecretId": "app"}))
        .await;
    app.client
        .ok(
            "UpdateSecretVersionStage",
            json!({
                "SecretId": "app", "VersionStage": "AWSPENDING", "RemoveFromVersionId": token("3"),
            }),
        )
        .await;
    app.rotate("4", json!({})).await;
    assert_eq!(app.work().await, 1);
    assert!(app.current_logs_in().await);
    app.sound().await;
}

#[tokio::test]
async fn a_password_that_the_database_refuses_is_followed_by_another() {
    let server = Server::mariadb();
    let root = async |statement: &str| {
        let opts = OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(server.port)
            .user(Some("superuser"))
            .pass(Some(ROOT_PASSWORD))
            .prefer_socket(false);
        let mut conn = Conn::new(opts).await.unwrap();
        conn.query_drop(statement).await.unwrap();
    };
    root("CREATE USER app@'%' IDENTIFIED BY 'first'").await;
    root("INSTALL SONAME 'simple_password_check'").await;
    root("SET GLOBAL simple_password_check_minimal_length = 64").await;
    let client = administrator().await;
    let value = json!({
        "engine": "mariadb", "host": "127.0.0.1", "port": server.port, "ssl": false,
        "username": "app", "password": "first",
    });
    client.secret("app", &value.to_string()).await;
    let function = FUNCTION.replace("ElasticacheUserRotation", "RDSMariaDBRotationSingleUser");
    client
        .ok(
            "RotateSecret",
            input("1", json!({"RotationLambdaARN": function})),
        )
        .await;
    let services = &client.world.services;
    assert_eq!(run_due(services).await.unwrap(), 1);
    assert_eq!(client.value("app").await, value.to_string());
    let records = outbox(&client.world).await;
    let told = String::from_utf8_lossy(records.last().unwrap());
    assert!(
        told.contains("PasswordRefusedError: The database refused"),
        "{told}"
    );

    // The same password would be refused for ever.
    root("SET GLOBAL simple_password_check_minimal_length = 8").await;
    client.world.clock.advance(SignedDuration::from_secs(6));
    assert_eq!(run_due(services).await.unwrap(), 1);
    let stages = client.stages("app").await;
    assert!(!stages.contains_key(&token("1")), "{stages:?}");
    let current: Value = serde_json::from_str(&client.value("app").await).unwrap();
    assert_ne!(current["password"], "first");
    let opts = OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(server.port)
        .user(Some("app"))
        .pass(current["password"].as_str())
        .prefer_socket(false);
    Conn::new(opts).await.unwrap();
    assert_sound(&problems(&client.world).await);
}

#[tokio::test]
async fn a_secret_that_is_restored_goes_on() {
    let app = App::new().await;
    app.rotate("1", json!({"RotationLambdaARN": FUNCTION}))
        .await;
    app.client
        .ok("DeleteSecret", json!({"SecretId": "app"}))
        .await;
    assert_eq!(app.work().await, 1);
    app.sound().await;
    app.client
        .ok("RestoreSecret", json!({"SecretId": "app"}))
        .await;
    assert_eq!(
        app.refused("2", json!({})).await.0,
        "InvalidRequestException"
    );
    assert_eq!(app.work().await, 1);
    assert!(app.client.stages("app").await[&token("1")].contains(&"AWSCURRENT".to_owned()));
    app.sound().await;
}

/// A deletion while the function runs, after the database took the password.
#[tokio::test]
async fn what_a_deletion_broke_off_is_taken_up_when_the_secret_is_restored() {
    let mut app = App::new().await;
    let world = std::sync::Arc::clone(&app.client.world);
    let rules = json!({"ScheduleExpression": "rate(30 days)"});
    app.rotate(
        "1",
        json!({"RotationLambdaARN": FUNCTION, "RotationRules": rules}),
    )
    .await;
    {
        let mut work = pin!(run_due(&world.services));
        while app.passwords().await == 1 {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(
                work.as_mut().poll(&mut cx).is_pending(),
                "it ended too soon"
            );
            tokio::time::sleep(std::time::Duration::from_micros(200)).await;
        }
        app.client
            .ok("DeleteSecret", json!({"SecretId": "app"}))
            .await;
        work.await.unwrap();
    }
    app.pass(24 * 3600);
    assert_eq!(app.work().await, 0);
    assert_eq!(app.client.stages("app").await[&token("1")], ["AWSPENDING"]);

    // Restored while nobody answers: tried at once and, as the password may
    // be set, every hour in the end.
    app.server.stop();
    app.client
        .ok("RestoreSecret", json!({"SecretId": "app"}))
        .await;
    app.sound().await;
    for _ in 0..5 {
        assert_eq!(app.work().await, 1);
        app.pass(601);
    }
    app.pass(3600);
    assert_eq!(app.work().await, 1);
    app.server.restart();
    // And at once when somebody asks.
    assert_eq!(
        app.refused("2", json!({})).await.0,
        "InvalidRequestException"
    );
    assert_eq!(app.work().await, 1);
    assert!(app.client.stages("app").await[&token("1")].contains(&"AWSCURRENT".to_owned()));
    assert!(app.current_logs_in().await);
    app.sound().await;
}

#[tokio::test]
async fn a_rotation_token_is_that_of_the_rotation() {
    let app = App::new().await;
    app.rotate("1", json!({"RotationLambdaARN": FUNCTION}))
        .await;
    let refused = app
        .client
        .refused(
            "PutSecretValue",
            json!({
                "SecretId": "app", "ClientRequestToken": token("1"), "SecretString": "{}",
                "VersionStages": ["AWSPENDING"],
                "RotationToken": "00000000-0000-4000-8000-000000000000",
            }),
        )
        .await;
    assert_eq!(refused.0, "InvalidParameterException");
}

/// The process may end at any moment: whoever takes the job up after its lease
/// finishes it, and the current password works all the time.
#[tokio::test]
async fn a_rotation_that_broke_off_anywhere_is_taken_up() {
    let app = App::new().await;
    app.rotate("0", json!({"RotationLambdaARN": FUNCTION}))
        .await;
    app.work().await;
    for round in 1..40 {
        let end = format!("round {round}");
        app.rotate(&end, json!({})).await;
        // So many polls, and the process is gone.
        let mut polls = round * 2;
        {
            let mut work = pin!(run_due(&app.client.world.services));
            while polls > 0 {
                polls -= 1;
                let mut cx = Context::from_waker(Waker::noop());
                if let Poll::Ready(done) = work.as_mut().poll(&mut cx) {
                    done.unwrap();
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_micros(200)).await;
            }
        }
        assert!(app.current_logs_in().await, "round {round}");
        app.sound().await;
        // Half of the time the lease is waited for, else it is taken back.
        if round % 2 == 0 {
            app.pass(31);
        } else {
            take_back(&app.client.world.services).await.unwrap();
        }
        app.work().await;
        let stages = app.client.stages("app").await;
        assert!(
            stages[&token(&end)].contains(&"AWSCURRENT".to_owned()),
            "round {round}: {stages:?}"
        );
        assert!(app.current_logs_in().await, "round {round}");
        app.sound().await;
        app.pass(24 * 3600);
    }
    assert_eq!(app.client.caller.account.number(), OWNER);
}
