//! MySQL and MariaDB: one protocol, two dialects.

mod grants;

use mysql_async::{Conn, OptsBuilder, SslOpts, Value, prelude::Queryable as _};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use crate::{Credential, DatabaseError, Engine, Layout, Trust};

/// MySQL and Aurora MySQL.
///
/// Source: the templates `SecretsManagerRDSMySQLRotation…`.
pub struct MySql;

/// MariaDB.
///
/// Source: the templates `SecretsManagerRDSMariaDBRotation…`.
pub struct MariaDb;

/// `ER_NOT_VALID_PASSWORD`
const PASSWORD_REFUSED: u16 = 1819;

impl Engine for MySql {
    const LAYOUT: Layout = Layout {
        engines: &["mysql", "aurora-mysql"],
        engine_optional: false,
        port: 3306,
        dbname: None,
    };
    const EXCLUDE_CHARACTERS: &'static str = r#"/@"'\"#;
    // The template's 16 is that of MySQL 5.6, for which the function's
    // environment can say so; servers since 5.7.8 take 32.
    const USERNAME_LIMIT: usize = 32;
    type Connection = Conn;

    async fn connect(credential: &Credential, tls: Option<&Trust>) -> Result<Conn, DatabaseError> {
        connect(credential, tls).await
    }

    async fn check(conn: &mut Conn) -> Result<(), DatabaseError> {
        query(conn, "SELECT NOW()").await
    }

    async fn set_own_password(conn: &mut Conn, _: &str, new: &str) -> Result<(), DatabaseError> {
        let password = password(conn, new).await?;
        query(conn, &format!("SET PASSWORD = {password}")).await
    }

    async fn set_clone(
        conn: &mut Conn,
        current: &str,
        pending: &str,
        new: &str,
    ) -> Result<(), DatabaseError> {
        set_clone(conn, current, pending, new).await
    }

    async fn close(conn: Conn) {
        let _ = conn.disconnect().await;
    }
}

impl Engine for MariaDb {
    const LAYOUT: Layout = Layout {
        engines: &["mariadb"],
        ..MySql::LAYOUT
    };
    const EXCLUDE_CHARACTERS: &'static str = MySql::EXCLUDE_CHARACTERS;
    const USERNAME_LIMIT: usize = 80;
    type Connection = Conn;

    async fn connect(credential: &Credential, tls: Option<&Trust>) -> Result<Conn, DatabaseError> {
        connect(credential, tls).await
    }

    async fn check(conn: &mut Conn) -> Result<(), DatabaseError> {
        query(conn, "SELECT NOW()").await
    }

    async fn set_own_password(conn: &mut Conn, _: &str, new: &str) -> Result<(), DatabaseError> {
        query(conn, &format!("SET PASSWORD = PASSWORD({})", quoted(new))).await
    }

    async fn set_clone(
        conn: &mut Conn,
        current: &str,
        pending: &str,
        new: &str,
    ) -> Result<(), DatabaseError> {
        set_clone(conn, current, pending, new).await
    }

    async fn close(conn: Conn) {
        let _ = conn.disconnect().await;
    }
}

async fn connect(credential: &Credential, tls: Option<&Trust>) -> Result<Conn, DatabaseError> {
    let ssl = tls.map(|trust| {
        SslOpts::default()
            .with_disable_built_in_roots(true)
            .with_root_certs(vec![trust.pem.to_vec().into()])
    });
    let opts = OptsBuilder::default()
        .ip_or_hostname(&credential.host)
        .tcp_port(credential.port)
        .user(Some(&credential.username))
        .pass(Some(credential.password.expose()))
        .db_name(credential.dbname.as_ref())
        // The host that is named, not a socket that it tells of.
        .prefer_socket(false)
        .ssl_opts(ssl)
        // Known quoting, whatever the server's own mode is.
        .init(vec!["SET SESSION sql_mode = ''"]);
    // The driver panics where a server asks for what it was built without:
    // MariaDB's ed25519 and PARSEC, which take cryptography of their own.
    let mut connecting = JoinSet::new();
    connecting.spawn(Conn::new(opts));
    match connecting.join_next().await {
        Some(Ok(connected)) => connected.map_err(failed),
        _ => Err(DatabaseError::new(
            "the user logs in by a plugin of the server that isn't supported, such as ed25519 or \
             PARSEC",
        )),
    }
}

/// The templates of both databases, but for the order, and for users who come
/// from certain hosts. No statement of these can be taken back, and a clone
/// that logs in counts as whole when the step is done again: so its password
/// comes last.
async fn set_clone(
    conn: &mut Conn,
    current: &str,
    pending: &str,
    new: &str,
) -> Result<(), DatabaseError> {
    let known = hosts(conn, pending).await?;
    let hosts = hosts_to_clone(hosts(conn, current).await?);
    for host in &hosts {
        let (from, to) = (account(current, host), account(pending, host));
        if !known.contains(host) {
            let interim = interim(new);
            let statement = Zeroizing::new(format!(
                "CREATE USER {to} IDENTIFIED BY {}",
                quoted(&interim)
            ));
            let made = query(conn, &statement).await;
            made.map_err(|error| error.without(&[&interim]))?;
        }
        let grants: Vec<String> = show_grants(conn, &from).await?;
        for grant in grants.iter().filter_map(|grant| grants::parse(grant)) {
            query(conn, &grant.to(&to)).await?;
        }
        require(conn, (current, host), &to).await?;
    }
    if let [host] = hosts.as_slice() {
        let (to, password) = (account(pending, host), password(conn, new).await?);
        return query(conn, &format!("SET PASSWORD FOR {to} = {password}")).await;
    }
    // In one statement, so that none is left behind.
    let password = quoted(new);
    let all = hosts
        .iter()
        .map(|host| format!("{} IDENTIFIED BY {password}", account(pending, host)));
    let all = Zeroizing::new(all.collect::<Vec<_>>().join(", "));
    query(conn, &format!("ALTER USER {}", *all)).await
}

/// The hosts from which a user may come, each of which is an account of its
/// own.
async fn hosts(conn: &mut Conn, user: &str) -> Result<Vec<String>, DatabaseError> {
    conn.exec(
        "SELECT Host FROM mysql.user WHERE User = ? ORDER BY Host",
        (user,),
    )
    .await
    .map_err(failed)
}

/// The template knows the account of every host, `%`, alone, and so it is
/// here where there is one. A user without it is cloned with each that there
/// is.
fn hosts_to_clone(hosts: Vec<String>) -> Vec<String> {
    const EVERYWHERE: &str = "%";
    if hosts.is_empty() || hosts.iter().any(|host| host == EVERYWHERE) {
        return vec![EVERYWHERE.to_owned()];
    }
    hosts
}

fn account(user: &str, host: &str) -> String {
    format!("{}@{}", quoted(user), quoted(host))
}

/// The password of a clone until its own is set. It is of the same characters,
/// so that what the database asks of passwords it has too.
fn interim(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.chars().rev().collect())
}

async fn query(conn: &mut Conn, statement: &str) -> Result<(), DatabaseError> {
    conn.query_drop(statement).await.map_err(failed)
}

async fn show_grants(conn: &mut Conn, user: &str) -> Result<Vec<String>, DatabaseError> {
    let statement = format!("SHOW GRANTS FOR {user}");
    conn.query(statement).await.map_err(failed)
}

/// A password as `SET PASSWORD` wants it: MySQL hashes it itself since 8.0.
async fn password(conn: &mut Conn, new: &str) -> Result<String, DatabaseError> {
    let version: Option<String> = conn.query_first("SELECT VERSION()").await.map_err(failed)?;
    let version = version.unwrap_or_default();
    let major: u32 = version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .unwrap_or(8);
    let literal = quoted(new);
    if major >= 8 && !version.contains("MariaDB") {
        Ok(literal)
    } else {
        Ok(format!("PASSWORD({literal})"))
    }
}

/// Gives the clone what the user must bring of TLS.
async fn require(
    conn: &mut Conn,
    (current, host): (&str, &str),
    pending: &str,
) -> Result<(), DatabaseError> {
    type Requirement = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);
    let requirement: Option<Requirement> = conn
        .exec_first(
            "SELECT CAST(ssl_type AS BINARY), CAST(ssl_cipher AS BINARY), \
             CAST(x509_issuer AS BINARY), CAST(x509_subject AS BINARY) \
             FROM mysql.user WHERE User = ? AND Host = ?",
            (current, host),
        )
        .await
        .map_err(failed)?;
    let Some((kind, cipher, issuer, subject)) = requirement else {
        return Ok(());
    };
    let clause = match kind.as_slice() {
        b"ANY" => "SSL".to_owned(),
        b"X509" => "X509".to_owned(),
        b"SPECIFIED" => {
            let parts = [("CIPHER", cipher), ("ISSUER", issuer), ("SUBJECT", subject)];
            let parts = parts.iter().filter(|(_, value)| !value.is_empty());
            let parts: Vec<String> = parts
                .map(|(name, value)| format!("{name} {}", quoted(&String::from_utf8_lossy(value))))
                .collect();
            parts.join(" AND ")
        }
        _ => "NONE".to_owned(),
    };
    query(conn, &format!("ALTER USER {pending} REQUIRE {clause}")).await
}

/// A literal, by the driver's own quoting; the mode in which backslashes are
/// ordinary is off.
fn quoted(text: &str) -> String {
    Value::from(text).as_sql(false)
}

fn failed(error: mysql_async::Error) -> DatabaseError {
    match error {
        mysql_async::Error::Server(refusal) => DatabaseError {
            password_refused: refusal.code == PASSWORD_REFUSED,
            text: format!(
                "{} (error {}, {})",
                refusal.message, refusal.code, refusal.state
            ),
        },
        other => DatabaseError::new(other),
    }
}
