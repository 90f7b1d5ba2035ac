use std::{
    fs::{self, Metadata},
    io,
    net::Ipv4Addr,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use rustls::{
    CertificateError, Error, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem, pem::PemObject};
use zeroize::Zeroizing;

use super::provider;
use crate::config::is_open;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// A certificate chain and its key, as they are in two PEM files now.
#[derive(Debug)]
pub struct Certificates {
    chain_path: PathBuf,
    key_path: PathBuf,
    current: ArcSwap<CertifiedKey>,
    /// The files as they were when last read, successfully or not.
    seen: Mutex<Option<[Stamp; 2]>>,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The chain and the key do not make a usable pair.
    #[error("`{chain}` and `{key}` cannot be used together")]
    Pair {
        /// The file with the chain.
        chain: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// What the library says.
        source: rustls::Error,
    },
    /// The file does not hold what it should.
    #[error("`{path}` holds no {what} in PEM form")]
    Pem {
        /// The file.
        path: PathBuf,
        /// A certificate or a private key.
        what: &'static str,
        /// What the parser says.
        source: pem::Error,
    },
    /// The file cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Certificates {
    /// Loads the chain (the server's own certificate first) and the private
    /// key (PKCS #8, PKCS #1 or SEC 1).
    ///
    /// # Errors
    ///
    /// When a file cannot be read, holds something else, or the two do not
    /// belong together.
    pub fn load(chain_path: &Path, key_path: &Path) -> Result<Self, TlsError> {
        // Before reading, so that a change in between is seen as one.
        let seen = stamps(chain_path, key_path);
        let current = read(chain_path, key_path)?;
        Ok(Self {
            chain_path: chain_path.to_owned(),
            key_path: key_path.to_owned(),
            current: ArcSwap::from_pointee(current),
            seen: Mutex::new(seen),
        })
    }

    /// Reads the files again. New connections get the new certificate; open
    /// ones go on.
    ///
    /// # Errors
    ///
    /// As for [`Certificates::load`]; the old certificate then stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let seen = stamps(&self.chain_path, &self.key_path);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        let new = read(&self.chain_path, &self.key_path)?;
        self.current.store(Arc::new(new));
        Ok(())
    }

    /// Why the server's own certificate is no good at the time `at`, if it is
    /// not yet or no longer valid. Whether clients trust it is not asked.
    #[must_use]
    pub fn out_of_time(&self, at: UnixTime) -> Option<Error> {
        let current = self.current.load();
        let (own, issuers) = current.cert.split_first()?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(current.cert.iter().cloned());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        // The dates are judged before issuer and name.
        let name = ServerName::IpAddress(Ipv4Addr::LOCALHOST.into());
        let verified = verifier
            .ok()?
            .verify_server_cert(own, issuers, &name, &[], at);
        verified.err().filter(|error| {
            use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
            let Error::InvalidCertificate(error) = error else {
                return false;
            };
            matches!(
                error,
                Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
            )
        })
    }

    /// Reads the files again and logs how that went.
    pub fn reload_and_log(&self) {
        let path = self.chain_path.display();
        match self.reload() {
            Ok(()) => {
                tracing::info!(%path, "certificate loaded");
                if fs::metadata(&self.key_path).is_ok_and(|key| is_open(&key)) {
                    let key = self.key_path.display();
                    tracing::warn!(
                        %key,
                        "others can read or change the key; run chmod 600, or the next start is refused"
                    );
                }
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%path, %error, cause, "the certificate in use stays");
            }
        }
    }

    /// Reads the files whenever they change, for ever.
    pub async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK).await;
            let this = Arc::clone(&self);
            // File systems can hang; the runtime must not.
            let _ = tokio::task::spawn_blocking(move || {
                if this.have_changed() {
                    this.reload_and_log();
                }
            })
            .await;
        }
    }

    /// Whether the files are others than those read last. Files that are
    /// missing for a moment are on their way.
    fn have_changed(&self) -> bool {
        let now = stamps(&self.chain_path, &self.key_path);
        now.is_some() && now != *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

/// What changes when a file is written or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl From<Metadata> for Stamp {
    fn from(metadata: Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

fn stamps(chain: &Path, key: &Path) -> Option<[Stamp; 2]> {
    let stamp = |path| fs::metadata(path).ok().map(Stamp::from);
    Some([stamp(chain)?, stamp(key)?])
}

fn read(chain_path: &Path, key_path: &Path) -> Result<CertifiedKey, TlsError> {
    let bytes = |path: &Path| {
        let read = fs::read(path).map(Zeroizing::new);
        read.map_err(|source| TlsError::Read {
            path: path.to_owned(),
            source,
        })
    };
    let no = |path: &Path, what, source| TlsError::Pem {
        path: path.to_owned(),
        what,
        source,
    };
    let chain = CertificateDer::pem_slice_iter(&bytes(chain_path)?)
        .collect::<Result<Vec<_>, _>>()
        .and_then(|chain| match chain.is_empty() {
            true => Err(pem::Error::NoItemsFound),
            false => Ok(chain),
        })
        .map_err(|source| no(chain_path, "certificate", source))?;
    let key = PrivateKeyDer::from_pem_slice(&bytes(key_path)?)
        .map_err(|source| no(key_path, "private key", source))?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|source| TlsError::Pair {
        chain: chain_path.to_owned(),
        key: key_path.to_owned(),
        source,
    })
}
