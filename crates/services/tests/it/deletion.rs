//! The end of secrets: windows, restores, jobs and their workers.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Value, json};
use strongroom_services::{
    jobs::{self, Claimed, Kind},
    secretsmanager::remove_secret,
    tables::{Jobs, SecretPolicies, SecretValues, Secrets},
};
use strongroom_store::Mode;

use crate::client::{
    Client, add_row, administrator, assert_sound, outbox, policy, problems, rows, secret_jobs,
    token,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn run_due(client: &Client) -> usize {
    jobs::run_due(&client.world.services).await.unwrap()
}

fn advance(client: &Client, by: SignedDuration) {
    client.world.clock.advance(by);
}

/// How many rows of secrets, values, policies and jobs there are.
async fn counts(client: &Client) -> [usize; 4] {
    let world = &client.world;
    [
        rows::<Secrets>(world).await.len(),
        rows::<SecretValues>(world).await.len(),
        rows::<SecretPolicies>(world).await.len(),
        secret_jobs(world).await.len(),
    ]
}

/// Service events in the log, by name.
async fn events(client: &Client) -> BTreeMap<String, Vec<Value>> {
    let mut events: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in outbox(&client.world).await {
        let record: Value = serde_json::from_slice(&line).unwrap();
        if record["eventType"] == "AwsServiceEvent" {
            let name = record["eventName"].as_str().unwrap().to_owned();
            events.entry(name).or_default().push(record);
        }
    }
    events
}

/// A secret `a` with two versions and a resource policy.
async fn furnished(client: &Client) -> String {
    let arn = client.secret("a", "one").await;
    client.put("a", &token(2), "two", None).await;
    let document = policy(&json!({
        "Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "*", "Resource": "*",
    }));
    client
        .ok(
            "PutResourcePolicy",
            json!({"SecretId": "a", "ResourcePolicy": document}),
        )
        .await;
    arn
}

async fn delete(client: &Client, name: &str, days: i64) -> Value {
    client
        .ok(
            "DeleteSecret",
            json!({"SecretId": name, "RecoveryWindowInDays": days}),
        )
        .await
}

/// Makes what a worker leaves that claimed a job and died: the row with the
/// next fencing number, due when the lease ends.
async fn claim_and_die(client: &Client) -> Claimed {
    let services = &client.world.services;
    let mut tx = services.store.begin(Mode::Write).await.unwrap();
    let (key, mut job) = tx
        .range::<Jobs>((), None, 9)
        .await
        .unwrap()
        .into_iter()
        .find(|(_, job)| job.kind == Kind::DeleteSecret as i32)
        .unwrap();
    let now_ms = u64::try_from(services.clock.now().as_millisecond()).unwrap();
    assert!(key.0 <= now_ms, "it is not due");
    tx.delete::<Jobs>(&key).unwrap();
    job.claims += 1;
    let key = (now_ms + 60_000, key.1);
    tx.put::<Jobs>(&key, &job).unwrap();
    tx.commit(Vec::new()).await.unwrap();
    Claimed { key, job }
}

#[tokio::test]
async fn when_the_window_ends_nothing_is_left() {
    let client = administrator().await;
    let arn = furnished(&client).await;
    let answer = delete(&client, "a", 7).await;
    let deleted_at = client.describe("a").await["DeletedDate"].as_f64().unwrap();
    let window = answer["DeletionDate"].as_f64().unwrap() - deleted_at;
    assert!((window - 7.0 * 86_400.0).abs() < 0.001, "{window}");
    assert_eq!(counts(&client).await, [1, 2, 1, 1]);
    assert_sound(&problems(&client.world).await);

    advance(&client, DAY * 7 - SignedDuration::from_secs(1));
    assert_eq!(run_due(&client).await, 0);
    let again = json!({"Name": "a", "ClientRequestToken": token(9)});
    assert_eq!(
        client.refused("CreateSecret", again.clone()).await,
        (
            "InvalidRequestException".to_owned(),
            "You can't create this secret because a secret with this name is already scheduled \
             for deletion."
                .to_owned()
        )
    );

    advance(&client, SignedDuration::from_secs(2));
    assert_eq!(run_due(&client).await, 1);
    assert_eq!(counts(&client).await, [0; 4]);
    let missing = client
        .code("DescribeSecret", json!({"SecretId": "a"}))
        .await;
    assert_eq!(missing, "ResourceNotFoundException");

    // Whoever has the name next has another ARN, and none of what was.
    let next = client.ok("CreateSecret", again).await;
    assert_ne!(next["ARN"], arn);
    assert_eq!(
        client
            .code("GetSecretValue", json!({"SecretId": "a"}))
            .await,
        "ResourceNotFoundException"
    );
    let policy = client
        .ok("GetResourcePolicy", json!({"SecretId": "a"}))
        .await;
    assert_eq!(policy.get("ResourcePolicy"), None);
    assert_eq!(run_due(&client).await, 0);
    assert_sound(&problems(&client.world).await);
}

#[tokio::test]
async fn every_version_ends_on_record() {
    let client = administrator().await;
    let arn = furnished(&client).await;
    delete(&client, "a", 7).await;
    let started = events(&client).await;
    assert_eq!(
        started.keys().collect::<Vec<_>>(),
        ["StartSecretVersionDelete"]
    );
    assert_eq!(started["StartSecretVersionDelete"].len(), 2);

    advance(&client, DAY * 8);
    run_due(&client).await;
    let events = events(&client).await;
    let ended = &events["EndSecretVersionDelete"];
    assert_eq!(ended.len(), 2);
    for record in ended {
        let service = "secretsmanager.amazonaws.com";
        for (member, want) in [
            ("additionalEventData", json!({"SecretId": arn})),
            ("awsRegion", json!("us-east-1")),
            ("eventCategory", json!("Management")),
            ("eventSource", json!(service)),
            ("managementEvent", json!(true)),
            ("readOnly", json!(false)),
            ("recipientAccountId", json!("111122223333")),
            ("requestParameters", Value::Null),
            ("responseElements", Value::Null),
            ("sourceIPAddress", json!(service)),
            ("userAgent", json!(service)),
            (
                "userIdentity",
                json!({"accountId": "111122223333", "invokedBy": service}),
            ),
        ] {
            assert_eq!(record[member], want, "{member}");
        }
    }
}

#[tokio::test]
async fn a_restored_secret_stays() {
    let client = administrator().await;
    furnished(&client).await;
    delete(&client, "a", 30).await;
    advance(&client, DAY * 29);
    client.ok("RestoreSecret", json!({"SecretId": "a"})).await;
    assert_eq!(counts(&client).await, [1, 2, 1, 0]);
    assert_eq!(events(&client).await["CancelSecretVersionDelete"].len(), 2);
    assert_eq!(client.describe("a").await.get("DeletedDate"), None);

    advance(&client, DAY * 60);
    assert_eq!(run_due(&client).await, 0);
    assert_eq!(client.value("a").await, "two");
    // Restoring what is not deleted is harmless.
    client.ok("RestoreSecret", json!({"SecretId": "a"})).await;
    assert_sound(&problems(&client.world).await);
}

#[tokio::test]
async fn a_second_deletion_has_a_window_of_its_own() {
    let client = administrator().await;
    client.secret("a", "one").await;
    delete(&client, "a", 7).await;
    // The worker of the first deletion dies with its claim; then all is undone.
    advance(&client, DAY * 7);
    let dead = claim_and_die(&client).await;
    client.ok("RestoreSecret", json!({"SecretId": "a"})).await;
    delete(&client, "a", 30).await;
    assert_sound(&problems(&client.world).await);

    advance(&client, DAY);
    run_due(&client).await;
    remove_secret(
        &client.world.services,
        &dead,
        client.world.services.clock.now(),
    )
    .await
    .unwrap();
    assert_eq!(client.describe("a").await["Name"], "a");
    client.ok("RestoreSecret", json!({"SecretId": "a"})).await;
    assert_eq!(client.value("a").await, "one");
}

#[tokio::test]
async fn a_job_outlives_its_worker() {
    let client = administrator().await;
    client.secret("a", "one").await;
    delete(&client, "a", 7).await;
    advance(&client, DAY * 7);
    claim_and_die(&client).await;
    // The lease still runs.
    assert_eq!(run_due(&client).await, 0);
    assert_sound(&problems(&client.world).await);
    advance(&client, SignedDuration::from_secs(61));
    assert_eq!(run_due(&client).await, 1);
    assert_eq!(counts(&client).await, [0; 4]);
    assert_eq!(events(&client).await["EndSecretVersionDelete"].len(), 1);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_does_nothing() {
    let client = administrator().await;
    client.secret("a", "one").await;
    delete(&client, "a", 7).await;
    advance(&client, DAY * 7);
    let slow = claim_and_die(&client).await;
    advance(&client, SignedDuration::from_secs(61));
    assert_eq!(run_due(&client).await, 1);
    client.secret("a", "another").await;
    delete(&client, "a", 7).await;
    advance(&client, DAY * 7);

    // Now the first worker wakes up and goes on with what it claimed.
    let now = client.world.services.clock.now();
    remove_secret(&client.world.services, &slow, now)
        .await
        .unwrap();
    assert_eq!(counts(&client).await, [1, 1, 0, 1]);
    assert_eq!(events(&client).await["EndSecretVersionDelete"].len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_workers_do_each_job_once() {
    const SECRETS: usize = 150;
    let client = administrator().await;
    for number in 0..SECRETS {
        let name = format!("s{number}");
        client.secret(&name, "value").await;
        delete(&client, &name, 7).await;
    }
    advance(&client, DAY * 8);
    let worker = || {
        let client = client.clone();
        tokio::spawn(async move { run_due(&client).await })
    };
    let (one, two) = tokio::join!(worker(), worker());
    assert_eq!(one.unwrap() + two.unwrap(), SECRETS);
    assert_eq!(
        events(&client).await["EndSecretVersionDelete"].len(),
        SECRETS
    );
    assert_eq!(counts(&client).await, [0; 4]);
}

#[tokio::test]
async fn force_deletes_at_once() {
    let client = administrator().await;
    let arn = furnished(&client).await;
    // Also what is already scheduled, whose job then has nothing to wait for.
    delete(&client, "a", 7).await;
    let input = json!({"SecretId": "a", "ForceDeleteWithoutRecovery": true});
    let answer = client.ok("DeleteSecret", input.clone()).await;
    assert_eq!(
        (&answer["ARN"], &answer["Name"]),
        (&json!(arn), &json!("a"))
    );
    assert_eq!(counts(&client).await, [0; 4]);
    assert_eq!(events(&client).await["EndSecretVersionDelete"].len(), 2);
    assert_eq!(
        client.code("RestoreSecret", json!({"SecretId": "a"})).await,
        "ResourceNotFoundException"
    );
    client.secret("a", "new").await;
    assert_eq!(client.value("a").await, "new");
}

/// Recorded: AWS answers a forced deletion of nothing as if there had been
/// something, with the ARN it might have had.
#[tokio::test]
async fn force_deletes_what_is_not_there() {
    let client = administrator().await;
    let prefix = "arn:aws:secretsmanager:us-east-1:111122223333:secret:";
    for (secret_id, want, drawn) in [
        ("a", "a-", 6),
        ("a-AbCdEf", "a-AbCdEf-", 6),
        (&*format!("{prefix}a"), "a-", 6),
        (&*format!("{prefix}a-AbCdEf"), "a-AbCdEf", 0),
    ] {
        let input = json!({"SecretId": secret_id, "ForceDeleteWithoutRecovery": true});
        let answer = client.ok("DeleteSecret", input).await;
        let arn = answer["ARN"].as_str().unwrap();
        let suffix = arn.strip_prefix(&format!("{prefix}{want}"));
        assert_eq!(suffix.map(str::len), Some(drawn), "{answer}");
        assert_eq!(answer["Name"], secret_id);
        assert!(answer["DeletionDate"].is_number());
    }
    // Without force there is nothing to delete.
    assert_eq!(
        client.code("DeleteSecret", json!({"SecretId": "a"})).await,
        "ResourceNotFoundException"
    );
}

#[tokio::test]
async fn windows_are_seven_to_thirty_days() {
    let client = administrator().await;
    client.secret("a", "one").await;
    for (input, message) in [
        (
            json!({"RecoveryWindowInDays": 6}),
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ),
        (
            json!({"RecoveryWindowInDays": 31}),
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ),
        (
            json!({"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": true}),
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ),
    ] {
        let mut input = input;
        input["SecretId"] = json!("a");
        let refused = client.refused("DeleteSecret", input).await;
        assert_eq!(
            refused,
            ("InvalidParameterException".to_owned(), message.to_owned())
        );
    }
    // The default is 30 days.
    client.ok("DeleteSecret", json!({"SecretId": "a"})).await;
    advance(&client, DAY * 30 - SignedDuration::from_secs(1));
    assert_eq!(run_due(&client).await, 0);
    advance(&client, SignedDuration::from_secs(1));
    assert_eq!(run_due(&client).await, 1);
}

#[tokio::test]
async fn what_works_while_a_secret_waits_for_its_end() {
    let client = administrator().await;
    furnished(&client).await;
    delete(&client, "a", 7).await;
    for operation in [
        "DescribeSecret",
        "ListSecretVersionIds",
        "GetResourcePolicy",
        "ListResourcePolicies",
        "DeleteResourcePolicy",
    ] {
        client.ok(operation, json!({"SecretId": "a"})).await;
    }
    assert_eq!(client.stages("a").await.len(), 2);

    let anyone = policy(&json!({
        "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
    }));
    for (operation, mut input) in [
        ("GetSecretValue", json!({})),
        (
            "PutSecretValue",
            json!({"SecretString": "x", "ClientRequestToken": token(9)}),
        ),
        (
            "UpdateSecret",
            json!({"Description": "x", "ClientRequestToken": token(9)}),
        ),
        (
            "UpdateSecretVersionStage",
            json!({"VersionStage": "X", "MoveToVersionId": token(2)}),
        ),
        ("TagResource", json!({"Tags": [{"Key": "a", "Value": "b"}]})),
        ("UntagResource", json!({"TagKeys": ["a"]})),
        ("PutResourcePolicy", json!({"ResourcePolicy": anyone})),
    ] {
        input["SecretId"] = json!("a");
        assert_eq!(
            client.refused(operation, input).await,
            (
                "InvalidRequestException".to_owned(),
                "You can't perform this operation on the secret because it was marked for \
                 deletion."
                    .to_owned()
            ),
            "{operation}"
        );
    }
    assert_eq!(
        client
            .refused("DeleteSecret", json!({"SecretId": "a"}))
            .await
            .1,
        "You can't perform this operation on the secret because it was already scheduled for \
         deletion."
    );
    let batch = client
        .ok("BatchGetSecretValue", json!({"SecretIdList": ["a"]}))
        .await;
    assert_eq!(batch["Errors"][0]["ErrorCode"], "InvalidRequestException");
}

/// A node that is older than the store's last writer leaves alone what it does
/// not know, and does the rest.
#[tokio::test]
async fn jobs_of_a_later_release_stay() {
    let client = administrator().await;
    client.secret("a", "one").await;
    delete(&client, "a", 7).await;
    let (_, mut later) = secret_jobs(&client.world).await.remove(0);
    later.kind = 1_000;
    for number in 0..100 {
        later.resource = format!("r{number}");
        add_row::<Jobs>(&client.world, later.key(0), later.clone()).await;
    }
    advance(&client, DAY * 7);
    assert_eq!(run_due(&client).await, 1);
    assert_eq!(counts(&client).await, [0, 0, 0, 100]);
    for (_, job) in secret_jobs(&client.world).await {
        assert_eq!(job.kind, 1_000);
    }
}
