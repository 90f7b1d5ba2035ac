//! The check of all rows finds what it looks for.

use serde_json::json;
use strongroom_services::{
    kms::Alias,
    lambda::{BuiltinFunction, FunctionEvent, Variable},
    organizations::Attachment,
    secretsmanager::{ResourcePolicy, SealedValue, Secret, Tag, Version},
    tables::{
        AccessKeys, BuiltinFunctions, FunctionAliases, FunctionCodes, FunctionEvents, Functions,
        Jobs, KmsAliases, OrganizationAttachments, OrganizationMembers, OrganizationPolicies,
        OrganizationUnits, SecretPolicies, SecretValues, Secrets, Users,
    },
};
use strongroom_store::{Mode, Table};
use strongroom_types::Region;

use crate::client::{Client, OWNER, account, add_row, administrator, problems, rows, token};
use crate::lambda::with_function;

/// A deployment with a secret `a` of two versions.
async fn deployment() -> Client {
    let client = administrator().await;
    client.secret("a", "one").await;
    client.put("a", &token(2), "two", None).await;
    assert_eq!(problems(&client.world).await, [""; 0]);
    client
}

/// Breaks the row of the secret, and expects one complaint with these words.
async fn check(words: &str, change: impl Fn(&mut Secret)) {
    let client = deployment().await;
    let (key, mut secret) = rows::<Secrets>(&client.world).await.remove(0);
    change(&mut secret);
    add_row::<Secrets>(&client.world, key, secret).await;
    expect(&client, words).await;
}

async fn expect(client: &Client, words: &str) {
    let problems = problems(&client.world).await;
    assert_eq!(problems.len(), 1, "{words}: {problems:?}");
    assert!(problems[0].contains(words), "{words}: {problems:?}");
}

async fn remove<T: Table>(client: &Client, key: &T::Key) {
    let mut tx = client
        .world
        .services
        .store
        .begin(Mode::Write)
        .await
        .unwrap();
    tx.delete::<T>(key).unwrap();
    tx.commit(Vec::new()).await.unwrap();
}

#[tokio::test]
async fn of_a_secret_by_itself() {
    check("a label is on two versions", |secret| {
        secret.versions[0].labels.push("AWSCURRENT".to_owned());
    })
    .await;
    check("none is AWSCURRENT", |secret| {
        secret.versions[1].labels.clear()
    })
    .await;
    check("too many labels", |secret| {
        secret.versions[0]
            .labels
            .extend((0..20).map(|number| number.to_string()));
    })
    .await;
    check("neither value nor label", |secret| {
        secret.versions.push(Version {
            id: "empty".to_owned(),
            ..Version::default()
        });
    })
    .await;
    check("deleted and not deleted", |secret| {
        secret.deleted_ms = Some(1)
    })
    .await;
    check("has another's key", |secret| secret.name.push('x')).await;
    check("never had any", |secret| {
        secret.tags.push(Tag {
            key: "k".to_owned(),
            value: "v".to_owned(),
        });
    })
    .await;
    check("two tags have the same key", |secret| {
        secret.ever_tagged = true;
        secret.tags = vec![Tag::default(), Tag::default()];
    })
    .await;
    check("was read after the secret", |secret| {
        secret.versions[0].last_accessed_day = Some(1);
    })
    .await;
}

#[tokio::test]
async fn of_a_secret_and_what_belongs_to_it() {
    check("whether it has a resource policy", |secret| {
        secret.has_resource_policy = true
    })
    .await;
    check("has lost its value", |secret| {
        secret.versions.push(Version {
            id: "lost".to_owned(),
            has_value: true,
            ..Version::default()
        });
    })
    .await;
    check("is of no version", |secret| {
        secret.versions.remove(0);
    })
    .await;

    let client = deployment().await;
    client.ok("DeleteSecret", json!({"SecretId": "a"})).await;
    let (key, _) = rows::<Jobs>(&client.world).await.remove(0);
    remove::<Jobs>(&client, &key).await;
    expect(&client, "no job is there").await;

    let client = deployment().await;
    let row = ResourcePolicy {
        document: "no policy".to_owned(),
    };
    let key = (account(OWNER), Region::US_EAST_1, "gone".to_owned());
    add_row::<SecretPolicies>(&client.world, key, row).await;
    let found = problems(&client.world).await;
    assert_eq!(found.len(), 2, "{found:?}");

    let client = deployment().await;
    let (mut key, _) = rows::<SecretValues>(&client.world).await.remove(0);
    key.2 = "gone".to_owned();
    add_row::<SecretValues>(&client.world, key, SealedValue::default()).await;
    expect(&client, "is of no secret").await;
}

#[tokio::test]
async fn of_users_and_keys() {
    let client = deployment().await;
    remove::<Users>(&client, &(account(OWNER), "admin".to_owned())).await;
    expect(&client, "is of no user").await;

    let client = deployment().await;
    let (key, mut user) = rows::<Users>(&client.world).await.remove(0);
    user.inline_policies[0].document = "no policy".to_owned();
    add_row::<Users>(&client.world, key, user).await;
    expect(&client, "of user").await;

    let client = deployment().await;
    let row = Alias {
        target_key_id: "gone".to_owned(),
        ..Alias::default()
    };
    let key = (account(OWNER), Region::US_EAST_1, "alias/a".to_owned());
    add_row::<KmsAliases>(&client.world, key, row).await;
    expect(&client, "stands for no key").await;
    assert_eq!(rows::<AccessKeys>(&client.world).await.len(), 2);
}

/// A deployment with an organization: a unit, and an account in it.
async fn organization() -> Client {
    let client = administrator().await;
    let ask = async |operation: &str, input| {
        client
            .ok(&format!("organizations:{operation}"), input)
            .await
    };
    ask("CreateOrganization", json!({})).await;
    let root = ask("ListRoots", json!({})).await["Roots"][0]["Id"].clone();
    ask(
        "CreateOrganizationalUnit",
        json!({"ParentId": root, "Name": "unit"}),
    )
    .await;
    let member = json!({"AccountName": "m", "Email": "m@example.com"});
    ask("CreateAccount", member).await;
    let scp = json!({
        "Name": "p", "Description": "", "Type": "SERVICE_CONTROL_POLICY",
        "Content": r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"a:b","Resource":"*"}}"#,
    });
    ask("CreatePolicy", scp).await;
    assert_eq!(problems(&client.world).await, [""; 0]);
    client
}

#[tokio::test]
async fn of_organizations() {
    let client = organization().await;
    let (key, mut unit) = rows::<OrganizationUnits>(&client.world).await.remove(0);
    unit.parent = key.1.clone();
    add_row::<OrganizationUnits>(&client.world, key, unit).await;
    expect(&client, "has no way to the root").await;

    let client = organization().await;
    let (key, mut policy) = rows::<OrganizationPolicies>(&client.world).await.remove(0);
    policy.content = "{}".to_owned();
    add_row::<OrganizationPolicies>(&client.world, key, policy).await;
    expect(&client, "is none").await;

    let client = organization().await;
    let members = rows::<OrganizationMembers>(&client.world).await;
    let (key, mut member) = members
        .into_iter()
        .find(|((it,), _)| it.number() != OWNER)
        .unwrap();
    member.parent = "ou-none".to_owned();
    add_row::<OrganizationMembers>(&client.world, key, member).await;
    expect(&client, "has no way to the root").await;

    let client = organization().await;
    let owner = account(OWNER);
    for (target, policy, words) in [
        ("ou-none", "p-FullAWSAccess", "is attached to ou-none"),
        ("111122223333", "p-none", "is not there"),
    ] {
        let key = (owner, target.to_owned(), policy.to_owned());
        add_row::<OrganizationAttachments>(&client.world, key.clone(), Attachment {}).await;
        expect(&client, words).await;
        remove::<OrganizationAttachments>(&client, &key).await;
    }
    remove::<OrganizationMembers>(&client, &(owner,)).await;
    let found = problems(&client.world).await;
    assert!(
        found
            .iter()
            .any(|it| it.contains("is not in its organization")),
        "{found:?}"
    );
}

#[tokio::test]
async fn of_functions() {
    let client = with_function().await;
    assert_eq!(problems(&client.world).await, [""; 0]);
    let (key, mut alias) = rows::<FunctionAliases>(&client.world).await.remove(0);
    alias.version = 7;
    add_row::<FunctionAliases>(&client.world, key, alias).await;
    expect(
        &client,
        "alias live of function 111122223333/us-east-1/f stands for nothing",
    )
    .await;

    let client = with_function().await;
    let (key, code) = rows::<FunctionCodes>(&client.world).await.remove(0);
    let (account, region, name, _) = key.clone();
    let other = (account, region, name, "00".to_owned());
    add_row::<FunctionCodes>(&client.world, other.clone(), code).await;
    expect(
        &client,
        "an archive of function 111122223333/us-east-1/f is nobody's",
    )
    .await;
    remove::<FunctionCodes>(&client, &other).await;
    remove::<FunctionCodes>(&client, &key).await;
    assert_eq!(
        problems(&client.world).await,
        [
            "function 111122223333/us-east-1/f has no archive",
            "version 1 of function 111122223333/us-east-1/f has no archive",
        ]
    );

    let client = with_function().await;
    let (key, mut latest) = rows::<Functions>(&client.world).await.remove(0);
    latest.last_version = 0;
    add_row::<Functions>(&client.world, key, latest).await;
    expect(
        &client,
        "version 1 of function 111122223333/us-east-1/f was never published",
    )
    .await;

    let client = with_function().await;
    let builtin = "SecretsManagerElasticacheUserRotation".to_owned();
    let row = BuiltinFunction {
        environment: vec![Variable {
            name: "PASSWORD_LENGTH".to_owned(),
            value: "long".to_owned(),
        }],
        ..BuiltinFunction::default()
    };
    let key = (account, region, builtin);
    add_row::<BuiltinFunctions>(&client.world, key.clone(), row).await;
    expect(
        &client,
        "the environment of function \
         111122223333/us-east-1/SecretsManagerElasticacheUserRotation means nothing",
    )
    .await;
    remove::<BuiltinFunctions>(&client, &key).await;
    let key = (account, region, "f".to_owned(), "e".to_owned());
    add_row::<FunctionEvents>(&client.world, key, FunctionEvent::default()).await;
    assert_eq!(
        problems(&client.world).await,
        [
            "event e of function 111122223333/us-east-1/f has no payload",
            "1 events wait for functions, with 0 jobs",
        ]
    );
}
