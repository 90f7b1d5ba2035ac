use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use strongroom_services::explain::Answer as Answered;

use super::{
    AcceptLossRequest, AcceptRequest, AuditReport, BackupReport, EventsReport, EventsRequest,
    ExplainRequest, FindingsReport, FindingsRequest, JobsReport, VerifyReport,
};

/// What is asked of whoever has the store open.
#[derive(Debug, Serialize, Deserialize)]
#[serde(
    tag = "command",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Request {
    /// To accept what a rule found.
    AcceptFinding(AcceptRequest),
    /// To accept that records of the audit log are lost.
    AcceptLoss(AcceptLossRequest),
    /// To say the public key of the audit log, and how far it has come.
    AuditKey,
    /// To copy the store, as it is now, into a new file.
    Backup {
        /// The file, absolute: the two ends may stand in different places.
        target: PathBuf,
    },
    /// To say, or to do, something about event endpoints.
    Events(EventsRequest),
    /// To say whether a principal may do something, and why.
    Explain(ExplainRequest),
    /// To list what rules found.
    Findings(FindingsRequest),
    /// To list what waits to be done in the background.
    Jobs,
    /// To seal with a fresh key from now on.
    RotateSealKey,
    /// To read everything and check that it is as it should be.
    Verify,
}

/// What was done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Report {
    /// It was accepted.
    AcceptFinding,
    /// The loss was accepted.
    AcceptLoss,
    /// What the store knows of the audit log.
    AuditKey(AuditReport),
    /// The store was copied.
    Backup(BackupReport),
    /// What there is to say of event endpoints.
    Events(EventsReport),
    /// May it be done, and why.
    Explain(Answered),
    /// What rules found.
    Findings(FindingsReport),
    /// What waits.
    Jobs(JobsReport),
    /// There is a new seal key.
    RotateSealKey,
    /// What was found.
    Verify(VerifyReport),
}

/// A line of the socket's answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    Done(Report),
    /// Nothing was done, and why.
    Refused(String),
}
