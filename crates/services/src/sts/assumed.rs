//! What all ways to a role's session have in common.

use super::{
    error::{Error, Result},
    role::RoleRef,
    session::RoleHolder,
    shapes::AssumedRoleUser,
};
use crate::{context::Context, iam::Role};

/// Seconds that a session lasts if nobody says, and at most if a role's session
/// assumes a role.
const HOUR: i64 = 3_600;

/// How long the session lasts, in seconds.
///
/// # Errors
/// `ValidationError`.
pub(super) fn duration(role: &Role, asked: Option<i64>, chained: bool) -> Result<i64> {
    let seconds = asked.unwrap_or(HOUR);
    // Roles made before durations could be set have none.
    let most = i64::from(role.max_session_seconds).max(HOUR);
    if chained && seconds > HOUR {
        let text = "The requested DurationSeconds exceeds the 1 hour session limit for roles \
                    assumed by role chaining";
        return Err(Error::Validation(text.into()));
    }
    if seconds > most {
        let text =
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(Error::Validation(text.into()));
    }
    Ok(seconds)
}

/// Who acts in a session of this name.
pub(super) fn holder(role: &Role, session_name: &str) -> RoleHolder {
    RoleHolder {
        name: role.name.clone(),
        id: role.id.clone(),
        session_name: session_name.to_owned(),
    }
}

/// The same as it is answered.
///
/// # Errors
/// `AccessDenied` if there is no such role.
pub(super) fn user(
    cx: &Context<'_>,
    target: &RoleRef,
    session_name: &str,
) -> Result<AssumedRoleUser> {
    let role = target.role()?;
    let (partition, account) = (cx.services.partition.as_str(), target.owner());
    Ok(AssumedRoleUser {
        assumed_role_id: format!("{}:{session_name}", role.id),
        arn: format!(
            "arn:{partition}:sts::{account}:assumed-role/{}/{session_name}",
            role.name
        ),
    })
}
