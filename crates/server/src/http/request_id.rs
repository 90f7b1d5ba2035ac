use std::{fmt, sync::Arc};

use ::http::{HeaderName, HeaderValue};
use strongroom_crypto::{Random, Uuid};

/// A request's id: a random (version 4) UUID, as AWS's endpoints give them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Uuid);

impl RequestId {
    /// The header that it goes out in.
    pub const HEADER: HeaderName = HeaderName::from_static("x-amzn-requestid");

    /// The hyphenated lower-case form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The id as the value of a header.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        HeaderValue::from_str(self.as_str()).unwrap_or(HeaderValue::from_static("-"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where request ids come from.
#[derive(Clone)]
pub struct RequestIds(Arc<dyn Random>);

impl RequestIds {
    /// Ids drawn from `random`.
    #[must_use]
    pub fn new(random: Arc<dyn Random>) -> Self {
        Self(random)
    }

    /// An id that was never given before.
    #[must_use]
    pub fn fresh(&self) -> RequestId {
        RequestId(self.0.uuid())
    }
}

impl fmt::Debug for RequestIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestIds")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use strongroom_crypto::SystemRandom;

    use super::*;

    #[test]
    fn no_id_is_given_twice() {
        let ids = RequestIds::new(Arc::new(SystemRandom));
        let given: HashSet<_> = (0..1_000).map(|_| ids.fresh()).collect();
        assert_eq!(given.len(), 1_000);
    }

    #[test]
    fn the_header_has_the_id() {
        let id = RequestIds::new(Arc::new(SystemRandom)).fresh();
        assert_eq!(id.header(), id.as_str());
    }
}
