use std::sync::Arc;

use ::http::{Method, Response, StatusCode, header::CONTENT_TYPE};
use bytes::Bytes;
use http_body_util::Full;
use prometheus_client::{encoding::text, registry::Registry};

use super::scrape::Scrape;
use crate::{
    app::App,
    http::{Answer, Handler, Health, Request},
};

/// What the format calls itself.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the admin listener answers: `GET /metrics`, and health as every
/// listener does. Nothing else is there, and nothing here needs a signature.
pub struct AdminPages {
    app: Arc<App>,
    registry: Registry,
}

impl AdminPages {
    /// The pages of a node.
    #[must_use]
    pub fn of(app: Arc<App>) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Scrape(Arc::clone(&app))));
        Self { app, registry }
    }
}

impl Handler for AdminPages {
    async fn handle(&self, request: Request) -> Answer {
        let known = request.uri.path() == "/metrics";
        let reads = request.method == Method::GET || request.method == Method::HEAD;
        if !known || !reads {
            let mut answer = Response::new(Full::default());
            *answer.status_mut() = if known {
                StatusCode::METHOD_NOT_ALLOWED
            } else {
                StatusCode::NOT_FOUND
            };
            return answer;
        }
        let mut page = String::new();
        if text::encode(&mut page, &self.registry).is_err() {
            let mut answer = Response::new(Full::default());
            *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            return answer;
        }
        let mut answer = Response::new(Full::new(Bytes::from(page)));
        if let Ok(format) = OPEN_METRICS.parse() {
            answer.headers_mut().insert(CONTENT_TYPE, format);
        }
        answer
    }

    fn health(&self) -> Health {
        self.app.health()
    }
}
