//! What LookupEvents shows of a record, and finds it by.

use std::borrow::Cow;

use serde::Deserialize;
use strongroom_types::Timestamp;

use super::{
    history::Attribute,
    named::{Named, Text},
};

/// The members of a record that it is looked up by. Texts are borrowed from
/// the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary<'r> {
    /// The account whose trail it is in: twelve digits.
    pub account: Cow<'r, str>,
    /// The Region.
    pub region: Cow<'r, str>,
    /// The record's id.
    pub event_id: Cow<'r, str>,
    /// The operation or service event.
    pub event_name: Cow<'r, str>,
    /// The service.
    pub event_source: Cow<'r, str>,
    /// When it happened.
    pub time: Timestamp,
    /// Whether nothing can have been changed.
    pub read_only: bool,
    /// The access key that signed.
    pub access_key_id: Option<Cow<'r, str>>,
    /// The user, the session, or `root`.
    pub username: Option<Cow<'r, str>>,
    /// Types and names of the resources; a secret by what the caller wrote and
    /// by its ARN.
    pub resources: Vec<(&'static str, Cow<'r, str>)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'r> {
    #[serde(borrow, default)]
    user_identity: Identity<'r>,
    #[serde(borrow)]
    event_time: Text<'r>,
    #[serde(borrow)]
    event_source: Text<'r>,
    #[serde(borrow)]
    event_name: Text<'r>,
    #[serde(borrow)]
    aws_region: Text<'r>,
    #[serde(borrow)]
    request_parameters: Option<Named<'r>>,
    #[serde(borrow)]
    response_elements: Option<Named<'r>>,
    #[serde(borrow)]
    additional_event_data: Option<Named<'r>>,
    #[serde(borrow, rename = "eventID")]
    event_id: Text<'r>,
    #[serde(default)]
    read_only: bool,
    #[serde(borrow, default)]
    resources: Vec<Resource<'r>>,
    management_event: Option<bool>,
    #[serde(borrow)]
    recipient_account_id: Text<'r>,
}

/// Of all that a record says of a caller, what it is looked up by.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Identity<'r> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'r>>,
    #[serde(borrow)]
    arn: Option<Text<'r>>,
    #[serde(borrow)]
    access_key_id: Option<Text<'r>>,
    #[serde(borrow)]
    user_name: Option<Text<'r>>,
}

#[derive(Deserialize)]
struct Resource<'r> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'r>>,
    #[serde(borrow, rename = "ARN")]
    arn: Option<Text<'r>>,
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

impl<'r> Summary<'r> {
    /// The summary of a record; nothing if it is none, or one of those that
    /// LookupEvents does not tell of.
    #[must_use]
    pub fn of(record: &'r [u8]) -> Option<Self> {
        // Checked once, and not text by text.
        let record = str::from_utf8(record).ok()?;
        let mut record: Record<'r> = serde_json::from_str(record).ok()?;
        if record.management_event == Some(false) {
            return None;
        }
        let resources = resources(&mut record);
        let Identity {
            kind,
            arn,
            access_key_id,
            user_name,
        } = record.user_identity;
        let username = user_name.map(|Text(name)| name);
        let username = username.or_else(|| match kind?.0.as_ref() {
            "Root" => Some(Cow::Borrowed("root")),
            "AssumedRole" | "FederatedUser" => {
                let arn = arn?.0;
                let (_, name) = arn.rsplit_once('/')?;
                Some(Cow::Owned(name.to_owned()))
            }
            _ => None,
        });
        Some(Self {
            access_key_id: access_key_id.map(|Text(id)| id),
            username,
            resources,
            account: record.recipient_account_id.0,
            region: record.aws_region.0,
            event_id: record.event_id.0,
            event_name: record.event_name.0,
            event_source: record.event_source.0,
            time: record.event_time.0.parse().ok()?,
            read_only: record.read_only,
        })
    }

    /// Every attribute and value that the record is found by, some of them
    /// perhaps twice.
    pub fn attributes(&self) -> impl Iterator<Item = (Attribute, &str)> {
        let read_only = if self.read_only { "true" } else { "false" };
        let fixed = [
            (Attribute::EventId, self.event_id.as_ref()),
            (Attribute::EventName, &self.event_name),
            (Attribute::EventSource, &self.event_source),
            (Attribute::ReadOnly, read_only),
        ];
        let key = self.access_key_id.iter();
        let user = self.username.iter();
        let resources = self.resources.iter();
        fixed
            .into_iter()
            .chain(key.map(|id| (Attribute::AccessKeyId, id.as_ref())))
            .chain(user.map(|name| (Attribute::Username, name.as_ref())))
            .chain(resources.flat_map(|(kind, name)| {
                [
                    (Attribute::ResourceType, *kind),
                    (Attribute::ResourceName, name.as_ref()),
                ]
            }))
    }
}

fn resources<'r>(record: &mut Record<'r>) -> Vec<(&'static str, Cow<'r, str>)> {
    let mut found: Vec<(&'static str, Cow<'r, str>)> = Vec::new();
    let mut add = |kind: &'static str, name: Cow<'r, str>| {
        let is_known = |(known, old): &(&str, Cow<'_, str>)| *known == kind && *old == name;
        if !found.iter().any(is_known) {
            found.push((kind, name));
        }
    };
    for Resource { kind, arn } in record.resources.drain(..) {
        let kind = kind.and_then(|Text(of)| TYPES.iter().find(|kind| of == **kind));
        if let (Some(kind), Some(Text(arn))) = (kind, arn) {
            add(kind, arn);
        }
    }
    let mut places = [
        record.request_parameters.take(),
        record.response_elements.take(),
        record.additional_event_data.take(),
    ];
    for (source, member, kind) in NAMED {
        if *source != record.event_source.0 {
            continue;
        }
        for place in places.iter_mut().flatten() {
            for name in place.take(member) {
                add(kind, name);
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
            let username = Summary::of(record.as_bytes()).unwrap().username;
            username.map(Cow::into_owned)
        };
        let session = r#"{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/app/i-1"}"#;
        assert_eq!(of(session).as_deref(), Some("i-1"));
        assert_eq!(of(r#"{"type":"Root"}"#).as_deref(), Some("root"));
        assert_eq!(of(r#"{"accountId":"1","invokedBy":"x"}"#), None);
        assert_eq!(Summary::of(b"{}"), None);
    }
}
