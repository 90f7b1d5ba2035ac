//! What LookupEvents shows of a record, and finds it by.

use serde::Deserialize;
use serde_json::Value;
use strongroom_types::Timestamp;

use super::history::Attribute;

/// The members of a record that it is looked up by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The account whose trail it is in: twelve digits.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The record's id.
    pub event_id: String,
    /// The operation or service event.
    pub event_name: String,
    /// The service.
    pub event_source: String,
    /// When it happened.
    pub time: Timestamp,
    /// Whether nothing can have been changed.
    pub read_only: bool,
    /// The access key that signed.
    pub access_key_id: Option<String>,
    /// The user, the session, or `root`.
    pub username: Option<String>,
    /// Types and names of the resources; a secret by what the caller wrote and
    /// by its ARN.
    pub resources: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    user_identity: Identity,
    event_time: String,
    event_source: String,
    event_name: String,
    aws_region: String,
    request_parameters: Option<Value>,
    response_elements: Option<Value>,
    additional_event_data: Option<Value>,
    #[serde(rename = "eventID")]
    event_id: String,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    resources: Vec<Resource>,
    management_event: Option<bool>,
    recipient_account_id: String,
}

/// Of all that a record says of a caller, what it is looked up by.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Identity {
    #[serde(rename = "type")]
    kind: Option<String>,
    arn: Option<String>,
    access_key_id: Option<String>,
    user_name: Option<String>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "ARN")]
    arn: Option<String>,
}

/// Parameters that name a resource, and of which type.
const NAMED: &[(&str, &str, &str)] = &[
    ("secretsmanager.amazonaws.com", "secretId", SECRET),
    ("secretsmanager.amazonaws.com", "name", SECRET),
    ("secretsmanager.amazonaws.com", "arn", SECRET),
    ("secretsmanager.amazonaws.com", "SecretId", SECRET),
    ("secretsmanager.amazonaws.com", "secretIdList", SECRET),
    ("kms.amazonaws.com", "keyId", "AWS::KMS::Key"),
    ("kms.amazonaws.com", "aliasName", "AWS::KMS::Alias"),
    ("iam.amazonaws.com", "userName", "AWS::IAM::User"),
    ("iam.amazonaws.com", "roleName", "AWS::IAM::Role"),
    ("iam.amazonaws.com", "groupName", "AWS::IAM::Group"),
    ("iam.amazonaws.com", "policyArn", "AWS::IAM::Policy"),
    ("iam.amazonaws.com", "accessKeyId", "AWS::IAM::AccessKey"),
    (
        "iam.amazonaws.com",
        "instanceProfileName",
        "AWS::IAM::InstanceProfile",
    ),
    ("sts.amazonaws.com", "roleArn", "AWS::IAM::Role"),
    (
        "sts.amazonaws.com",
        "roleSessionName",
        "AWS::STS::AssumedRole",
    ),
    (
        "lambda.amazonaws.com",
        "functionName",
        "AWS::Lambda::Function",
    ),
    ("cloudtrail.amazonaws.com", "name", "AWS::CloudTrail::Trail"),
];
const SECRET: &str = "AWS::SecretsManager::Secret";
/// Types that the `resources` of a record name.
const TYPES: &[&str] = &["AWS::KMS::Key", "AWS::KMS::Alias", SECRET];

impl Summary {
    /// The summary of a record; nothing if it is none, or one of those that
    /// LookupEvents does not tell of.
    #[must_use]
    pub fn of(record: &[u8]) -> Option<Self> {
        let record: Record = serde_json::from_slice(record).ok()?;
        if record.management_event == Some(false) {
            return None;
        }
        let time = record.event_time.parse().ok()?;
        let resources = resources(&record);
        let Identity {
            kind,
            arn,
            access_key_id,
            user_name,
        } = record.user_identity;
        let username = user_name.or_else(|| match kind?.as_str() {
            "Root" => Some("root".to_owned()),
            "AssumedRole" | "FederatedUser" => {
                let (_, name) = arn.as_deref()?.rsplit_once('/')?;
                Some(name.to_owned())
            }
            _ => None,
        });
        Some(Self {
            access_key_id,
            username,
            resources,
            account: record.recipient_account_id,
            region: record.aws_region,
            event_id: record.event_id,
            event_name: record.event_name,
            event_source: record.event_source,
            time,
            read_only: record.read_only,
        })
    }

    /// Every attribute and value that the record is found by, some of them
    /// perhaps twice.
    pub fn attributes(&self) -> impl Iterator<Item = (Attribute, &str)> {
        let read_only = if self.read_only { "true" } else { "false" };
        let fixed = [
            (Attribute::EventId, self.event_id.as_str()),
            (Attribute::EventName, &self.event_name),
            (Attribute::EventSource, &self.event_source),
            (Attribute::ReadOnly, read_only),
        ];
        let key = self.access_key_id.iter();
        let user = self.username.iter();
        let resources = self.resources.iter();
        fixed
            .into_iter()
            .chain(key.map(|id| (Attribute::AccessKeyId, id.as_str())))
            .chain(user.map(|name| (Attribute::Username, name.as_str())))
            .chain(resources.flat_map(|(kind, name)| {
                [
                    (Attribute::ResourceType, *kind),
                    (Attribute::ResourceName, name.as_str()),
                ]
            }))
    }
}

fn resources(record: &Record) -> Vec<(&'static str, String)> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    let mut add = |kind: &'static str, name: &str| {
        if !found
            .iter()
            .any(|(known, old)| *known == kind && old == name)
        {
            found.push((kind, name.to_owned()));
        }
    };
    for resource in &record.resources {
        let of = resource.kind.as_deref();
        let kind = TYPES.iter().find(|kind| of == Some(**kind));
        if let (Some(kind), Some(arn)) = (kind, &resource.arn) {
            add(kind, arn);
        }
    }
    let places = [
        &record.request_parameters,
        &record.response_elements,
        &record.additional_event_data,
    ];
    let named = NAMED
        .iter()
        .filter(|(source, _, _)| *source == record.event_source);
    for (_, member, kind) in named {
        for value in places
            .iter()
            .filter_map(|place| place.as_ref()?.get(member))
        {
            match value {
                Value::String(name) => add(kind, name),
                Value::Array(names) => {
                    for name in names.iter().filter_map(Value::as_str) {
                        add(kind, name);
                    }
                }
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_by_what_it_says() {
        let record = br#"{"userIdentity":{"type":"IAMUser","accessKeyId":"AKIA1","userName":"ann"},
            "eventTime":"2026-11-23T13:02:03Z","eventSource":"secretsmanager.amazonaws.com",
            "eventName":"CreateSecret","awsRegion":"us-east-1","requestParameters":{"name":"db"},
            "responseElements":{"arn":"arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf"},
            "eventID":"e-1","readOnly":false,"recipientAccountId":"111122223333"}"#;
        let summary = Summary::of(record).unwrap();
        let mut found: Vec<_> = summary
            .attributes()
            .map(|(attribute, value)| format!("{attribute:?}={value}"))
            .collect();
        found.dedup();
        assert_eq!(
            found,
            [
                "EventId=e-1",
                "EventName=CreateSecret",
                "EventSource=secretsmanager.amazonaws.com",
                "ReadOnly=false",
                "AccessKeyId=AKIA1",
                "Username=ann",
                "ResourceType=AWS::SecretsManager::Secret",
                "ResourceName=db",
                "ResourceType=AWS::SecretsManager::Secret",
                "ResourceName=arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf",
            ]
        );
    }

    #[test]
    fn sessions_have_their_names_and_root_is_root() {
        let of = |identity: &str| {
            let record = format!(
                r#"{{"userIdentity":{identity},"eventTime":"2026-11-23T13:02:03Z","eventSource":"s",
                "eventName":"n","awsRegion":"r","eventID":"e","recipientAccountId":"1"}}"#
            );
            Summary::of(record.as_bytes()).unwrap().username
        };
        let session = r#"{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/app/i-1"}"#;
        assert_eq!(of(session).as_deref(), Some("i-1"));
        assert_eq!(of(r#"{"type":"Root"}"#).as_deref(), Some("root"));
        assert_eq!(of(r#"{"accountId":"1","invokedBy":"x"}"#), None);
        assert_eq!(Summary::of(b"{}"), None);
    }
}
