use redis::{Client, IntoConnectionInfo as _, RedisConnectionInfo, cmd};
use serde_json::{Value, json};
use strongroom_rotation::{Step, Template};

use crate::{
    home::{MASTER, Rotation},
    servers::{ROOT_PASSWORD, Server},
};

async fn connect(
    port: u16,
    user: &str,
    password: &str,
) -> Result<redis::aio::MultiplexedConnection, redis::RedisError> {
    let login = RedisConnectionInfo::default()
        .set_username(user)
        .set_password(password);
    let info = ("127.0.0.1", port)
        .into_connection_info()?
        .set_redis_settings(login);
    Client::open(info)?.get_multiplexed_async_connection().await
}

async fn logs_in(server: &Server, secret: &Value) -> bool {
    let text = |name: &str| secret[name].as_str().unwrap().to_owned();
    connect(server.port, &text("username"), &text("password"))
        .await
        .is_ok()
}

#[tokio::test]
async fn a_user_has_the_new_and_the_current_password() {
    let mut server = Server::redis();
    let mut root = connect(server.port, "default", ROOT_PASSWORD)
        .await
        .unwrap();
    cmd("ACL")
        .arg(&[
            "SETUSER",
            "app",
            "on",
            ">first",
            ">forgotten",
            "~*",
            "+@read",
            "+ping",
        ])
        .exec_async(&mut root)
        .await
        .unwrap();
    cmd("ACL").arg("SAVE").exec_async(&mut root).await.unwrap();
    let login = |user: &str, password: &str| {
        json!({
            "host": "localhost", "port": server.port, "ssl": "false",
            "username": user, "password": password,
        })
    };
    let mut value = login("app", "first");
    value["masterarn"] = MASTER.into();
    value["user_arn"] = "arn:aws:elasticache:us-east-1:111122223333:user:app".into();
    let superuser = login("default", ROOT_PASSWORD);
    let wrong = login("default", "wrong");
    let forgotten = login("app", "forgotten");
    let rotation = Rotation::new(Template::ElasticacheUser, "", &value, Some(&superuser));
    let mut oldest = None;
    for _ in 0..4 {
        let before = rotation.current();
        rotation.rotate().await;
        let after = rotation.current();
        assert!(logs_in(&server, &after).await);
        assert!(
            logs_in(&server, &before).await,
            "the password before keeps logging in"
        );
        if let Some(oldest) = oldest.replace(before) {
            assert!(
                !logs_in(&server, &oldest).await,
                "and the one before that does not"
            );
        }
        assert_eq!(after["password"].as_str().unwrap().chars().count(), 20);
        assert_eq!(after["user_arn"], value["user_arn"]);
    }
    assert!(!logs_in(&server, &forgotten).await);

    // A wrong superuser; the server down; and each step twice.
    rotation.set_master(&wrong);
    let token = rotation.begin();
    assert_eq!(
        rotation.finish(&token).await.unwrap_err().0,
        Step::SetSecret
    );
    assert!(logs_in(&server, &rotation.current()).await);
    // One for another server of the same host.
    let mut elsewhere = superuser.clone();
    elsewhere["port"] = 6379.into();
    rotation.set_master(&elsewhere);
    let (step, why) = rotation.finish(&token).await.unwrap_err();
    assert_eq!(step, Step::SetSecret);
    let expected = "is not the same host as/rds replica of master localhost (port 6379)";
    assert!(why.to_string().contains(expected), "{why}");
    rotation.set_master(&superuser);
    server.stop();
    assert_eq!(
        rotation.finish(&token).await.unwrap_err().0,
        Step::SetSecret
    );
    server.restart();
    for step in Step::ALL {
        rotation.step(step, &token).await.unwrap();
        rotation.step(step, &token).await.unwrap();
    }
    // The server was told to keep its users.
    server.stop();
    server.restart();
    assert!(logs_in(&server, &rotation.current()).await);
}

#[tokio::test]
async fn a_user_with_the_right_to_changes_their_own() {
    let server = Server::redis();
    let mut root = connect(server.port, "default", ROOT_PASSWORD)
        .await
        .unwrap();
    cmd("ACL")
        .arg(&["SETUSER", "app", "on", ">first", "~*", "+@all"])
        .exec_async(&mut root)
        .await
        .unwrap();
    let value = json!({
        "engine": "redis", "host": "127.0.0.1", "port": server.port,
        "username": "app", "password": "first",
    });
    let rotation = Rotation::new(Template::ElasticacheUser, "", &value, None);
    rotation.rotate().await;
    assert!(logs_in(&server, &rotation.current()).await);
}
