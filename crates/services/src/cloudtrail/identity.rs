//! `userIdentity`: who acted, made once for each caller and not per record.

use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};
use strongroom_types::{AccountId, Principal, Timestamp};

use crate::sts::session::{Session, WebIdentity};

/// The service that forwards callers' identities to others: Secrets Manager,
/// when it uses KMS keys.
pub const FORWARDER: &str = "secretsmanager.amazonaws.com";

/// A caller's `userIdentity`, as JSON.
#[derive(Debug)]
pub struct Identity {
    /// In the records of the caller's own calls.
    pub(super) direct: Box<RawValue>,
    /// In the records of calls that [`FORWARDER`] makes for the caller.
    pub(super) forwarded: Box<RawValue>,
    /// The same two in the records of another account, whose trail does not
    /// say more of a stranger than which account is his.
    pub(super) stranger: Box<RawValue>,
    pub(super) forwarded_stranger: Box<RawValue>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct UserIdentity<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoked_by: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session_issuer: Option<SessionIssuer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_id_federation_data: Option<WebIdFederationData<'a>>,
    attributes: Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer {
    r#type: &'static str,
    principal_id: String,
    arn: Option<String>,
    account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WebIdFederationData<'a> {
    federated_provider: &'a str,
    attributes: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    creation_date: String,
    /// A string, as CloudTrail has it.
    mfa_authenticated: &'static str,
}

impl Identity {
    /// The identity of a principal that signs with this access key. `issuer`
    /// is who vouches for a federated user, `session` what temporary
    /// credentials rest on.
    #[must_use]
    pub fn of(
        partition: &str,
        principal: &Principal,
        issuer: Option<&Principal>,
        access_key_id: &str,
        session: Option<&Session>,
    ) -> Self {
        let context = session.map(|session| SessionContext {
            session_issuer: session_issuer(partition, principal, issuer),
            web_id_federation_data: session.web_identity.as_ref().map(federation_data),
            attributes: Attributes {
                creation_date: seconds(session.issued_at()),
                mfa_authenticated: if session.mfa_ms.is_some() {
                    "true"
                } else {
                    "false"
                },
            },
            source_identity: session.source_identity.as_deref(),
        });
        let mut identity = UserIdentity {
            r#type: Some(kind(principal)),
            principal_id: Some(principal.user_id()),
            arn: principal.arn(partition).map(|arn| arn.to_string()),
            account_id: principal.account().map(|account| account.to_string()),
            access_key_id: Some(access_key_id).filter(|id| !id.is_empty()),
            user_name: match principal {
                Principal::User { name, .. } => Some(name),
                _ => None,
            },
            session_context: context,
            ..UserIdentity::default()
        };
        let direct = raw(&identity);
        identity.invoked_by = Some(FORWARDER);
        let mut stranger = UserIdentity {
            r#type: Some("AWSAccount"),
            principal_id: identity.principal_id.clone(),
            account_id: identity.account_id.clone(),
            ..UserIdentity::default()
        };
        let (forwarded, abroad) = (raw(&identity), raw(&stranger));
        stranger.invoked_by = Some(FORWARDER);
        Self {
            direct,
            forwarded,
            stranger: abroad,
            forwarded_stranger: raw(&stranger),
        }
    }

    /// A service that acts by itself.
    #[must_use]
    pub fn of_service(name: &str) -> Self {
        Self::everywhere(&UserIdentity {
            r#type: Some("AWSService"),
            invoked_by: Some(name),
            ..UserIdentity::default()
        })
    }

    /// Whoever shows the assertion of a SAML provider that is not found genuine.
    #[must_use]
    pub fn of_saml_user() -> Self {
        Self::everywhere(&UserIdentity {
            r#type: Some("SAMLUser"),
            ..UserIdentity::default()
        })
    }

    /// Whoever shows an identity provider's token that is not found genuine:
    /// nothing in it is told as if it were so.
    #[must_use]
    pub fn of_web_identity_user() -> Self {
        Self::everywhere(&UserIdentity {
            r#type: Some("WebIdentityUser"),
            ..UserIdentity::default()
        })
    }

    /// Whom an identity provider, by its ARN, vouches for, and who has no
    /// credentials yet.
    #[must_use]
    pub fn of_web_identity(provider: &str, audience: &str, subject: &str) -> Self {
        Self::everywhere(&UserIdentity {
            r#type: Some("WebIdentityUser"),
            principal_id: Some(format!("{provider}:{audience}:{subject}")),
            user_name: Some(subject),
            identity_provider: Some(provider),
            ..UserIdentity::default()
        })
    }

    /// The same in all records.
    fn everywhere(identity: &UserIdentity<'_>) -> Self {
        Self {
            direct: raw(identity),
            forwarded: raw(identity),
            stranger: raw(identity),
            forwarded_stranger: raw(identity),
        }
    }
}

/// The identity in events of a service that acts by itself.
pub(super) fn of_service(account: AccountId, service: &'static str) -> Box<RawValue> {
    raw(&UserIdentity {
        account_id: Some(account.to_string()),
        invoked_by: Some(service),
        ..UserIdentity::default()
    })
}

fn kind(principal: &Principal) -> &'static str {
    match principal {
        Principal::AssumedRole { .. } => "AssumedRole",
        Principal::Federated { provider, .. } if provider.contains(":saml-provider/") => "SAMLUser",
        Principal::Federated { .. } => "WebIdentityUser",
        Principal::FederatedUser { .. } => "FederatedUser",
        Principal::Root { .. } => "Root",
        Principal::Service { .. } => "AWSService",
        Principal::User { .. } => "IAMUser",
    }
}

/// The role behind a session, or who vouches for a federated user; a user's
/// own session has none.
fn session_issuer(
    partition: &str,
    principal: &Principal,
    issuer: Option<&Principal>,
) -> Option<SessionIssuer> {
    let of = |kind, id, of: &Principal, name: Option<&str>| SessionIssuer {
        r#type: kind,
        principal_id: id,
        arn: of.policy_arn(partition).map(|arn| arn.to_string()),
        account_id: of.account().map(|account| account.to_string()),
        user_name: name.map(str::to_owned),
    };
    match (principal, issuer) {
        (
            Principal::AssumedRole {
                role_id, role_name, ..
            },
            _,
        ) => Some(of("Role", role_id.to_string(), principal, Some(role_name))),
        (_, Some(user @ Principal::User { name, .. })) => {
            Some(of("IAMUser", user.user_id(), user, Some(name)))
        }
        (_, Some(root)) => Some(of("Root", root.user_id(), root, None)),
        (_, None) => None,
    }
}

fn federation_data(identity: &WebIdentity) -> WebIdFederationData<'_> {
    let attributes = identity
        .claims
        .iter()
        .filter(|claim| matches!(claim.name.as_str(), "aud" | "sub"))
        .filter_map(|claim| {
            let name = format!("{}:{}", identity.issuer, claim.name);
            Some((name, Value::from(claim.values.first()?.as_str())))
        });
    WebIdFederationData {
        federated_provider: &identity.provider,
        attributes: attributes.collect(),
    }
}

/// `2026-11-23T13:02:03Z`
fn seconds(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second())
        .unwrap_or(time)
        .to_string()
}

fn raw(identity: &UserIdentity<'_>) -> Box<RawValue> {
    // Cannot fail: a structure of strings.
    serde_json::value::to_raw_value(identity).unwrap_or_default()
}
