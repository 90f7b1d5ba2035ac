//! `LastAccessedDate`: the day of the last read, written seldom.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use jiff::SignedDuration;
use serde_json::{Value, json};
use strongroom_services::secretsmanager::flush_accesses;
use strongroom_store::{Change, CommitObserver};

use crate::client::{Client, OWNER, administrator, assert_sound, problems, token, user};

/// The midnight before the world's clock starts.
const TODAY: f64 = 1_795_392_000.0;
const DAY: f64 = 86_400.0;

/// Counts commits.
#[derive(Default)]
struct Commits(AtomicUsize);

impl CommitObserver for Commits {
    fn committed(&self, _: &[Change]) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Commits {
    fn of(client: &Client) -> Arc<Self> {
        let commits = Arc::new(Self::default());
        let store = &client.world.services.store;
        store.observe(Arc::clone(&commits) as Arc<dyn CommitObserver>);
        commits
    }

    /// Since the last time it was asked.
    fn count(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

async fn flush(client: &Client) {
    flush_accesses(&client.world.services).await.unwrap();
}

async fn date(client: &Client, name: &str) -> Option<f64> {
    client.describe(name).await["LastAccessedDate"].as_f64()
}

/// Version ids with their dates, of all versions.
async fn version_dates(client: &Client, name: &str) -> Vec<(String, Option<f64>)> {
    let input = json!({"SecretId": name, "IncludeDeprecated": true});
    let listed = client.ok("ListSecretVersionIds", input).await;
    let versions = listed["Versions"].as_array().unwrap().iter();
    versions
        .map(|version| {
            let id = version["VersionId"].as_str().unwrap().to_owned();
            (id, version["LastAccessedDate"].as_f64())
        })
        .collect()
}

#[tokio::test]
async fn a_thousand_reads_are_one_write() {
    let client = administrator().await;
    for name in ["a", "b", "c"] {
        client.secret(name, "value").await;
    }
    let commits = Commits::of(&client);
    for _ in 0..1000 {
        client.value("a").await;
        client.value("b").await;
    }
    assert_eq!(commits.count(), 0);
    flush(&client).await;
    assert_eq!(commits.count(), 1);
    assert_eq!(date(&client, "a").await, Some(TODAY));
    assert_eq!(date(&client, "b").await, Some(TODAY));
    assert_eq!(date(&client, "c").await, None);

    // Once it is written, the day's further reads write nothing at all.
    client.value("a").await;
    flush(&client).await;
    assert_eq!(commits.count(), 0);
}

#[tokio::test]
async fn the_date_changes_at_midnight_and_only_forward() {
    let client = administrator().await;
    client.secret("a", "value").await;
    client.value("a").await;
    flush(&client).await;
    let before = client.describe("a").await;

    // The world's day begins at 13:00.
    client.world.clock.advance(SignedDuration::from_hours(10));
    client.value("a").await;
    flush(&client).await;
    assert_eq!(date(&client, "a").await, Some(TODAY));
    client.world.clock.advance(SignedDuration::from_hours(1));
    client.value("a").await;
    // Until it is written it is not seen, whatever time it is by then.
    client.world.clock.advance(SignedDuration::from_hours(30));
    assert_eq!(date(&client, "a").await, Some(TODAY));
    flush(&client).await;
    assert_eq!(date(&client, "a").await, Some(TODAY + DAY));

    client.world.clock.advance(SignedDuration::from_hours(-48));
    client.value("a").await;
    flush(&client).await;
    assert_eq!(date(&client, "a").await, Some(TODAY + DAY));

    // A read is no change.
    let mut after = client.describe("a").await;
    after["LastAccessedDate"] = before["LastAccessedDate"].clone();
    assert_eq!(after, before);
}

#[tokio::test]
async fn each_version_has_its_own_date() {
    let client = administrator().await;
    client.secret("a", "one").await;
    client.put("a", &token(2), "two", None).await;
    client.put("a", &token(3), "three", None).await;
    // The first version has no label any more.
    let input = json!({"SecretId": "a", "VersionId": token("a")});
    client.ok("GetSecretValue", input).await;
    flush(&client).await;
    client.world.clock.advance(SignedDuration::from_hours(24));
    client.value("a").await;
    flush(&client).await;
    assert_eq!(
        version_dates(&client, "a").await,
        [
            (token("a"), Some(TODAY)),
            (token(2), None),
            (token(3), Some(TODAY + DAY))
        ]
    );
    assert_eq!(date(&client, "a").await, Some(TODAY + DAY));
    let listed = client.ok("ListSecrets", json!({})).await;
    assert_eq!(
        listed["SecretList"][0]["LastAccessedDate"],
        json!(TODAY + DAY)
    );
    assert_sound(&problems(&client.world).await);
}

#[tokio::test]
async fn what_counts_as_a_read() {
    let client = administrator().await;
    let nobody = user(&client.world, OWNER, "nobody", &[]).await;
    client.secret("a", "value").await;
    let none = json!({"SecretId": "a", "VersionStage": "NONE"});
    client.code("GetSecretValue", none).await;
    nobody
        .code("GetSecretValue", json!({"SecretId": "a"}))
        .await;
    client.describe("a").await;
    client.ok("ListSecrets", json!({})).await;
    // Comparing values for a token is Secrets Manager's own reading.
    let again = json!({"SecretId": "a", "ClientRequestToken": token("a"), "SecretString": "value"});
    client.ok("PutSecretValue", again).await;
    flush(&client).await;
    assert_eq!(date(&client, "a").await, None);

    let batch = json!({"SecretIdList": ["a"]});
    let answer: Value = client.ok("BatchGetSecretValue", batch).await;
    assert_eq!(answer["SecretValues"][0]["SecretString"], "value");
    flush(&client).await;
    assert_eq!(date(&client, "a").await, Some(TODAY));
}

#[tokio::test]
async fn a_secret_that_is_gone_is_not_brought_back() {
    let client = administrator().await;
    client.secret("a", "value").await;
    client.value("a").await;
    let force = json!({"SecretId": "a", "ForceDeleteWithoutRecovery": true});
    client.ok("DeleteSecret", force).await;
    flush(&client).await;
    assert_eq!(
        client
            .code("DescribeSecret", json!({"SecretId": "a"}))
            .await,
        "ResourceNotFoundException"
    );
    // Another of the name was not read.
    client.secret("b", "value").await;
    client.value("b").await;
    let force = json!({"SecretId": "b", "ForceDeleteWithoutRecovery": true});
    client.ok("DeleteSecret", force).await;
    client.secret("b", "value").await;
    flush(&client).await;
    assert_eq!(date(&client, "b").await, None);
    assert_sound(&problems(&client.world).await);
}

#[tokio::test]
async fn more_reads_than_one_transaction_takes_are_all_written() {
    let client = administrator().await;
    for number in 0..1100 {
        client.secret(&format!("s{number}"), "value").await;
    }
    for number in 0..1100 {
        client.value(&format!("s{number}")).await;
    }
    let commits = Commits::of(&client);
    flush(&client).await;
    assert_eq!(commits.count(), 3);
    for number in 0..1100 {
        assert_eq!(date(&client, &format!("s{number}")).await, Some(TODAY));
    }
}
