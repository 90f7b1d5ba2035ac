use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisConnectionInfo,
    TlsCertificates, aio::MultiplexedConnection, cmd,
};

use crate::{
    Call, Credential, DatabaseError, Document, Engine, Home, Layout, StepError, Strategy, Trust,
    engine::{self, log_in},
};

/// A new password's length.
///
/// Source: the template `SecretsManagerElasticacheUserRotation`.
pub(crate) const PASSWORD_LENGTH: u32 = 20;

/// Redis and Valkey.
pub struct Redis;

/// An ACL user of Redis or Valkey. For a time the user has two passwords, the
/// new and the current one, as ElastiCache's users have, so that no login
/// fails. A superuser's secret, by `masterarn`, changes them; without one the
/// user does, who then needs the right to `ACL SETUSER`.
///
/// Source: the template `SecretsManagerElasticacheUserRotation`.
pub struct RedisUser;

impl<H: Home> Strategy<H> for RedisUser {
    async fn create_secret(&self, call: &Call<'_, H>) -> Result<(), StepError> {
        let current = call.current().await?;
        Credential::read(&current, &Redis::LAYOUT)?;
        if call.has_pending().await? {
            return Ok(());
        }
        let password = call
            .new_password(PASSWORD_LENGTH, Redis::EXCLUDE_CHARACTERS)
            .await?;
        let pending = current.with(&[("password", password.expose())]);
        call.keep_pending(pending).await
    }

    async fn set_secret(&self, call: &Call<'_, H>) -> Result<(), StepError> {
        let read = |document: &Document| Credential::read(document, &Redis::LAYOUT);
        let current = read(&call.current().await?)?;
        let pending = read(&call.pending().await?)?;
        let _permit = call.enter(&pending.host).await?;
        if let Ok(mut own) = log_in::<Redis>(&pending, call.trust).await {
            // It may have been set and not kept.
            return match &current.master_arn {
                Some(_) => save(&mut as_master(call, &current).await?).await,
                None => save(&mut own).await,
            }
            .map_err(StepError::from);
        }
        if pending.username != current.username {
            return Err(StepError::Value(format!(
                "setSecret: Attempting to modify user {} other than current user {}",
                pending.username, current.username
            )));
        }
        if let Some((host, expected)) = pending.servers_apart(&current) {
            return Err(StepError::Value(format!(
                "setSecret: Attempting to modify user for host {host} other than current host \
                 {expected}"
            )));
        }
        let mut own = log_in::<Redis>(&current, call.trust).await.map_err(|error| {
            StepError::Value(format!(
                "setSecret: Unable to log into database using current credentials for secret {}: \
                 {error}",
                call.secret_id
            ))
        })?;
        let passwords = [pending.password.expose(), current.password.expose()];
        let set = if current.master_arn.is_some() {
            let mut connection = as_master(call, &current).await?;
            set_passwords(&mut connection, &current.username, passwords).await
        } else {
            set_passwords(&mut own, &current.username, passwords).await
        };
        Ok(set.map_err(|error| error.without(&passwords.map(String::as_str)))?)
    }

    async fn test_secret(&self, call: &Call<'_, H>) -> Result<(), StepError> {
        let pending = Credential::read(&call.pending().await?, &Redis::LAYOUT)?;
        let _permit = call.enter(&pending.host).await?;
        engine::test::<Redis>(&pending, call.trust, call.secret_id).await
    }
}

/// A connection of the superuser's.
async fn as_master<H: Home>(
    call: &Call<'_, H>,
    current: &Credential,
) -> Result<MultiplexedConnection, StepError> {
    let master = call.master(current, &Redis::LAYOUT).await?;
    log_in::<Redis>(&master, call.trust).await.map_err(|error| {
        let arn = current.master_arn.as_deref().unwrap_or_default();
        StepError::Value(format!(
            "setSecret: Unable to log into database using credentials in master secret {arn}: \
             {error}"
        ))
    })
}

impl Engine for Redis {
    const LAYOUT: Layout = Layout {
        engines: &["redis", "valkey", "elasticache"],
        engine_optional: true,
        port: 6379,
        dbname: None,
    };
    const EXCLUDE_CHARACTERS: &'static str = r#"/@"'\"#;
    const USERNAME_LIMIT: usize = usize::MAX;
    type Connection = MultiplexedConnection;

    async fn connect(
        credential: &Credential,
        tls: Option<&Trust>,
    ) -> Result<Self::Connection, DatabaseError> {
        let (host, port) = (credential.host.clone(), credential.port);
        let addr = match tls {
            Some(_) => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            },
            None => ConnectionAddr::Tcp(host, port),
        };
        let login = RedisConnectionInfo::default()
            .set_username(&credential.username)
            .set_password(credential.password.expose());
        let info: ConnectionInfo = addr
            .into_connection_info()
            .map_err(failed)?
            .set_redis_settings(login);
        let client = match tls {
            Some(trust) => {
                let certificates = TlsCertificates {
                    client_tls: None,
                    root_cert: Some(trust.pem.to_vec()),
                };
                Client::build_with_tls(info, certificates).map_err(failed)?
            }
            None => Client::open(info).map_err(failed)?,
        };
        client
            .get_multiplexed_async_connection()
            .await
            .map_err(failed)
    }

    async fn check(connection: &mut Self::Connection) -> Result<(), DatabaseError> {
        cmd("PING").exec_async(connection).await.map_err(failed)
    }

    async fn set_own_password(
        connection: &mut Self::Connection,
        username: &str,
        password: &str,
    ) -> Result<(), DatabaseError> {
        set_passwords(connection, username, [password, password]).await
    }

    async fn set_clone(
        _: &mut Self::Connection,
        _: &str,
        _: &str,
        _: &str,
    ) -> Result<(), DatabaseError> {
        Err(DatabaseError::new("users of Redis are not cloned"))
    }

    async fn close(connection: Self::Connection) {
        drop(connection);
    }
}

/// Gives a user these passwords and no others, in one command, and has the
/// server keep them over a restart.
async fn set_passwords(
    connection: &mut MultiplexedConnection,
    username: &str,
    passwords: [&(impl AsRef<str> + ?Sized); 2],
) -> Result<(), DatabaseError> {
    let mut command = cmd("ACL");
    command.arg("SETUSER").arg(username).arg("resetpass");
    for password in passwords {
        command.arg(format!(">{}", password.as_ref()));
    }
    command.exec_async(connection).await.map_err(failed)?;
    save(connection).await
}

/// Has the server keep its users over a restart.
async fn save(connection: &mut MultiplexedConnection) -> Result<(), DatabaseError> {
    // A server has an ACL file, or a configuration file, or neither: then its
    // users are gone after a restart anyway, and it refuses both. Who may do
    // neither leaves that to others.
    for command in [["ACL", "SAVE"], ["CONFIG", "REWRITE"]] {
        let [name, argument] = command;
        match cmd(name).arg(argument).exec_async(connection).await {
            Ok(()) => break,
            Err(error) if error.is_io_error() || is_of_the_disk(&error) => {
                return Err(failed(error));
            }
            Err(_) => {}
        }
    }
    Ok(())
}

/// Whether the server would keep its users, and could not.
fn is_of_the_disk(error: &redis::RedisError) -> bool {
    let text = error.to_string();
    ["error trying to save", "Rewriting config file"]
        .iter()
        .any(|words| text.contains(words))
}

fn failed(error: redis::RedisError) -> DatabaseError {
    DatabaseError::new(error)
}
