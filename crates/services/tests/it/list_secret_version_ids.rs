use serde_json::{Value, json};

use crate::world::World;

fn ids(page: &Value) -> Vec<&str> {
    let versions = page["Versions"].as_array().unwrap().iter();
    versions
        .map(|version| version["VersionId"].as_str().unwrap())
        .collect()
}

async fn put(world: &World, value: &str, stages: Option<&[&str]>) -> String {
    let token = world.services.random.uuid().to_string();
    let mut input = json!({"SecretId": "a", "SecretString": value, "ClientRequestToken": token});
    if let Some(stages) = stages {
        input["VersionStages"] = json!(stages);
    }
    world.ok("PutSecretValue", input).await;
    token
}

#[tokio::test]
async fn versions_with_labels_and_the_others_on_request() {
    let world = World::new().await;
    let made = world.secret("a").await;
    let first = made["VersionId"].as_str().unwrap().to_owned();
    let second = put(&world, "2", None).await;
    let third = put(&world, "3", None).await;

    let page = world
        .ok("ListSecretVersionIds", json!({"SecretId": "a"}))
        .await;
    assert_eq!(page["ARN"], made["ARN"]);
    assert_eq!(page["Name"], "a");
    assert_eq!(ids(&page), [&second, &third]);
    assert_eq!(page["Versions"][0]["VersionStages"], json!(["AWSPREVIOUS"]));
    assert_eq!(page["Versions"][1]["VersionStages"], json!(["AWSCURRENT"]));
    assert_eq!(
        page["Versions"][1]["KmsKeyIds"],
        json!(["DefaultEncryptionKey"])
    );
    assert_eq!(page["Versions"][1].get("LastAccessedDate"), None);

    let all = json!({"SecretId": "a", "IncludeDeprecated": true});
    let page = world.ok("ListSecretVersionIds", all).await;
    assert_eq!(ids(&page), [&first, &second, &third]);
    assert_eq!(page["Versions"][0].get("VersionStages"), None);
}

#[tokio::test]
async fn pages_end_where_the_next_begins() {
    let world = World::new().await;
    world.secret("a").await;
    put(&world, "2", Some(&["mine"])).await;
    put(&world, "3", Some(&["yours"])).await;
    let mut input = json!({"SecretId": "a", "MaxResults": 2});
    let first = world.ok("ListSecretVersionIds", input.clone()).await;
    input["NextToken"] = first["NextToken"].clone();
    let second = world.ok("ListSecretVersionIds", input.clone()).await;
    assert_eq!((ids(&first).len(), ids(&second).len()), (2, 1));
    assert_eq!(second.get("NextToken"), None);

    world.secret("b").await;
    input["SecretId"] = "b".into();
    let (code, _) = world.refused("ListSecretVersionIds", input).await;
    assert_eq!(code, "InvalidNextTokenException");
}

#[tokio::test]
async fn works_on_a_secret_scheduled_for_deletion_but_not_on_a_missing_one() {
    let world = World::new().await;
    world.secret("a").await;
    world.ok("DeleteSecret", json!({"SecretId": "a"})).await;
    let page = world
        .ok("ListSecretVersionIds", json!({"SecretId": "a"}))
        .await;
    assert_eq!(ids(&page).len(), 1);
    let (code, message) = world
        .refused("ListSecretVersionIds", json!({"SecretId": "missing"}))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    assert_eq!(message, "Secrets Manager can't find the specified secret.");
}
