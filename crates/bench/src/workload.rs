use std::fmt::Write as _;
use std::net::SocketAddr;

use strongroom_sigv4::{Credentials, MissingHost, Request, sign_headers};
use strongroom_types::{Clock as _, SystemClock};

/// Names in one request of `BatchGetSecretValue`: the most that AWS takes.
const BATCH: u64 = 20;
/// Secrets that share a service's name, and so match one name filter, at most.
const SERVICES: u64 = 1_009;

/// Whom the requests are for, and who signs them.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) region: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) key: Key,
}

/// The KMS key that is measured, once it was made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Key {
    pub(crate) id: String,
    /// Of 32 bytes under [`CONTEXT`], in base64.
    pub(crate) ciphertext: String,
}

/// An encryption context as an application gives it.
const CONTEXT: &str = r#""EncryptionContext":{"application":"orders"}"#;

impl Target {
    /// A server that looks at no signature.
    pub(crate) fn unauthenticated(address: SocketAddr) -> Self {
        Self {
            address,
            region: "us-east-1".to_owned(),
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            key: Key::default(),
        }
    }

    /// The whole request, signed now.
    ///
    /// # Errors
    ///
    /// None in practice: there always is a `Host`.
    pub(crate) fn request(&self, call: &Call) -> Result<Vec<u8>, MissingHost> {
        let host = self.address.to_string();
        let (service, prefix) = match call.service {
            Service::Kms => ("kms", "TrentService"),
            Service::SecretsManager => ("secretsmanager", "secretsmanager"),
        };
        let action = format!("{prefix}.{}", call.operation);
        let headers = [
            ("host", host.as_bytes()),
            ("content-type", b"application/x-amz-json-1.1"),
            ("x-amz-target", action.as_bytes()),
        ];
        let signed = sign_headers(
            &Request {
                method: "POST",
                path: "/",
                query: "",
                headers: &headers,
                body: call.body.as_bytes(),
            },
            &Credentials {
                access_key_id: &self.access_key_id,
                secret_access_key: &self.secret_access_key,
                session_token: None,
                region: &self.region,
                service,
            },
            SystemClock.now(),
        )?;
        let mut request = format!(
            "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-amz-json-1.1\r\n\
             x-amz-target: {action}\r\ncontent-length: {}\r\n",
            call.body.len()
        );
        for (name, value) in signed {
            // Writing to a string cannot fail.
            let _ = write!(request, "{name}: {value}\r\n");
        }
        request.push_str("\r\n");
        request.push_str(&call.body);
        Ok(request.into_bytes())
    }
}

/// One request, before it is signed.
#[derive(Debug)]
pub(crate) struct Call {
    service: Service,
    operation: &'static str,
    body: String,
}

#[derive(Clone, Copy, Debug)]
enum Service {
    Kms,
    SecretsManager,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    BatchGetSecretValue,
    CreateSecret,
    Decrypt,
    Encrypt,
    GenerateDataKey,
    GetSecretValue,
    ListSecrets,
    PutSecretValue,
}

impl Call {
    /// A call of Secrets Manager.
    pub(crate) fn new(operation: &'static str, body: String) -> Self {
        Self {
            service: Service::SecretsManager,
            operation,
            body,
        }
    }
}

impl Operation {
    /// In the order of the table: reads, then writes, which leave the store
    /// another than they found it.
    pub(crate) const ALL: [Self; 8] = [
        Self::GetSecretValue,
        Self::BatchGetSecretValue,
        Self::ListSecrets,
        Self::Encrypt,
        Self::Decrypt,
        Self::GenerateDataKey,
        Self::PutSecretValue,
        Self::CreateSecret,
    ];

    /// AWS's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BatchGetSecretValue => "BatchGetSecretValue",
            Self::CreateSecret => "CreateSecret",
            Self::Decrypt => "Decrypt",
            Self::Encrypt => "Encrypt",
            Self::GenerateDataKey => "GenerateDataKey",
            Self::GetSecretValue => "GetSecretValue",
            Self::ListSecrets => "ListSecrets",
            Self::PutSecretValue => "PutSecretValue",
        }
    }

    /// The name, with what it is asked.
    pub(crate) fn title(self) -> String {
        match self {
            Self::BatchGetSecretValue => format!("{} of {BATCH}", self.name()),
            Self::Decrypt | Self::Encrypt => format!("KMS {} of 32 bytes", self.name()),
            Self::GenerateDataKey => format!("KMS {} of AES_256", self.name()),
            Self::ListSecrets => format!("{} by name", self.name()),
            _ => self.name().to_owned(),
        }
    }

    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::CreateSecret | Self::PutSecretValue)
    }

    fn service(self) -> Service {
        match self {
            Self::Decrypt | Self::Encrypt | Self::GenerateDataKey => Service::Kms,
            _ => Service::SecretsManager,
        }
    }

    /// A request about `key` or one of `secrets` that are there already.
    pub(crate) fn call(self, key: &Key, secrets: u64, chance: &mut Chance) -> Call {
        let body = match self {
            Self::BatchGetSecretValue => {
                let mut names = String::new();
                // Spread over all secrets, so that no name comes twice.
                let (first, apart) = (chance.below(secrets), (secrets / BATCH).max(1));
                for number in 0..BATCH.min(secrets) {
                    let comma = if number == 0 { "" } else { "," };
                    let index = (first + number * apart) % secrets;
                    let _ = write!(names, "{comma}\"{}\"", secret_name(index));
                }
                format!(r#"{{"SecretIdList":[{names}]}}"#)
            }
            Self::CreateSecret => create_body(&format!("new/{:016x}", chance.next()), chance),
            Self::Decrypt => format!(r#"{{"CiphertextBlob":"{}",{CONTEXT}}}"#, key.ciphertext),
            Self::Encrypt => encrypt_body(&key.id, chance),
            Self::GenerateDataKey => {
                format!(r#"{{"KeyId":"{}","KeySpec":"AES_256",{CONTEXT}}}"#, key.id)
            }
            Self::GetSecretValue => get_body(chance.below(secrets)),
            Self::ListSecrets => {
                let service = chance.below(secrets.min(SERVICES));
                format!(r#"{{"Filters":[{{"Key":"name","Values":["bench/service-{service}/"]}}]}}"#)
            }
            Self::PutSecretValue => format!(
                r#"{{"SecretId":"{}","ClientRequestToken":"{}",{}}}"#,
                secret_name(chance.below(secrets)),
                token(chance),
                value(chance),
            ),
        };
        Call {
            service: self.service(),
            operation: self.name(),
            body,
        }
    }
}

/// The request that creates secret number `index`.
pub(crate) fn creation(index: u64, chance: &mut Chance) -> Call {
    Call {
        service: Service::SecretsManager,
        operation: "CreateSecret",
        body: create_body(&secret_name(index), chance),
    }
}

/// The request that reads secret number `index`.
pub(crate) fn reading(index: u64) -> Call {
    Call {
        service: Service::SecretsManager,
        operation: "GetSecretValue",
        body: get_body(index),
    }
}

/// The request that makes the key.
pub(crate) fn key_creation() -> Call {
    Call {
        service: Service::Kms,
        operation: "CreateKey",
        body: "{}".to_owned(),
    }
}

/// The request whose answer holds the ciphertext that is measured.
pub(crate) fn encryption(key_id: &str, chance: &mut Chance) -> Call {
    Call {
        service: Service::Kms,
        operation: "Encrypt",
        body: encrypt_body(key_id, chance),
    }
}

fn encrypt_body(key_id: &str, chance: &mut Chance) -> String {
    // 42 digits of base64 and a final zero one: 32 bytes.
    let digits = format!(
        "{:016x}{:016x}{:010x}",
        chance.next(),
        chance.next(),
        chance.next() >> 24
    );
    format!(r#"{{"KeyId":"{key_id}","Plaintext":"{digits}A=",{CONTEXT}}}"#)
}

fn get_body(index: u64) -> String {
    format!(r#"{{"SecretId":"{}"}}"#, secret_name(index))
}

fn create_body(name: &str, chance: &mut Chance) -> String {
    format!(
        r#"{{"Name":"{name}","ClientRequestToken":"{}",{}}}"#,
        token(chance),
        value(chance)
    )
}

pub(crate) fn secret_name(index: u64) -> String {
    format!("bench/service-{}/database-{index}", index % SERVICES)
}

/// A version's name, as an SDK makes it.
pub(crate) fn token(chance: &mut Chance) -> String {
    let (high, low) = (chance.next(), chance.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// A secret of an ordinary size, in the form that rotation uses.
fn value(chance: &mut Chance) -> String {
    let password = format!("{:016x}{:016x}", chance.next(), chance.next());
    format!(
        r#""SecretString":"{{\"engine\":\"postgres\",\"host\":\"db.example.com\",\"port\":5432,\"username\":\"app\",\"password\":\"{password}\",\"dbname\":\"orders\"}}""#
    )
}

/// Chance that is the same in every run (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// Below `bound`, which is at least 1.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_request_is_whole_and_signed() {
        let target = Target::unauthenticated("127.0.0.1:7443".parse().unwrap());
        let call = Operation::GetSecretValue.call(&Key::default(), 10, &mut Chance::new(1));
        let request = String::from_utf8(target.request(&call).unwrap()).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST / HTTP/1.1\r\nhost: 127.0.0.1:7443\r\n"));
        assert!(head.contains("\r\nauthorization: AWS4-HMAC-SHA256 Credential=AKIA"));
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())));
        assert!(body.starts_with(r#"{"SecretId":"bench/service-"#));
    }

    #[test]
    fn a_batch_names_each_secret_once() {
        for secrets in [1, 20, 21, 1_000] {
            let call =
                Operation::BatchGetSecretValue.call(&Key::default(), secrets, &mut Chance::new(7));
            let names: Vec<&str> = call
                .body
                .split('"')
                .filter(|part| part.contains('/'))
                .collect();
            let distinct: BTreeSet<&&str> = names.iter().collect();
            assert_eq!(distinct.len(), names.len(), "{}", call.body);
        }
    }

    #[test]
    fn kms_is_asked_by_its_own_name_for_32_bytes() {
        let mut target = Target::unauthenticated("127.0.0.1:7443".parse().unwrap());
        target.key.id = "k".to_owned();
        let call = Operation::Encrypt.call(&target.key, 1, &mut Chance::new(1));
        let plaintext = call.body.split('"').nth(7).unwrap();
        assert_eq!(plaintext.len(), 44, "{}", call.body);
        let request = String::from_utf8(target.request(&call).unwrap()).unwrap();
        assert!(request.contains("\r\nx-amz-target: TrentService.Encrypt\r\n"));
        assert!(request.contains("/kms/aws4_request"));
    }

    #[test]
    fn tokens_are_of_the_length_that_aws_takes_and_never_the_same() {
        let mut chance = Chance::new(3);
        let (one, other) = (token(&mut chance), token(&mut chance));
        assert_eq!(one.len(), 36);
        assert_ne!(one, other);
    }
}
