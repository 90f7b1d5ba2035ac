use postgres_protocol::escape::{escape_identifier, escape_literal};
use tokio_postgres::{
    Client, Config, NoTls,
    config::{ChannelBinding, SslMode},
    error::SqlState,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Credential, DatabaseError, Engine, Layout, Trust, engine::CONNECT_TIMEOUT};

/// PostgreSQL and Aurora PostgreSQL.
///
/// Source: the templates `SecretsManagerRDSPostgreSQLRotation…`.
pub struct PostgreSql;

impl Engine for PostgreSql {
    const LAYOUT: Layout = Layout {
        engines: &["postgres", "aurora-postgresql"],
        engine_optional: false,
        port: 5432,
        dbname: Some("postgres"),
    };
    const EXCLUDE_CHARACTERS: &'static str = r#":/@"'\"#;
    const USERNAME_LIMIT: usize = 63;
    type Connection = Client;

    async fn connect(
        credential: &Credential,
        tls: Option<&Trust>,
    ) -> Result<Client, DatabaseError> {
        let mut config = Config::new();
        config
            .host(&credential.host)
            .port(credential.port)
            .user(&credential.username)
            .password(credential.password.expose())
            .application_name("strongroom rotation")
            .channel_binding(ChannelBinding::Prefer)
            .connect_timeout(CONNECT_TIMEOUT);
        if let Some(dbname) = &credential.dbname {
            config.dbname(dbname);
        }
        match tls {
            Some(trust) => {
                config.ssl_mode(SslMode::Require);
                let connector = MakeRustlsConnect::new((*trust.config).clone());
                let (client, connection) = config.connect(connector).await.map_err(failed)?;
                tokio::spawn(connection);
                Ok(client)
            }
            None => {
                config.ssl_mode(SslMode::Disable);
                let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
                tokio::spawn(connection);
                Ok(client)
            }
        }
    }

    async fn check(client: &mut Client) -> Result<(), DatabaseError> {
        client.batch_execute("SELECT NOW()").await.map_err(failed)
    }

    async fn set_own_password(
        client: &mut Client,
        username: &str,
        password: &str,
    ) -> Result<(), DatabaseError> {
        alter_user(client, username, password).await
    }

    async fn set_clone(
        client: &mut Client,
        current: &str,
        pending: &str,
        password: &str,
    ) -> Result<(), DatabaseError> {
        let known = client
            .query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&pending])
            .await
            .map_err(failed)?;
        if known.is_some() {
            return alter_user(client, pending, password).await;
        }
        let (role, login) = (escape_identifier(pending), escape_literal(password));
        // Together, so that no clone is left without its rights.
        let statements = format!(
            "BEGIN; CREATE ROLE {role} WITH LOGIN PASSWORD {login}; GRANT {} TO {role}; COMMIT",
            escape_identifier(current)
        );
        client.batch_execute(&statements).await.map_err(failed)
    }

    async fn close(client: Client) {
        // Its task says goodbye to the server.
        drop(client);
    }
}

async fn alter_user(client: &Client, user: &str, password: &str) -> Result<(), DatabaseError> {
    let (user, password) = (escape_identifier(user), escape_literal(password));
    let statement = format!("ALTER USER {user} WITH PASSWORD {password}");
    client.batch_execute(&statement).await.map_err(failed)
}

fn failed(error: tokio_postgres::Error) -> DatabaseError {
    match error.as_db_error() {
        // What the modules that check passwords raise.
        Some(refusal) => DatabaseError {
            password_refused: *refusal.code() == SqlState::INVALID_PARAMETER_VALUE,
            text: format!("{} (SQLSTATE {})", refusal.message(), refusal.code().code()),
        },
        None => DatabaseError::new(with_sources(&error)),
    }
}

/// An error with what lies behind it: the driver's own text leaves that out.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
