//! Whose certificates are trusted: those of known authorities, and those that
//! a provider's owner named by thumbprint.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    server::ParsedCertificate,
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
    let is_chosen = file.is_some();
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
    // With none nobody would be trusted, which nobody chooses.
    if is_chosen && store.is_empty() {
        return Err(failed(pem::Error::NoItemsFound));
    }
    Ok(store)
}

/// TLS that trusts these authorities.
///
/// # Errors
/// When the library cannot do what is asked of it, which would be a defect.
pub(crate) fn client_config(roots: Arc<RootCertStore>) -> Result<ClientConfig, Error> {
    Ok(naming_config(roots, Vec::new())?.0)
}

/// TLS for one request, which trusts these authorities and thumbprints, and
/// whether it is a thumbprint by which the server was trusted.
///
/// # Errors
/// When the library cannot do what is asked of it, which would be a defect.
pub(super) fn naming_config(
    roots: Arc<RootCertStore>,
    thumbprints: Vec<String>,
) -> Result<(ClientConfig, Arc<AtomicBool>), Error> {
    let known = match roots.is_empty() {
        true => None,
        false => Some(verifier(roots)?),
    };
    let by_thumbprint = Arc::new(AtomicBool::new(false));
    let verifier = Verifier {
        known,
        thumbprints,
        by_thumbprint: Arc::clone(&by_thumbprint),
    };
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((config, by_thumbprint))
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
    /// Set when it was a thumbprint that counted.
    by_thumbprint: Arc<AtomicBool>,
}

impl Verifier {
    /// Whether a thumbprint is the certificate's.
    fn names(&self, certificate: &CertificateDer<'_>) -> bool {
        let digest = hex::encode(sha1(certificate));
        let mut thumbprints = self.thumbprints.iter();
        thumbprints.any(|thumbprint| thumbprint.eq_ignore_ascii_case(&digest))
    }
}

/// Whether a server's certificate was found to be in time, and then to be
/// nobody's, or an authority's own, as self-signed ones often are.
fn lacks_only_an_issuer(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => true,
        // The library's error has no name here.
        Error::InvalidCertificate(CertificateError::Other(other)) => {
            other.0.to_string() == "CaUsedAsEndEntity"
        }
        _ => false,
    }
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
        let mut failed = match &self.known {
            Some(known) => match by(known) {
                Ok(verified) => return Ok(verified),
                Err(error) => error,
            },
            None => Error::General("no certificate authority is known".to_owned()),
        };
        for certificate in intermediates.iter().chain([end_entity]) {
            if !self.names(certificate) {
                continue;
            }
            let mut roots = RootCertStore::empty();
            roots.add(certificate.clone().into_owned())?;
            match by(verifier(Arc::new(roots))?.as_ref()) {
                Ok(verified) => {
                    self.by_thumbprint.store(true, Ordering::Relaxed);
                    return Ok(verified);
                }
                // The certificate itself is what is trusted: it needs no issuer.
                Err(error) if certificate == end_entity && lacks_only_an_issuer(&error) => {
                    verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                    self.by_thumbprint.store(true, Ordering::Relaxed);
                    return Ok(ServerCertVerified::assertion());
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair, date_time_ymd,
    };

    use super::*;

    /// A certificate for `idp.example.com` or, without a name, of an authority;
    /// self-signed, or by another.
    fn certificate(
        name: Option<&str>,
        is_authority: bool,
        years: (i32, i32),
    ) -> (CertificateParams, KeyPair) {
        let names: Vec<String> = name.map(str::to_owned).into_iter().collect();
        let mut params = CertificateParams::new(names).unwrap();
        let called = if is_authority { "authority" } else { "server" };
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, called);
        if is_authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        (params, KeyPair::generate().unwrap())
    }

    fn verdict(
        thumbprints: &[&CertificateDer<'_>],
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &str,
    ) -> Result<(), Error> {
        let verifier = Verifier {
            known: None,
            thumbprints: thumbprints
                .iter()
                .map(|certificate| hex::encode(sha1(certificate)).to_uppercase())
                .collect(),
            by_thumbprint: Arc::default(),
        };
        let name = ServerName::try_from(name.to_owned()).unwrap();
        // In November 2026.
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_795_000_000));
        verifier
            .verify_server_cert(end_entity, intermediates, &name, &[], now)
            .map(drop)
    }

    #[test]
    fn a_thumbprint_counts_where_no_authority_vouches() {
        let (params, key) = certificate(None, true, YEARS);
        let authority = CertifiedIssuer::self_signed(params, key).unwrap();
        let (params, key) = certificate(Some(HOST), false, YEARS);
        let server = params.signed_by(&key, &authority).unwrap().der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        for (known, by_thumbprint) in [(true, false), (false, true)] {
            let verifier = Verifier {
                known: known.then(|| verifier(Arc::new(roots.clone())).unwrap()),
                thumbprints: vec![hex::encode(sha1(&server))],
                by_thumbprint: Arc::default(),
            };
            let name = ServerName::try_from(HOST).unwrap();
            let now = UnixTime::since_unix_epoch(Duration::from_secs(1_795_000_000));
            let verdict = verifier.verify_server_cert(&server, &[], &name, &[], now);
            assert!(verdict.is_ok());
            assert_eq!(
                verifier.by_thumbprint.load(Ordering::Relaxed),
                by_thumbprint
            );
        }
    }

    const HOST: &str = "idp.example.com";
    const YEARS: (i32, i32) = (2020, 2090);

    #[test]
    fn an_authority_in_the_chain_is_trusted_by_its_thumbprint() {
        let (params, key) = certificate(None, true, YEARS);
        let authority = CertifiedIssuer::self_signed(params, key).unwrap();
        let (params, key) = certificate(Some(HOST), false, YEARS);
        let server = params.signed_by(&key, &authority).unwrap();
        let (server, authority) = (server.der().clone(), authority.der().clone());
        let chain = [authority.clone()];
        assert!(verdict(&[&authority], &server, &chain, HOST).is_ok());
        assert!(verdict(&[&server, &authority], &server, &chain, HOST).is_ok());
        assert!(verdict(&[&server], &server, &chain, HOST).is_ok());
        assert!(verdict(&[&server], &server, &[], HOST).is_ok());
        // Named but not served, so that nothing is known of it; not named; and
        // another's.
        assert!(verdict(&[&authority], &server, &[], HOST).is_err());
        assert!(verdict(&[], &server, &chain, HOST).is_err());
        assert!(verdict(&[&authority], &server, &chain, "other.example.com").is_err());
        assert!(verdict(&[&server], &server, &chain, "other.example.com").is_err());

        // A chain below which somebody else's certificate stands.
        let (params, key) = certificate(Some(HOST), false, YEARS);
        let stranger = params.self_signed(&key).unwrap();
        assert!(verdict(&[&authority], stranger.der(), &chain, HOST).is_err());
        // One that has the authority's name and not its key.
        let (params, key) = certificate(None, true, YEARS);
        let imposter = Issuer::new(params, key);
        let (params, key) = certificate(Some(HOST), false, YEARS);
        let forged = params.signed_by(&key, &imposter).unwrap();
        assert!(verdict(&[&authority], forged.der(), &chain, HOST).is_err());
    }

    #[test]
    fn a_self_signed_certificate_is_trusted_by_its_thumbprint() {
        for is_authority in [false, true] {
            let of = |years| {
                let (params, key) = certificate(Some(HOST), is_authority, years);
                params.self_signed(&key).unwrap().der().clone()
            };
            let (own, other) = (of(YEARS), of(YEARS));
            assert!(verdict(&[&own], &own, &[], HOST).is_ok());
            assert!(verdict(&[&own], &own, &[], "other.example.com").is_err());
            assert!(verdict(&[&other], &own, &[], HOST).is_err());
            assert!(verdict(&[&other], &own, std::slice::from_ref(&other), HOST).is_err());
            for years in [(2020, 2021), (2080, 2090)] {
                let late = of(years);
                assert!(verdict(&[&late], &late, &[], HOST).is_err());
            }
        }
    }
}
