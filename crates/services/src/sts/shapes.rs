//! Shapes that several operations take or give.

use strongroom_types::{Sensitive, Timestamp};

use super::token;
use crate::shape::{Input, Output};

/// A session tag as it is passed.
#[derive(Input)]
pub struct Tag {
    /// Unique in the request, ignoring case.
    #[shape(length(1, 128))]
    pub key: String,
    /// May be empty.
    #[shape(length(0, 256))]
    pub value: String,
}

/// A managed policy that is passed as a session policy.
#[derive(Input)]
pub struct PolicyDescriptorType {
    /// Its ARN.
    #[shape(
        name = "arn",
        length(20, 2048),
        pattern(
            r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"
        )
    )]
    pub arn: Option<String>,
}

/// What somebody else asserts of the context. None of the providers that AWS
/// takes assertions of is there, so that none is accepted.
#[derive(Input)]
pub struct ProvidedContext {
    /// The provider.
    #[shape(
        length(20, 2048),
        pattern(
            r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"
        )
    )]
    pub provider_arn: Option<String>,
    /// Its assertion.
    #[shape(length(4, 2048))]
    pub context_assertion: Option<Sensitive<String>>,
}

/// Temporary credentials.
#[derive(Output)]
pub struct Credentials {
    /// `ASIA…`
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: Sensitive<String>,
    /// What goes with every request. A credential, so not on record.
    pub session_token: Sensitive<String>,
    /// When they end.
    pub expiration: Timestamp,
}

/// A role's session.
#[derive(Output)]
pub struct AssumedRoleUser {
    /// `AROA…:session`
    pub assumed_role_id: String,
    /// `arn:aws:sts::…:assumed-role/role/session`
    pub arn: String,
}

/// A federated user.
#[derive(Output)]
pub struct FederatedUser {
    /// `account:name`
    pub federated_user_id: String,
    /// `arn:aws:sts::…:federated-user/name`
    pub arn: String,
}

impl Credentials {
    /// As they go on the wire.
    pub(super) fn of(issued: token::Credentials, expiration: Timestamp) -> Self {
        Self {
            access_key_id: issued.access_key_id,
            secret_access_key: issued.secret_access_key,
            session_token: issued.session_token,
            expiration,
        }
    }

    /// Characters of the token.
    pub(super) fn token_size(&self) -> i64 {
        i64::try_from(self.session_token.expose().len()).unwrap_or(i64::MAX)
    }

    /// Percent of the longest token that there can be, rounded up.
    pub(super) fn token_utilization(&self) -> i64 {
        let most = i64::try_from(token::MAX_TOKEN_CHARACTERS).unwrap_or(i64::MAX);
        (self.token_size() * 100 + most - 1) / most
    }
}
