//! Multi-Region keys.

use serde_json::json;

use super::support::{decrypt, encrypt, key, later, plain_key, state};
use crate::client::{administrator, assert_sound, problems};

#[tokio::test]
async fn a_family_shares_material_and_nothing_else() {
    let client = administrator().await;
    let far = client.region("eu-west-1");
    let made = key(
        &client,
        json!({"MultiRegion": true, "Description": "first"}),
    )
    .await;
    let primary = made["Arn"].as_str().unwrap().to_owned();
    assert!(made["KeyId"].as_str().unwrap().starts_with("mrk-"));
    let early = encrypt(&client, &primary, "early").await;
    let replicate =
        json!({"KeyId": primary, "ReplicaRegion": "eu-west-1", "Description": "second"});
    let answer = client.ok("kms:ReplicateKey", replicate.clone()).await;
    let replica = answer["ReplicaKeyMetadata"]["Arn"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(replica, primary.replace("us-east-1", "eu-west-1"));
    assert_eq!(
        client.code("kms:ReplicateKey", replicate).await,
        "AlreadyExistsException"
    );
    assert_eq!(decrypt(&far, &early).await, "early");
    client
        .ok("kms:RotateKeyOnDemand", json!({"KeyId": primary}))
        .await;
    let there = encrypt(&far, &replica, "there").await;
    assert_eq!(decrypt(&client, &there).await, "there");

    client.ok("kms:DisableKey", json!({"KeyId": primary})).await;
    assert_eq!(state(&far, &replica).await, "Enabled");
    assert_eq!(decrypt(&far, &early).await, "early");
    client.ok("kms:EnableKey", json!({"KeyId": primary})).await;

    let again = json!({"KeyId": replica, "ReplicaRegion": "eu-west-2"});
    let (code, message) = far.refused("kms:ReplicateKey", again).await;
    assert_eq!(code, "UnsupportedOperationException");
    assert_eq!(
        message,
        format!("{replica} is not a multi-region primary key.")
    );
    let alone = plain_key(&client).await;
    let input = json!({"KeyId": alone, "ReplicaRegion": "eu-west-2"});
    assert_eq!(
        client.code("kms:ReplicateKey", input).await,
        "UnsupportedOperationException"
    );

    let move_to = json!({"KeyId": primary, "PrimaryRegion": "eu-west-1"});
    client.ok("kms:UpdatePrimaryRegion", move_to).await;
    let described = far.ok("kms:DescribeKey", json!({"KeyId": replica})).await;
    let family = &described["KeyMetadata"]["MultiRegionConfiguration"];
    assert_eq!(family["MultiRegionKeyType"], "PRIMARY");
    assert_eq!(family["PrimaryKey"]["Arn"], replica);
    assert_eq!(family["ReplicaKeys"][0]["Region"], "us-east-1");
    assert_eq!(described["KeyMetadata"]["Description"], "second");
    assert_sound(&problems(&client.world).await);
}

#[tokio::test]
async fn a_primary_waits_for_its_replicas() {
    let client = administrator().await;
    let far = client.region("eu-west-1");
    let made = key(&client, json!({"MultiRegion": true})).await;
    let primary = made["Arn"].as_str().unwrap().to_owned();
    let replica = primary.replace("us-east-1", "eu-west-1");
    let replicate = json!({"KeyId": primary, "ReplicaRegion": "eu-west-1"});
    client.ok("kms:ReplicateKey", replicate).await;
    let schedule = |key: &str| json!({"KeyId": key, "PendingWindowInDays": 7});
    let answer = client
        .ok("kms:ScheduleKeyDeletion", schedule(&primary))
        .await;
    assert_eq!(answer["KeyState"], "PendingReplicaDeletion");
    assert_eq!(answer.get("DeletionDate"), None);
    assert_eq!(later(&client, 30).await, 0);
    assert_eq!(state(&client, &primary).await, "PendingReplicaDeletion");
    far.ok("kms:ScheduleKeyDeletion", schedule(&replica)).await;
    assert_eq!(later(&client, 7).await, 1);
    assert_eq!(
        far.code("kms:DescribeKey", json!({"KeyId": replica})).await,
        "NotFoundException"
    );
    assert_eq!(state(&client, &primary).await, "PendingDeletion");
    assert_eq!(later(&client, 7).await, 1);
    assert_eq!(
        client
            .code("kms:DescribeKey", json!({"KeyId": primary}))
            .await,
        "NotFoundException"
    );
}
