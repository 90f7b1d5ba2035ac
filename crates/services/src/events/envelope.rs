//! From a CloudTrail record to the events that EventBridge makes of it.
//!
//! Source: EventBridge User Guide, "AWS service events delivered via AWS
//! CloudTrail"; Secrets Manager User Guide, "Match Secrets Manager events";
//! AWS Config Developer Guide, "Monitoring AWS Config with EventBridge".

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use strongroom_crypto::sha256;

use crate::{
    cloudtrail::quote,
    secretsmanager::{AWSCURRENT, AWSPENDING, AWSPREVIOUS},
};

/// The service whose events tell of compliance.
pub(crate) const CONFIG: &str = "config.amazonaws.com";
/// The service event that a change of compliance is recorded as.
pub(crate) const COMPLIANCE_CHANGE: &str = "ComplianceChangeNotification";
/// The detail types.
const API_CALL: &str = "AWS API Call via CloudTrail";
const SERVICE_EVENT: &str = "AWS Service Event via CloudTrail";
const LABEL_UPDATED: &str = "Secret Label Updated";
const RULE_COMPLIANCE_CHANGE: &str = "Config Rules Compliance Change";

/// An event in EventBridge's envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same whenever the event is told, so that whoever is told twice can
    /// tell.
    pub id: String,
    /// Its time, as the envelope writes it.
    pub time: String,
    /// The operation, or the kind of event.
    pub name: String,
    /// Whether it tells of a call that changed nothing. EventBridge delivers
    /// those only to rules that ask for them.
    pub read_only: bool,
    /// Whether it tells of something that went wrong.
    pub is_warning: bool,
    /// The Config rule that it is about.
    pub rule: Option<String>,
    /// The envelope, one line of JSON.
    pub text: String,
}

/// What is read of a record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'r> {
    event_time: String,
    event_source: String,
    event_name: String,
    event_type: String,
    aws_region: String,
    #[serde(rename = "eventID")]
    event_id: String,
    recipient_account_id: String,
    #[serde(default)]
    read_only: bool,
    error_code: Option<String>,
    error_message: Option<String>,
    request_parameters: Option<Map<String, Value>>,
    response_elements: Option<Map<String, Value>>,
    #[serde(borrow)]
    service_event_details: Option<&'r RawValue>,
}

/// The events of a record; none if it is no record.
#[must_use]
pub fn events_of(record: &[u8]) -> Vec<Event> {
    let Ok(text) = std::str::from_utf8(record) else {
        return Vec::new();
    };
    let Ok(parsed) = serde_json::from_str::<Record<'_>>(text) else {
        return Vec::new();
    };
    let failed = parsed.error_code.is_some() || parsed.error_message.is_some();
    if let (CONFIG, COMPLIANCE_CHANGE, Some(details)) = (
        parsed.event_source.as_str(),
        parsed.event_name.as_str(),
        parsed.service_event_details,
    ) {
        return vec![compliance_change(&parsed, details.get())];
    }
    let detail_type = match parsed.event_type.as_str() {
        "AwsServiceEvent" => SERVICE_EVENT,
        _ => API_CALL,
    };
    let mut events = vec![Event {
        name: parsed.event_name.clone(),
        read_only: parsed.read_only,
        is_warning: failed,
        ..event(&parsed, &parsed.event_id, detail_type, &[], text)
    }];
    if !failed {
        events.extend(moved_labels(&parsed));
    }
    events
}

fn event(record: &Record<'_>, id: &str, kind: &str, resources: &[&str], detail: &str) -> Event {
    let service = record.event_source.strip_suffix(".amazonaws.com");
    let source = format!("aws.{}", service.unwrap_or(&record.event_source));
    let mut text = Vec::with_capacity(detail.len() + 320);
    // In the order in which EventBridge writes them.
    for (name, value) in [
        (r#"{"version":"#, "0"),
        (r#","id":"#, id),
        (r#","detail-type":"#, kind),
        (r#","source":"#, &source),
        (r#","account":"#, &record.recipient_account_id),
        (r#","time":"#, &record.event_time),
        (r#","region":"#, &record.aws_region),
    ] {
        text.extend_from_slice(name.as_bytes());
        quote(&mut text, value);
    }
    text.extend_from_slice(br#","resources":["#);
    for (place, resource) in resources.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        quote(&mut text, resource);
    }
    text.extend_from_slice(br#"],"detail":"#);
    text.extend_from_slice(detail.as_bytes());
    text.push(b'}');
    Event {
        id: id.to_owned(),
        time: record.event_time.clone(),
        name: kind.replace(' ', ""),
        read_only: false,
        is_warning: false,
        rule: None,
        // Text was put together from text.
        text: String::from_utf8(text).unwrap_or_default(),
    }
}

fn compliance_change(record: &Record<'_>, details: &str) -> Event {
    let change: Value = serde_json::from_str(details).unwrap_or_default();
    let result = change.pointer("/newEvaluationResult/complianceType");
    Event {
        is_warning: result.and_then(Value::as_str) == Some("NON_COMPLIANT"),
        rule: change
            .get("configRuleName")
            .and_then(Value::as_str)
            .map(str::to_owned),
        ..event(
            record,
            &record.event_id,
            RULE_COMPLIANCE_CHANGE,
            &[],
            details,
        )
    }
}

/// The events that Secrets Manager itself sends when a label comes to another
/// version of a secret, but for AWSPENDING and AWSPREVIOUS.
fn moved_labels(record: &Record<'_>) -> Vec<Event> {
    let text = |place: &Option<Map<String, Value>>, name: &str| {
        let value = place.as_ref()?.get(name)?.as_str()?;
        Some(value.to_owned())
    };
    let asked = |name| text(&record.request_parameters, name);
    let answered = |name| text(&record.response_elements, name);
    if record.event_source != "secretsmanager.amazonaws.com" {
        return Vec::new();
    }
    let (version, labels) = match record.event_name.as_str() {
        "PutSecretValue" => {
            let given = record.request_parameters.as_ref();
            let given = given.and_then(|given| given.get("versionStages")?.as_array());
            let labels = given.map(|labels| {
                let labels = labels.iter().filter_map(Value::as_str);
                labels.map(str::to_owned).collect()
            });
            let labels = labels.unwrap_or_else(|| vec![AWSCURRENT.to_owned()]);
            (asked("clientRequestToken"), labels)
        }
        "UpdateSecret" => (answered("versionId"), vec![AWSCURRENT.to_owned()]),
        "UpdateSecretVersionStage" => {
            let label = asked("versionStage").into_iter().collect();
            (asked("moveToVersionId"), label)
        }
        _ => return Vec::new(),
    };
    let (Some(version), Some(arn)) = (version, answered("arn")) else {
        return Vec::new();
    };
    // An ARN ends in a hyphen and six characters of chance.
    let name = arn.splitn(7, ':').nth(6).unwrap_or_default();
    let name = name.rsplit_once('-').map_or(name, |(name, _)| name);
    let told = labels
        .iter()
        .filter(|label| ![AWSPENDING, AWSPREVIOUS].contains(&label.as_str()));
    let events = told.map(|label| {
        let detail = serde_json::json!({
            "name": name, "labelUpdated": label, "versionId": version,
        });
        let id = derived_id(&record.event_id, label);
        event(record, &id, LABEL_UPDATED, &[&arn], &detail.to_string())
    });
    events.collect()
}

/// An id that is the same each time: a UUID of version 8, by a hash.
fn derived_id(of: &str, what: &str) -> String {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] =
        sha256(format!("{of}/{what}").as_bytes());
    let (g, i) = (0x80 | g & 0x0f, 0x80 | i & 0x3f);
    let digits: String = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let part = |range| digits.get(range).unwrap_or_default();
    let parts = [
        part(0..8),
        part(8..12),
        part(12..16),
        part(16..20),
        part(20..32),
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(name: &str, more: Value) -> Vec<u8> {
        let mut record = json!({
            "eventTime": "2026-11-23T13:02:03Z", "eventSource": "secretsmanager.amazonaws.com",
            "eventName": name, "awsRegion": "eu-west-1", "eventID": "e-1", "readOnly": false,
            "eventType": "AwsApiCall", "recipientAccountId": "111122223333",
        });
        let members = record.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        record.to_string().into_bytes()
    }

    fn seen(record: &[u8]) -> Vec<Value> {
        let events = events_of(record);
        let parsed = events
            .iter()
            .map(|event| serde_json::from_str(&event.text).unwrap());
        parsed.collect()
    }

    #[test]
    fn a_record_is_the_detail_of_its_event() {
        let line = record(
            "CreateSecret",
            json!({"requestParameters": {"name": "a\"b"}}),
        );
        let detail: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(
            seen(&line),
            [json!({
                "version": "0", "id": "e-1", "detail-type": "AWS API Call via CloudTrail",
                "source": "aws.secretsmanager", "account": "111122223333",
                "time": "2026-11-23T13:02:03Z", "region": "eu-west-1", "resources": [],
                "detail": detail,
            })]
        );
        let event = &events_of(&line)[0];
        assert!(
            event
                .text
                .starts_with(r#"{"version":"0","id":"e-1","detail-type":"#)
        );
        assert_eq!(
            (event.name.as_str(), event.read_only),
            ("CreateSecret", false)
        );
        let service = record(
            "RotationFailed",
            json!({
                "eventType": "AwsServiceEvent", "errorMessage": "no",
            }),
        );
        assert_eq!(
            seen(&service)[0]["detail-type"],
            "AWS Service Event via CloudTrail"
        );
        assert!(events_of(&service)[0].is_warning);
        assert!(events_of(b"{}").is_empty());
        assert!(events_of(b"\xff").is_empty());
    }

    #[test]
    fn labels_that_move_are_told_by_the_service_itself() {
        let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b-c-AbCdEf";
        let put = |stages: Value| {
            let mut asked = json!({"secretId": "a/b-c", "clientRequestToken": "v-2"});
            if !stages.is_null() {
                asked["versionStages"] = stages;
            }
            record(
                "PutSecretValue",
                json!({
                    "requestParameters": asked, "responseElements": {"arn": arn},
                }),
            )
        };
        let told = |line: &[u8]| -> Vec<Value> {
            let labels = seen(line).into_iter().skip(1);
            labels
                .map(|event| event["detail"]["labelUpdated"].clone())
                .collect()
        };
        let line = put(json!(null));
        let event = &seen(&line)[1];
        assert_eq!(event["detail-type"], "Secret Label Updated");
        assert_eq!(event["resources"], json!([arn]));
        assert_eq!(
            event["detail"],
            json!({"name": "a/b-c", "labelUpdated": "AWSCURRENT", "versionId": "v-2"})
        );
        assert_eq!(event["id"], seen(&line)[1]["id"]);
        assert_ne!(event["id"], "e-1");
        assert_eq!(told(&put(json!(["AWSPENDING"]))), [] as [Value; 0]);
        assert_eq!(
            told(&put(json!(["BLUE", "AWSPREVIOUS", "GREEN"]))),
            ["BLUE", "GREEN"]
        );
        let ids: Vec<_> = seen(&put(json!(["BLUE", "GREEN"]))).into_iter().collect();
        assert_ne!(ids[1]["id"], ids[2]["id"]);
        let update = |answer: Value| {
            record(
                "UpdateSecret",
                json!({"requestParameters": {}, "responseElements": answer}),
            )
        };
        assert_eq!(
            told(&update(json!({"arn": arn, "versionId": "v"}))),
            ["AWSCURRENT"]
        );
        assert_eq!(told(&update(json!({"arn": arn}))), [] as [Value; 0]);
        let stage = |to: Value| {
            record(
                "UpdateSecretVersionStage",
                json!({
                    "requestParameters": {"versionStage": "BLUE", "moveToVersionId": to},
                    "responseElements": {"arn": arn},
                }),
            )
        };
        assert_eq!(told(&stage(json!("v"))), ["BLUE"]);
        assert_eq!(told(&stage(json!(null))), [] as [Value; 0]);
        let failed = record(
            "PutSecretValue",
            json!({
                "errorCode": "AccessDenied", "requestParameters": {"clientRequestToken": "v"},
                "responseElements": {"arn": arn},
            }),
        );
        assert_eq!(seen(&failed).len(), 1);
    }

    #[test]
    fn compliance_is_told_as_config_tells_it() {
        let detail = json!({
            "configRuleName": "r", "newEvaluationResult": {"complianceType": "NON_COMPLIANT"},
        });
        let line = record(
            COMPLIANCE_CHANGE,
            json!({
                "eventSource": CONFIG, "eventType": "AwsServiceEvent", "serviceEventDetails": detail,
            }),
        );
        let [event] = seen(&line).try_into().unwrap();
        assert_eq!(event["source"], "aws.config");
        assert_eq!(event["detail-type"], "Config Rules Compliance Change");
        assert_eq!(event["detail"], detail);
        assert!(events_of(&line)[0].is_warning);
        assert_eq!(events_of(&line)[0].rule.as_deref(), Some("r"));
    }
}
