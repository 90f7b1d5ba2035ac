use serde::{Deserialize, Serialize};
use strongroom_services::{
    config_rules::{Compliance, Criticality, Finding, accept, find},
    context::Services,
    tables::{Accounts, Findings},
};
use strongroom_store::Mode;
use strongroom_types::{AccountId, Arn, Region, Timestamp};

use super::said;

/// Findings in one answer.
const MOST: usize = 1000;
/// Rows read at a time.
const PAGE: usize = 200;

/// Which findings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FindingsRequest {
    /// `NON_COMPLIANT` and its like; all without.
    pub status: Option<String>,
    /// Of this rule.
    pub rule: Option<String>,
    /// Of this criticality, or one above.
    pub criticality: Option<String>,
    /// Of this account.
    pub account: Option<String>,
    /// With this in the resource's id.
    pub resource: Option<String>,
}

/// Which finding is accepted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptRequest {
    /// The rule.
    pub rule: String,
    /// The secret's ARN.
    pub resource: String,
}

/// What rules found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct FindingsReport {
    /// The first thousand, by account and Region.
    pub findings: Vec<FoundByRule>,
    /// Whether there are more.
    pub more: bool,
}

/// What a rule found of a resource.
#[derive(Debug, Serialize, Deserialize)]
pub struct FoundByRule {
    /// The account, twelve digits.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The rule.
    pub rule: String,
    /// How much it matters.
    pub criticality: String,
    /// The type of the resource.
    pub resource_type: String,
    /// The resource: a secret's ARN, a key's id.
    pub resource: String,
    /// `NON_COMPLIANT`, `COMPLIANT`, `NOT_APPLICABLE`.
    pub status: String,
    /// Why it was found.
    pub annotation: String,
    /// When it was found, RFC 3339, UTC.
    pub first_seen: String,
    /// When it was last seen.
    pub last_seen: String,
    /// When it was resolved.
    pub resolved: Option<String>,
}

/// Lists findings.
pub(super) async fn findings(
    services: &Services,
    wanted: FindingsRequest,
) -> Result<FindingsReport, String> {
    let mut tx = services.store.begin(Mode::Read).await.map_err(said)?;
    if let Some(rule) = &wanted.rule {
        check_rule(rule)?;
    }
    if let Some(text) = &wanted.account {
        let account = text.parse::<AccountId>();
        let account = account.map_err(|_| format!("`{text}` is no account: twelve digits"))?;
        let known = tx.get::<Accounts>(&(account,)).await.map_err(said)?;
        if known.is_none() {
            return Err(format!("there is no account {account}"));
        }
    }
    let (mut report, mut after) = (FindingsReport::default(), None);
    loop {
        let page = tx.range::<Findings>((), after.as_ref(), PAGE).await;
        let page = page.map_err(said)?;
        let Some((last, _)) = page.last() else {
            return Ok(report);
        };
        after = Some(last.clone());
        for (key, finding) in page {
            // What is only compared with was never found.
            if finding.first_seen_ms == 0 {
                continue;
            }
            let found = of(services, key, finding);
            if !wanted.is(&found) {
                continue;
            }
            if report.findings.len() == MOST {
                report.more = true;
                return Ok(report);
            }
            report.findings.push(found);
        }
    }
}

fn of(
    services: &Services,
    (account, region, resource, rule): (AccountId, Region, String, String),
    finding: Finding,
) -> FoundByRule {
    let known = find(&rule);
    let configured = services.rules.iter().find(|it| it.rule.name == rule);
    let criticality = configured.map(|it| it.criticality);
    let criticality = criticality.or(known.map(|rule| rule.criticality));
    FoundByRule {
        account: account.to_string(),
        region: region.to_string(),
        criticality: criticality.map_or("", Criticality::as_str).to_owned(),
        resource_type: known.map_or("", |rule| rule.resource_type()).to_owned(),
        status: finding.status().word().to_owned(),
        first_seen: time(finding.first_seen_ms),
        last_seen: time(finding.last_seen_ms),
        resolved: finding.resolved_ms.map(time),
        annotation: finding.annotation,
        resource,
        rule,
    }
}

fn time(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or_default();
    let second = Timestamp::from_second(time.as_second());
    second.unwrap_or(time).to_string()
}

impl FindingsRequest {
    fn is(&self, found: &FoundByRule) -> bool {
        let same =
            |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        let rank = |text: &str| {
            Criticality::ALL
                .iter()
                .position(|known| known.as_str() == text)
        };
        let resource = self.resource.as_deref();
        same(&self.status, &found.status)
            && same(&self.rule, &found.rule)
            && same(&self.account, &found.account)
            && self
                .criticality
                .as_deref()
                .is_none_or(|least| rank(&found.criticality) >= rank(least))
            && resource.is_none_or(|part| found.resource.contains(part))
    }
}

fn check_rule(name: &str) -> Result<(), String> {
    match find(name) {
        Some(_) => Ok(()),
        None => Err(format!("there is no rule `{name}`")),
    }
}

/// Accepts a finding.
pub(super) async fn accept_one(services: &Services, asked: AcceptRequest) -> Result<(), String> {
    check_rule(&asked.rule)?;
    let no_secret = || format!("`{}` is no secret's ARN", asked.resource);
    let arn: Arn = asked.resource.parse().map_err(|_| no_secret())?;
    let account = arn.account().parse().map_err(|_| no_secret())?;
    let region = arn.region().parse().map_err(|_| no_secret())?;
    let key = (account, region, asked.resource.clone(), asked.rule);
    match accept(services, &key).await.map_err(said)? {
        Ok(()) => Ok(()),
        Err(why) => Err(why.to_string()),
    }
}

/// The words for statuses.
pub const STATUSES: [Compliance; 3] = [
    Compliance::NonCompliant,
    Compliance::Compliant,
    Compliance::NotApplicable,
];
