use std::path::PathBuf;

use serde::Deserialize;

/// Requests that the server itself makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbound {
    /// A file of certificate authorities, PEM, that is trusted in place of the
    /// system's.
    pub certificate_authorities: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    certificate_authorities: Option<PathBuf>,
}

impl Section {
    pub(super) fn check(self) -> Outbound {
        let Self {
            certificate_authorities,
        } = self;
        Outbound {
            certificate_authorities,
        }
    }
}
