use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};

/// The certificate authorities by which databases are verified.
#[derive(Clone)]
pub struct Trust {
    /// As one PEM file, for drivers that read it themselves.
    pub(crate) pem: Arc<[u8]>,
    pub(crate) config: Arc<ClientConfig>,
}

impl Trust {
    /// Trusts the certificates of a PEM file; those that cannot be used as
    /// authorities are left out.
    ///
    /// # Errors
    /// When the text is not PEM.
    pub fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| error.to_string())?;
            // A bundle may hold what is too old for today's rules.
            let _ = roots.add(certificate);
        }
        Ok(Self::new(pem, roots))
    }

    fn new(pem: &[u8], roots: RootCertStore) -> Self {
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            pem: pem.into(),
            config: Arc::new(config),
        }
    }
}

/// Trusts nobody.
impl Default for Trust {
    fn default() -> Self {
        Self::new(b"", RootCertStore::empty())
    }
}
