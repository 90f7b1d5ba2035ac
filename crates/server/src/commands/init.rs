//! `strongroom init`: the store of a server, and its administrator.

use std::{net::SocketAddr, os::unix::fs::DirBuilderExt, path::PathBuf};

use clap::Args;
use strongroom_crypto::SystemRandom;
use strongroom_services::iam::bootstrap;
use strongroom_store::Store;
use strongroom_types::Region;

use super::{
    Failure,
    env_file::Environment,
    output::say,
    place::{Site, load},
};
use crate::{app::services, config::Config};

/// Which configuration.
#[derive(Args)]
pub(super) struct Init {
    /// The server's configuration
    #[arg(long, value_name = "FILE", env = "STRONGROOM_CONFIG")]
    config: PathBuf,
    /// Override a key of the configuration; may be repeated
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    settings: Vec<String>,
}

impl Init {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = load(&self.config, &self.settings)?;
        let site = Site::of_server(&config)?;
        let path = site.store();
        // A store without its key must not get a fresh one that opens nothing.
        let root = if path.exists() {
            site.key.read()?
        } else {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&site.data_dir)
                .map_err(|error| {
                    format!(
                        "cannot make the directory `{}`: {error}; set `data_dir` to a place that \
                         this user may write to",
                        site.data_dir.display()
                    )
                })?;
            site.key.read_or_create(&SystemRandom)?
        };
        let store = Store::open(&path, &root)?;
        let services = services(store.clone(), site.partition);
        let made = bootstrap(&services, config.deployment.account_id).await;
        store.close().await?;
        let Some(admin) = made? else {
            return Err(format!(
                "the store in `{}` has been made already, and its credentials were printed \
                 then; start it with `strongroom server`",
                site.data_dir.display()
            )
            .into());
        };
        let environment = Environment {
            endpoint: endpoint(&config),
            access_key_id: &admin.access_key_id,
            secret_access_key: &admin.secret_access_key,
            region: region(&config)?,
        };
        say(format_args!(
            "# Account {}, user admin. Keep this: it is not shown again.",
            admin.account
        ));
        say(environment.exports().trim_end());
        Ok(())
    }
}

/// Where clients on this machine reach the first listener.
fn endpoint(config: &Config) -> String {
    let Some(listener) = config.listeners.first() else {
        return String::new();
    };
    let scheme = if listener.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let address: SocketAddr = listener.address;
    if address.ip().is_unspecified() {
        format!("{scheme}://localhost:{}", address.port())
    } else {
        format!("{scheme}://{address}")
    }
}

/// The Region for the `export` lines: AWS's first, if it is served.
fn region(config: &Config) -> Result<Region, Failure> {
    let regions = &config.deployment.regions;
    let usual = regions.iter().find(|region| region.as_str() == "us-east-1");
    let region = usual.or_else(|| regions.first());
    region.copied().ok_or_else(|| "no Region is served".into())
}
