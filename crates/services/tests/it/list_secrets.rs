use serde_json::{Value, json};
use strongroom_types::Region;

use crate::world::{ADMINISTRATOR, World, names};

async fn list(world: &World, input: Value) -> Vec<String> {
    let page = world.ok("ListSecrets", input).await;
    names(&page["SecretList"])
        .into_iter()
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn the_newest_come_first_and_the_other_orders_on_request() {
    let world = World::new().await;
    assert_eq!(
        world.ok("ListSecrets", json!({})).await,
        json!({"SecretList": []})
    );
    for name in ["b", "a", "c"] {
        world.secret(name).await;
    }
    assert_eq!(list(&world, json!({})).await, ["c", "a", "b"]);
    assert_eq!(
        list(&world, json!({"SortOrder": "asc"})).await,
        ["b", "a", "c"]
    );
    assert_eq!(
        list(&world, json!({"SortBy": "name"})).await,
        ["a", "b", "c"]
    );
    assert_eq!(
        list(&world, json!({"SortBy": "name", "SortOrder": "desc"})).await,
        ["c", "b", "a"]
    );
    world
        .ok("TagResource", json!({"SecretId": "b", "Tags": []}))
        .await;
    assert_eq!(
        list(&world, json!({"SortBy": "last-changed-date"})).await,
        ["b", "c", "a"]
    );
}

#[tokio::test]
async fn an_entry_says_what_describe_says_under_its_own_names() {
    let world = World::new().await;
    let made = world
        .secret_with(json!({
            "Name": "a/b", "SecretString": "v", "Description": "d", "Tags": [{"Key": "k", "Value": "v"}],
        }))
        .await;
    let page = world.ok("ListSecrets", json!({})).await;
    let described = world.ok("DescribeSecret", json!({"SecretId": "a/b"})).await;
    let mut expected = described.clone();
    let members = expected.as_object_mut().unwrap();
    let stages = members.remove("VersionIdsToStages").unwrap();
    members.insert("SecretVersionsToStages".to_owned(), stages);
    assert_eq!(page["SecretList"], json!([expected]));
    assert_eq!(page["SecretList"][0]["ARN"], made["ARN"]);
    assert_eq!(page["SecretList"][0].get("LastAccessedDate"), None);
}

#[tokio::test]
async fn secrets_scheduled_for_deletion_show_on_request() {
    let world = World::new().await;
    world.secret("a").await;
    world.secret("gone").await;
    world.ok("DeleteSecret", json!({"SecretId": "gone"})).await;
    assert_eq!(list(&world, json!({})).await, ["a"]);
    let input = json!({"IncludePlannedDeletion": true});
    assert_eq!(list(&world, input.clone()).await, ["gone", "a"]);
    let page = world.ok("ListSecrets", input).await;
    assert!(page["SecretList"][0]["DeletedDate"].is_number());
    world.ok("RestoreSecret", json!({"SecretId": "gone"})).await;
    assert_eq!(list(&world, json!({})).await, ["gone", "a"]);
    world
        .ok(
            "DeleteSecret",
            json!({"SecretId": "a", "ForceDeleteWithoutRecovery": true}),
        )
        .await;
    assert_eq!(
        list(&world, json!({"IncludePlannedDeletion": true})).await,
        ["gone"]
    );
}

#[tokio::test]
async fn pages_follow_each_other_while_secrets_come_and_go() {
    let world = World::new().await;
    for number in 0..7 {
        world.secret(&format!("s{number}")).await;
    }
    let mut input = json!({"MaxResults": 2, "Filters": [{"Key": "name", "Values": ["s"]}]});
    let mut listed = Vec::new();
    loop {
        let page = world.ok("ListSecrets", input.clone()).await;
        listed.extend(names(&page["SecretList"]).into_iter().map(str::to_owned));
        // The last one listed goes, so that the token stands on nothing.
        let last = listed.last().unwrap();
        let delete = json!({"SecretId": last, "ForceDeleteWithoutRecovery": true});
        world.ok("DeleteSecret", delete).await;
        world.secret(&format!("s-new-{}", listed.len())).await;
        match page.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(listed, ["s6", "s5", "s4", "s3", "s2", "s1", "s0"]);
}

#[tokio::test]
async fn a_token_belongs_to_its_query_account_and_region() {
    let world = World::new().await;
    let other = world.user(2, "other", ADMINISTRATOR).await;
    for name in ["a", "b"] {
        world.secret(name).await;
    }
    let token = world.ok("ListSecrets", json!({"MaxResults": 1})).await["NextToken"].clone();
    // How much to ask for is free.
    let rest = world
        .ok("ListSecrets", json!({"MaxResults": 50, "NextToken": token}))
        .await;
    assert_eq!(names(&rest["SecretList"]), ["a"]);
    assert_eq!(rest.get("NextToken"), None);

    let mut altered = token.as_str().unwrap().to_owned();
    let last = if altered.pop() == Some('A') { 'Q' } else { 'A' };
    altered.push(last);
    for input in [
        json!({"NextToken": altered}),
        json!({"NextToken": "made up"}),
        json!({"NextToken": token, "SortBy": "name"}),
        json!({"NextToken": token, "IncludePlannedDeletion": true}),
        json!({"NextToken": token, "Filters": [{"Key": "name", "Values": ["a"]}]}),
    ] {
        let (code, _) = world.refused("ListSecrets", input.clone()).await;
        assert_eq!(code, "InvalidNextTokenException", "{input}");
    }
    for (caller, region) in [
        (&other, Region::US_EAST_1),
        (&other, "eu-central-1".parse().unwrap()),
    ] {
        let input = json!({"NextToken": token});
        let reply = world.call_as(caller, region, "ListSecrets", input).await;
        assert_eq!(reply.result.unwrap_err().0, "InvalidNextTokenException");
    }
}

#[tokio::test]
async fn secrets_of_other_accounts_and_regions_are_never_listed() {
    let world = World::new().await;
    let other = world.user(2, "other", ADMINISTRATOR).await;
    world.secret("a").await;
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"},
    });
    let put = json!({"SecretId": "a", "ResourcePolicy": policy.to_string()});
    world.ok("PutResourcePolicy", put).await;
    let reply = world
        .call_as(&other, Region::US_EAST_1, "ListSecrets", json!({}))
        .await;
    assert_eq!(reply.result.unwrap(), json!({"SecretList": []}));
}

#[tokio::test]
async fn bad_input_is_refused_in_aws_s_words() {
    let world = World::new().await;
    let check = async |input: Value, code: &str, message: &str| {
        let refused = world.refused("ListSecrets", input).await;
        assert_eq!(refused, (code.to_owned(), message.to_owned()));
    };
    check(
        json!({"Filters": [{"Values": ["foo"]}]}),
        "InvalidParameterException",
        "Invalid filter key",
    )
    .await;
    check(
        json!({"Filters": [{"Key": "tag-key"}]}),
        "InvalidParameterException",
        "Invalid filter values for key: tag-key",
    )
    .await;
    check(
        json!({"MaxResults": 101, "SortBy": "size"}),
        "ValidationException",
        "2 validation errors detected: Value '101' at 'maxResults' failed to satisfy constraint: \
         Member must have value less than or equal to 100; Value 'size' at 'sortBy' failed to \
         satisfy constraint: Member must satisfy enum value set: [created-date, \
         last-accessed-date, last-changed-date, name]",
    )
    .await;
}

#[tokio::test]
async fn who_may_not_list_is_told_so_without_a_resource() {
    let world = World::new().await;
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}}"#;
    let reader = world.user(1, "reader", policy).await;
    let input = json!({"Filters": [{"Key": "all", "Values": ["x"]}], "MaxResults": 5});
    let reply = world
        .call_as(&reader, Region::US_EAST_1, "ListSecrets", input)
        .await;
    let (code, message) = reply.result.unwrap_err();
    assert_eq!(code, "AccessDeniedException");
    assert_eq!(
        message,
        "User: arn:aws:iam::000000000001:user/reader is not authorized to perform: \
         secretsmanager:ListSecrets because no identity-based policy allows the \
         secretsmanager:ListSecrets action"
    );
    let record = &reply.records[0];
    assert_eq!(record["eventName"], "ListSecrets");
    assert_eq!(record["errorCode"], "AccessDenied");
    assert_eq!(
        record["requestParameters"],
        json!({"maxResults": 5, "filters": [{"key": "all", "values": ["x"]}]})
    );
}
