//! What the service itself reports about a secret.

use super::{SecretsManager, secret_ref::FoundSecret};
use crate::{
    cloudtrail::{Event, Kind},
    operation::Service as _,
};

/// A service event about a rotation of a secret.
pub(super) fn rotation_event(found: &FoundSecret, name: &'static str, token: &str) -> Event {
    Event {
        kind: Kind::ServiceEvent(
            SecretsManager::EVENT_SOURCE,
            Some(format!("Rotation-{}-{token}", found.arn)),
            found.home,
        ),
        ..service_event(found, name, token)
    }
}

/// A service event about a rotation that went wrong. AWS's records of this have
/// a message and no code.
pub(super) fn failure_event(
    found: &FoundSecret,
    name: &'static str,
    token: &str,
    why: String,
) -> Event {
    Event {
        error: Some(("", why)),
        ..rotation_event(found, name, token)
    }
}

/// A service event about a secret.
pub(super) fn service_event(found: &FoundSecret, name: &'static str, token: &str) -> Event {
    Event {
        additional_event_data: Some(serde_json::json!({"SecretId": found.arn.as_str()}).into()),
        kind: Kind::ServiceEvent(
            SecretsManager::EVENT_SOURCE,
            Some(format!("{name}-{}-{token}", found.arn)),
            found.home,
        ),
        ..Event::call(SecretsManager::EVENT_SOURCE, name, false)
    }
}
