//! TLS: hybrid post-quantum key exchange first, certificates that can be
//! replaced while the server runs.
//!
//! - `certificates.rs`: loading, and reloading when the files change
//! - `details.rs`: what the audit record says about a connection's encryption

mod certificates;
mod details;

use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::ResolvesServerCert,
    version::{TLS12, TLS13},
};

pub use self::{
    certificates::{Certificates, TlsError},
    details::TlsDetails,
};

/// What TLS is made with: AWS-LC; X25519MLKEM768 first, then the classical
/// curves for clients that do not have it yet.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    use aws_lc_rs::kx_group::{SECP256R1, SECP384R1, X25519, X25519MLKEM768};
    Arc::new(CryptoProvider {
        kx_groups: vec![X25519MLKEM768, X25519, SECP256R1, SECP384R1],
        ..aws_lc_rs::default_provider()
    })
}

/// The configuration of a listener that shows `certificates`: TLS 1.2 and
/// 1.3, HTTP/2 and HTTP/1.1.
///
/// # Errors
///
/// When the library cannot do what is asked of it, which would be a defect.
pub fn server_config(certificates: Arc<Certificates>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let certificates: Arc<dyn ResolvesServerCert> = certificates;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
