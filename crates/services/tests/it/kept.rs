//! What is kept of secrets in memory is never behind what was answered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use strongroom_types::Region;

use crate::world::World;

const SECRETS: usize = 3;

fn name(number: usize) -> String {
    format!("kept/{number}")
}

/// What the writer of one secret has been answered, as a number that each of
/// its changes moves on.
#[derive(Default)]
struct Promised {
    value: AtomicU64,
    description: AtomicU64,
}

/// One secret's only writer. Every change carries the next number, and the
/// number is promised once the change is answered.
async fn write(world: &World, number: usize, promised: &Promised, until: Instant) {
    let mut step = 1_u64;
    while Instant::now() < until {
        let id = name(number);
        step += 1;
        match step % 4 {
            0 => {
                // Seals the labelled versions under the key anew.
                let input = json!({"SecretId": id, "Description": step.to_string(),
                    "KmsKeyId": "alias/aws/secretsmanager",
                    "ClientRequestToken": format!("{step:032}")});
                world.ok("UpdateSecret", input).await;
                promised.description.store(step, Ordering::SeqCst);
            }
            1 => {
                let input = json!({"SecretId": id, "VersionStages": ["OTHER"],
                    "ClientRequestToken": format!("{step:032}"), "SecretString": "other"});
                world.ok("PutSecretValue", input).await;
            }
            _ => {
                let input = json!({"SecretId": id, "SecretString": step.to_string(),
                    "ClientRequestToken": format!("{step:032}")});
                world.ok("PutSecretValue", input).await;
                promised.value.store(step, Ordering::SeqCst);
            }
        }
        if step.is_multiple_of(64) {
            // Versions that have no label make room a day later.
            world.clock.advance(jiff::SignedDuration::from_hours(25));
        }
    }
}

fn number(text: &Value) -> u64 {
    text.as_str().unwrap().parse().unwrap()
}

async fn read(world: &World, promised: &[Promised], until: Instant) -> u64 {
    let mut reads = 0;
    while Instant::now() < until {
        for (number_of, promise) in promised.iter().enumerate() {
            let id = name(number_of);
            let least = promise.value.load(Ordering::SeqCst);
            let answer = world.ok("GetSecretValue", json!({"SecretId": id})).await;
            let value = number(&answer["SecretString"]);
            assert!(value >= least, "{id}: {value} was read after {least}");
            // Secret and value are of one moment.
            assert_eq!(answer["VersionId"], format!("{value:032}"));

            let least = promise.description.load(Ordering::SeqCst);
            let answer = world.ok("DescribeSecret", json!({"SecretId": id})).await;
            assert!(number(&answer["Description"]) >= least);
            reads += 2;
        }
        let ids: Vec<_> = (0..SECRETS).map(name).collect();
        let answer = world
            .ok("BatchGetSecretValue", json!({"SecretIdList": ids}))
            .await;
        assert_eq!(answer["Errors"], json!([]));
        tokio::task::yield_now().await;
    }
    reads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_read_sees_every_change_that_was_answered_before_it() {
    let world = Arc::new(World::new().await);
    for number in 0..SECRETS {
        let token = format!("{:032}", 1);
        let input = json!({"Name": name(number), "SecretString": "1", "Description": "1",
            "ClientRequestToken": token});
        world.ok("CreateSecret", input).await;
    }
    let promised: Arc<Vec<Promised>> =
        Arc::new((0..SECRETS).map(|_| Promised::default()).collect());
    let until = Instant::now() + Duration::from_secs(2);
    let mut tasks = Vec::new();
    for number in 0..SECRETS {
        let (world, promised) = (Arc::clone(&world), Arc::clone(&promised));
        tasks.push(tokio::spawn(async move {
            write(&world, number, &promised[number], until).await;
            0
        }));
    }
    for _ in 0..4 {
        let (world, promised) = (Arc::clone(&world), Arc::clone(&promised));
        tasks.push(tokio::spawn(
            async move { read(&world, &promised, until).await },
        ));
    }
    let mut reads = 0;
    for task in tasks {
        reads += task.await.unwrap();
    }
    assert!(reads > 0);
}

#[tokio::test]
async fn a_secret_that_was_read_is_gone_when_it_is_deleted_and_new_when_it_is_made_again() {
    let world = World::new().await;
    for round in 0..3 {
        let value = format!("round {round}");
        world
            .secret_with(json!({"Name": "again", "SecretString": value}))
            .await;
        for _ in 0..3 {
            let answer = world
                .ok("GetSecretValue", json!({"SecretId": "again"}))
                .await;
            assert_eq!(answer["SecretString"], value);
        }
        let name = format!("reader{round}");
        let other = world.user(1, &name, crate::world::ADMINISTRATOR).await;
        let elsewhere = world
            .call_as(
                &other,
                "eu-west-1".parse::<Region>().unwrap(),
                "GetSecretValue",
                json!({"SecretId": "again"}),
            )
            .await;
        assert!(elsewhere.result.is_err(), "Regions are separate");
        world
            .ok(
                "DeleteSecret",
                json!({"SecretId": "again", "ForceDeleteWithoutRecovery": true}),
            )
            .await;
        let (code, _) = world
            .refused("GetSecretValue", json!({"SecretId": "again"}))
            .await;
        assert_eq!(code, "ResourceNotFoundException");
    }
}
