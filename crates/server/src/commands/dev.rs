//! `strongroom dev`: the whole product on loopback, nothing to configure.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use clap::Args;
use nix::unistd::{AccessFlags, access};
use strongroom_crypto::SystemRandom;
use strongroom_functions::Settings;
use strongroom_services::{
    config_rules::Rules,
    iam::{AdminKey, admin_key, bootstrap},
};
use strongroom_types::{AccountId, Region};

use super::{
    Failure,
    env_file::Environment,
    output::say,
    place::Site,
    serve::{bind, look_after, prepare, serve},
};
use crate::{
    admin::Admin,
    app::{App, Setup},
    audit::Options,
    config::{Functions, open_key},
    function_host::{self, FunctionsError},
    http::Limits,
    log,
    outbound::Outbound,
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
    /// An address for the operator's pages: metrics and health
    #[arg(long, value_name = "ADDRESS")]
    admin_listen: Option<SocketAddr>,
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
    pub(super) async fn run(self) -> Result<(), Failure> {
        log::start(self.log_level, log::Format::Text)?;
        let addresses = [Some(self.listen), self.admin_listen];
        let mut addresses = addresses.into_iter().flatten();
        if let Some(exposed) = addresses.find(|address| !address.ip().is_loopback()) {
            return Err(format!(
                "`dev` speaks plain HTTP and listens on loopback only, not on {exposed}; \
                 use `strongroom server` with a certificate"
            )
            .into());
        }
        let signals = Signals::catch()?;
        prepare()?;
        let site = Site::of_dev(self.data_dir.clone());
        let app = self.open(&site).await?;
        let first = bootstrap(&app.services, self.account_id).await?;
        let known = match first {
            Some(key) => key,
            None => self.returning_admin(&app).await?,
        };
        let listener = bind(self.listen, None).await?;
        let pages = match self.admin_listen {
            Some(address) => Some(bind(address, None).await?),
            None => None,
        };
        let environment = Environment {
            endpoint: format!("http://{}", listener.address()?),
            access_key_id: &known.access_key_id,
            secret_access_key: &known.secret_access_key,
            region: self.region,
        };
        let hidden = self.data_dir.canonicalize()?;
        let functions = hidden.join("functions");
        let run = Functions {
            endpoint: environment.endpoint.clone(),
            settings: Settings::default(),
        };
        match function_host::run(&app.services, &functions, &run, vec![hidden], None).await {
            // Whoever tries the product out may be in a container.
            Err(FunctionsError::Sandbox(error)) => {
                tracing::warn!(%error, "functions of users are not run");
            }
            other => other?,
        }
        let socket = site.socket();
        let looking_after = look_after(Admin::new(Arc::clone(&app.services), site.key), &socket);
        welcome(&environment, &known);
        if let Some(path) = &self.env_file {
            // The sockets are bound: whoever reads the file is answered.
            environment
                .write(path)
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        }
        let listeners = vec![listener];
        serve(
            app,
            listeners,
            pages,
            Limits::default(),
            signals,
            || {},
            looking_after,
        )
        .await
    }

    async fn open(&self, site: &Site) -> Result<Arc<App>, Failure> {
        let dir = &self.data_dir;
        let usable = std::fs::create_dir_all(dir).and_then(|()| {
            let wanted = AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK;
            Ok(access(dir, wanted)?)
        });
        usable.map_err(|error| {
            format!(
                "cannot keep anything in the directory `{}`: {error}; choose another --data-dir",
                dir.display()
            )
        })?;
        let store = site.store();
        // A store without its key must not get a fresh one that opens nothing.
        let root_key = if store.exists() {
            site.key.read()?
        } else {
            site.key.read_or_create(&SystemRandom)?
        };
        if let Some(complaint) = site.key_file().and_then(open_key) {
            return Err(complaint.into());
        }
        let setup = Setup {
            store,
            root_key,
            audit: dir.join("audit"),
            audit_options: Options::default(),
            partition: site.partition,
            regions: Region::all().collect(),
            authorities: None,
            outbound: Outbound::new(None)?,
            endpoints: Vec::new(),
            rules: Rules::default(),
            function_endpoints: Vec::new(),
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
fn welcome(environment: &Environment<'_>, key: &AdminKey) {
    say(format_args!(
        "Strongroom answers at {}",
        environment.endpoint
    ));
    say(format_args!(
        "Account {}, user admin. In another shell:\n",
        key.account
    ));
    say(environment.exports().as_str());
    say("Then try:\n");
    say("aws secretsmanager create-secret --name demo/db --secret-string hunter2");
    say("aws secretsmanager get-secret-value --secret-id demo/db");
    say("aws secretsmanager list-secrets\n");
    say("Stop with Ctrl-C; secrets and credentials stay.");
}
