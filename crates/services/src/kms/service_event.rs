//! What KMS itself reports about a key.

use serde_json::{Value, json};

use super::Kms;
use crate::{
    cloudtrail::{AWS_INTERNAL, Event, Kind, Resource},
    context::Home,
    operation::Service as _,
};

/// A service event about a key; `details` gets the key's id.
///
/// Source: AWS KMS Developer Guide, "Examples of AWS KMS log entries".
pub(super) fn service_event(
    home: &Home,
    key_id: &str,
    name: &'static str,
    mut details: Value,
) -> Event {
    if let Value::Object(details) = &mut details {
        details.insert("keyId".to_owned(), key_id.into());
    }
    Event {
        service_event_details: Some(details),
        resources: vec![Resource {
            account: home.account,
            r#type: "AWS::KMS::Key",
            arn: key_arn(home, key_id).into(),
        }],
        kind: Kind::ServiceEvent(AWS_INTERNAL, None, *home),
        ..Event::call(Kms::EVENT_SOURCE, name, false)
    }
}

/// The end of a key's waiting period. It answers the key's ARN, as calls that
/// change keys do.
pub(super) fn deleted(home: &Home, key_id: &str) -> Event {
    Event {
        response_elements: Some(json!({"keyId": key_arn(home, key_id)})),
        ..service_event(home, key_id, "DeleteKey", json!({}))
    }
}

fn key_arn(home: &Home, key_id: &str) -> String {
    home.arn("kms", format_args!("key/{key_id}")).to_string()
}
