//! Everybody does everything at once: what is stored stays sound, and what is
//! read was written.

use std::{collections::BTreeSet, sync::Arc};

use jiff::SignedDuration;
use serde_json::{Value, json};
use strongroom_services::{
    jobs,
    secretsmanager::flush_accesses,
    tables::{SecretValues, Secrets},
};

use crate::client::{
    Client, FOREIGN, OWNER, administrator, assert_sound, policy, problems, rows, secret_jobs,
    token, user,
};

const NAMES: [&str; 4] = ["a", "b", "c/d", "c/e"];
const LABELS: [&str; 5] = ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "MINE", "YOURS"];
const TOKENS: u64 = 12;

/// A plain generator: the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // Knuth's MMIX constants; the low bits are weak.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.roll(items.len() as u64)).unwrap()]
    }

    fn token(&mut self) -> String {
        token(self.roll(TOKENS))
    }
}

/// A value says where it belongs, so that a wrong one is seen.
fn value(name: &str, token: &str) -> String {
    format!("{name} {token}")
}

fn random_call(dice: &mut Dice) -> (&'static str, Value) {
    let name = dice.one_of(&NAMES);
    let token = dice.token();
    let value = value(name, &token);
    match dice.roll(22) {
        0 | 1 => (
            "CreateSecret",
            json!({"Name": name, "ClientRequestToken": token, "SecretString": value,
                "Tags": [{"Key": "k", "Value": "v"}]}),
        ),
        2 => (
            "CreateSecret",
            json!({"Name": name, "ClientRequestToken": token}),
        ),
        3..6 => {
            let mut input =
                json!({"SecretId": name, "ClientRequestToken": token, "SecretString": value});
            if dice.roll(2) == 0 {
                input["VersionStages"] = json!([dice.one_of(&LABELS), dice.one_of(&LABELS)]);
            }
            ("PutSecretValue", input)
        }
        6 => (
            "UpdateSecret",
            json!({"SecretId": name, "ClientRequestToken": token, "SecretString": value,
                "Description": token, "KmsKeyId": dice.one_of(&["", "alias/aws/secretsmanager"])}),
        ),
        7..9 => (
            "UpdateSecretVersionStage",
            json!({"SecretId": name, "VersionStage": dice.one_of(&LABELS),
                "RemoveFromVersionId": dice.token(), "MoveToVersionId": token}),
        ),
        9 => (
            "UpdateSecretVersionStage",
            json!({"SecretId": name, "VersionStage": dice.one_of(&LABELS),
                "RemoveFromVersionId": token}),
        ),
        10 => (
            "DeleteSecret",
            json!({"SecretId": name, "ForceDeleteWithoutRecovery": true}),
        ),
        11 => (
            "DeleteSecret",
            json!({"SecretId": name, "RecoveryWindowInDays": 7}),
        ),
        12 => ("RestoreSecret", json!({"SecretId": name})),
        13 => {
            let tag = json!({"Key": token, "Value": "v"});
            ("TagResource", json!({"SecretId": name, "Tags": [tag]}))
        }
        14 => (
            "UntagResource",
            json!({"SecretId": name, "TagKeys": [token]}),
        ),
        15 => {
            let document = policy(&json!({
                "Effect": "Allow", "Principal": {"AWS": FOREIGN.to_string()},
                "Action": "*", "Resource": "*",
            }));
            (
                "PutResourcePolicy",
                json!({"SecretId": name, "ResourcePolicy": document}),
            )
        }
        16 => ("DeleteResourcePolicy", json!({"SecretId": name})),
        17 => ("BatchGetSecretValue", json!({"SecretIdList": NAMES})),
        18 => (
            "ListSecretVersionIds",
            json!({"SecretId": name, "IncludeDeprecated": true}),
        ),
        19 => (
            "BatchGetSecretValue",
            json!({"Filters": [{"Key": "name", "Values": ["c/"]}]}),
        ),
        20 => (
            "GetSecretValue",
            json!({"SecretId": name, "VersionId": token}),
        ),
        _ => (
            "GetSecretValue",
            json!({"SecretId": name, "VersionStage": dice.one_of(&LABELS)}),
        ),
    }
}

/// Refusals that say something about the request. All others say something
/// about us.
const REFUSALS: &[&str] = &[
    "InvalidParameterException",
    "InvalidRequestException",
    "LimitExceededException",
    "ResourceExistsException",
    "ResourceNotFoundException",
];

fn check_answer(operation: &str, answer: &Value) {
    let values = match operation {
        "GetSecretValue" => std::slice::from_ref(answer),
        "BatchGetSecretValue" => answer["SecretValues"].as_array().unwrap(),
        _ => return,
    };
    for found in values {
        let (name, version) = (&found["Name"], &found["VersionId"]);
        let want = value(name.as_str().unwrap(), version.as_str().unwrap());
        assert_eq!(found["SecretString"], want);
    }
    for error in answer["Errors"].as_array().into_iter().flatten() {
        let code = error["ErrorCode"].as_str().unwrap();
        assert!(REFUSALS.contains(&code), "{error}");
    }
}

async fn live(client: &Client, seed: u64, calls: u64) {
    let mut dice = Dice(seed);
    for number in 0..calls {
        let (operation, input) = random_call(&mut dice);
        match client.call(operation, input.clone()).await {
            Ok(answer) => check_answer(operation, &answer),
            Err((code, message)) => {
                assert!(
                    REFUSALS.contains(&code.as_str()),
                    "{operation} {input}: {code} {message}"
                );
            }
        }
        if number % 16 == 0 {
            // Days pass, so that windows end and dates change.
            client.world.clock.advance(SignedDuration::from_hours(24));
        }
    }
}

async fn work(client: &Client) {
    for _ in 0..40 {
        jobs::run_due(&client.world.services).await.unwrap();
        flush_accesses(&client.world.services).await.unwrap();
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_happens_at_once_the_rows_stay_sound() {
    for round in 0..4 {
        let client = administrator().await;
        user(&client.world, OWNER, "ann", &[]).await;
        let mut tasks = tokio::task::JoinSet::new();
        for seed in 0..6 {
            let client = client.clone();
            tasks.spawn(async move { live(&client, round * 100 + seed, 150).await });
        }
        for _ in 0..2 {
            let client = client.clone();
            tasks.spawn(async move { work(&client).await });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        assert_sound(&problems(&client.world).await);
        compare_lists(&client).await;
        end_all(&client).await;
    }
}

/// What ListSecrets finds is what is stored.
async fn compare_lists(client: &Client) {
    let input = json!({"IncludePlannedDeletion": true});
    let listed = client.ok("ListSecrets", input).await;
    let listed: BTreeSet<_> = listed["SecretList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["Name"].as_str().unwrap().to_owned())
        .collect();
    let stored = rows::<Secrets>(&client.world).await;
    let stored: BTreeSet<_> = stored.into_iter().map(|((.., name), _)| name).collect();
    assert_eq!(listed, stored);
}

/// When all are deleted and all windows have ended, nothing is left.
async fn end_all(client: &Client) {
    for name in NAMES {
        let _ = client.call("DeleteSecret", json!({"SecretId": name})).await;
    }
    for _ in 0..3 {
        client
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 31));
        jobs::run_due(&client.world.services).await.unwrap();
    }
    let world = &client.world;
    assert_eq!(rows::<Secrets>(world).await.len(), 0);
    assert_eq!(rows::<SecretValues>(world).await.len(), 0);
    assert_eq!(secret_jobs(world).await.len(), 0);
    assert_sound(&problems(world).await);
}

/// Two labels of AWS change hands all the time; every reader finds one value,
/// and never none.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_always_finds_a_current_value() {
    let client = administrator().await;
    client.secret("a", &value("a", &token("a"))).await;
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (client, done) = (client.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut reads = 0;
                while !done.load(std::sync::atomic::Ordering::SeqCst) {
                    let answer = client.ok("GetSecretValue", json!({"SecretId": "a"})).await;
                    check_answer("GetSecretValue", &answer);
                    let stages = answer["VersionStages"].as_array().unwrap();
                    assert!(stages.contains(&json!("AWSCURRENT")));
                    reads += 1;
                    tokio::task::yield_now().await;
                }
                reads
            })
        })
        .collect();
    for number in 0..90 {
        client
            .put("a", &token(number), &value("a", &token(number)), None)
            .await;
        let stages = client.stages("a").await;
        let current = stages
            .iter()
            .find(|(_, labels)| labels.contains(&"AWSCURRENT".to_owned()));
        let previous = stages
            .iter()
            .find(|(_, labels)| labels.contains(&"AWSPREVIOUS".to_owned()));
        let input = json!({
            "SecretId": "a", "VersionStage": "AWSCURRENT", "RemoveFromVersionId": current.unwrap().0,
            "MoveToVersionId": previous.unwrap().0,
        });
        client.ok("UpdateSecretVersionStage", input).await;
    }
    done.store(true, std::sync::atomic::Ordering::SeqCst);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}
