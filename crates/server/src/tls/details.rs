use rustls::{CipherSuite, NamedGroup, ProtocolVersion, ServerConnection};

/// How a connection is encrypted, in the words of a CloudTrail record's
/// `tlsDetails`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsDetails {
    /// `tlsVersion`: `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// `cipherSuite`: the IANA name for TLS 1.3, OpenSSL's for TLS 1.2.
    pub cipher_suite: &'static str,
    /// `keyExchange`: `X25519MLKEM768`, `x25519`, `secp256r1` or `secp384r1`;
    /// absent when a TLS 1.2 session was resumed.
    pub key_exchange: Option<&'static str>,
}

impl TlsDetails {
    /// The details of a connection whose handshake is complete.
    #[must_use]
    pub fn of(connection: &ServerConnection) -> Option<Self> {
        Some(Self {
            version: version(connection.protocol_version()?)?,
            cipher_suite: cipher_suite(connection.negotiated_cipher_suite()?.suite())?,
            key_exchange: connection
                .negotiated_key_exchange_group()
                .and_then(|group| key_exchange(group.name())),
        })
    }
}

fn version(version: ProtocolVersion) -> Option<&'static str> {
    match version {
        ProtocolVersion::TLSv1_2 => Some("TLSv1.2"),
        ProtocolVersion::TLSv1_3 => Some("TLSv1.3"),
        _ => None,
    }
}

fn cipher_suite(suite: CipherSuite) -> Option<&'static str> {
    let name = match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => "ECDHE-ECDSA-AES128-GCM-SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => "ECDHE-ECDSA-AES256-GCM-SHA384",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => {
            "ECDHE-ECDSA-CHACHA20-POLY1305"
        }
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => "ECDHE-RSA-AES128-GCM-SHA256",
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => "ECDHE-RSA-AES256-GCM-SHA384",
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-RSA-CHACHA20-POLY1305",
        _ => return None,
    };
    Some(name)
}

fn key_exchange(group: NamedGroup) -> Option<&'static str> {
    match group {
        NamedGroup::X25519MLKEM768 => Some("X25519MLKEM768"),
        NamedGroup::X25519 => Some("x25519"),
        NamedGroup::secp256r1 => Some("secp256r1"),
        NamedGroup::secp384r1 => Some("secp384r1"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_can_be_negotiated_has_a_name() {
        let provider = super::super::provider();
        for suite in &provider.cipher_suites {
            assert!(cipher_suite(suite.suite()).is_some(), "{suite:?}");
        }
        for group in &provider.kx_groups {
            assert!(key_exchange(group.name()).is_some(), "{group:?}");
        }
    }
}
