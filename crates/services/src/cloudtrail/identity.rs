//! `userIdentity`: who acted, made once for each caller and not per record.

use serde::Serialize;
use serde_json::value::RawValue;
use strongroom_types::{AccountId, Arn, Principal};

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
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct UserIdentity<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoked_by: Option<&'static str>,
}

impl Identity {
    /// The identity of a principal that signs with this access key.
    #[must_use]
    pub fn of(principal: &Principal, account: AccountId, arn: &Arn, access_key_id: &str) -> Self {
        let (kind, user_name) = match principal {
            Principal::AssumedRole { .. } => ("AssumedRole", None),
            Principal::Federated { provider, .. } if provider.contains(":saml-provider/") => {
                ("SAMLUser", None)
            }
            Principal::Federated { .. } => ("WebIdentityUser", None),
            Principal::FederatedUser { .. } => ("FederatedUser", None),
            Principal::Root { .. } => ("Root", None),
            Principal::Service { .. } => ("AWSService", None),
            Principal::User { name, .. } => ("IAMUser", Some(name.as_ref())),
        };
        let mut identity = UserIdentity {
            r#type: Some(kind),
            principal_id: Some(principal.user_id()),
            arn: Some(arn.as_str()),
            account_id: Some(account.to_string()),
            access_key_id: Some(access_key_id),
            user_name,
            invoked_by: None,
        };
        let direct = raw(&identity);
        identity.invoked_by = Some(FORWARDER);
        Self {
            direct,
            forwarded: raw(&identity),
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

fn raw(identity: &UserIdentity<'_>) -> Box<RawValue> {
    // Cannot fail: a structure of strings.
    serde_json::value::to_raw_value(identity).unwrap_or_default()
}
