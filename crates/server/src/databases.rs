//! By whom databases are vouched for.

use std::path::Path;

use strongroom_rotation::Trust;

/// Where systems keep the authorities they trust, the first that is there.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Trusts the certificate authorities in a file, or those of the system; none
/// if it has none.
pub(crate) fn trust(authorities: Option<&Path>) -> Trust {
    let system = BUNDLES.iter().map(Path::new);
    let places: Vec<&Path> = match authorities {
        Some(file) => vec![file],
        None => system.collect(),
    };
    for path in places {
        let Ok(pem) = std::fs::read(path) else {
            continue;
        };
        match Trust::from_pem(&pem) {
            Ok(trust) => return trust,
            Err(error) => {
                let path = path.display();
                tracing::warn!(%path, error, "cannot read certificate authorities");
            }
        }
    }
    tracing::warn!("no certificate authorities found: TLS to databases cannot be verified");
    Trust::default()
}
