//! `strongroom events …`: who is told what happens, and what was given up.

use clap::{Args, Subcommand};

use super::{
    Failure,
    output::{say, table},
    place::Place,
};
use crate::admin::{DeadEvent, EndpointStatus, EventsReport, EventsRequest, Report, Request};

/// What to do about event endpoints.
#[derive(Subcommand)]
pub(super) enum Events {
    /// Say how far each endpoint was told, and what is in the way
    Status(Status),
    /// List the events that endpoints refused until they were given up
    DeadLetters(Listed),
    /// Send dead letters once more
    Redeliver(Chosen),
    /// Forget dead letters
    Discard(Chosen),
}

/// Whose endpoints.
#[derive(Args)]
pub(super) struct Status {
    #[command(flatten)]
    place: Place,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which dead letters.
#[derive(Args)]
pub(super) struct Listed {
    #[command(flatten)]
    place: Place,
    /// Those of this endpoint
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// Print JSON, with the events themselves
    #[arg(long)]
    json: bool,
}

/// Which dead letters.
#[derive(Args)]
pub(super) struct Chosen {
    #[command(flatten)]
    place: Place,
    /// Those of this endpoint
    endpoint: String,
    /// The one of this event
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

impl Events {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Status(Status { place, json }) => {
                if let EventsReport::Status(found) = ask(place, EventsRequest::Status).await? {
                    show_status(found, json)?;
                }
            }
            Self::DeadLetters(Listed {
                place,
                endpoint,
                json,
            }) => {
                let request = EventsRequest::DeadLetters { endpoint };
                if let EventsReport::DeadLetters(found, more) = ask(place, request).await? {
                    show_dead(found, more, json)?;
                }
            }
            Self::Redeliver(Chosen {
                place,
                endpoint,
                id,
            }) => {
                let request = EventsRequest::Redeliver { endpoint, id };
                if let EventsReport::Changed(count) = ask(place, request).await? {
                    say(format_args!("Sent once more: {count}"));
                }
            }
            Self::Discard(Chosen {
                place,
                endpoint,
                id,
            }) => {
                let request = EventsRequest::Discard { endpoint, id };
                if let EventsReport::Changed(count) = ask(place, request).await? {
                    say(format_args!("Discarded: {count}"));
                }
            }
        }
        Ok(())
    }
}

async fn ask(place: Place, request: EventsRequest) -> Result<EventsReport, Failure> {
    match place.site()?.perform(Request::Events(request)).await? {
        Report::Events(report) => Ok(report),
        _ => Err("the node says nothing of event endpoints".into()),
    }
}

fn show_status(found: Vec<EndpointStatus>, json: bool) -> Result<(), Failure> {
    if json {
        say(serde_json::to_string_pretty(&found)?);
        return Ok(());
    }
    if found.is_empty() {
        say("Nobody is told. Add a section `[[event_endpoint]]` to the configuration.");
        return Ok(());
    }
    let heads = [
        "ENDPOINT",
        "TOLD THROUGH",
        "DEAD LETTERS",
        "MISSED SEGMENTS",
        "FAILING SINCE",
        "BECAUSE",
    ];
    let rows: Vec<_> = found
        .into_iter()
        .map(|status| {
            [
                status.endpoint,
                status.told_through,
                status.dead_letters.to_string(),
                status.missed_segments.to_string(),
                status.failing_since.unwrap_or_default(),
                status.failure.unwrap_or_default(),
            ]
        })
        .collect();
    say(table(heads, &rows));
    Ok(())
}

fn show_dead(found: Vec<DeadEvent>, more: bool, json: bool) -> Result<(), Failure> {
    if json {
        say(serde_json::to_string_pretty(&found)?);
        return Ok(());
    }
    if found.is_empty() {
        say("No event was given up.");
        return Ok(());
    }
    let heads = [
        "GIVEN UP",
        "ENDPOINT",
        "EVENT",
        "DETAIL TYPE",
        "SENT",
        "BECAUSE",
    ];
    let rows: Vec<_> = found
        .into_iter()
        .map(|dead| {
            let kind = dead.event.get("detail-type");
            [
                dead.given_up,
                dead.endpoint,
                dead.id,
                kind.and_then(|kind| kind.as_str())
                    .unwrap_or_default()
                    .to_owned(),
                dead.attempts.to_string(),
                if dead.redeliver {
                    "is sent once more".to_owned()
                } else {
                    dead.reason
                },
            ]
        })
        .collect();
    say(table(heads, &rows));
    if more {
        say("There are more.");
    }
    Ok(())
}
