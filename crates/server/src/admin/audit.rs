use serde::{Deserialize, Serialize};
use strongroom_services::{
    cloudtrail::{EventTime, Loss},
    context::Services,
    events::{AcceptedLoss, LogReach},
    iam::management_home,
};

use super::{Operator, said, sentence};
use crate::{
    app::audit_signer,
    audit::{accept, noted},
};

/// What the store knows of the audit log.
#[derive(Debug, Serialize, Deserialize)]
pub struct AuditReport {
    /// Its public key, in hexadecimal.
    pub public_key: String,
    /// How far it has come; nothing before its first record.
    pub reached: Option<ReachedReport>,
}

/// A place in the audit log.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReachedReport {
    sequence: u64,
    records: u64,
    chain: String,
    time: String,
    /// What was lost before it, and is accepted as lost.
    pub accepted: Vec<AcceptedReport>,
}

/// A loss that was accepted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AcceptedReport {
    /// When, RFC 3339.
    pub time: String,
    /// The segment, or the head that was kept.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// Which loss is accepted.
#[derive(Debug, Serialize, Deserialize)]
pub struct AcceptLossRequest {
    /// Why, in a line.
    pub reason: String,
    /// The places that `audit verify` names.
    pub files: Vec<String>,
    /// Where the log is now.
    pub reached: ReachedReport,
}

impl From<LogReach> for ReachedReport {
    fn from(reach: LogReach) -> Self {
        let accepted = reach.accepted.into_iter().map(|loss| AcceptedReport {
            time: loss.time,
            file: loss.file,
            reason: loss.reason,
        });
        Self {
            sequence: reach.sequence,
            records: reach.records,
            chain: reach.chain,
            time: reach.time,
            accepted: accepted.collect(),
        }
    }
}

impl From<ReachedReport> for LogReach {
    fn from(report: ReachedReport) -> Self {
        Self {
            sequence: report.sequence,
            records: report.records,
            chain: report.chain,
            time: report.time,
            // The store knows.
            accepted: Vec::new(),
        }
    }
}

/// Says what is known.
pub(super) async fn audit(services: &Services) -> Result<AuditReport, String> {
    let signer = audit_signer(&services.store).map_err(|error| sentence(&error))?;
    let reached = noted(&services.store).await.map_err(said)?;
    Ok(AuditReport {
        public_key: signer.public().to_hex(),
        reached: reached.map(ReachedReport::from),
    })
}

/// Accepts that what was noted is lost, and has that on record.
pub(super) async fn accept_loss(
    services: &Services,
    asked: AcceptLossRequest,
    by: Operator,
) -> Result<(), String> {
    let AcceptLossRequest {
        reason,
        files,
        reached,
    } = asked;
    let home = management_home(services).await.map_err(said)?;
    let home = home.ok_or("the store has no account, so that nothing can be on record")?;
    let reached = LogReach::from(reached);
    let loss = Loss {
        reason: &reason,
        places: &files,
        noted: noted(&services.store).await.map_err(said)?.as_ref(),
        reached: &reached,
        operator: by.on_record(),
    }
    .event(home);
    let now = services.clock.now();
    let record = loss.own_record(services, &EventTime::of(now));
    let time = now.to_string();
    let losses = files.into_iter().map(|file| AcceptedLoss {
        time: time.clone(),
        file,
        reason: reason.clone(),
    });
    let losses: Vec<_> = losses.collect();
    tracing::warn!(
        reason,
        uid = by.uid,
        "it is accepted that records of the audit log are lost"
    );
    accept(&services.store, reached, losses, record)
        .await
        .map_err(said)
}
