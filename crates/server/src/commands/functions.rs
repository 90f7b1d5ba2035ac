//! `strongroom functions logs`: what users' functions printed.

use std::{fs, io, path::PathBuf};

use clap::{Args, Subcommand};

use super::{
    Failure,
    output::{harmless, say},
    place::Place,
};

/// What about functions.
#[derive(Args)]
pub(super) struct Functions {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Shows what functions printed
    Logs(Logs),
}

/// Whose logs.
#[derive(Args)]
struct Logs {
    /// The function's name; those of all functions if it is left out
    name: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Functions {
    pub(super) fn run(self) -> Result<(), Failure> {
        let What::Logs(logs) = self.what;
        logs.show()
    }
}

impl Logs {
    fn show(self) -> Result<(), Failure> {
        let directory = self.place.site()?.data_dir.join("functions/logs");
        let mut logs = match fs::read_dir(&directory) {
            Ok(entries) => entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<io::Result<Vec<PathBuf>>>()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        logs.sort();
        let mut shown = false;
        for path in logs {
            let Some(file) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            // `<account>-<Region>-<name>.log`; what was before is `.log.1`.
            let Some(function) = file.strip_suffix(".log") else {
                continue;
            };
            let wanted = self.name.as_ref().is_none_or(|name| {
                let place = function.strip_suffix(name.as_str());
                place.is_some_and(|place| place.ends_with('-'))
            });
            if wanted {
                say(format_args!("== {function}"));
                let printed = fs::read(&path)?;
                say(harmless(String::from_utf8_lossy(&printed).trim_end()));
                shown = true;
            }
        }
        match self.name {
            _ if shown => Ok(()),
            Some(name) => Err(format!(
                "there is no function `{name}`, or it has printed nothing; without a name, \
                 the logs of all are shown"
            )
            .into()),
            None => {
                say("Nothing was printed.");
                Ok(())
            }
        }
    }
}
