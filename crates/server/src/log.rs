//! The process's own log, to standard error.
//!
//! It tells what the process does, never what a client sent or got: no bodies,
//! no header values, no credentials. The audit log is another thing
//! (`audit.rs`).

use serde::Deserialize;
use tracing::{
    level_filters::LevelFilter,
    subscriber::{SetGlobalDefaultError, set_global_default},
};
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt};

/// From where on things are worth a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Also what only developers ask for.
    Debug,
    /// Something failed and needs a human.
    Error,
    /// What an operator wants to read later.
    #[default]
    Info,
    /// Everything.
    Trace,
    /// Something is not as it should be.
    Warn,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// For humans; in colour on a terminal.
    #[default]
    Text,
}

/// Starts logging, for the rest of the process's life.
///
/// # Errors
///
/// When it was started before.
pub fn start(level: Level, format: Format) -> Result<(), SetGlobalDefaultError> {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry();
    match format {
        Format::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false);
            set_global_default(registry.with(lines.with_filter(targets(level))))
        }
        Format::Text => {
            let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
            let lines = lines.with_ansi(colour).with_target(false);
            set_global_default(registry.with(lines.with_filter(targets(level))))
        }
    }
}

/// Our own crates at the level asked for. Libraries stay at warnings: below
/// that they log header values and frames.
fn targets(level: Level) -> Targets {
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("strongroom", filter(level))
}

fn filter(level: Level) -> LevelFilter {
    match level {
        Level::Debug => LevelFilter::DEBUG,
        Level::Error => LevelFilter::ERROR,
        Level::Info => LevelFilter::INFO,
        Level::Trace => LevelFilter::TRACE,
        Level::Warn => LevelFilter::WARN,
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level as Severity;

    use super::*;

    #[test]
    fn libraries_stay_quiet_at_every_level() {
        let all = targets(Level::Trace);
        assert!(all.would_enable("strongroom::http", &Severity::TRACE));
        assert!(all.would_enable("strongroom_store", &Severity::TRACE));
        assert!(all.would_enable("hyper::proto", &Severity::WARN));
        assert!(!all.would_enable("hyper::proto", &Severity::INFO));
        assert!(!all.would_enable("h2::codec", &Severity::DEBUG));
        let few = targets(Level::Error);
        assert!(!few.would_enable("strongroom::http", &Severity::WARN));
    }
}
