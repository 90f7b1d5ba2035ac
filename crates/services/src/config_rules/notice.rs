//! A change of compliance, as AWS Config tells it.
//!
//! Source: AWS Config Developer Guide, "Example Compliance Change
//! Notification".

use serde_json::{Value, json};
use strongroom_crypto::sha256;
use strongroom_types::Timestamp;

use super::{
    Configured,
    record::{Compliance, Finding},
};
use crate::{
    cloudtrail::{Event, Kind, Resource},
    context::{Home, Services},
    events::{COMPLIANCE_CHANGE, CONFIG},
};

/// What changed.
pub(super) struct Notice<'a> {
    pub(super) home: &'a Home,
    pub(super) rule: &'a Configured,
    pub(super) resource_id: &'a str,
    pub(super) resource_arn: &'a str,
    /// Absent if the resource was never found wanting.
    pub(super) before: Option<&'a Finding>,
    pub(super) after: &'a Finding,
    pub(super) now: Timestamp,
}

impl Notice<'_> {
    /// The service event that records it.
    pub(super) fn event(&self, services: &Services) -> Event {
        let rule = self.rule.rule;
        let mut details = json!({
            "resourceId": self.resource_id,
            "awsRegion": self.home.region.as_str(),
            "awsAccountId": self.home.account.to_string(),
            "configRuleName": rule.name,
            "recordVersion": "1.0",
            "configRuleARN": self.rule_arn(),
            "messageType": "ComplianceChangeNotification",
            "newEvaluationResult": self.result(self.after, self.now),
            "notificationCreationTime": time(self.now),
            "resourceType": rule.resource_type(),
            // Ours: AWS Config knows of none.
            "criticality": self.rule.criticality.as_str(),
        });
        let known = self.before.filter(|before| before.first_seen_ms > 0);
        if let (Some(before), Some(members)) = (known, details.as_object_mut()) {
            let seen = before.resolved_ms.unwrap_or(before.first_seen_ms);
            let seen = Timestamp::from_millisecond(seen).unwrap_or(self.now);
            members.insert("oldEvaluationResult".to_owned(), self.result(before, seen));
        }
        Event {
            service_event_details: Some(details),
            resources: vec![Resource {
                account: self.home.account,
                r#type: rule.resource_type(),
                arn: self.resource_arn.into(),
            }],
            kind: Kind::ServiceEvent(CONFIG, Some(services.random.uuid().to_string()), *self.home),
            ..Event::call(CONFIG, COMPLIANCE_CHANGE, false)
        }
    }

    fn result(&self, finding: &Finding, at: Timestamp) -> Value {
        let status = finding.status();
        let mut result = json!({
            "evaluationResultIdentifier": {
                "evaluationResultQualifier": {
                    "configRuleName": self.rule.rule.name,
                    "resourceType": self.rule.rule.resource_type(),
                    "resourceId": self.resource_id,
                },
                "orderingTimestamp": time(at),
            },
            "complianceType": status.word(),
            "resultRecordedTime": time(at),
            "configRuleInvokedTime": time(at),
        });
        if let (Compliance::NonCompliant, Some(members)) = (status, result.as_object_mut()) {
            let annotation = finding.annotation.clone();
            members.insert("annotation".to_owned(), annotation.into());
        }
        result
    }

    /// The same for a rule in each account and Region.
    fn rule_arn(&self) -> String {
        let digest = sha256(self.rule.rule.name.as_bytes());
        let digits = digest.iter().take(3).map(|byte| format!("{byte:02x}"));
        let id: String = digits.collect();
        let resource = format_args!("config-rule/config-rule-{id}");
        self.home.arn("config", resource).to_string()
    }
}

/// With milliseconds, as AWS Config writes it.
fn time(time: Timestamp) -> String {
    format!("{time:.3}")
}
