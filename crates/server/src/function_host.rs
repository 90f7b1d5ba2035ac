//! Users' own functions: run as the configuration says.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use strongroom_functions::{Confinement, Host, SandboxError};
use strongroom_services::{context::Services, lambda::FunctionHost};

use crate::{config::Functions, databases};

/// Why functions cannot be run, in a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum FunctionsError {
    /// The directory for their files.
    #[error("cannot make the directory of functions")]
    Directory(#[from] io::Error),
    /// How they are confined, or what runs them.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

/// Runs functions from now on, with their files in `directory`; they see nothing
/// of the directories in `hidden`, and know servers by the authorities in a file, or
/// by the system's.
///
/// # Errors
/// [`FunctionsError`], when they cannot be run as the operator says.
pub async fn run(
    services: &Services,
    directory: &Path,
    functions: &Functions,
    hidden: Vec<PathBuf>,
    authorities: Option<&Path>,
) -> Result<(), FunctionsError> {
    let Functions { endpoint, settings } = functions;
    let clock = Arc::clone(&services.clock);
    let wanted = settings.wanted()?;
    let mut host = Host::new(
        directory,
        settings.clone(),
        wanted,
        clock,
        hidden,
        &databases::bundle(authorities),
    )?;
    let weaker = host.try_out().await?;
    let confinement = host.confinement();
    tracing::info!(
        confined = settings.in_words(confinement),
        runtimes = settings.runtimes(),
        at_once = settings.at_once,
        "functions of users are run"
    );
    if confinement == Confinement::ProcessGroup {
        let why = weaker.unwrap_or_else(|| "bubblewrap is not used".to_owned());
        tracing::warn!(
            why,
            "functions of users are not kept from what the server can read: run the server as \
             root, or install bubblewrap; `sandbox` in [functions] says that nothing less will do"
        );
    }
    services.secrets.rotation().run_functions(FunctionHost {
        host,
        endpoint: endpoint.clone(),
    });
    Ok(())
}
