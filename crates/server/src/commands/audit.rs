//! `strongroom audit …`: the log of who did what, read and checked.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Failure,
    output::say,
    place::{Place, Site},
};
use crate::{
    admin::{AcceptLossRequest, AcceptedReport, Report, Request},
    audit::{Fault, LogReader, PublicKey, Verdict, missing, newest, storage::Disk, verify},
};

/// How often a log that is followed is looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// Faults that are told one by one.
const MOST: usize = 100;

/// What to do with the audit log.
#[derive(Subcommand)]
pub(super) enum Audit {
    /// Accept that records are gone, so that what goes after them is missed
    AcceptLoss(AcceptLoss),
    /// Print the records that match, one JSON object a line, the oldest first
    Query(Query),
    /// Print the last records, and those to come
    Tail(Tail),
    /// Check that no record was changed, removed, put in or moved
    Verify(Verify),
}

/// Which log, and why it is as it is.
#[derive(Args)]
pub(super) struct AcceptLoss {
    #[command(flatten)]
    place: Place,
    /// What happened, in a line: `verify` says it from now on
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Which log, and what is trusted to have signed it.
#[derive(Args)]
pub(super) struct Verify {
    #[command(flatten)]
    place: Place,
    /// The log's public key in hexadecimal; without it, the store is asked
    #[arg(long, value_name = "HEX")]
    public_key: Option<String>,
}

/// Which log, and how much of it.
#[derive(Args)]
pub(super) struct Tail {
    #[command(flatten)]
    place: Place,
    /// How many of the last records
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 10)]
    lines: usize,
    /// Go on with what is written from now on
    #[arg(short, long)]
    follow: bool,
}

/// Which log, and which records. What is given must all match, exactly.
#[derive(Args)]
pub(super) struct Query {
    #[command(flatten)]
    place: Place,
    /// Not before this time, RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    start: Option<Timestamp>,
    /// Not after this time, RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    end: Option<Timestamp>,
    /// The record's eventName: GetSecretValue
    #[arg(long, value_name = "NAME")]
    event_name: Option<String>,
    /// The record's eventSource: secretsmanager.amazonaws.com
    #[arg(long, value_name = "SOURCE")]
    event_source: Option<String>,
    /// The record's errorCode; `none` for calls that succeeded
    #[arg(long, value_name = "CODE")]
    error_code: Option<String>,
    /// A part of the caller's ARN, or the user's name
    #[arg(long, value_name = "TEXT")]
    user: Option<String>,
    /// A part of an ARN or name among the record's parameters, answer,
    /// resources and further data
    #[arg(long, value_name = "TEXT")]
    resource: Option<String>,
    /// How many records at most
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

fn time(text: &str) -> Result<Timestamp, &'static str> {
    text.parse()
        .map_err(|_| "write it like 2026-11-01T00:00:00Z")
}

impl Audit {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::AcceptLoss(accept) => accept.run().await,
            Self::Query(query) => query.run(),
            Self::Tail(tail) => tail.run().await,
            Self::Verify(verify) => verify.run().await,
        }
    }
}

/// A log, checked.
struct Checked {
    key: PublicKey,
    verdict: Verdict,
    /// Losses that were accepted, which are no faults of the verdict.
    accepted: Vec<AcceptedReport>,
}

/// Checks the log in `directory`; without a key the store is asked for it, and
/// for what it noted.
async fn check(
    site: Site,
    directory: &Path,
    public_key: Option<String>,
) -> Result<Checked, Failure> {
    let (text, reached) = match public_key {
        Some(text) => (text, None),
        None => match site.perform(Request::AuditKey).await? {
            Report::AuditKey(known) => (known.public_key, known.reached),
            _ => return Err("the node does not say its log's public key".into()),
        },
    };
    let key = PublicKey::parse(&text)
        .ok_or("a public key is 64 hexadecimal digits, as `head.json` has it")?;
    let mut verdict = verify(&Disk::reading(directory), &key)?;
    let mut accepted = Vec::new();
    if let Some(reached) = reached {
        accepted.clone_from(&reached.accepted);
        let known = |fault: &Fault| {
            let mut losses = accepted.iter();
            fault.is_loss() && losses.any(|loss| loss.file == fault.file)
        };
        verdict.faults.retain(|fault| !known(fault));
        let missing = missing(directory, &key, &reached.into())?;
        verdict.faults.extend(missing);
    }
    Ok(Checked {
        key,
        verdict,
        accepted,
    })
}

impl AcceptLoss {
    async fn run(self) -> Result<(), Failure> {
        if self.reason.trim().is_empty() || self.reason.chars().any(char::is_control) {
            return Err("the reason is to be a line of text".into());
        }
        let site = self.place.clone().site()?;
        let directory = there(site.audit.clone())?;
        let Checked { key, verdict, .. } = check(site, &directory, None).await?;
        let losses: Vec<_> = verdict.faults.iter().filter(|it| it.is_loss()).collect();
        if losses.is_empty() {
            return Err("nothing is lost that was not accepted".into());
        }
        let reached = newest(&directory, &key)?
            .ok_or("there is no new log yet: start the node, and accept the loss then")?;
        let request = Request::AcceptLoss(AcceptLossRequest {
            reason: self.reason,
            files: losses.iter().map(|loss| loss.file.clone()).collect(),
            reached: reached.into(),
        });
        self.place.site()?.perform(request).await?;
        for loss in losses {
            say(format_args!("Accepted: {loss}"));
        }
        Ok(())
    }
}

impl Verify {
    async fn run(self) -> Result<(), Failure> {
        let site = self.place.site()?;
        let directory = there(site.audit.clone())?;
        let Checked {
            key,
            verdict,
            accepted,
        } = check(site, &directory, self.public_key).await?;
        if verdict.segments == 0 && verdict.faults.is_empty() {
            return Err(format!(
                "there is nothing to verify: no segment is in `{}`",
                directory.display()
            )
            .into());
        }
        say(format_args!(
            "{} records in {} segments, signed with {}",
            verdict.records,
            verdict.segments,
            key.to_hex()
        ));
        if let Some(time) = &verdict.signed_at {
            say(format_args!("Last signed at {time}"));
        }
        if let Some((file, first, count)) = &verdict.unsigned {
            say(format_args!(
                "Not signed yet: {count} records, from record {first} of {file}"
            ));
        }
        if verdict.unchained > 0 {
            say(format_args!(
                "{} segments are from before the log had a chain; nothing vouches for them",
                verdict.unchained
            ));
        }
        for AcceptedReport { time, file, reason } in &accepted {
            say(format_args!(
                "Lost, and accepted at {time}: {file} and what was there: {reason}"
            ));
        }
        if verdict.faults.is_empty() {
            say(if accepted.is_empty() {
                "Nothing is wrong."
            } else {
                "Nothing else is wrong."
            });
            return Ok(());
        }
        for fault in verdict.faults.iter().take(MOST) {
            say(fault);
        }
        Err(format!(
            "the audit log is not as it was written; places found: {}",
            verdict.faults.len()
        )
        .into())
    }
}

impl Tail {
    async fn run(self) -> Result<(), Failure> {
        let log = LogReader::of(&there(self.place.site()?.audit)?);
        let (records, mut follower) = log.last(self.lines)?;
        records.iter().for_each(|record| show(record));
        if !self.follow {
            return Ok(());
        }
        loop {
            let more = log.follow(&mut follower)?;
            more.iter().for_each(|record| show(record));
            if more.is_empty() {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

impl Query {
    fn run(self) -> Result<(), Failure> {
        let directory = there(self.place.clone().site()?.audit)?;
        let mut left = self.limit.unwrap_or(usize::MAX);
        LogReader::of(&directory).each(self.start, &mut |record| {
            if left == 0 {
                return ControlFlow::Break(());
            }
            if self.matches(record) {
                left -= 1;
                show(record);
            }
            ControlFlow::Continue(())
        })?;
        Ok(())
    }

    fn matches(&self, record: &[u8]) -> bool {
        let Ok(event) = serde_json::from_slice::<Value>(record) else {
            return false;
        };
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        let is = |wanted: &Option<String>, name| {
            wanted
                .as_deref()
                .is_none_or(|wanted| text(name) == Some(wanted))
        };
        let time = text("eventTime").and_then(|time| time.parse::<Timestamp>().ok());
        let is_in_time = self.start.is_none_or(|start| time >= Some(start))
            && self
                .end
                .is_none_or(|end| time.is_some_and(|time| time <= end));
        let error = match self.error_code.as_deref() {
            Some("none") => text("errorCode").is_none(),
            _ => is(&self.error_code, "errorCode"),
        };
        let user = self.user.as_deref().is_none_or(|user| {
            let who = event.get("userIdentity");
            let text = |name| who.and_then(|who| who.get(name)).and_then(Value::as_str);
            text("arn").is_some_and(|arn| arn.contains(user)) || text("userName") == Some(user)
        });
        let resource = self.resource.as_deref().is_none_or(|part| {
            let places = [
                "requestParameters",
                "responseElements",
                "resources",
                "additionalEventData",
            ];
            let mut found = places.iter().filter_map(|name| event.get(*name));
            found.any(|value| holds(value, part))
        });
        is_in_time
            && error
            && user
            && resource
            && is(&self.event_name, "eventName")
            && is(&self.event_source, "eventSource")
    }
}

/// Whether a string somewhere in `value` has this part.
fn holds(value: &Value, part: &str) -> bool {
    match value {
        Value::String(text) => text.contains(part),
        Value::Array(items) => items.iter().any(|item| holds(item, part)),
        Value::Object(members) => members.values().any(|member| holds(member, part)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn there(directory: PathBuf) -> Result<PathBuf, Failure> {
    if directory.is_dir() {
        Ok(directory)
    } else {
        Err(format!("there is no audit log in `{}`", directory.display()).into())
    }
}

fn show(record: &[u8]) {
    say(String::from_utf8_lossy(record));
}
