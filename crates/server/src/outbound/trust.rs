//! Whose certificates are trusted: those of known authorities, and those that
//! a provider's owner named by thumbprint.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime, pem, pem::PemObject as _};
use strongroom_crypto::sha1;

use crate::tls::provider;

/// Where systems keep the authorities that they trust.
const PLACES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Why authorities cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the certificate authorities in {path}")]
pub struct RootsError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub source: pem::Error,
}

/// The authorities in a file; without one those of the system, if there are
/// any.
///
/// # Errors
/// [`RootsError`].
pub fn roots(file: Option<PathBuf>) -> Result<RootCertStore, RootsError> {
    let place = || PLACES.iter().find(|place| Path::new(place).exists());
    let mut store = RootCertStore::empty();
    let Some(path) = file.or_else(|| place().map(PathBuf::from)) else {
        return Ok(store);
    };
    let failed = |source| RootsError {
        path: path.clone(),
        source,
    };
    for certificate in CertificateDer::pem_file_iter(&path).map_err(failed)? {
        // Systems have some that are too odd to be used; the rest is.
        let _ = store.add(certificate.map_err(failed)?);
    }
    Ok(store)
}

/// TLS for one request.
///
/// # Errors
/// When the library cannot do what is asked of it, which would be a defect.
pub(crate) fn client_config(
    roots: Arc<RootCertStore>,
    thumbprints: Vec<String>,
) -> Result<ClientConfig, Error> {
    let known = match roots.is_empty() {
        true => None,
        false => Some(verifier(roots)?),
    };
    let verifier = Verifier { known, thumbprints };
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn verifier(roots: Arc<RootCertStore>) -> Result<Arc<WebPkiServerVerifier>, Error> {
    WebPkiServerVerifier::builder_with_provider(roots, provider())
        .build()
        .map_err(|error| Error::General(error.to_string()))
}

/// Trusts what comes from a known authority. Failing that, a chain that holds a
/// certificate with a given thumbprint, and is sound from there down.
#[derive(Debug)]
struct Verifier {
    known: Option<Arc<WebPkiServerVerifier>>,
    thumbprints: Vec<String>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let by = |verifier: &WebPkiServerVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        let failed = match &self.known {
            Some(known) => match by(known) {
                Ok(verified) => return Ok(verified),
                Err(error) => error,
            },
            None => Error::General("no certificate authority is known".to_owned()),
        };
        let pinned = intermediates
            .iter()
            .chain([end_entity])
            .find(|certificate| {
                let digest = hex::encode(sha1(certificate));
                let same = |thumbprint: &String| thumbprint.eq_ignore_ascii_case(&digest);
                self.thumbprints.iter().any(same)
            });
        let Some(pinned) = pinned else {
            return Err(failed);
        };
        let mut roots = RootCertStore::empty();
        roots.add(pinned.clone().into_owned())?;
        by(verifier(Arc::new(roots))?.as_ref())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
