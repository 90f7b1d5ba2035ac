//! Who sent a request: signature, access key, caller.
//!
//! Failures come in AWS's order: form of the signature, date, scope, access
//! key, and the signature itself last.

use std::sync::{Arc, Mutex, PoisonError};

use ::http::{HeaderMap, header::HOST, request::Parts};
use strongroom_services::{
    context::Services,
    iam::{Caller, Found},
    operation::Endpoints,
    refusal::Refusal,
    sts::session::Holder,
};
use strongroom_sigv4::{KeyName, SignatureError, Signed, SigningKey, SigningKeyCache};
use strongroom_types::{Partition, Region};

use crate::{http::Request, routes::Served};

/// Access keys whose derived signing keys are kept.
const CACHED_ACCESS_KEYS: usize = 10_000;

/// Refused requests that are logged in one second. Strangers can send any
/// number of them.
const LOGGED_PER_SECOND: u32 = 20;

/// Verifies signatures.
pub struct Authenticator {
    signing_keys: SigningKeyCache,
    /// The second that refusals were last logged in, and how many were.
    logged: Mutex<(i64, u32)>,
    /// The Regions that are served.
    regions: Vec<Region>,
}

/// A request's sender and the Region it addressed.
pub struct Authenticated {
    /// Who it is.
    pub caller: Arc<Caller>,
    /// The Region of the signature's scope.
    pub region: Region,
}

/// Headers as their signature sees them.
fn bytes_of(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect()
}

impl Authenticator {
    /// Serves these Regions.
    #[must_use]
    pub fn new(regions: Vec<Region>) -> Self {
        Self {
            signing_keys: SigningKeyCache::new(CACHED_ACCESS_KEYS),
            logged: Mutex::default(),
            regions,
        }
    }

    /// Verifies that a request for `service` was signed by a known caller.
    /// There is nobody to record a refusal for, so it is logged.
    ///
    /// # Errors
    /// AWS's error for the first thing that is wrong.
    pub async fn authenticate(
        &self,
        services: &Services,
        service: &Served,
        request: &Request,
    ) -> Result<Authenticated, Refusal> {
        let verified = self.verify(services, service, request).await;
        if let Err(refusal) = &verified
            && self.may_log(services.clock.now().as_second())
        {
            tracing::info!(
                request_id = %request.id, peer = %request.peer, service = service.signing_name,
                code = refusal.code,
                "not authenticated"
            );
        }
        verified
    }

    /// Whether a request for `service`, of which only the head is there, names
    /// an access key that is good now. Its signature cannot be verified before
    /// the body is there.
    pub async fn knows(&self, services: &Services, service: &Served, head: &Parts) -> bool {
        let headers = bytes_of(&head.headers);
        let view = strongroom_sigv4::Request {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            headers: &headers,
            body: &[],
        };
        let Ok(signed) = Signed::parse(view, services.clock.now()) else {
            return false;
        };
        let is_served = |name: &str| {
            let region = region_named(services.partition, service.endpoints, name);
            region.is_some_and(|region| {
                self.is_endpoint(services.partition, service.endpoints, &region)
            })
        };
        signed.check_scope(service.signing_name, is_served).is_ok()
            && self.caller(services, &signed).await.is_ok()
    }

    /// The sender of a request that needs no signature. Nothing says which
    /// Region it is for but the name of the host it was sent to; any other
    /// name is that of the global endpoint.
    #[must_use]
    pub fn anonymous(&self, services: &Services, request: &Request) -> Authenticated {
        let host = request
            .headers
            .get(HOST)
            .and_then(|host| host.to_str().ok());
        let named = host.and_then(|host| host.split('.').nth(1)?.parse().ok());
        let served = named.filter(|region| self.regions.contains(region));
        Authenticated {
            caller: Arc::new(Caller::anonymous(services.partition)),
            region: served.unwrap_or_else(|| global_region(services.partition)),
        }
    }

    fn is_endpoint(&self, partition: Partition, endpoints: Endpoints, region: &Region) -> bool {
        let is_global = || *region == global_region(partition);
        match endpoints {
            // Clients that are told an endpoint sign for their own Region, also
            // where AWS's endpoint is global.
            Endpoints::Both | Endpoints::Global => is_global() || self.regions.contains(region),
            Endpoints::Regional => self.regions.contains(region),
        }
    }

    fn may_log(&self, second: i64) -> bool {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.0 != second {
            *logged = (second, 0);
        }
        logged.1 = logged.1.saturating_add(1);
        logged.1 <= LOGGED_PER_SECOND
    }

    async fn verify(
        &self,
        services: &Services,
        service: &Served,
        request: &Request,
    ) -> Result<Authenticated, Refusal> {
        let headers = bytes_of(&request.headers);
        let view = strongroom_sigv4::Request {
            method: request.method.as_str(),
            path: request.uri.path(),
            query: request.uri.query().unwrap_or_default(),
            headers: &headers,
            body: &request.body,
        };
        let signed = Signed::parse(view, services.clock.now()).map_err(refused)?;
        let named = region_named(services.partition, service.endpoints, signed.region());
        let region =
            named.filter(|region| self.is_endpoint(services.partition, service.endpoints, region));
        // STS is in every Region there is, but may not be activated there.
        let inactive = named.is_some() && region.is_none() && service.endpoints == Endpoints::Both;
        signed
            .check_scope(service.signing_name, |_| region.is_some() || inactive)
            .map_err(refused)?;
        let caller = self.caller(services, &signed).await?;
        if service.signing_name == "iam" && !may_call_iam(&caller) {
            return Err(invalid_token());
        }
        signed
            .verify_signature(&self.signing_key(&signed, &caller))
            .map_err(refused)?;
        if inactive {
            return Err(region_disabled(&caller));
        }
        // The scope was checked with this very Region.
        let region = match service.endpoints {
            Endpoints::Global => global_region(services.partition),
            Endpoints::Both | Endpoints::Regional => region.ok_or_else(invalid_token)?,
        };
        let (uses, now) = (services.callers.uses(), services.clock.now());
        uses.note(&caller, now, service.signing_name, region);
        Ok(Authenticated { caller, region })
    }

    async fn caller(
        &self,
        services: &Services,
        signed: &Signed<'_>,
    ) -> Result<Arc<Caller>, Refusal> {
        let (callers, store) = (&services.callers, &services.store);
        let (partition, access_key_id) = (services.partition, signed.access_key_id());
        let Some(token) = signed.session_token() else {
            // A temporary access key is in no table: without its token it is
            // as unknown as any other.
            let found = callers.find(store, partition, access_key_id).await;
            return found
                .map_err(Refusal::unavailable)?
                .ok_or_else(invalid_token);
        };
        let now = services.clock.now();
        let found = callers.find_session(store, partition, access_key_id, token, now);
        match found.await.map_err(Refusal::unavailable)? {
            Found::Caller(caller) => Ok(caller),
            Found::Expired => Err(expired_token()),
            Found::Unknown => Err(invalid_token()),
        }
    }

    fn signing_key(&self, signed: &Signed<'_>, caller: &Caller) -> SigningKey {
        let name = KeyName {
            access_key_id: signed.access_key_id(),
            // As in AWS, an access key never changes its secret. But the ids of
            // temporary ones are drawn again some day, for another secret.
            secret_version: caller.secret_version,
            date: signed.date(),
            region: signed.region(),
            service: signed.service(),
        };
        if let Some(key) = self.signing_keys.get(&name) {
            return key;
        }
        let secret = caller.secret_access_key.expose().as_bytes();
        let key = SigningKey::derive(secret, name.date, name.region, name.service);
        self.signing_keys.insert(&name, key.clone());
        key
    }
}

/// Credentials of GetFederationToken cannot call IAM, nor can those of
/// GetSessionToken unless a device's code was checked for them.
///
/// Source: IAM User Guide, "Compare AWS STS credentials".
fn may_call_iam(caller: &Caller) -> bool {
    let Some(session) = caller.statement() else {
        return true;
    };
    match session.holder {
        Some(Holder::Role(_)) => true,
        Some(Holder::User(_) | Holder::Root(_)) => session.mfa_ms.is_some(),
        Some(Holder::Federated(_)) | None => false,
    }
}

/// Where the global services of a partition are.
///
/// Source: botocore's endpoints of IAM and Organizations.
fn global_region(partition: Partition) -> Region {
    let name = match partition.as_str() {
        "aws-cn" => "cn-north-1",
        "aws-eusc" => "eusc-de-east-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => return Region::US_EAST_1,
    };
    name.parse().unwrap_or(Region::US_EAST_1)
}

/// The Region of this name. A global service has another name for its own:
/// `aws-global`, for which the SDK for Java signs.
fn region_named(partition: Partition, endpoints: Endpoints, name: &str) -> Option<Region> {
    let is_global = name.strip_suffix("-global") == Some(partition.as_str());
    if is_global && endpoints != Endpoints::Regional {
        return Some(global_region(partition));
    }
    name.parse().ok()
}

fn refused(error: SignatureError) -> Refusal {
    Refusal::framework(error.json_code(), error.to_string())
}

fn expired_token() -> Refusal {
    Refusal::framework(
        "ExpiredTokenException",
        "The security token included in the request is expired",
    )
}

fn region_disabled(caller: &Caller) -> Refusal {
    let account = caller.account;
    Refusal {
        status: 403,
        ..Refusal::modelled(
            "RegionDisabledException",
            format!(
                "STS is not activated in this region for account:{account}. Your account \
                 administrator can activate STS in this region using the IAM Console."
            ),
        )
    }
}

fn invalid_token() -> Refusal {
    Refusal::framework(
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )
}
