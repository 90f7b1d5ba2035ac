//! `strongroom findings`: what the rules that watch over secrets found.

use clap::{Args, Subcommand};
use strongroom_services::config_rules::{Compliance, Criticality};

use super::{
    Failure,
    output::{say, table},
    place::Place,
};
use crate::admin::{AcceptRequest, FindingsReport, FindingsRequest, Report, Request, STATUSES};

/// Which findings.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Findings {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Subcommand)]
enum Command {
    /// Accept a change of tags, or a deletion that was looked into
    Accept(Accept),
}

#[derive(Args)]
struct List {
    #[command(flatten)]
    place: Place,
    /// NON_COMPLIANT, COMPLIANT (those that were mended), NOT_APPLICABLE or all
    #[arg(long, value_name = "STATUS", default_value = "NON_COMPLIANT")]
    status: String,
    /// Those of this rule
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// Those that matter so much or more: low, medium, high, critical
    #[arg(long, value_name = "LEAST")]
    criticality: Option<String>,
    /// Those of this account
    #[arg(long, value_name = "DIGITS")]
    account: Option<String>,
    /// Those whose resource has this in its ARN
    #[arg(long, value_name = "TEXT")]
    resource: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Accept {
    #[command(flatten)]
    place: Place,
    /// The rule
    #[arg(long, value_name = "NAME")]
    rule: String,
    /// The secret's ARN
    #[arg(long, value_name = "ARN")]
    resource: String,
}

impl Findings {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.command {
            Some(Command::Accept(accept)) => accept.run().await,
            None => self.list.run().await,
        }
    }
}

impl Accept {
    async fn run(self) -> Result<(), Failure> {
        let Self {
            place,
            rule,
            resource,
        } = self;
        let request = Request::AcceptFinding(AcceptRequest { rule, resource });
        place.site()?.perform(request).await?;
        say("Accepted.");
        Ok(())
    }
}

impl List {
    async fn run(self) -> Result<(), Failure> {
        let status = self.status.to_uppercase();
        let known = |status: &str| STATUSES.iter().any(|it| it.word() == status);
        let status = match status.as_str() {
            "ALL" => None,
            status if known(status) => Some(status.to_owned()),
            _ => {
                let words = STATUSES.map(Compliance::word).join(", ");
                return Err(format!("`{}` is not {words} or all", self.status).into());
            }
        };
        let criticality = self.criticality.map(|text| text.to_uppercase());
        if let Some(text) = &criticality
            && !Criticality::ALL.iter().any(|it| it.as_str() == text)
        {
            return Err(format!("`{text}` is not LOW, MEDIUM, HIGH or CRITICAL").into());
        }
        let request = Request::Findings(FindingsRequest {
            status,
            rule: self.rule,
            criticality,
            account: self.account,
            resource: self.resource,
        });
        if let Report::Findings(found) = self.place.site()?.perform(request).await? {
            show(found, self.json)?;
        }
        Ok(())
    }
}

fn show(found: FindingsReport, json: bool) -> Result<(), Failure> {
    if json {
        say(serde_json::to_string_pretty(&found.findings)?);
        return Ok(());
    }
    if found.findings.is_empty() {
        say("Nothing was found.");
        return Ok(());
    }
    let heads = [
        "FIRST SEEN",
        "CRITICALITY",
        "STATUS",
        "RULE",
        "RESOURCE",
        "BECAUSE",
    ];
    let rows: Vec<_> = found
        .findings
        .into_iter()
        .map(|found| {
            [
                found.first_seen,
                found.criticality,
                found.status,
                found.rule,
                found.resource,
                found.annotation,
            ]
        })
        .collect();
    say(table(heads, &rows));
    if found.more {
        say("There are more.");
    }
    Ok(())
}
