use serde::{Deserialize, Serialize};
use strongroom_services::{context::Services, events::LogReach};

use super::{said, sentence};
use crate::{app::audit_signer, audit::noted};

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
}

impl From<LogReach> for ReachedReport {
    fn from(reach: LogReach) -> Self {
        Self {
            sequence: reach.sequence,
            records: reach.records,
            chain: reach.chain,
            time: reach.time,
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
