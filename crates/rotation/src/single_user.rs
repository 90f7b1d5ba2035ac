use std::marker::PhantomData;

use crate::{
    Call, Credential, Document, Engine, Home, StepError, Strategy,
    engine::{self, PASSWORD_LENGTH, log_in, logs_in},
};

/// A user who changes their own password. The old one is invalid at once, so
/// logins fail between setSecret and finishSecret.
///
/// Source: the templates `…RotationSingleUser`.
pub struct SingleUser<E>(PhantomData<E>);

impl<E> SingleUser<E> {
    /// The strategy.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E> Default for SingleUser<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Engine, H: Home> Strategy<H> for SingleUser<E> {
    async fn create_secret(&self, call: &Call<'_, H>) -> Result<(), StepError> {
        let current = call.current().await?;
        Credential::read(&current, &E::LAYOUT)?;
        if call.has_pending().await? {
            return Ok(());
        }
        let password = call
            .new_password(PASSWORD_LENGTH, E::EXCLUDE_CHARACTERS)
            .await?;
        let pending = current.with(&[("password", password.expose())]);
        call.keep_pending(pending).await
    }

    async fn set_secret(&self, call: &Call<'_, H>) -> Result<(), StepError> {
        let read = |document: &Document| Credential::read(document, &E::LAYOUT);
        let current = read(&call.current().await?)?;
        let pending = read(&call.pending().await?)?;
        let _permit = call.enter(&pending.host).await?;
        if logs_in::<E>(&pending, call.trust).await.is_ok() {
            return Ok(());
        }
        same_user(&pending, &current)?;
        let (mut connection, username) = match log_in::<E>(&current, call.trust).await {
            Ok(connection) => (connection, current.username),
            Err(why) => {
                let unable = || {
                    StepError::Value(format!(
                        "setSecret: Unable to log into database with previous, current, or \
                         pending secret of secret arn {}: {why}",
                        call.secret_id
                    ))
                };
                let previous = call.previous().await?.ok_or_else(unable)?;
                let mut previous = read(&previous)?;
                previous.tls = current.tls;
                same_user(&pending, &previous)?;
                let connection = log_in::<E>(&previous, call.trust).await;
                (connection.map_err(|_| unable())?, previous.username)
            }
        };
        let password = pending.password.expose();
        E::set_own_password(&mut connection, &username, password)
            .await
            .map_err(|error| error.without(&[password]))?;
        E::close(connection).await;
        Ok(())
    }

    async fn test_secret(&self, call: &Call<'_, H>) -> Result<(), StepError> {
        let pending = Credential::read(&call.pending().await?, &E::LAYOUT)?;
        let _permit = call.enter(&pending.host).await?;
        engine::test::<E>(&pending, call.trust, call.secret_id).await
    }
}

/// A new version speaks of the same user at the same host, or somebody made
/// it to have another's password changed.
fn same_user(pending: &Credential, other: &Credential) -> Result<(), StepError> {
    if pending.username != other.username {
        return Err(StepError::Value(format!(
            "setSecret: Attempting to modify user {} other than current user {}",
            pending.username, other.username
        )));
    }
    if let Some((host, expected)) = pending.servers_apart(other) {
        return Err(StepError::Value(format!(
            "setSecret: Attempting to modify user for host {host} other than current host \
                 {expected}"
        )));
    }
    Ok(())
}
