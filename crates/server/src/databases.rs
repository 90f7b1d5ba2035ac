//! By whom databases are vouched for.

use strongroom_rotation::Trust;

/// Where systems keep the authorities they trust, the first that is there.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Trusts the system's certificate authorities; none if it has none.
pub(crate) fn trust() -> Trust {
    for path in BUNDLES {
        let Ok(pem) = std::fs::read(path) else {
            continue;
        };
        match Trust::from_pem(&pem) {
            Ok(trust) => return trust,
            Err(error) => tracing::warn!(path, error, "cannot read certificate authorities"),
        }
    }
    tracing::warn!("no certificate authorities found: TLS to databases cannot be verified");
    Trust::default()
}
