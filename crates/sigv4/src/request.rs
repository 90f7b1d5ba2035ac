use crate::{SignatureError, encoding};

/// Most headers a request may carry.
pub const MAX_HEADERS: usize = 256;

/// Most names in `SignedHeaders`.
pub const MAX_SIGNED_HEADERS: usize = 100;

/// Longest `Authorization` header, in bytes.
pub const MAX_AUTHORIZATION_BYTES: usize = 8 * 1024;

/// Longest path, in bytes as sent.
pub const MAX_PATH_BYTES: usize = 8 * 1024;

/// Longest query string, in bytes as sent.
pub const MAX_QUERY_BYTES: usize = 64 * 1024;

/// Most parameters in a query string.
pub const MAX_QUERY_PARAMETERS: usize = 1024;

/// What of an HTTP request is signed, borrowed from whoever read it.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// The path as on the wire, still encoded.
    pub path: &'a str,
    /// The query as on the wire, still encoded, without the `?`; empty if none.
    ///
    /// `+` is read as a space, as in forms. Whoever decodes the parameters must
    /// do the same, or a signed value could be sent with another meaning.
    pub query: &'a str,
    /// Names as sent and values, in order of arrival. The `:authority` of
    /// HTTP/2 is given as `host`.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole body, as on the wire.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The first header of this name, which is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers
            .iter()
            .find_map(|(sent, value)| sent.eq_ignore_ascii_case(name).then_some(*value))
    }

    /// Refuses what is past the bounds of this crate.
    pub(crate) fn check_bounds(&self) -> Result<(), SignatureError> {
        within("the number of headers", self.headers.len(), MAX_HEADERS)?;
        within("the path's length", self.path.len(), MAX_PATH_BYTES)?;
        within("the query's length", self.query.len(), MAX_QUERY_BYTES)?;
        within(
            "the number of query parameters",
            encoding::pairs(self.query).count(),
            MAX_QUERY_PARAMETERS,
        )
    }
}

/// Refuses `size` above `limit`.
pub(crate) fn within(what: &'static str, size: usize, limit: usize) -> Result<(), SignatureError> {
    if size > limit {
        return Err(SignatureError::TooLarge { what, limit });
    }
    Ok(())
}
