//! Global condition keys: of the caller, the request and the way it came.
//!
//! Source: IAM User Guide, "AWS global condition context keys".

use std::borrow::Cow;

use strongroom_policy::Values;
use strongroom_types::{AccountId, Principal, Timestamp};

use super::RequestContext;
use crate::{
    cloudtrail::FORWARDER,
    organizations::Bearing,
    sts::session::{Claim, Session},
};

impl RequestContext<'_> {
    /// The value of a global condition key, by its name in lower case.
    pub(super) fn global(&self, key: &str) -> Option<Values<'_>> {
        match key.strip_prefix("aws:") {
            Some(name) => self
                .of_request(name)
                .or_else(|| self.of_caller(name))
                .map(Values::One)
                .or_else(|| self.multivalued(name)),
            None => self.claim(key).map(claimed),
        }
    }

    fn claim(&self, key: &str) -> Option<&Claim> {
        match self.stranger {
            Some(stranger) => {
                let mut claims = stranger.claims.iter();
                let found = claims.find(|(known, _)| **known == *key);
                found.map(|(_, claim)| claim)
            }
            None => self.cx.request.caller.claim(key),
        }
    }

    fn of_request(&self, name: &str) -> Option<Cow<'_, str>> {
        let request = self.cx.request;
        let endpoint = request.vpc_endpoint.as_deref();
        Some(match name {
            "calledviafirst" | "calledvialast" if self.forwarded => FORWARDER.into(),
            "currenttime" => date(self.cx.now).into(),
            "epochtime" => self.cx.now.as_second().to_string().into(),
            "referer" => request.referer.as_deref()?.into(),
            "requestedregion" => request.region.as_str().into(),
            "resourceorgid" => self.of_resource()?.organization_id.as_str().into(),
            "resourceaccount" => self.owner()?.to_string().into(),
            "securetransport" => request.tls.is_some().to_string().into(),
            "sourceip" if endpoint.is_none() => request.source_ip.to_string().into(),
            "sourcevpc" => endpoint?.vpc.as_deref()?.into(),
            "sourcevpce" => endpoint?.id.as_str().into(),
            "useragent" => request.user_agent.as_deref()?.into(),
            "viaawsservice" => self.forwarded.to_string().into(),
            "vpceaccount" => endpoint?.account?.to_string().into(),
            "vpcsourceip" if endpoint.is_some() => request.source_ip.to_string().into(),
            _ => return None,
        })
    }

    fn of_caller(&self, name: &str) -> Option<Cow<'_, str>> {
        let caller = &*self.cx.request.caller;
        let principal = self.principal();
        if let Some(key) = name.strip_prefix("principaltag/") {
            return caller.tag(key).map(Cow::from);
        }
        Some(match name {
            "federatedprovider" if self.stranger.is_some() => {
                self.stranger?.provider.as_str().into()
            }
            "federatedprovider" => {
                let identity = caller.statement()?.web_identity.as_ref()?;
                identity.provider.as_str().into()
            }
            "multifactorauthage" => {
                let seconds = self.cx.now.as_millisecond() - caller.statement()?.mfa_ms?;
                (seconds / 1000).max(0).to_string().into()
            }
            // Absent, not false, where long-term credentials sign.
            "multifactorauthpresent" => caller.statement()?.mfa_ms.is_some().to_string().into(),
            "principalaccount" => principal.account()?.to_string().into(),
            "principalarn" => caller.policy_arn.as_deref()?.into(),
            "principalisawsservice" => is_service(principal).to_string().into(),
            "principalorgid" => self.of_principal()?.organization_id.as_str().into(),
            "principalservicename" => service(principal)?.into(),
            "principaltype" => principal_type(principal).into(),
            "sourceidentity" => caller.statement()?.source_identity.as_deref()?.into(),
            "tokenissuetime" => date(caller.statement().map(Session::issued_at)?).into(),
            "userid" => principal.user_id().into(),
            "username" => match principal {
                Principal::User { name, .. } => Cow::from(name.as_ref()),
                _ => return None,
            },
            _ => return None,
        })
    }

    /// What the caller's organization says.
    fn of_principal(&self) -> Option<&Bearing> {
        self.cx.bearing(self.principal().account()?)
    }

    /// What the organization of the target's owner says.
    fn of_resource(&self) -> Option<&Bearing> {
        self.cx.bearing(self.owner()?)
    }

    /// The account that owns what the request is about: the caller's own where it
    /// names nothing, none where that is AWS's.
    ///
    /// Perimeters of `aws:ResourceOrgID` are written for all actions and except those
    /// alone that ask for what AWS owns.
    fn owner(&self) -> Option<AccountId> {
        let named = || match self.target.resource() {
            "*" => Some(self.cx.request.caller.account),
            arn => arn.split(':').nth(4)?.parse().ok(),
        };
        self.target.account().or_else(named)
    }

    /// The account that owns what the request is about, if that is closed.
    pub(super) fn closed(&self) -> Option<AccountId> {
        let is_closed = |owner: &AccountId| self.cx.bearing(*owner).is_some_and(|it| it.closed);
        self.owner().filter(is_closed)
    }

    fn multivalued(&self, name: &str) -> Option<Values<'_>> {
        let one = |value: &'_ str| Some(Values::Many(vec![value.to_owned().into()]));
        match name {
            "calledvia" if self.forwarded => one(FORWARDER),
            "principalorgpaths" => one(&self.of_principal()?.path),
            "resourceorgpaths" => one(&self.of_resource()?.path),
            "principalservicenameslist" => one(service(self.principal())?),
            _ => None,
        }
    }
}

/// Every global key that is known here, but for tags, by its name in lower case
/// behind `aws:`.
pub(super) const NAMES: &[&str] = &[
    "calledvia",
    "calledviafirst",
    "calledvialast",
    "currenttime",
    "epochtime",
    "federatedprovider",
    "multifactorauthage",
    "multifactorauthpresent",
    "principalaccount",
    "principalarn",
    "principalisawsservice",
    "principalorgid",
    "principalorgpaths",
    "principalservicename",
    "principalservicenameslist",
    "principaltype",
    "referer",
    "requestedregion",
    "resourceaccount",
    "resourceorgid",
    "resourceorgpaths",
    "securetransport",
    "sourceidentity",
    "sourceip",
    "sourcevpc",
    "sourcevpce",
    "tokenissuetime",
    "useragent",
    "userid",
    "username",
    "viaawsservice",
    "vpceaccount",
    "vpcsourceip",
];

/// What an identity provider said of whoever started the session.
fn claimed(claim: &Claim) -> Values<'_> {
    let mut values = claim.values.iter().map(|value| Cow::from(value.as_str()));
    match (claim.many, claim.values.len()) {
        (false, 1) => Values::One(values.next().unwrap_or_default()),
        _ => Values::Many(values.collect()),
    }
}

/// `2026-11-23T13:02:03Z`
fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn service(principal: &Principal) -> Option<&str> {
    match principal {
        Principal::Service { name } => Some(name),
        _ => None,
    }
}

fn is_service(principal: &Principal) -> bool {
    service(principal).is_some()
}

/// The value of `aws:PrincipalType`.
fn principal_type(principal: &Principal) -> &'static str {
    match principal {
        Principal::AssumedRole { .. } => "AssumedRole",
        // Such a call is not signed (inferred).
        Principal::Federated { .. } => "Anonymous",
        Principal::FederatedUser { .. } => "FederatedUser",
        Principal::Root { .. } => "Account",
        Principal::Service { .. } => "AWSService",
        Principal::User { .. } => "User",
    }
}
