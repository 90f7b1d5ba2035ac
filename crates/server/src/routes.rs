//! Which services are served, and where their operations are.

use strongroom_services::{
    operation::{Route, Service as _},
    secretsmanager::{self, SecretsManager},
};

/// A service that speaks AWS JSON.
struct JsonService {
    /// What stands before the dot of `X-Amz-Target`.
    target_prefix: &'static str,
    /// The name in credential scopes.
    signing_name: &'static str,
    routes: &'static [Route],
}

static JSON: &[JsonService] = &[JsonService {
    target_prefix: "secretsmanager",
    signing_name: SecretsManager::NAME,
    routes: secretsmanager::operations::ROUTES,
}];

/// Where a request goes.
#[derive(Clone, Copy)]
pub struct Destination {
    /// The service, by its name in credential scopes.
    pub service: &'static str,
    /// The operation; absent if the service has none of that name.
    pub route: Option<&'static Route>,
}

/// The destination that an `X-Amz-Target` names; nothing if no such service is
/// served.
#[must_use]
pub fn json(prefix: &str, operation: &str) -> Option<Destination> {
    let service = JSON
        .iter()
        .find(|service| service.target_prefix == prefix)?;
    let route = service
        .routes
        .binary_search_by(|route| route.name.cmp(operation));
    Some(Destination {
        service: service.signing_name,
        route: route.ok().and_then(|place| service.routes.get(place)),
    })
}

/// Every shape of every operation, for the check against AWS's own models.
#[must_use]
pub fn describe() -> serde_json::Value {
    let services = JSON.iter().map(|service| {
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
        for service in JSON {
            assert!(service.routes.is_sorted_by_key(|route| route.name));
            for route in service.routes {
                let found = json(service.target_prefix, route.name).unwrap();
                assert_eq!(found.route.unwrap().name, route.name);
            }
        }
        assert!(
            json("secretsmanager", "NoSuchOperation")
                .unwrap()
                .route
                .is_none()
        );
        assert!(json("nosuchservice", "GetSecretValue").is_none());
    }
}
