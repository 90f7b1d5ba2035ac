use std::{future::Future, time::Duration};

use crate::{Credential, DatabaseError, Layout, StepError, TlsRule, Trust};

/// The longest wait for a connection.
///
/// Source: the rotation function templates.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Characters of a new password.
pub(crate) const PASSWORD_LENGTH: u32 = 32;

/// A kind of database: its dialect, under the strategies that are the same
/// for all.
pub trait Engine: Send + Sync + 'static {
    /// What its secrets look like.
    const LAYOUT: Layout;
    /// Characters that new passwords are without.
    const EXCLUDE_CHARACTERS: &'static str;
    /// The longest user name, in characters.
    const USERNAME_LIMIT: usize;
    /// A connection, logged in.
    type Connection: Send;

    /// Connects and logs in, over TLS or without.
    fn connect(
        credential: &Credential,
        tls: Option<&Trust>,
    ) -> impl Future<Output = Result<Self::Connection, DatabaseError>> + Send;

    /// A trivial read.
    fn check(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), DatabaseError>> + Send;

    /// Changes the password of the user that is logged in.
    fn set_own_password(
        connection: &mut Self::Connection,
        username: &str,
        password: &str,
    ) -> impl Future<Output = Result<(), DatabaseError>> + Send;

    /// As the superuser, makes `pending` a user with the rights of `current`
    /// if there is none yet, and gives it a password.
    fn set_clone(
        connection: &mut Self::Connection,
        current: &str,
        pending: &str,
        password: &str,
    ) -> impl Future<Output = Result<(), DatabaseError>> + Send;

    /// Ends a connection in good order.
    fn close(connection: Self::Connection) -> impl Future<Output = ()> + Send;
}

/// Logs in by the rule of the secret's `ssl` member.
pub(crate) async fn log_in<E: Engine>(
    credential: &Credential,
    trust: &Trust,
) -> Result<E::Connection, DatabaseError> {
    let attempt = async |tls| {
        let connecting = tokio::time::timeout(2 * CONNECT_TIMEOUT, E::connect(credential, tls));
        let connected = connecting
            .await
            .unwrap_or_else(|_| Err(DatabaseError::new("the connection timed out")));
        connected.map_err(|error| error.without(&[credential.password.expose()]))
    };
    match credential.tls {
        TlsRule::Never => attempt(None).await,
        TlsRule::Only => attempt(Some(trust)).await,
        TlsRule::Preferred => match attempt(Some(trust)).await {
            Ok(connection) => Ok(connection),
            Err(_) => attempt(None).await,
        },
    }
}

/// Whether a credential logs in; a connection is not kept.
pub(crate) async fn logs_in<E: Engine>(
    credential: &Credential,
    trust: &Trust,
) -> Result<(), DatabaseError> {
    let connection = log_in::<E>(credential, trust).await?;
    E::close(connection).await;
    Ok(())
}

/// testSecret: logs in and reads.
pub(crate) async fn test<E: Engine>(
    credential: &Credential,
    trust: &Trust,
    secret_id: &str,
) -> Result<(), StepError> {
    let mut connection = log_in::<E>(credential, trust).await.map_err(|error| {
        StepError::Value(format!(
            "testSecret: Unable to log into database with pending secret of secret ARN \
             {secret_id}: {error}"
        ))
    })?;
    E::check(&mut connection).await?;
    E::close(connection).await;
    Ok(())
}
