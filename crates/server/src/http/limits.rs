use std::time::Duration;

/// What a client may use. Every limit holds before anyone is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest request head, bytes: request line and headers. At least 8192.
    pub header_bytes: usize,
    /// Most headers in a request.
    pub headers: usize,
    /// Largest request body, bytes.
    pub body_bytes: usize,
    /// Most memory that the bodies of all requests take together, bytes.
    pub total_body_bytes: usize,
    /// Most open connections.
    pub connections: usize,
    /// Most requests that are handled at the same time. Those whose body is
    /// still on its way do not count.
    pub requests: usize,
    /// Most requests at the same time on one HTTP/2 connection.
    pub streams: u32,
    /// Longest time from accepting a connection to the end of its TLS
    /// handshake.
    pub handshake: Duration,
    /// Longest time to the end of a request's head: from accepting the
    /// connection (without the TLS handshake) or, on a connection that served
    /// a request before, from the head's first byte.
    pub head: Duration,
    /// Longest time from the end of a request's head to that of its body.
    pub body: Duration,
    /// Longest time for handling a request.
    pub request: Duration,
    /// Longest time a connection stays open with no request.
    pub idle: Duration,
    /// Longest time that requests in flight get to finish at shutdown.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 64 << 10,
            headers: 100,
            body_bytes: 1 << 20,
            total_body_bytes: 64 << 20,
            connections: 10_000,
            requests: 1_024,
            streams: 128,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            request: Duration::from_secs(60),
            idle: Duration::from_secs(90),
            drain: Duration::from_secs(25),
        }
    }
}
