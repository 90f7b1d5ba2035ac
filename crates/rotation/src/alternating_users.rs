use std::marker::PhantomData;

use crate::{
    Call, Credential, Engine, Home, StepError, Strategy,
    engine::{self, PASSWORD_LENGTH, log_in, logs_in},
};

const CLONE: &str = "_clone";

/// Two users in turn: a superuser makes the second as a clone of the first,
/// and afterwards changes the password of the one that is idle. The user that
/// was current keeps logging in until the next rotation.
///
/// Source: the templates `…RotationMultiUser`.
pub struct AlternatingUsers<E>(PhantomData<E>);

impl<E> AlternatingUsers<E> {
    /// The strategy.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E> Default for AlternatingUsers<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Engine, H: Home> Strategy<H> for AlternatingUsers<E> {
    async fn create_secret(&self, call: &Call<'_, H>) -> Result<(), StepError> {
        let document = call.current().await?;
        let current = Credential::read(&document, &E::LAYOUT)?;
        if call.has_pending().await? {
            return Ok(());
        }
        let username = other_name(
            &current.username,
            call.environment.username_limit(E::USERNAME_LIMIT),
        )?;
        let password = call
            .new_password(PASSWORD_LENGTH, E::EXCLUDE_CHARACTERS)
            .await?;
        let changes = [
            ("username", username.as_str()),
            ("password", password.expose().as_str()),
        ];
        call.keep_pending(document.with(&changes)).await
    }

    async fn set_secret(&self, call: &Call<'_, H>) -> Result<(), StepError> {
        let current = Credential::read(&call.current().await?, &E::LAYOUT)?;
        let pending = Credential::read(&call.pending().await?, &E::LAYOUT)?;
        let _permit = call.enter(&pending.host).await?;
        if logs_in::<E>(&pending, call.trust).await.is_ok() {
            return Ok(());
        }
        if pending.username
            != other_name(
                &current.username,
                call.environment.username_limit(E::USERNAME_LIMIT),
            )?
        {
            return Err(StepError::Value(format!(
                "setSecret: Attempting to modify user {} other than current user or clone {}",
                pending.username, current.username
            )));
        }
        if let Some((host, expected)) = pending.servers_apart(&current) {
            return Err(StepError::Value(format!(
                "setSecret: Attempting to modify user for host {host} other than current host \
                 {expected}"
            )));
        }
        // Who cannot log in themselves has no clone made by the superuser.
        logs_in::<E>(&current, call.trust).await.map_err(|error| {
            StepError::Value(format!(
                "setSecret: Unable to log into database using current credentials for secret {}: \
                 {error}",
                call.secret_id
            ))
        })?;
        let master = call.master(&current, &E::LAYOUT).await?;
        let mut connection = log_in::<E>(&master, call.trust).await.map_err(|error| {
            let arn = current.master_arn.as_deref().unwrap_or_default();
            StepError::Value(format!(
                "setSecret: Unable to log into database using credentials in master secret {arn}: \
                 {error}"
            ))
        })?;
        let password = pending.password.expose();
        E::set_clone(
            &mut connection,
            &current.username,
            &pending.username,
            password,
        )
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

/// The other of the two users' names.
fn other_name(name: &str, limit: usize) -> Result<String, StepError> {
    if let Some(original) = name.strip_suffix(CLONE) {
        return Ok(original.to_owned());
    }
    let clone = format!("{name}{CLONE}");
    if clone.chars().count() > limit {
        return Err(StepError::Value(format!(
            "Unable to clone user, username length with {CLONE} appended would exceed {limit} \
             characters"
        )));
    }
    Ok(clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_turns() {
        for (one, other) in [("app", "app_clone"), ("a_clone_b", "a_clone_b_clone")] {
            assert_eq!(other_name(one, 63).unwrap(), other);
            assert_eq!(other_name(other, 63).unwrap(), one);
        }
    }

    #[test]
    fn a_name_that_gets_too_long_is_refused() {
        assert!(other_name("tenletters", 16).is_ok());
        let error = other_name("elevenchars", 16).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Unable to clone user, username length with _clone appended would exceed 16 characters"
        );
    }
}
