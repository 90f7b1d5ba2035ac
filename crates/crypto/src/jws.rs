use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

/// The signature algorithms of JSON Web Signatures that identity providers
/// use.
///
/// Source: RFC 7518, section 3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwsAlgorithm {
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// ECDSA over P-384 with SHA-384.
    Es384,
    /// ECDSA over P-521 with SHA-512.
    Es512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

/// A public key as a JSON Web Key has it.
///
/// Source: RFC 7518, section 6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwsKey {
    /// A point of P-256, P-384 or P-521: as many bytes for each coordinate as
    /// the curve has.
    Ec {
        /// Whose curve it is.
        algorithm: JwsAlgorithm,
        /// The coordinate `x`.
        x: Vec<u8>,
        /// The coordinate `y`.
        y: Vec<u8>,
    },
    /// An RSA key of 2048 to 8192 bits, both numbers big-endian.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
}

impl JwsAlgorithm {
    /// The algorithm with this name: `RS256`, `ES384`, …
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            _ => return None,
        })
    }
}

impl JwsKey {
    /// Whether the key is one for the algorithm, and `signature` its signature
    /// of `message`.
    #[must_use]
    pub fn verifies(&self, algorithm: JwsAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm) {
            (Self::Rsa { n, e }, JwsAlgorithm::Rs256) => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            (Self::Rsa { n, e }, JwsAlgorithm::Rs384) => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA384, message, signature)
                .is_ok(),
            (Self::Rsa { n, e }, JwsAlgorithm::Rs512) => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA512, message, signature)
                .is_ok(),
            (
                Self::Ec {
                    algorithm: of_key,
                    x,
                    y,
                },
                _,
            ) if *of_key == algorithm => {
                let verification = match algorithm {
                    JwsAlgorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
                    JwsAlgorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
                    JwsAlgorithm::Es512 => &ECDSA_P521_SHA512_FIXED,
                    _ => return false,
                };
                // An uncompressed point (SEC 1, section 2.3.3).
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                UnparsedPublicKey::new(verification, point)
                    .verify(message, signature)
                    .is_ok()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// The example of RFC 7515, appendix A.3.
    #[test]
    fn the_example_of_the_rfc_verifies() {
        let key = JwsKey::Ec {
            algorithm: JwsAlgorithm::Es256,
            x: bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
            y: bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
        };
        let message = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0d\
                       HA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = bytes(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        );
        assert!(key.verifies(JwsAlgorithm::Es256, message.as_bytes(), &signature));
        assert!(!key.verifies(JwsAlgorithm::Es384, message.as_bytes(), &signature));
        assert!(!key.verifies(JwsAlgorithm::Rs256, message.as_bytes(), &signature));
        assert!(!key.verifies(JwsAlgorithm::Es256, b"other", &signature));
        assert!(!key.verifies(JwsAlgorithm::Es256, message.as_bytes(), &[]));
    }
}
