use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use serde_json::{Value, json};
use strongroom_rotation::{Step, Template};
use tokio_postgres::{Client, Config, NoTls};

use crate::{
    home::{MASTER, Rotation},
    servers::{ROOT_PASSWORD, Server},
};

const SINGLE: Template = Template::PostgreSqlSingleUser;
const MULTI: Template = Template::PostgreSqlMultiUser;

async fn connect(port: u16, user: &str, password: &str) -> Result<Client, tokio_postgres::Error> {
    let mut config = Config::new();
    config
        .host("127.0.0.1")
        .port(port)
        .user(user)
        .password(password)
        .dbname("postgres");
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn root(server: &Server) -> Client {
    connect(server.port, "postgres", ROOT_PASSWORD)
        .await
        .unwrap()
}

async fn logs_in(server: &Server, secret: &Value) -> bool {
    let text = |name: &str| secret[name].as_str().unwrap().to_owned();
    connect(server.port, &text("username"), &text("password"))
        .await
        .is_ok()
}

fn secret(server: &Server, user: &str, password: &str) -> Value {
    json!({
        "engine": "postgres", "host": "localhost", "port": server.port,
        "username": user, "password": password, "dbname": "postgres",
    })
}

fn alternating(server: &Server, user: &str, password: &str) -> Value {
    let mut value = secret(server, user, password);
    value["masterarn"] = MASTER.into();
    value
}

fn master(server: &Server) -> Value {
    secret(server, "postgres", ROOT_PASSWORD)
}

fn error(outcome: Result<(), (Step, strongroom_rotation::StepError)>) -> (Step, String) {
    let (step, error) = outcome.unwrap_err();
    (step, error.to_string())
}

#[tokio::test]
async fn a_single_user() {
    let mut server = Server::postgresql();
    let odd = r#"o"dd 'user\"#;
    root(&server)
        .await
        .batch_execute(r#"CREATE ROLE "o""dd 'user\" LOGIN PASSWORD 'first'"#)
        .await
        .unwrap();
    let mut value = secret(&server, odd, "first");
    value["note"] = json!({"kept": [1, null]});
    value["port"] = server.port.to_string().into();
    let rotation = Rotation::new(SINGLE, &server.ca_pem, &value, None);

    for _ in 0..3 {
        let before = rotation.current();
        rotation.rotate().await;
        let after = rotation.current();
        assert!(logs_in(&server, &after).await);
        assert!(
            !logs_in(&server, &before).await,
            "the old password is invalid at once"
        );
        assert_eq!(after["note"], value["note"]);
        assert_eq!(after["password"].as_str().unwrap().chars().count(), 32);
    }

    // Each step may be done again, and be interrupted before its end.
    let token = rotation.begin();
    for step in Step::ALL {
        rotation.step(step, &token).await.unwrap();
        rotation.step(step, &token).await.unwrap();
    }

    // The database is down at every step that needs it.
    let token = rotation.begin();
    rotation.step(Step::CreateSecret, &token).await.unwrap();
    server.stop();
    let (step, text) = error(rotation.finish(&token).await);
    assert_eq!(step, Step::SetSecret);
    assert!(
        text.starts_with(
            "setSecret: Unable to log into database with previous, current, or pending secret"
        ),
        "{text}"
    );
    server.restart();
    assert!(logs_in(&server, &rotation.current()).await);
    rotation.step(Step::SetSecret, &token).await.unwrap();
    server.stop();
    assert_eq!(error(rotation.finish(&token).await).0, Step::SetSecret);
    server.restart();
    rotation.finish(&token).await.unwrap();
    assert!(logs_in(&server, &rotation.current()).await);

    // A rotation whose last step never came: the pending password is already
    // the database's, and the next one starts from there.
    let token = rotation.begin();
    rotation.step(Step::CreateSecret, &token).await.unwrap();
    rotation.step(Step::SetSecret, &token).await.unwrap();
    rotation.finish(&token).await.unwrap();

    // Nobody has the password of another changed.
    let token = rotation.begin();
    rotation.step(Step::CreateSecret, &token).await.unwrap();
    let mut other = rotation.pending();
    other["username"] = "postgres".into();
    rotation.overwrite(&token, &other);
    let (_, text) = error(rotation.finish(&token).await);
    assert!(
        text.contains("Attempting to modify user postgres other than current user"),
        "{text}"
    );
    let mut other = rotation.current();
    other["password"] = "x".into();
    other["host"] = "127.0.0.1".into();
    rotation.overwrite(&token, &other);
    let (_, text) = error(rotation.finish(&token).await);
    assert!(
        text.contains("for host 127.0.0.1 other than current host localhost"),
        "{text}"
    );
    other["host"] = "localhost".into();
    other["port"] = 1.into();
    rotation.overwrite(&token, &other);
    let (_, text) = error(rotation.finish(&token).await);
    assert!(
        text.contains("for host localhost (port 1) other than current host localhost (port"),
        "{text}"
    );
}

#[tokio::test]
async fn a_lost_current_password_is_found_in_the_previous_version() {
    let server = Server::postgresql();
    root(&server)
        .await
        .batch_execute("CREATE ROLE app LOGIN PASSWORD 'first'")
        .await
        .unwrap();
    let rotation = Rotation::new(
        SINGLE,
        &server.ca_pem,
        &secret(&server, "app", "first"),
        None,
    );
    rotation.rotate().await;
    let password = rotation.previous()["password"].as_str().unwrap().to_owned();
    root(&server)
        .await
        .batch_execute(&format!("ALTER ROLE app PASSWORD '{password}'"))
        .await
        .unwrap();
    assert!(!logs_in(&server, &rotation.current()).await);
    rotation.rotate().await;
    assert!(logs_in(&server, &rotation.current()).await);
}

#[tokio::test]
async fn alternating_users() {
    let mut server = Server::postgresql();
    root(&server)
        .await
        .batch_execute(
            "CREATE ROLE app LOGIN PASSWORD 'first'; CREATE TABLE t AS SELECT 1 AS n; \
             GRANT SELECT ON t TO app",
        )
        .await
        .unwrap();
    let value = alternating(&server, "app", "first");
    let rotation = Rotation::new(MULTI, &server.ca_pem, &value, Some(&master(&server)));

    for round in 0..4 {
        let before = rotation.current();
        rotation.rotate().await;
        let after = rotation.current();
        let expected = if round % 2 == 0 { "app_clone" } else { "app" };
        assert_eq!(after["username"], expected);
        assert!(
            logs_in(&server, &before).await,
            "the user before keeps logging in"
        );
        let password = after["password"].as_str().unwrap();
        let client = connect(server.port, expected, password).await.unwrap();
        client.query_one("SELECT n FROM t", &[]).await.unwrap();
    }

    // Each step again.
    let token = rotation.begin();
    for step in Step::ALL {
        rotation.step(step, &token).await.unwrap();
        rotation.step(step, &token).await.unwrap();
    }

    // A wrong superuser.
    rotation.set_master(&secret(&server, "postgres", "wrong"));
    let token = rotation.begin();
    let (step, text) = error(rotation.finish(&token).await);
    assert_eq!(step, Step::SetSecret);
    assert!(
        text.contains("using credentials in master secret"),
        "{text}"
    );
    assert!(logs_in(&server, &rotation.current()).await);
    // One for another host.
    let mut elsewhere = master(&server);
    elsewhere["host"] = "127.0.0.1".into();
    rotation.set_master(&elsewhere);
    let (_, text) = error(rotation.finish(&token).await);
    assert!(
        text.contains("Current database host localhost is not the same host"),
        "{text}"
    );
    // One for another server of the same host, who would make a clone there of
    // a user that logs in here.
    elsewhere = master(&server);
    elsewhere["port"] = (server.port - 1).into();
    rotation.set_master(&elsewhere);
    let (step, text) = error(rotation.finish(&token).await);
    assert_eq!(step, Step::SetSecret);
    let apart = format!(
        "Current database host localhost (port {}) is not the same host as/rds replica of \
         master localhost (port {})",
        server.port,
        server.port - 1
    );
    assert!(text.contains(&apart), "{text}");
    // And the right one again.
    rotation.set_master(&master(&server));
    rotation.finish(&token).await.unwrap();

    // Down at each step.
    let token = rotation.begin();
    rotation.step(Step::CreateSecret, &token).await.unwrap();
    server.stop();
    assert_eq!(error(rotation.finish(&token).await).0, Step::SetSecret);
    server.restart();
    rotation.step(Step::SetSecret, &token).await.unwrap();
    server.stop();
    assert!(rotation.step(Step::TestSecret, &token).await.is_err());
    server.restart();
    assert!(logs_in(&server, &rotation.current()).await);
    rotation.finish(&token).await.unwrap();

    // Who cannot log in is not cloned, whatever the superuser can.
    let token = rotation.begin();
    let mut stolen = rotation.current();
    stolen["username"] = "postgres".into();
    let mut pending = stolen.clone();
    pending["username"] = "postgres_clone".into();
    pending["password"] = "mine".into();
    rotation.overwrite(&token, &pending);
    let current = format!("v{}", token[1..].parse::<u32>().unwrap() - 1);
    let right = rotation.current();
    rotation.overwrite(&current, &stolen);
    let (_, text) = error(rotation.finish(&token).await);
    assert!(text.contains("using current credentials"), "{text}");
    rotation.overwrite(&current, &right);
    // Nor is another user than the clone made.
    rotation.overwrite(&token, &pending);
    let (_, text) = error(rotation.finish(&token).await);
    assert!(
        text.contains("Attempting to modify user postgres_clone"),
        "{text}"
    );
}

#[tokio::test]
async fn tls_by_the_rule_of_the_secret() {
    let server = Server::postgresql();
    let admin = root(&server).await;
    admin
        .batch_execute("CREATE ROLE app LOGIN PASSWORD 'first'")
        .await
        .unwrap();
    let other_ca = Server::postgresql().ca_pem.clone();
    let rotate = async |ssl: Value, ca: &str| {
        admin
            .batch_execute("ALTER ROLE app PASSWORD 'first'")
            .await
            .unwrap();
        let mut value = secret(&server, "app", "first");
        value["ssl"] = ssl;
        let rotation = Rotation::new(SINGLE, ca, &value, None);
        let token = rotation.begin();
        rotation
            .finish(&token)
            .await
            .map_err(|(_, error)| error.to_string())
    };
    for ssl in [json!(true), json!("True"), Value::Null, json!(false)] {
        rotate(ssl, &server.ca_pem).await.unwrap();
    }
    // Verified: a certificate of another authority will not do, and only what
    // is not required falls back.
    let text = rotate(json!(true), &other_ca).await.unwrap_err();
    assert!(text.contains("certificate"), "{text}");
    for ssl in [Value::Null, json!("yes"), json!(false)] {
        rotate(ssl, &other_ca).await.unwrap();
    }
}

#[tokio::test]
async fn a_password_that_the_database_does_not_take() {
    let server = Server::postgresql();
    let admin = root(&server).await;
    admin
        .batch_execute("CREATE ROLE app LOGIN PASSWORD 'first'")
        .await
        .unwrap();
    admin
        .batch_execute("ALTER SYSTEM SET shared_preload_libraries = 'passwordcheck'")
        .await
        .unwrap();
    drop(admin);
    let mut server = server;
    server.stop();
    server.restart();
    let rotation = Rotation::new(
        SINGLE,
        &server.ca_pem,
        &secret(&server, "app", "first"),
        None,
    );
    *rotation.secrets.next_password.lock().unwrap() = Some("lettersonlyhere".to_owned());
    let token = rotation.begin();
    let (step, refused) = rotation.finish(&token).await.unwrap_err();
    assert_eq!(
        (step, refused.kind()),
        (Step::SetSecret, "PasswordRefusedError"),
        "{refused}"
    );
    assert!(logs_in(&server, &rotation.current()).await);
    rotation.rotate().await;
    assert!(logs_in(&server, &rotation.current()).await);
}

/// An application that reads the secret and logs in, again and again, never
/// fails over 200 rotations.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_notices_nothing_of_alternating_rotations() {
    let server = Arc::new(Server::postgresql());
    root(&server)
        .await
        .batch_execute("CREATE ROLE app LOGIN PASSWORD 'first'")
        .await
        .unwrap();
    let mut value = alternating(&server, "app", "first");
    value["ssl"] = false.into();
    let mut superuser = master(&server);
    superuser["ssl"] = false.into();
    let rotation = Arc::new(Rotation::new(
        MULTI,
        &server.ca_pem,
        &value,
        Some(&superuser),
    ));
    let (stop, logins) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU32::new(0)),
    );
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
    for _ in 0..200 {
        rotation.rotate().await;
        // What was read before a rotation is good until the next: the login
        // that was on its way comes to its end.
        let before = logins.load(Ordering::Relaxed);
        while logins.load(Ordering::Relaxed) < before + 2 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert_eq!(application.await.unwrap(), Vec::<Value>::new());
    assert!(logins.load(Ordering::Relaxed) >= 400);
}
