//! `strongroom seal`: the keys that seal the store.

use clap::{Args, Subcommand};

use super::{Failure, output::say, place::Place};
use crate::admin::{Report, Request};

#[derive(Subcommand)]
pub(super) enum Seal {
    /// Seal with a fresh key from now on; what is sealed stays readable
    Rotate(Rotate),
}

/// Which store's key.
#[derive(Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    place: Place,
}

impl Seal {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let Self::Rotate(Rotate { place }) = self;
        if let Report::RotateSealKey = place.site()?.perform(Request::RotateSealKey).await? {
            say("There is a new seal key. What is written from now on is sealed with it.");
            say("The root key is the same as before.");
        }
        Ok(())
    }
}
