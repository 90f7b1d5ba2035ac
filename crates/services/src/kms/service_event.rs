//! What KMS itself reports about a key.

use serde_json::Value;

use super::Kms;
use crate::{
    cloudtrail::{Event, Kind, Resource},
    context::{Home, Services},
    operation::Service as _,
};

/// Who acts when KMS acts by itself.
const AWS_INTERNAL: &str = "AWS Internal";

/// A service event about a key; `details` has the key's id in it.
pub(super) fn service_event(
    services: &Services,
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
            account_id: home.account.to_string(),
            r#type: "AWS::KMS::Key",
            arn: home.arn("kms", format_args!("key/{key_id}")).to_string(),
        }],
        kind: Kind::ServiceEvent(AWS_INTERNAL, services.random.uuid(), *home),
        ..Event::call(Kms::EVENT_SOURCE, name, false)
    }
}
