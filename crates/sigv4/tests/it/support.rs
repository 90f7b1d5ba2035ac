//! What the tests share: an owned request and the whole way of verifying one.

use strongroom_sigv4::{
    Credentials, Request, SignatureError, Signed, SigningKey, presign, sign_headers,
};
use strongroom_types::Timestamp;

pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

pub(crate) const CREDENTIALS: Credentials<'static> = Credentials {
    access_key_id: "AKIDEXAMPLE",
    secret_access_key: SECRET,
    session_token: None,
    region: "us-east-1",
    service: "secretsmanager",
};

/// The moment at which the requests are signed, that of AWS's test suite.
pub(crate) const NOW: &str = "2015-08-30T12:36:00Z";

/// A request that owns its parts, so that tests can change them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OwnedRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl OwnedRequest {
    /// What an SDK sends for `ListSecrets`, unsigned.
    pub(crate) fn list_secrets() -> Self {
        Self {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: b"{\"MaxResults\":10}".to_vec(),
        }
        .with("Host", "secretsmanager.us-east-1.amazonaws.com")
        .with("Content-Type", "application/x-amz-json-1.1")
        .with("X-Amz-Target", "secretsmanager.ListSecrets")
        .with("User-Agent", "example")
    }

    /// `self` signed with `credentials` in the header form.
    pub(crate) fn signed(mut self, credentials: &Credentials<'_>, at: Timestamp) -> Self {
        let added = self.view(|request| sign_headers(&request, credentials, at).unwrap());
        for (name, value) in added {
            self.headers.push((name.to_owned(), value.into_bytes()));
        }
        self
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers
            .push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers
            .retain(|(sent, _)| !sent.eq_ignore_ascii_case(name));
        self
    }

    /// The value of a header that is there.
    pub(crate) fn value(&mut self, name: &str) -> &mut Vec<u8> {
        let mut headers = self.headers.iter_mut();
        &mut headers
            .find(|(sent, _)| sent.eq_ignore_ascii_case(name))
            .unwrap()
            .1
    }

    /// Replaces text in the `Authorization` header.
    pub(crate) fn authorization(mut self, from: &str, to: &str) -> Self {
        let value = self.value("authorization");
        let text = String::from_utf8(value.clone()).unwrap();
        assert!(text.contains(from), "no `{from}` in `{text}`");
        *value = text.replace(from, to).into_bytes();
        self
    }

    pub(crate) fn view<T>(&self, read: impl FnOnce(Request<'_>) -> T) -> T {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect();
        read(Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body,
        })
    }

    /// Why the request is refused, which it is.
    #[track_caller]
    pub(crate) fn failure(&self, now: Timestamp) -> SignatureError {
        self.verify(&CREDENTIALS, now).unwrap_err()
    }

    /// All checks, as a server makes them that serves the Region and service of
    /// `credentials` and knows only that access key.
    pub(crate) fn verify(
        &self,
        credentials: &Credentials<'_>,
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        self.view(|request| {
            let signed = Signed::parse(request, now)?;
            signed.check_scope(credentials.service, |region| region == credentials.region)?;
            if signed.access_key_id() != credentials.access_key_id
                || signed.session_token() != credentials.session_token
            {
                return Err(SignatureError::Mismatch);
            }
            signed.verify_signature(&key(&signed, credentials.secret_access_key))
        })
    }
}

/// `ListSecrets` as `CREDENTIALS` sign it at `NOW`.
pub(crate) fn signed() -> OwnedRequest {
    OwnedRequest::list_secrets().signed(&CREDENTIALS, at(NOW))
}

/// A presigned `GetCallerIdentity`, the scope for `service`.
pub(crate) fn presigned(service: &str, expires_seconds: u32) -> OwnedRequest {
    let mut request = OwnedRequest {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        query: "Action=GetCallerIdentity&Version=2011-06-15".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    }
    .with("Host", "sts.us-east-1.amazonaws.com");
    let credentials = Credentials {
        service,
        ..CREDENTIALS
    };
    request.query =
        request.view(|request| presign(&request, &credentials, at(NOW), expires_seconds).unwrap());
    request
}

/// Replaces text in the query.
pub(crate) fn replaced(mut request: OwnedRequest, from: &str, to: &str) -> OwnedRequest {
    assert!(
        request.query.contains(from),
        "no `{from}` in `{}`",
        request.query
    );
    request.query = request.query.replace(from, to);
    request
}

/// The key for the scope of `signed`.
pub(crate) fn key(signed: &Signed<'_>, secret: &str) -> SigningKey {
    SigningKey::derive(
        secret.as_bytes(),
        signed.date(),
        signed.region(),
        signed.service(),
    )
}

/// A moment by its name in RFC 3339.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
