use std::time::Duration;

use serde::Deserialize;

use super::{Check, ConfigError, Key};
use crate::http::Limits;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    body_bytes: Option<usize>,
    body_seconds: Option<u64>,
    connections: Option<usize>,
    drain_seconds: Option<u64>,
    handshake_seconds: Option<u64>,
    head_seconds: Option<u64>,
    header_bytes: Option<usize>,
    headers: Option<usize>,
    idle_seconds: Option<u64>,
    request_seconds: Option<u64>,
    requests: Option<usize>,
    streams: Option<u32>,
    total_body_bytes: Option<usize>,
}

impl Section {
    pub(super) fn check(self, check: &Check<'_>) -> Result<Limits, ConfigError> {
        let key = |name| Key::new("limits", name);
        let count = |name, number: Option<usize>, range, default| match number {
            Some(number) => check.within(key(name), number, range),
            None => Ok(default),
        };
        let seconds = |name, number: Option<u64>, default| match number {
            Some(number) => check
                .within(key(name), number, 1..=3_600)
                .map(Duration::from_secs),
            None => Ok(default),
        };
        let default = Limits::default();
        // The smallest values still let every AWS request through: a secret
        // of 64 KiB, with everything in it escaped, and long session tokens.
        Ok(Limits {
            header_bytes: count(
                "header_bytes",
                self.header_bytes,
                16 << 10..=1 << 20,
                default.header_bytes,
            )?,
            headers: count("headers", self.headers, 32..=1_000, default.headers)?,
            body_bytes: count(
                "body_bytes",
                self.body_bytes,
                512 << 10..=64 << 20,
                default.body_bytes,
            )?,
            total_body_bytes: count(
                "total_body_bytes",
                self.total_body_bytes,
                self.body_bytes.unwrap_or(default.body_bytes)..=1 << 40,
                default.total_body_bytes,
            )?,
            connections: count(
                "connections",
                self.connections,
                1..=1_000_000,
                default.connections,
            )?,
            requests: count("requests", self.requests, 1..=1_000_000, default.requests)?,
            streams: match self.streams {
                Some(streams) => check.within(key("streams"), streams, 1..=10_000)?,
                None => default.streams,
            },
            handshake: seconds(
                "handshake_seconds",
                self.handshake_seconds,
                default.handshake,
            )?,
            head: seconds("head_seconds", self.head_seconds, default.head)?,
            body: seconds("body_seconds", self.body_seconds, default.body)?,
            request: seconds("request_seconds", self.request_seconds, default.request)?,
            idle: seconds("idle_seconds", self.idle_seconds, default.idle)?,
            drain: seconds("drain_seconds", self.drain_seconds, default.drain)?,
        })
    }
}
