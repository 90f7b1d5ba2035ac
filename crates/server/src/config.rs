//! The server's configuration: a TOML file, overridden by the environment,
//! overridden by flags.
//!
//! It is read once, at start, into one typed [`Config`]; nothing else reads
//! the environment. Whatever is wrong is said with the line or the variable
//! that it comes from, and combinations that are unsafe are refused with what
//! to do instead. `deploy/strongroom.example.toml` shows every key.
//!
//! A file per section: its keys as `Section`, and `check`, which makes the
//! typed value of it. To add a key, add the field, its check and its words in
//! the example; to add a section, also a line in `SECTIONS` and in `File`.
//!
//! - `document.rs`: where in the file things are
//! - `destination.rs`: URLs that things are sent to
//! - `overlay.rs`: environment and flags
//! - `names.rs`: known names, and the nearest to an unknown one

mod admin;
mod audit;
mod deployment;
mod destination;
mod document;
mod event_endpoint;
mod function_endpoint;
mod functions;
mod limits;
mod listener;
mod log;
mod names;
mod outbound;
mod overlay;
mod permissions;
mod rule;
mod seal;
mod store;

use std::{
    collections::HashMap,
    ffi::OsString,
    fmt, fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use strongroom_services::config_rules::Rules;

pub use self::{
    admin::AdminPlace,
    audit::Audit,
    deployment::Deployment,
    event_endpoint::EventAddress,
    event_endpoint::EventEndpoint,
    function_endpoint::FunctionEndpoint,
    functions::Functions,
    listener::ListenerConfig,
    listener::TlsFiles,
    log::Log,
    outbound::Outbound,
    permissions::{is_open, open_key},
    seal::Seal,
};
use self::{document::Document, names::fields_of, overlay::Overlay};
use crate::http::Limits;

/// Everything the operator decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Accounts, partition and Regions.
    pub deployment: Deployment,
    /// Where requests come in; at least one.
    pub listeners: Vec<ListenerConfig>,
    /// Where the operator's pages are, if anywhere.
    pub admin: Option<AdminPlace>,
    /// The data directory.
    pub data_dir: PathBuf,
    /// Where the key that opens the store comes from.
    pub seal: Seal,
    /// The audit log.
    pub audit: Audit,
    /// Who is told what happens.
    pub event_endpoints: Vec<EventEndpoint>,
    /// The rules that watch over secrets.
    pub rules: Rules,
    /// Functions that are endpoints of somebody else.
    pub function_endpoints: Vec<FunctionEndpoint>,
    /// Users' own functions, if they are run.
    pub functions: Option<Functions>,
    /// What clients may use.
    pub limits: Limits,
    /// The process's own log.
    pub log: Log,
    /// Requests that the server itself makes.
    pub outbound: Outbound,
    /// What is allowed but should not stay so; one sentence each, to be
    /// logged once logging works.
    pub warnings: Vec<String>,
}

/// What is wrong with the configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ConfigError {
    /// `<file>:<line>`, `<file>`, an environment variable or a flag.
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Config {
    /// Reads the configuration: the file at `path`, then those of
    /// `environment` that start with `STRONGROOM_`, then `flags`, each
    /// `section.key=value`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], the first one found.
    pub fn load(
        path: &Path,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        flags: &[String],
    ) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|error| ConfigError {
            place: path.display().to_string(),
            message: format!("cannot read the configuration: {error}"),
        })?;
        // Settings are text; what is not UTF-8 is none of ours.
        let environment: HashMap<String, String> = environment
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let document = Document::parse(path, &text)?;
        document.refuse_unknown_keys(&SECTIONS)?;
        document.check_types::<File>()?;
        let overlay = Overlay::new(&environment, flags)?;
        let file: File = overlay.apply(&document)?;
        let mut check = Check {
            document,
            overlay,
            environment,
            warnings: Vec::new(),
        };
        file.check(&mut check)
    }
}

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    admin: admin::Section,
    deployment: deployment::Section,
    listener: Vec<listener::Section>,
    store: store::Section,
    seal: seal::Section,
    audit: audit::Section,
    event_endpoint: Vec<event_endpoint::Section>,
    function_endpoint: Vec<function_endpoint::Section>,
    functions: functions::Section,
    limits: limits::Section,
    log: log::Section,
    outbound: outbound::Section,
    rule: Vec<rule::Section>,
}

/// A section's name and what gives its keys.
type SectionKeys = (&'static str, fn() -> &'static [&'static str]);

/// All sections.
const SECTIONS: [SectionKeys; 13] = [
    ("admin", fields_of::<admin::Section>),
    ("audit", fields_of::<audit::Section>),
    ("deployment", fields_of::<deployment::Section>),
    ("event_endpoint", fields_of::<event_endpoint::Section>),
    ("function_endpoint", fields_of::<function_endpoint::Section>),
    ("functions", fields_of::<functions::Section>),
    ("limits", fields_of::<limits::Section>),
    ("listener", fields_of::<listener::Section>),
    ("log", fields_of::<log::Section>),
    ("outbound", fields_of::<outbound::Section>),
    ("rule", fields_of::<rule::Section>),
    ("seal", fields_of::<seal::Section>),
    ("store", fields_of::<store::Section>),
];

/// Every key that can be set, as section and name. An environment variable
/// `STRONGROOM_<SECTION>_<NAME>` overrides it.
pub fn keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    SECTIONS
        .iter()
        .flat_map(|(section, keys)| keys().iter().map(|key| (*section, *key)))
}

impl File {
    fn check(self, check: &mut Check<'_>) -> Result<Config, ConfigError> {
        let deployment = self.deployment.check(check)?;
        let listeners = listener::check_all(self.listener, check)?;
        let admin = self.admin.check(check)?;
        let data_dir = self.store.check(check)?;
        let seal = self.seal.check(&data_dir, check)?;
        let audit = self.audit.check(&data_dir, check)?;
        let event_endpoints = event_endpoint::check_all(self.event_endpoint, check)?;
        let rules = rule::check_all(self.rule, &event_endpoints, check)?;
        let function_endpoints =
            function_endpoint::check_all(self.function_endpoint, &deployment, check)?;
        let functions = self.functions.check(check)?;
        let limits = self.limits.check(check)?;
        let log = self.log.check();
        let outbound = self.outbound.check();
        Ok(Config {
            deployment,
            listeners,
            admin,
            data_dir,
            seal,
            audit,
            event_endpoints,
            rules,
            function_endpoints,
            functions,
            limits,
            log,
            outbound,
            warnings: std::mem::take(&mut check.warnings)
                .into_iter()
                .chain(check.overlay.likely_typos())
                .collect(),
        })
    }
}

/// What checking a section needs.
struct Check<'t> {
    document: Document<'t>,
    overlay: Overlay,
    environment: HashMap<String, String>,
    warnings: Vec<String>,
}

/// A key of a section; of one that may be repeated, of that with the index.
#[derive(Clone, Copy, Debug)]
struct Key {
    section: &'static str,
    index: Option<usize>,
    /// Empty for the section as a whole.
    name: &'static str,
}

impl Key {
    fn new(section: &'static str, name: &'static str) -> Self {
        Self {
            section,
            index: None,
            name,
        }
    }
}

impl Check<'_> {
    /// An error about the value of a key, with the place it comes from.
    fn refuse(&self, key: Key, message: impl fmt::Display) -> ConfigError {
        let place = match self.overlay.origin(key.section, key.name) {
            Some(origin) => origin.to_owned(),
            None => self.document.place(key),
        };
        ConfigError {
            place,
            message: message.to_string(),
        }
    }

    fn warn(&mut self, key: Key, message: impl fmt::Display) {
        let warning = self.refuse(key, message);
        self.warnings.push(warning.to_string());
    }

    /// Refuses a number outside of its range.
    fn within<N: PartialOrd + fmt::Display>(
        &self,
        key: Key,
        number: N,
        range: std::ops::RangeInclusive<N>,
    ) -> Result<N, ConfigError> {
        if range.contains(&number) {
            return Ok(number);
        }
        let (name, least, most) = (key.name, range.start(), range.end());
        let message = format!("`{name}` is {number}; it must be from {least} to {most}");
        Err(self.refuse(key, message))
    }
}
