//! What is answered, by operation and result.

use std::{
    collections::HashMap,
    ptr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use strongroom_services::{operation::Route, refusal::Refusal};

use super::Histogram;
use crate::{http, routes::SERVICES};

/// The results, in the order of [`Counts::results`].
const RESULTS: [&str; 6] = [
    "success",
    "unauthenticated",
    "denied",
    "throttled",
    "client_error",
    "server_error",
];
/// The refusals of requests that reach no operation, by name: some share a code.
const REFUSALS: [(http::Refusal, &str); 7] = [
    (http::Refusal::BodyBroken, "body_broken"),
    (http::Refusal::BodyIncomplete, "body_incomplete"),
    (http::Refusal::BodyTooLarge, "body_too_large"),
    (http::Refusal::Busy, "busy"),
    (http::Refusal::Malformed, "malformed"),
    (http::Refusal::Slow, "slow"),
    (http::Refusal::TooManyHeaders, "too_many_headers"),
];

/// Counts of every operation there is.
pub(crate) struct Requests {
    counts: Vec<Counts>,
    /// Where in `counts` a route is, by its address; the last is for requests
    /// that address none.
    places: HashMap<usize, usize>,
    refused: [AtomicU64; REFUSALS.len()],
}

/// Counts of one operation.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) service: &'static str,
    pub(super) operation: &'static str,
    results: [AtomicU64; RESULTS.len()],
    pub(super) latency: Histogram,
}

impl Requests {
    pub(crate) fn new() -> Self {
        let (mut counts, mut places) = (Vec::new(), HashMap::new());
        for service in SERVICES {
            for route in service.routes() {
                places.insert(ptr::from_ref(route).addr(), counts.len());
                counts.push(Counts {
                    service: service.signing_name,
                    operation: route.name,
                    ..Counts::default()
                });
            }
        }
        counts.push(Counts {
            service: "unknown",
            operation: "unknown",
            ..Counts::default()
        });
        Self {
            counts,
            places,
            refused: Default::default(),
        }
    }

    /// Counts an answer.
    pub(crate) fn note(
        &self,
        route: Option<&'static Route>,
        refusal: Option<&Refusal>,
        took: Duration,
    ) {
        let place = route.and_then(|route| self.places.get(&ptr::from_ref(route).addr()));
        let counts = match place {
            Some(place) => self.counts.get(*place),
            None => self.counts.last(),
        };
        let Some(counts) = counts else { return };
        let result = refusal.map_or("success", result_of);
        let place = RESULTS.iter().position(|known| *known == result);
        if let Some(count) = place.and_then(|place| counts.results.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        counts.latency.note(took);
    }

    /// Counts a request that reached no operation.
    pub(crate) fn note_refused(&self, refusal: http::Refusal) {
        let refusal = match refusal {
            http::Refusal::BodyTooLargeFor(_) => http::Refusal::BodyTooLarge,
            other => other,
        };
        let place = REFUSALS.iter().position(|(known, _)| *known == refusal);
        if let Some(count) = place.and_then(|place| self.refused.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The operations that were asked for.
    pub(super) fn counts(&self) -> impl Iterator<Item = &Counts> {
        self.counts
            .iter()
            .filter(|counts| counts.results().next().is_some())
    }

    /// How many requests reached no operation, by the reason.
    pub(super) fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self
            .refused
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        REFUSALS.into_iter().map(|(_, reason)| reason).zip(counts)
    }
}

impl Counts {
    /// Each result that there was, and how often.
    pub(super) fn results(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self
            .results
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        RESULTS
            .into_iter()
            .zip(counts)
            .filter(|(_, count)| *count > 0)
    }
}

/// What kind of failure it is.
fn result_of(refusal: &Refusal) -> &'static str {
    match refusal.code {
        _ if refusal.status >= 500 => "server_error",
        "AccessDenied" | "AccessDeniedException" => "denied",
        "ExpiredTokenException"
        | "IncompleteSignatureException"
        | "InvalidSignatureException"
        | "MissingAuthenticationTokenException"
        | "UnrecognizedClientException" => "unauthenticated",
        "Throttling" | "ThrottlingException" | "TooManyRequestsException" => "throttled",
        _ => "client_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::json;

    #[test]
    fn an_answer_counts_for_its_operation_and_result() {
        let requests = Requests::new();
        let route = json("secretsmanager").unwrap().route("GetSecretValue");
        let took = Duration::from_millis(1);
        requests.note(route, None, took);
        let denied = Refusal::modelled("AccessDeniedException", "no");
        requests.note(route, Some(&denied), took);
        requests.note(route, Some(&denied), took);
        requests.note(None, Some(&Refusal::unavailable("disk")), took);
        let seen: Vec<_> = requests
            .counts()
            .map(|counts| (counts.operation, counts.results().collect::<Vec<_>>()))
            .collect();
        let expected = [
            ("GetSecretValue", vec![("success", 1), ("denied", 2)]),
            ("unknown", vec![("server_error", 1)]),
        ];
        assert_eq!(seen, expected);
    }
}
