//! `strongroom doctor`: what a node needs, looked at one by one.

use std::{fs, io, net::TcpListener, os::unix::fs::MetadataExt, path::Path, time::Duration};

use clap::Args;
use nix::{
    sys::{
        resource::{Resource, getrlimit},
        statvfs::statvfs,
    },
    unistd::{AccessFlags, Uid, access},
};
use rustls_pki_types::UnixTime;
use strongroom_store::Store;

use super::{
    Failure,
    output::{say, table},
    place::{Place, Site},
};
use crate::{
    admin::{self, Request, sentence},
    config::{Config, ListenerConfig, open_key},
    tls::Certificates,
};

/// Less free space than this, in bytes, may not last until somebody looks.
const SPACE: u64 = 1 << 30;
/// Less than this is used up by the next segment of the audit log.
const LAST_SPACE: u64 = 64 << 20;
/// How long before its end a certificate should be replaced.
const NOTICE: Duration = Duration::from_hours(14 * 24);
/// Open files beside those of connections.
const FILES: u64 = 128;

/// Which store.
#[derive(Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    place: Place,
}

/// What was found out about one thing.
struct Finding {
    verdict: Verdict,
    about: &'static str,
    text: String,
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// A node cannot run, or answers nothing.
    Bad,
    Good,
    /// It runs, and should not stay so.
    Warning,
}

/// What is said of one thing: good, or a verdict and what to do.
type Said = Result<String, (Verdict, String)>;

impl Doctor {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (site, config) = self.place.known()?;
        let findings = examine(&site, config.as_ref()).await;
        let rows: Vec<_> = findings.iter().map(Finding::cells).collect();
        say(table(["VERDICT", "ABOUT", "FOUND"], &rows));
        let bad = findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Bad)
            .count();
        if bad > 0 {
            return Err(format!("what is in the way of a node: {bad}").into());
        }
        say("Nothing is in the way. What is stored is checked by `strongroom verify`.");
        Ok(())
    }
}

async fn examine(site: &Site, config: Option<&Config>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut note = |about, said: Said| {
        let (verdict, text) = match said {
            Ok(text) => (Verdict::Good, text),
            Err(other) => other,
        };
        findings.push(Finding {
            verdict,
            about,
            text,
        });
    };
    for warning in config.iter().flat_map(|config| &config.warnings) {
        note("configuration", Err((Verdict::Warning, warning.clone())));
    }
    note("data directory", directory(&site.data_dir));
    note("root key", root_key(site));
    let running = admin::ask(&site.socket(), &Request::AuditKey).await;
    let runs = matches!(running, Ok(Some(_)));
    note(
        "store",
        match running {
            Ok(Some(_)) => Ok("a node runs and answers".to_owned()),
            Ok(None) => store(site).await,
            Err(why) => bad(why),
        },
    );
    note("space", space(&site.data_dir));
    // Within the data directory it shares what was said of that.
    let apart = !site.audit.starts_with(&site.data_dir);
    if site.audit.exists() {
        note("audit log", directory(&site.audit));
    } else if apart {
        note("audit log", to_be_made(&site.audit));
    }
    if apart && site.audit.exists() {
        note("space of the log", space(&site.audit));
    }
    for listener in config.iter().flat_map(|config| &config.listeners) {
        if let Some(files) = &listener.tls {
            note("certificate", certificate(&files.certificate, &files.key));
        }
        if !runs {
            note("address", address(listener));
        }
    }
    if let Some(config) = config.filter(|_| !runs) {
        note("open files", open_files(config.limits.connections));
    }
    findings
}

fn bad<T>(text: impl Into<String>) -> Result<T, (Verdict, String)> {
    Err((Verdict::Bad, text.into()))
}

fn warning<T>(text: impl Into<String>) -> Result<T, (Verdict, String)> {
    Err((Verdict::Warning, text.into()))
}

/// A directory that the node writes into, for its user alone.
fn directory(path: &Path) -> Said {
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => return bad(format!("`{shown}` is no directory")),
        Err(error) => return bad(format!("`{shown}`: {error}")),
    };
    if let Err(error) = access(
        path,
        AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK,
    ) {
        let error = io::Error::from(error);
        return bad(format!(
            "cannot write into `{shown}`: {error}; it is user {}'s",
            metadata.uid()
        ));
    }
    if metadata.uid() != Uid::effective().as_raw() && !Uid::effective().is_root() {
        return warning(format!("`{shown}` is user {}'s", metadata.uid()));
    }
    if metadata.mode() & 0o077 != 0 {
        return warning(format!(
            "others may look into `{shown}`; run `chmod 700 {shown}`"
        ));
    }
    Ok(shown.to_string())
}

/// A directory that the node makes at its first start.
fn to_be_made(path: &Path) -> Said {
    let shown = path.display();
    let within = path.parent().unwrap_or(path);
    match access(within, AccessFlags::W_OK | AccessFlags::X_OK) {
        Ok(()) => Ok(format!("{shown}, made at the first start")),
        Err(error) => {
            let error = io::Error::from(error);
            bad(format!(
                "cannot make `{shown}`: {error}; make it for the node's user"
            ))
        }
    }
}

/// The root key can be read, and by nobody else.
fn root_key(site: &Site) -> Said {
    if let Err(error) = site.key.read() {
        return bad(sentence(&error));
    }
    let Some(path) = site.key_file() else {
        return Ok("from the environment".to_owned());
    };
    open_key(path).map_or_else(|| Ok(path.display().to_string()), bad)
}

/// The store opens under the root key.
async fn store(site: &Site) -> Said {
    let path = site.store();
    let shown = path.display();
    let lost = path.with_added_extension("anchor").exists();
    if !path.exists() && !lost {
        return bad(format!(
            "there is no `{shown}` yet; `strongroom init` makes it"
        ));
    }
    let Ok(key) = site.key.read() else {
        return warning("not opened, for want of the root key");
    };
    let opened = match Store::open(&path, &key) {
        Ok(store) => store.close().await,
        Err(error) => Err(error),
    };
    match opened {
        Ok(()) => Ok(format!("`{shown}` opens; no node runs")),
        Err(error) => bad(sentence(&error)),
    }
}

/// There is room on the disk of `path`.
fn space(path: &Path) -> Said {
    let found = match statvfs(path) {
        Ok(found) => found,
        Err(error) => return warning(format!("`{}`: {}", path.display(), error.desc())),
    };
    let free = found
        .blocks_available()
        .saturating_mul(found.fragment_size());
    let text = format!("{} MiB free for `{}`", free >> 20, path.display());
    match free {
        ..LAST_SPACE => bad(format!("{text}; changes will be refused: make room")),
        LAST_SPACE..SPACE => warning(format!("{text}; make room")),
        _ => Ok(text),
    }
}

/// Chain and key belong together, and the certificate is in time.
fn certificate(chain: &Path, key: &Path) -> Said {
    let certificates = match Certificates::load(chain, key) {
        Ok(certificates) => certificates,
        Err(error) => return bad(sentence(&error)),
    };
    let shown = chain.display();
    let now = UnixTime::now();
    if let Some(error) = certificates.out_of_time(now) {
        return bad(format!(
            "`{shown}`: {error}; clients will refuse it, so replace it"
        ));
    }
    let soon = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + NOTICE);
    if certificates.out_of_time(soon).is_some() {
        return warning(format!("`{shown}` expires within two weeks; replace it"));
    }
    Ok(shown.to_string())
}

/// Nobody else listens there.
fn address(listener: &ListenerConfig) -> Said {
    let address = listener.address;
    match TcpListener::bind(address) {
        Ok(_) => Ok(format!("{address} can be listened on")),
        Err(error) => bad(format!("cannot listen on {address}: {error}")),
    }
}

/// The limit of open files, as it is here, suffices for the connections.
fn open_files(connections: usize) -> Said {
    let (_, most) = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok(limits) => limits,
        Err(error) => return warning(error.desc()),
    };
    let text = format!("{most} at most, for {connections} connections");
    if most < (connections as u64).saturating_add(FILES) {
        return warning(format!(
            "{text}; raise the limit of open files, or lower `connections`"
        ));
    }
    Ok(text)
}

impl Finding {
    fn cells(&self) -> [String; 3] {
        let verdict = match self.verdict {
            Verdict::Bad => "BAD",
            Verdict::Good => "good",
            Verdict::Warning => "warning",
        };
        [verdict.to_owned(), self.about.to_owned(), self.text.clone()]
    }
}
