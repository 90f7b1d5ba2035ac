use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn the_defaults_are_aws_s() {
    let world = World::new().await;
    let reply = world.call("GetRandomPassword", json!({})).await;
    let answer = reply.result.unwrap();
    let password = answer["RandomPassword"].as_str().unwrap();
    assert_eq!(password.len(), 32);
    assert!(password.bytes().any(|letter| letter.is_ascii_uppercase()));
    assert!(password.bytes().any(|letter| letter.is_ascii_lowercase()));
    assert!(password.bytes().any(|letter| letter.is_ascii_digit()));
    assert!(password.bytes().any(|letter| letter.is_ascii_punctuation()));
    assert!(!password.contains(' '));
    assert!(!format!("{:?}", reply.records).contains(password));
}

#[tokio::test]
async fn every_parameter_is_honoured() {
    let world = World::new().await;
    let input = json!({
        "PasswordLength": 200, "ExcludeCharacters": "abc", "ExcludeNumbers": true,
        "ExcludePunctuation": true, "ExcludeUppercase": true, "IncludeSpace": true,
    });
    let answer = world.ok("GetRandomPassword", input).await;
    let password = answer["RandomPassword"].as_str().unwrap();
    assert_eq!(password.len(), 200);
    assert!(
        password
            .chars()
            .all(|letter| letter == ' ' || ('d'..='z').contains(&letter))
    );
    assert!(password.contains(' '));
    let input =
        json!({"ExcludeLowercase": true, "PasswordLength": 1, "RequireEachIncludedType": false});
    world.ok("GetRandomPassword", input).await;
}

#[tokio::test]
async fn bad_input_is_refused_in_aws_s_words() {
    let world = World::new().await;
    let refused = async |input: Value| world.refused("GetRandomPassword", input).await;
    assert_eq!(
        refused(json!({"PasswordLength": 3})).await,
        (
            "InvalidParameterException".to_owned(),
            "Password length is too short based on the required types.".to_owned()
        )
    );
    assert_eq!(
        refused(json!({"PasswordLength": 4097})).await,
        (
            "ValidationException".to_owned(),
            "1 validation error detected: Value '4097' at 'passwordLength' failed to satisfy \
             constraint: Member must have value less than or equal to 4096"
                .to_owned()
        )
    );
    assert_eq!(
        refused(json!({"ExcludeCharacters": "0123456789"})).await.0,
        "InvalidParameterException"
    );
}
