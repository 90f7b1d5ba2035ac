//! `strongroom server`: a node as its configuration says.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use strongroom_services::iam::management_home;

use super::{
    Failure,
    place::{Site, load},
    serve::{bind, look_after, prepare, serve},
};
use crate::{
    admin::Admin,
    app::{App, Setup},
    config::{Config, ListenerConfig},
    events::Endpoint,
    function_host, functions,
    http::Listener,
    log,
    outbound::Outbound,
    shutdown::Signals,
    tls::{Certificates, server_config},
};

/// Which configuration.
#[derive(Args)]
pub(super) struct Server {
    /// The configuration; `deploy/strongroom.example.toml` shows every key
    #[arg(long, value_name = "FILE", env = "STRONGROOM_CONFIG")]
    config: PathBuf,
    /// Override a key of the configuration; may be repeated
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    settings: Vec<String>,
}

impl Server {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = load(&self.config, &self.settings)?;
        log::start(config.log.level, config.log.format)?;
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let signals = Signals::catch()?;
        prepare()?;
        let site = Site::of_server(&config)?;
        let hint = || {
            format!(
                "there is no store in `{}` yet; make it with `strongroom init --config {}`",
                site.data_dir.display(),
                self.config.display()
            )
        };
        if !site.store().exists() {
            return Err(hint().into());
        }
        let app = App::open(setup(&config, &site)?).await?;
        let owner = management_home(&app.services).await?;
        let owner = owner.ok_or_else(|| Failure::from(hint()))?.account;
        if let Some(asked) = config.deployment.account_id
            && asked != owner
        {
            return Err(format!(
                "the store in `{}` belongs to account {owner}, not {asked}; leave \
                 `account_id` out, or set it to that",
                site.data_dir.display()
            )
            .into());
        }
        // Before anybody can connect: it may turn out that they cannot be run.
        if let Some(functions) = &config.functions {
            let directory = site.data_dir.join("functions");
            let mut hidden = vec![site.data_dir.clone(), config.audit.directory.clone()];
            hidden.dedup();
            let authorities = config.outbound.certificate_authorities.as_deref();
            function_host::run(&app.services, &directory, functions, hidden, authorities).await?;
        }
        let mut listeners = Vec::new();
        let mut certificates = Vec::new();
        for listener in &config.listeners {
            let (listener, shown) = open(listener).await?;
            listeners.push(listener);
            certificates.extend(shown);
        }
        let pages = match config.admin {
            Some(place) => {
                let listener = bind(place.address, None).await?;
                tracing::info!(address = %listener.address()?, "listening, for the operator");
                Some(listener)
            }
            None => None,
        };
        for shown in &certificates {
            tokio::spawn(Arc::clone(shown).watch());
        }
        let reload = || {
            for shown in &certificates {
                shown.reload_and_log();
            }
        };
        let socket = site.socket();
        let admin = Admin::new(Arc::clone(&app.services), site.key);
        let looking_after = look_after(admin, &socket);
        serve(
            app,
            listeners,
            pages,
            config.limits,
            signals,
            reload,
            looking_after,
        )
        .await
    }
}

fn setup(config: &Config, site: &Site) -> Result<Setup, Failure> {
    let authorities = config.outbound.certificate_authorities.as_deref();
    let endpoints = config.event_endpoints.iter();
    let endpoints = endpoints.map(|endpoint| Endpoint::open(endpoint, authorities, &config.rules));
    let functions = config.function_endpoints.iter();
    let functions = functions.map(|endpoint| functions::open(endpoint, authorities));
    Ok(Setup {
        store: site.store(),
        root_key: site.key.read()?,
        audit: config.audit.directory.clone(),
        audit_options: config.audit.options,
        partition: site.partition,
        regions: config.deployment.regions.clone(),
        authorities: config.outbound.certificate_authorities.clone(),
        outbound: Outbound::new(config.outbound.certificate_authorities.clone())?,
        endpoints: endpoints.collect::<Result<_, _>>()?,
        rules: config.rules.clone(),
        function_endpoints: functions.collect::<Result<_, _>>()?,
    })
}

/// A bound socket, and the certificates that it shows.
async fn open(config: &ListenerConfig) -> Result<(Listener, Option<Arc<Certificates>>), Failure> {
    let Some(files) = &config.tls else {
        let listener = bind(config.address, None).await?;
        let listener = listener.through(config.vpc_endpoint.clone());
        tracing::info!(address = %listener.address()?, "listening, in clear text");
        return Ok((listener, None));
    };
    let certificates = Arc::new(Certificates::load(&files.certificate, &files.key)?);
    let tls = server_config(Arc::clone(&certificates))?;
    let listener = bind(config.address, Some(tls)).await?;
    let listener = listener.through(config.vpc_endpoint.clone());
    tracing::info!(address = %listener.address()?, "listening, with TLS");
    Ok((listener, Some(certificates)))
}
