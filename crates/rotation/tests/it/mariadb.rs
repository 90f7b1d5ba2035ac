use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use mysql_async::{Conn, OptsBuilder, prelude::Queryable as _};
use serde_json::{Value, json};
use strongroom_rotation::{Step, Template};

use crate::{
    home::{MASTER, Rotation},
    servers::{ROOT_PASSWORD, Server},
};

async fn connect(port: u16, user: &str, password: &str) -> Result<Conn, mysql_async::Error> {
    let opts = OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .user(Some(user))
        .pass(Some(password))
        .prefer_socket(false);
    Conn::new(opts).await
}

async fn root(server: &Server, statements: &[&str]) {
    let mut conn = connect(server.port, "superuser", ROOT_PASSWORD)
        .await
        .unwrap();
    for statement in statements {
        conn.query_drop(*statement).await.unwrap();
    }
}

async fn logs_in(server: &Server, secret: &Value) -> bool {
    let text = |name: &str| secret[name].as_str().unwrap().to_owned();
    connect(server.port, &text("username"), &text("password"))
        .await
        .is_ok()
}

fn secret(server: &Server, engine: &str, user: &str, password: &str) -> Value {
    json!({
        "engine": engine, "host": "localhost", "port": server.port,
        "username": user, "password": password,
    })
}

/// Both dialects: MariaDB understands that of MySQL before 8.
const DIALECTS: [(&str, Template, Template); 2] = [
    (
        "mariadb",
        Template::MariaDbSingleUser,
        Template::MariaDbMultiUser,
    ),
    ("mysql", Template::MySqlSingleUser, Template::MySqlMultiUser),
];

#[tokio::test]
async fn a_single_user() {
    let mut server = Server::mariadb();
    for (engine, single, _) in DIALECTS {
        let user = format!("{engine}_app");
        root(
            &server,
            &[&format!(
                "CREATE USER '{user}'@'%' IDENTIFIED BY 'fi\\'r\\\\st'"
            )],
        )
        .await;
        let mut value = secret(&server, engine, &user, r"fi'r\st");
        value["ssl"] = true.into();
        let rotation = Rotation::new(single, &server.ca_pem, &value, None);
        for _ in 0..3 {
            let before = rotation.current();
            rotation.rotate().await;
            assert!(logs_in(&server, &rotation.current()).await);
            assert!(!logs_in(&server, &before).await);
        }
        let token = rotation.begin();
        for step in Step::ALL {
            rotation.step(step, &token).await.unwrap();
            rotation.step(step, &token).await.unwrap();
        }
        let token = rotation.begin();
        rotation.step(Step::CreateSecret, &token).await.unwrap();
        server.stop();
        assert_eq!(
            rotation.finish(&token).await.unwrap_err().0,
            Step::SetSecret
        );
        server.restart();
        assert!(logs_in(&server, &rotation.current()).await);
        rotation.finish(&token).await.unwrap();
        assert!(logs_in(&server, &rotation.current()).await);
    }
}

#[tokio::test]
async fn alternating_users() {
    let mut server = Server::mariadb();
    root(
        &server,
        &[
            "CREATE DATABASE `a TO b`",
            "CREATE TABLE `a TO b`.t (n INT)",
            "CREATE ROLE readers",
        ],
    )
    .await;
    for (engine, _, multi) in DIALECTS {
        let user = format!("{engine}_app");
        root(
            &server,
            &[
                &format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'first'"),
                &format!("GRANT SELECT, INSERT ON `a TO b`.* TO '{user}'@'%' WITH GRANT OPTION"),
                &format!("GRANT readers TO '{user}'@'%'"),
                &format!("SET DEFAULT ROLE readers FOR '{user}'@'%'"),
            ],
        )
        .await;
        let mut value = secret(&server, engine, &user, "first");
        value["masterarn"] = MASTER.into();
        let mut superuser = secret(&server, engine, "superuser", ROOT_PASSWORD);
        superuser["dbname"] = "nowhere".into();
        let rotation = Rotation::new(multi, &server.ca_pem, &value, Some(&superuser));
        for round in 0..4 {
            let before = rotation.current();
            rotation.rotate().await;
            let after = rotation.current();
            let clone = if round % 2 == 0 { "_clone" } else { "" };
            assert_eq!(after["username"], format!("{user}{clone}"));
            assert!(
                logs_in(&server, &before).await,
                "the user before keeps logging in"
            );
            let password = after["password"].as_str().unwrap();
            let mut conn = connect(server.port, after["username"].as_str().unwrap(), password)
                .await
                .unwrap();
            conn.query_drop("INSERT INTO `a TO b`.t VALUES (1)")
                .await
                .unwrap();
            let role: Option<String> = conn.query_first("SELECT CURRENT_ROLE()").await.unwrap();
            assert_eq!(role.as_deref(), Some("readers"));
            let grants: Vec<String> = conn.query("SHOW GRANTS").await.unwrap();
            assert!(
                grants
                    .iter()
                    .any(|grant| grant.ends_with("WITH GRANT OPTION")),
                "{grants:?}"
            );
            assert!(
                grants.iter().any(|grant| grant.contains("readers")),
                "{grants:?}"
            );
        }
        // A wrong superuser, then the right one.
        rotation.set_master(&secret(&server, engine, "superuser", "wrong"));
        let token = rotation.begin();
        let (step, error) = rotation.finish(&token).await.unwrap_err();
        assert_eq!(step, Step::SetSecret, "{error}");
        assert!(logs_in(&server, &rotation.current()).await);
        rotation.set_master(&superuser);
        rotation.finish(&token).await.unwrap();
        // Down between the steps.
        let token = rotation.begin();
        rotation.step(Step::CreateSecret, &token).await.unwrap();
        rotation.step(Step::SetSecret, &token).await.unwrap();
        server.stop();
        assert!(rotation.step(Step::TestSecret, &token).await.is_err());
        server.restart();
        assert!(logs_in(&server, &rotation.current()).await);
        rotation.finish(&token).await.unwrap();
        assert!(logs_in(&server, &rotation.current()).await);
    }
}

#[tokio::test]
async fn what_a_user_must_bring_of_tls_is_copied() {
    let server = Server::mariadb();
    root(
        &server,
        &["CREATE USER 'app'@'%' IDENTIFIED BY 'first' REQUIRE SSL"],
    )
    .await;
    for multi in [Template::MariaDbMultiUser, Template::MySqlMultiUser] {
        let engine = if multi == Template::MySqlMultiUser {
            "mysql"
        } else {
            "mariadb"
        };
        root(
            &server,
            &[
                "DROP USER IF EXISTS 'app_clone'@'%'",
                "SET PASSWORD FOR 'app'@'%' = PASSWORD('first')",
            ],
        )
        .await;
        let mut value = secret(&server, engine, "app", "first");
        value["masterarn"] = MASTER.into();
        let superuser = secret(&server, engine, "superuser", ROOT_PASSWORD);
        let rotation = Rotation::new(multi, &server.ca_pem, &value, Some(&superuser));
        rotation.rotate().await;
        assert!(
            !logs_in(&server, &rotation.current()).await,
            "without TLS nobody gets in"
        );
        let mut conn = connect(server.port, "superuser", ROOT_PASSWORD)
            .await
            .unwrap();
        let kind: Option<String> = conn
            .query_first("SELECT ssl_type FROM mysql.user WHERE User = 'app_clone'")
            .await
            .unwrap();
        assert_eq!(kind.as_deref(), Some("ANY"));
    }
}

/// How many rotations an application watches.
const ROTATIONS: usize = 200;

/// An application that reads the secret and logs in, again and again, never
/// fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_notices_nothing_of_alternating_rotations() {
    let server = Arc::new(Server::mariadb());
    root(&server, &["CREATE USER 'app'@'%' IDENTIFIED BY 'first'"]).await;
    let mut value = secret(&server, "mariadb", "app", "first");
    value["masterarn"] = MASTER.into();
    let superuser = secret(&server, "mariadb", "superuser", ROOT_PASSWORD);
    let rotation = Arc::new(Rotation::new(
        Template::MariaDbMultiUser,
        &server.ca_pem,
        &value,
        Some(&superuser),
    ));
    let stop = Arc::new(AtomicBool::new(false));
    let logins = Arc::new(AtomicUsize::new(0));
    let application = {
        let (rotation, server) = (Arc::clone(&rotation), Arc::clone(&server));
        let (stop, logins) = (Arc::clone(&stop), Arc::clone(&logins));
        tokio::spawn(async move {
            let mut failed = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let value = rotation.current();
                if !logs_in(&server, &value).await {
                    failed.push(value["username"].clone());
                }
                logins.fetch_add(1, Ordering::Relaxed);
            }
            failed
        })
    };
    for _ in 0..ROTATIONS {
        rotation.rotate().await;
        // What was read before a rotation is good until the next.
        let before = logins.load(Ordering::Relaxed);
        while logins.load(Ordering::Relaxed) < before + 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert_eq!(application.await.unwrap(), Vec::<Value>::new());
    assert!(logins.load(Ordering::Relaxed) >= 2 * ROTATIONS);
}
