//! By whom databases, and what functions connect to, are vouched for.

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
    for path in places(authorities) {
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

/// The same authorities as they are in their file; nothing if there is none.
pub(crate) fn bundle(authorities: Option<&Path>) -> Vec<u8> {
    let mut places = places(authorities).into_iter();
    places
        .find_map(|path| std::fs::read(path).ok())
        .unwrap_or_default()
}

fn places(authorities: Option<&Path>) -> Vec<&Path> {
    match authorities {
        Some(file) => vec![file],
        None => BUNDLES.iter().map(Path::new).collect(),
    }
}
