//! From a record to the rules that it is about.

use serde::Deserialize;
use serde_json::{Map, Value};
use strongroom_store::{Mode, StoreError};
use strongroom_types::{AccountId, Arn, Region};

use super::{
    evaluate::{Place, evaluate},
    sweep::evaluate_key,
};
use crate::{
    context::{Home, Services},
    secretsmanager::{Tag, split_suffix},
    tables::Secrets,
};

/// Calls that say whether a key is to be deleted.
const OF_KEYS: [&str; 3] = ["CancelKeyDeletion", "DeleteKey", "ScheduleKeyDeletion"];

/// What a look at a secret was caused by.
#[derive(Clone, Debug, Default)]
pub(super) struct Trigger {
    /// The record's `eventName`; empty for a look now and then.
    pub(super) event: String,
    /// The caller's ARN.
    pub(super) by: Option<String>,
    /// The ARN of the role behind a session.
    pub(super) role: Option<String>,
    pub(super) is_root: bool,
    /// The tags of a CreateSecret.
    pub(super) tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    user_identity: Map<String, Value>,
    event_source: String,
    event_name: String,
    aws_region: String,
    recipient_account_id: String,
    error_code: Option<String>,
    #[serde(default)]
    read_only: bool,
    request_parameters: Option<Map<String, Value>>,
    response_elements: Option<Map<String, Value>>,
    additional_event_data: Option<Map<String, Value>>,
    #[serde(default)]
    resources: Vec<Map<String, Value>>,
}

/// Judges what a record is about. Whether that changed a finding.
///
/// # Errors
/// When the store fails: the record is to be shown again.
pub async fn watch(services: &Services, record: &[u8]) -> Result<bool, StoreError> {
    let Ok(record) = serde_json::from_slice::<Record>(record) else {
        return Ok(false);
    };
    // Service events that tell of a failure have a message alone.
    if record.read_only || record.error_code.is_some() {
        return Ok(false);
    }
    match record.event_source.as_str() {
        "secretsmanager.amazonaws.com" => match record.secret(services).await? {
            Some(place) => evaluate(services, &place, &record.trigger()).await,
            None => Ok(false),
        },
        "kms.amazonaws.com" if OF_KEYS.contains(&record.event_name.as_str()) => {
            let arn = record.resources.first().and_then(|key| key.get("ARN"));
            let arn = arn
                .and_then(Value::as_str)
                .and_then(|arn| arn.parse::<Arn>().ok());
            match arn {
                Some(arn) => evaluate_key(services, &arn).await,
                None => Ok(false),
            }
        }
        _ => Ok(false),
    }
}

impl Record {
    fn trigger(&self) -> Trigger {
        let who = &self.user_identity;
        let text = |name: &str| who.get(name).and_then(Value::as_str).map(str::to_owned);
        let issuer = who
            .get("sessionContext")
            .and_then(|session| session.pointer("/sessionIssuer/arn"));
        let tags = self.request_parameters.as_ref();
        let tags = tags
            .and_then(|given| given.get("tags"))
            .and_then(Value::as_array);
        let tag = |tag: &Value| {
            let text = |name| tag.get(name).and_then(Value::as_str).map(str::to_owned);
            Some(Tag {
                key: text("key")?,
                value: text("value").unwrap_or_default(),
            })
        };
        Trigger {
            event: self.event_name.clone(),
            by: text("arn").or_else(|| text("invokedBy")),
            role: issuer.and_then(Value::as_str).map(str::to_owned),
            is_root: text("type").as_deref() == Some("Root"),
            tags: (self.event_name == "CreateSecret")
                .then(|| tags.into_iter().flatten().filter_map(tag).collect()),
        }
    }

    /// The secret, by its ARN or as the caller named it.
    async fn secret(&self, services: &Services) -> Result<Option<Place>, StoreError> {
        let text = |place: &Option<Map<String, Value>>, name: &str| {
            let value = place.as_ref()?.get(name)?.as_str()?;
            Some(value.to_owned())
        };
        let known = text(&self.response_elements, "arn")
            .or_else(|| text(&self.additional_event_data, "SecretId"));
        let (Ok(account), Ok(region)) = (
            self.recipient_account_id.parse::<AccountId>(),
            self.aws_region.parse::<Region>(),
        ) else {
            return Ok(None);
        };
        let here = Home {
            partition: services.partition,
            account,
            region,
        };
        if let Some(arn) = known {
            return Ok(home_of(services, &arn).map(|home| Place::of(home, &arn)));
        }
        let Some(asked) = text(&self.request_parameters, "secretId") else {
            return Ok(None);
        };
        let (home, resource) = match home_of(services, &asked) {
            Some(home) => (home, resource_of(&asked).to_owned()),
            None => (here, asked),
        };
        // A whole ARN ends in chance that a partial one does not have.
        let names = [
            Some(resource.as_str()),
            split_suffix(&resource).map(|(name, _)| name),
        ];
        let mut tx = services.store.begin(Mode::Read).await?;
        for name in names.into_iter().flatten() {
            let row = (home.account, home.region, name.to_owned());
            if let Some(secret) = tx.get::<Secrets>(&row).await? {
                return Ok(Some(Place::of(home, secret.arn(&home).as_str())));
            }
        }
        Ok(None)
    }
}

impl Place {
    /// The secret of a whole ARN.
    pub(super) fn of(home: Home, arn: &str) -> Self {
        let resource = resource_of(arn);
        let name = split_suffix(resource).map_or(resource, |(name, _)| name);
        Self {
            home,
            name: name.to_owned(),
            arn: arn.to_owned(),
        }
    }
}

fn resource_of(arn: &str) -> &str {
    arn.splitn(7, ':').nth(6).unwrap_or_default()
}

/// Where an ARN's resource lives; nothing if it is no ARN.
fn home_of(services: &Services, arn: &str) -> Option<Home> {
    let arn: Arn = arn.parse().ok()?;
    Some(Home {
        partition: services.partition,
        account: arn.account().parse().ok()?,
        region: arn.region().parse().ok()?,
    })
}
