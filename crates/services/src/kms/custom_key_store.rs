//! Custom key stores: CloudHSM clusters and external key stores. There are
//! none yet, and this is the one place that says so.

use strongroom_types::Sensitive;

use super::error::{Error, Result};
use crate::shape::{Input, enumeration};

/// AWS's error for what a deployment does not have.
///
/// # Errors
/// `UnsupportedOperationException`, always.
pub(super) fn unsupported<T>() -> Result<T> {
    Err(Error::unsupported(
        "Custom key stores are not supported in this deployment.",
    ))
}

enumeration! {
    /// `XksProxyConnectivity`.
    pub enum XksProxyConnectivity {
        Public = "PUBLIC_ENDPOINT",
        Private = "VPC_ENDPOINT_SERVICE",
    }
}

/// What an external key store's proxy knows requests by.
#[derive(Input)]
pub struct XksProxyAuthenticationCredential {
    /// Its public half.
    #[shape(length(20, 30), pattern(r"^[A-Z2-7]+$"))]
    pub access_key_id: Sensitive<String>,
    /// Its secret half.
    #[shape(length(43, 64), pattern(r"^[a-zA-Z0-9\/+=]+$"))]
    pub raw_secret_access_key: Sensitive<String>,
}
