//! Which store a command is about, and how to get at it.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use strongroom_services::{config_rules::Rules, context::Services};
use strongroom_store::{RootKey, Store, StoreError, UnsealSource};
use strongroom_types::{Partition, Sensitive};

use super::Failure;
use crate::{
    admin::{self, Admin, Operator, Report, Request, SOCKET},
    app::services,
    config::{Config, Seal},
};

/// The file of the store in a data directory.
const STORE: &str = "store.redb";
/// The file of the root key in the data directory of `dev`.
const DEV_KEY: &str = "root.key";
/// The directory of the audit log in the data directory of `dev`.
const AUDIT: &str = "audit";
/// Says which configuration, where no flag does.
const CONFIG_VARIABLE: &str = "STRONGROOM_CONFIG";

/// Which store: that of `dev` or that of a server.
#[derive(Args, Clone)]
pub(super) struct Place {
    /// The data directory of `strongroom dev`; its key is the `root.key` in it
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    data_dir: Option<PathBuf>,
    /// The configuration of `strongroom server` [env: STRONGROOM_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Override a key of the configuration; may be repeated
    #[arg(
        long = "set",
        value_name = "SECTION.KEY=VALUE",
        conflicts_with = "data_dir"
    )]
    settings: Vec<String>,
}

/// Where a store is and what opens it.
pub(super) struct Site {
    pub(super) data_dir: PathBuf,
    pub(super) key: UnsealSource,
    pub(super) partition: Partition,
    /// The directory of the audit log.
    pub(super) audit: PathBuf,
    /// The rules that watch over secrets.
    rules: Arc<Rules>,
}

impl Place {
    /// Finds the store.
    pub(super) fn site(self) -> Result<Site, Failure> {
        self.known().map(|(site, _)| site)
    }

    /// The same, and the configuration if it is a server's.
    pub(super) fn known(self) -> Result<(Site, Option<Config>), Failure> {
        let variable = || std::env::var_os(CONFIG_VARIABLE).map(PathBuf::from);
        match (self.data_dir, self.config.or_else(variable)) {
            (Some(data_dir), _) => Ok((Site::of_dev(data_dir), None)),
            (None, Some(path)) => {
                let config = load(&path, &self.settings)?;
                Ok((Site::of_server(&config)?, Some(config)))
            }
            (None, None) => Err("which store? Say --config and the server's configuration, \
                                 or --data-dir and the directory of `strongroom dev`"
                .into()),
        }
    }
}

/// Reads the configuration, with the process's environment on top.
pub(super) fn load(path: &Path, settings: &[String]) -> Result<Config, Failure> {
    Ok(Config::load(path, std::env::vars_os(), settings)?)
}

impl Site {
    /// The store of `strongroom dev`.
    pub(super) fn of_dev(data_dir: PathBuf) -> Self {
        Self {
            key: UnsealSource::File(data_dir.join(DEV_KEY)),
            audit: data_dir.join(AUDIT),
            data_dir,
            partition: Partition::default(),
            rules: Arc::default(),
        }
    }

    /// The store of a server with this configuration.
    pub(super) fn of_server(config: &Config) -> Result<Self, Failure> {
        Ok(Self {
            data_dir: config.data_dir.clone(),
            audit: config.audit.directory.clone(),
            key: unseal_source(&config.seal)?,
            partition: config.deployment.partition,
            rules: Arc::new(config.rules.clone()),
        })
    }

    /// The store's file.
    pub(super) fn store(&self) -> PathBuf {
        self.data_dir.join(STORE)
    }

    /// The file of the root key, if it is in one.
    pub(super) fn key_file(&self) -> Option<&Path> {
        match &self.key {
            UnsealSource::File(path) => Some(path),
            UnsealSource::Value(_) => None,
        }
    }

    /// Where the running node takes requests.
    pub(super) fn socket(&self) -> PathBuf {
        self.data_dir.join(SOCKET)
    }

    /// Has the request done: by the running node, or here if none runs.
    pub(super) async fn perform(self, request: Request) -> Result<Report, Failure> {
        if self.data_dir.is_file() {
            return Err(format!(
                "`{}` is a file and no data directory; if it is a backup, restore it into an \
                 empty directory, and ask about that",
                self.data_dir.display()
            )
            .into());
        }
        if let Some(report) = admin::ask(&self.socket(), &request).await? {
            return Ok(report);
        }
        let path = self.store();
        if !path.exists() {
            return Err(format!("there is no store in `{}`", self.data_dir.display()).into());
        }
        let (store, is_damaged) = open(&path, &self.key.read()?, &request)?;
        let services = Arc::new(Services {
            rules: self.rules,
            ..services(store.clone(), self.partition)
        });
        let admin = if is_damaged {
            Admin::of_damaged(services, self.key)
        } else {
            Admin::new(services, self.key)
        };
        let report = admin.perform(request, Operator::of_this_process()).await;
        store.close().await?;
        Ok(report?)
    }
}

/// Opens the store; to verify it, also a damaged one.
fn open(path: &Path, root: &RootKey, request: &Request) -> Result<(Store, bool), Failure> {
    match Store::open(path, root) {
        Ok(store) => Ok((store, false)),
        Err(StoreError::Corrupt { .. }) if matches!(request, Request::Verify) => {
            Ok((Store::open_damaged(path, root)?, true))
        }
        Err(error @ StoreError::Corrupt { .. }) => Err(format!(
            "{error}; `strongroom verify` says what else is, and \
                         `strongroom restore` makes a store from a backup"
        )
        .into()),
        Err(StoreError::InUse { path }) => Err(format!(
            "a node that does not answer has the store `{}` open; it may be starting or \
             stopping, so try again, or stop it",
            path.display()
        )
        .into()),
        Err(error) => Err(error.into()),
    }
}

fn unseal_source(seal: &Seal) -> Result<UnsealSource, Failure> {
    match seal {
        Seal::KeyFile(path) => Ok(UnsealSource::File(path.clone())),
        Seal::Environment(name) => {
            let value = std::env::var_os(name).map(OsString::into_string);
            let Some(Ok(value)) = value else {
                return Err(format!("the environment variable `{name}` holds no key").into());
            };
            Ok(UnsealSource::Value(Sensitive::new(value)))
        }
    }
}
