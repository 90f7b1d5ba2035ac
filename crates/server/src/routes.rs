//! Which services are served, and where their operations are.

use strongroom_services::{
    cloudtrail::{self, CloudTrail},
    iam::{self, Iam},
    kms::{self, Kms},
    lambda::{self, Lambda},
    operation::{Endpoints, Route, Service},
    organizations::{self, AwsOrganizations},
    protocol::{Protocol, Query},
    secretsmanager::{self, SecretsManager},
    sts::{self, Sts},
};

/// A service that is served.
pub struct Served {
    /// The name in credential scopes.
    pub signing_name: &'static str,
    /// How it is spoken to.
    pub protocol: fn() -> Protocol,
    /// What its requests may be signed for.
    pub endpoints: Endpoints,
    /// Its operations, by name. By way of the static of their crate: a copy
    /// of the table would have every operation compiled once more, in this one.
    routes: &'static &'static [Route],
}

/// Every service.
pub static SERVICES: &[Served] = &[
    Served::of::<CloudTrail>(&cloudtrail::operations::ROUTES),
    Served::of::<Iam>(&iam::operations::ROUTES),
    Served::of::<Kms>(&kms::operations::ROUTES),
    Served::of::<AwsOrganizations>(&organizations::operations::ROUTES),
    Served::of::<Lambda>(&lambda::operations::ROUTES),
    Served::of::<SecretsManager>(&secretsmanager::operations::ROUTES),
    Served::of::<Sts>(&sts::operations::ROUTES),
];

impl Served {
    const fn of<S: Service>(routes: &'static &'static [Route]) -> Self {
        Self {
            signing_name: S::NAME,
            protocol: || S::PROTOCOL.into(),
            endpoints: S::ENDPOINTS,
            routes,
        }
    }

    /// Its operations, by name.
    #[must_use]
    pub const fn routes(&self) -> &'static [Route] {
        self.routes
    }

    /// The operation of this name.
    #[must_use]
    pub fn route(&'static self, operation: &str) -> Option<&'static Route> {
        let place = self
            .routes
            .binary_search_by(|route| route.name.cmp(operation));
        place.ok().and_then(|place| self.routes.get(place))
    }
}

/// The service with this prefix in `X-Amz-Target`.
#[must_use]
pub fn json(prefix: &str) -> Option<&'static Served> {
    SERVICES.iter().find(
        |service| matches!((service.protocol)(), Protocol::Json(json) if json.is_named(prefix)),
    )
}

/// The services that speak AWS Query, with what is particular to each.
pub fn query() -> impl Iterator<Item = (&'static Served, Query)> {
    SERVICES
        .iter()
        .filter_map(|service| match (service.protocol)() {
            Protocol::Query(query) => Some((service, query)),
            _ => None,
        })
}

/// The services that speak REST.
pub fn rest() -> impl Iterator<Item = &'static Served> {
    let is_rest = |service: &&Served| (service.protocol)() == Protocol::RestJson;
    SERVICES.iter().filter(is_rest)
}

/// Every shape of every operation, for the check against AWS's own models.
#[must_use]
pub fn describe() -> serde_json::Value {
    let services = SERVICES.iter().map(|service| {
        let operations: serde_json::Map<_, _> = service
            .routes
            .iter()
            .map(|route| (route.name.to_owned(), route.describe()))
            .collect();
        (
            service.signing_name.to_owned(),
            serde_json::json!({ "operations": operations }),
        )
    });
    serde_json::Value::Object(services.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found() {
        for service in SERVICES {
            assert!(service.routes().is_sorted_by_key(|route| route.name));
            for route in service.routes() {
                assert_eq!(service.route(route.name).unwrap().name, route.name);
                let is_rest = (service.protocol)() == Protocol::RestJson;
                assert_eq!(route.http.is_some(), is_rest, "{}", route.name);
            }
        }
        let secrets = json("secretsmanager").unwrap();
        assert!(secrets.route("NoSuchOperation").is_none());
        assert!(json("nosuchservice").is_none());
        for name in [
            "CloudTrail_20131101",
            "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
        ] {
            assert_eq!(json(name).unwrap().signing_name, "cloudtrail");
        }
        for name in ["", "v20131101.CloudTrail_20131101", "x.secretsmanager"] {
            assert!(json(name).is_none(), "{name}");
        }
    }
}
