use serde_json::{Value, json};
use strongroom_types::Region;

use crate::world::{World, names};

/// Code and secret of each error of a batch.
fn errors(answer: &Value) -> Vec<(&str, &str)> {
    let errors = answer["Errors"].as_array().unwrap().iter();
    errors
        .map(|error| {
            (
                error["SecretId"].as_str().unwrap(),
                error["ErrorCode"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn each_secret_is_answered_as_get_secret_value_does() {
    let world = World::new().await;
    let arn = world.secret("a").await["ARN"].clone();
    world
        .secret_with(json!({"Name": "b", "SecretBinary": "AAEC"}))
        .await;
    let answer = world
        .ok("BatchGetSecretValue", json!({"SecretIdList": ["b", arn]}))
        .await;
    let b = world.ok("GetSecretValue", json!({"SecretId": "b"})).await;
    let a = world.ok("GetSecretValue", json!({"SecretId": "a"})).await;
    assert_eq!(answer, json!({"SecretValues": [b, a], "Errors": []}));
}

#[tokio::test]
async fn what_is_wrong_with_one_does_not_spoil_the_others() {
    let world = World::new().await;
    world.secret("a").await;
    world.secret("gone").await;
    world.ok("DeleteSecret", json!({"SecretId": "gone"})).await;
    world.secret_with(json!({"Name": "empty"})).await;
    let ids = ["gone", "missing", "a", "empty", "bad name"];
    let answer = world
        .ok("BatchGetSecretValue", json!({"SecretIdList": ids}))
        .await;
    assert_eq!(names(&answer["SecretValues"]), ["a"]);
    assert_eq!(
        errors(&answer),
        [
            ("gone", "InvalidRequestException"),
            ("missing", "ResourceNotFoundException"),
            ("empty", "ResourceNotFoundException"),
            ("bad name", "ValidationException"),
        ]
    );
    assert_eq!(
        answer["Errors"][1]["Message"],
        "Secrets Manager can't find the specified secret."
    );
}

#[tokio::test]
async fn filters_choose_and_page() {
    let world = World::new().await;
    for name in ["x/1", "y", "x/2", "x/3"] {
        world.secret(name).await;
    }
    world.secret("x/gone").await;
    world
        .ok("DeleteSecret", json!({"SecretId": "x/gone"}))
        .await;
    let mut input = json!({"MaxResults": 2, "Filters": [{"Key": "name", "Values": ["x/"]}]});
    let first = world.ok("BatchGetSecretValue", input.clone()).await;
    assert_eq!(names(&first["SecretValues"]), ["x/3", "x/2"]);
    input["NextToken"] = first["NextToken"].clone();
    let last = world.ok("BatchGetSecretValue", input.clone()).await;
    assert_eq!(names(&last["SecretValues"]), ["x/1"]);
    assert_eq!(last.get("NextToken"), None);

    // A token of ListSecrets is none of this operation.
    input["NextToken"] =
        world.ok("ListSecrets", json!({"MaxResults": 1})).await["NextToken"].clone();
    let (code, _) = world.refused("BatchGetSecretValue", input).await;
    assert_eq!(code, "InvalidNextTokenException");
}

#[tokio::test]
async fn ids_or_filters_but_not_both() {
    let world = World::new().await;
    let filters = json!([{"Key": "name", "Values": ["x"]}]);
    let either = "Either 'SecretIdList' or 'Filters' must be provided, but not both.";
    let needs_filters =
        "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.";
    for (input, message) in [
        (json!({}), either),
        (json!({"Filters": []}), either),
        (json!({"MaxResults": 1}), either),
        (json!({"SecretIdList": ["a"], "Filters": filters}), either),
        (
            json!({"SecretIdList": ["a"], "MaxResults": 1}),
            needs_filters,
        ),
    ] {
        let refused = world.refused("BatchGetSecretValue", input.clone()).await;
        assert_eq!(
            refused,
            ("InvalidParameterException".to_owned(), message.to_owned()),
            "{input}"
        );
    }
    let ids: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    for (input, code) in [
        (json!({"SecretIdList": ids}), "ValidationException"),
        (json!({"SecretIdList": []}), "ValidationException"),
        (
            json!({"Filters": filters, "MaxResults": 21}),
            "ValidationException",
        ),
        (
            json!({"SecretIdList": ["a"], "NextToken": "t"}),
            "InvalidNextTokenException",
        ),
    ] {
        assert_eq!(
            world.refused("BatchGetSecretValue", input.clone()).await.0,
            code,
            "{input}"
        );
    }
}

#[tokio::test]
async fn each_secret_is_authorized_and_recorded_for_itself() {
    let world = World::new().await;
    let arn = world.secret("open").await["ARN"].clone();
    world.secret("closed").await;
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "secretsmanager:BatchGetSecretValue", "Resource": "*"},
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn},
    ]});
    let reader = world.user(1, "reader", &policy.to_string()).await;
    let input = json!({"SecretIdList": ["closed", "open"]});
    let reply = world
        .call_as(&reader, Region::US_EAST_1, "BatchGetSecretValue", input)
        .await;
    let answer = reply.result.unwrap();
    assert_eq!(names(&answer["SecretValues"]), ["open"]);
    assert_eq!(errors(&answer), [("closed", "AccessDeniedException")]);
    assert_eq!(
        answer["Errors"][0]["Message"],
        "User: arn:aws:iam::000000000001:user/reader is not authorized to perform: \
         secretsmanager:GetSecretValue on resource: closed because no identity-based policy \
         allows the secretsmanager:GetSecretValue action"
    );

    let seen: Vec<_> = reply
        .records
        .iter()
        .map(|record| {
            let id = record["requestParameters"]["secretId"]
                .as_str()
                .unwrap_or_default();
            (
                record["eventName"].as_str().unwrap(),
                id,
                record["errorCode"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("BatchGetSecretValue", "", None),
            ("GetSecretValue", "closed", Some("AccessDenied")),
            ("GetSecretValue", "open", None),
            ("Decrypt", "", None),
        ]
    );
    assert_eq!(
        reply.records[0]["requestParameters"],
        json!({"secretIdList": ["closed", "open"]})
    );
    assert_eq!(
        reply.records[3]["userIdentity"]["invokedBy"],
        "secretsmanager.amazonaws.com"
    );

    // Filters also need the permission to list.
    let input = json!({"Filters": [{"Key": "name", "Values": ["open"]}]});
    let reply = world
        .call_as(&reader, Region::US_EAST_1, "BatchGetSecretValue", input)
        .await;
    let (code, message) = reply.result.unwrap_err();
    assert_eq!(code, "AccessDeniedException");
    assert!(
        message.contains("perform: secretsmanager:ListSecrets because"),
        "{message}"
    );
}

#[tokio::test]
async fn a_batch_counts_as_access() {
    let world = World::new().await;
    world.secret("a").await;
    world
        .ok("BatchGetSecretValue", json!({"SecretIdList": ["a"]}))
        .await;
    strongroom_services::secretsmanager::flush_accesses(&world.services)
        .await
        .unwrap();
    let page = world
        .ok("ListSecrets", json!({"SortBy": "last-accessed-date"}))
        .await;
    // Midnight UTC of 23 November 2026.
    assert_eq!(
        page["SecretList"][0]["LastAccessedDate"],
        json!(1_795_392_000.0)
    );
}
