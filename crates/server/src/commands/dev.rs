//! `strongroom dev`: the whole product on loopback, nothing to configure.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use clap::Args;
use strongroom_crypto::SystemRandom;
use strongroom_services::iam::{AdminKey, admin_key, bootstrap};
use strongroom_store::UnsealSource;
use strongroom_types::{AccountId, Partition, Region};

use super::{Failure, env_file::Environment, serve::serve};
use crate::{
    app::{App, Setup},
    audit::Options,
    http::{Limits, Listener},
    log,
    shutdown::Signals,
};

/// Where everything is kept, for whom, and what is listened to.
#[derive(Args)]
pub(super) struct Dev {
    /// Where everything is kept; made at the first start
    #[arg(long, value_name = "DIR", default_value = "strongroom-data")]
    data_dir: PathBuf,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7443")]
    listen: SocketAddr,
    /// Write the `export` lines to this file too, once requests are answered
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Twelve digits for the management account; only at the first start
    #[arg(long, value_name = "DIGITS")]
    account_id: Option<AccountId>,
    /// The Region in the printed `export` lines; all Regions are served
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    region: Region,
    /// How much to log
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log_level: log::Level,
}

impl Dev {
    pub(super) fn run(self) -> Result<(), Failure> {
        log::start(self.log_level, log::Format::Text)?;
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(self.serve())
    }

    async fn serve(self) -> Result<(), Failure> {
        if !self.listen.ip().is_loopback() {
            return Err(format!(
                "`dev` speaks plain HTTP and listens on loopback only, not on {}; \
                 use `strongroom server` with a certificate",
                self.listen
            )
            .into());
        }
        let signals = Signals::catch()?;
        let app = self.open().await?;
        let first = bootstrap(&app.services, self.account_id).await?;
        let known = match first {
            Some(key) => key,
            None => self.returning_admin(&app).await?,
        };
        let listener = Listener::bind(self.listen, None)
            .await
            .map_err(|error| format!("cannot listen on {}: {error}", self.listen))?;
        let environment = Environment {
            address: listener.address()?,
            access_key_id: &known.access_key_id,
            secret_access_key: &known.secret_access_key,
            region: self.region,
        };
        welcome(&environment, &known);
        if let Some(path) = &self.env_file {
            // The socket is bound: a client that reads the file is answered.
            environment
                .write(path)
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        }
        serve(app, vec![listener], Limits::default(), signals, || {}).await
    }

    async fn open(&self) -> Result<Arc<App>, Failure> {
        let dir = &self.data_dir;
        std::fs::create_dir_all(dir)
            .map_err(|error| format!("cannot make the directory {}: {error}", dir.display()))?;
        let store = dir.join("store.redb");
        let key = UnsealSource::File(dir.join("root.key"));
        // A store without its key must not get a fresh one that opens nothing.
        let root_key = if store.exists() {
            key.read()?
        } else {
            key.read_or_create(&SystemRandom)?
        };
        let setup = Setup {
            store,
            root_key,
            audit: dir.join("audit"),
            audit_options: Options::default(),
            partition: Partition::default(),
            regions: Region::all().collect(),
        };
        Ok(App::open(setup).await?)
    }

    /// The admin of an earlier start.
    async fn returning_admin(&self, app: &App) -> Result<AdminKey, Failure> {
        let key = admin_key(&app.services).await?.ok_or(
            "the management account's admin has no access key any more; \
             use `strongroom server`, or start with another --data-dir",
        )?;
        match self.account_id {
            Some(asked) if asked != key.account => Err(format!(
                "this data directory belongs to account {}, not {asked}; \
                 leave --account-id out, or start with another --data-dir",
                key.account
            )
            .into()),
            _ => Ok(key),
        }
    }
}

/// What a newcomer needs to go on. Standard output, so that it can be piped.
#[expect(clippy::print_stdout, reason = "the output of the command")]
fn welcome(environment: &Environment<'_>, key: &AdminKey) {
    println!("Strongroom answers at http://{}", environment.address);
    println!("Account {}, user admin. In another shell:\n", key.account);
    println!("{}", environment.exports().as_str());
    println!("Then try:\n");
    println!("aws secretsmanager create-secret --name demo/db --secret-string hunter2");
    println!("aws secretsmanager get-secret-value --secret-id demo/db");
    println!("aws secretsmanager list-secrets\n");
    println!("Stop with Ctrl-C; secrets and credentials stay.");
}
