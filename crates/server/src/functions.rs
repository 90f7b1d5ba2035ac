//! Functions that are endpoints of somebody else, called as Lambda's Invoke
//! is: one request on a connection of its own, no redirects.

use std::{
    fs, io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use ::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http_body_util::Full;
use strongroom_functions::{Invocation, MAX_PAYLOAD_BYTES, Outcome};
use strongroom_services::lambda::{FunctionEndpoint, RemoteCall, RemoteError, RemoteFunction};
use strongroom_types::Sensitive;
use tokio::time::timeout;

use crate::{
    config,
    outbound::{Peer, RootsError, client_config, exchange, roots},
};

/// Letters of a token.
const TOKEN: std::ops::RangeInclusive<usize> = 16..=4096;

/// Where calls go.
struct Endpoint {
    peer: Peer,
    authority: String,
    /// What comes before the path of an invocation.
    prefix: String,
    /// Read for each call, so that it can change.
    token_file: PathBuf,
    patience: Duration,
}

/// Why a function cannot be called, in a sentence for its operator.
#[derive(Debug, thiserror::Error)]
pub enum FunctionEndpointError {
    /// The authorities that its certificate is to come from.
    #[error(transparent)]
    Authorities(#[from] RootsError),
    /// What is in the token's file.
    #[error(
        "{0} holds no token: write 16 to 4096 letters, digits and signs without spaces, such as \
         `openssl rand -hex 32` makes"
    )]
    NoToken(PathBuf),
    /// The TLS library.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
    /// The token.
    #[error("cannot read the token in {path}: {source}")]
    Token {
        /// Its file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No host in its URL.
    #[error("the URL of the function `{0}` names no host")]
    Url(String),
}

/// The function as it is configured; `authorities` is where the authorities are
/// that are trusted if it says nothing itself.
///
/// # Errors
/// [`FunctionEndpointError`].
pub fn open(
    config: &config::FunctionEndpoint,
    authorities: Option<&Path>,
) -> Result<FunctionEndpoint, FunctionEndpointError> {
    let (port, tls) = match config.url.scheme_str() {
        Some("https") => {
            let own = config.certificate_authorities.as_deref();
            let roots = roots(own.or(authorities).map(Path::to_owned))?;
            (443, Some(client_config(Arc::new(roots))?))
        }
        _ => (80, None),
    };
    let peer = Peer::of(&config.url, port, tls);
    // Better now than at the first call.
    token(&config.token_file)?;
    let remote = Endpoint {
        peer: peer.ok_or_else(|| FunctionEndpointError::Url(config.name.clone()))?,
        authority: authority(&config.url),
        prefix: config.url.path().trim_end_matches('/').to_owned(),
        token_file: config.token_file.clone(),
        patience: Duration::from_secs(config.timeout_seconds.into()),
    };
    Ok(FunctionEndpoint {
        name: config.name.clone(),
        account: config.account,
        regions: config.regions.clone(),
        principals: config.principals.clone(),
        timeout_seconds: config.timeout_seconds,
        remote: Box::new(remote),
    })
}

fn authority(url: &Uri) -> String {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    authority.to_owned()
}

fn token(path: &Path) -> Result<Sensitive<String>, FunctionEndpointError> {
    let text = fs::read_to_string(path).map_err(|source| FunctionEndpointError::Token {
        path: path.to_owned(),
        source,
    })?;
    let text = Sensitive::new(text);
    let token = text.expose().trim();
    if !TOKEN.contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(FunctionEndpointError::NoToken(path.to_owned()));
    }
    Ok(Sensitive::new(token.to_owned()))
}

impl RemoteFunction for Endpoint {
    fn invoke(
        &self,
        call: RemoteCall,
    ) -> Pin<Box<dyn Future<Output = Result<Invocation, RemoteError>> + Send + '_>> {
        Box::pin(async move {
            let answered = timeout(self.patience, self.post(call)).await;
            answered
                .unwrap_or_else(|_| {
                    let seconds = self.patience.as_secs();
                    Err(format!("does not answer within {seconds} seconds"))
                })
                .map_err(RemoteError)
        })
    }
}

impl Endpoint {
    async fn post(&self, call: RemoteCall) -> Result<Invocation, String> {
        let path = self.token_file.clone();
        let read = tokio::task::spawn_blocking(move || token(&path)).await;
        let token = read.ok().and_then(|read| match read {
            Ok(token) => Some(token),
            Err(error) => {
                tracing::error!(function = call.function, %error, "an endpoint cannot be called");
                None
            }
        });
        let token = token.ok_or("cannot be called: there is no token in `token_file`")?;
        let request = self.request(&call, &token);
        let request = request.map_err(|_| "cannot be asked that".to_owned())?;
        let answer = exchange(&self.peer, request, MAX_PAYLOAD_BYTES).await;
        judge(answer.map_err(|why| format!("cannot be called: {why}"))?)
    }

    fn request(
        &self,
        call: &RemoteCall,
        token: &Sensitive<String>,
    ) -> Result<Request<Full<Bytes>>, ::http::Error> {
        let mut token = HeaderValue::try_from(format!("Bearer {}", token.expose()))?;
        token.set_sensitive(true);
        let path = format!(
            "{}/2015-03-31/functions/{}/invocations",
            self.prefix, call.function
        );
        let mut request = Request::post(path)
            .header(header::HOST, &self.authority)
            .header(header::AUTHORIZATION, token)
            .header(header::CONTENT_TYPE, "application/json")
            .header(
                header::USER_AGENT,
                concat!("strongroom/", env!("CARGO_PKG_VERSION")),
            )
            .header("x-amz-invocation-type", "RequestResponse");
        if call.tail {
            request = request.header("x-amz-log-type", "Tail");
        }
        if let Some(context) = &call.client_context {
            request = request.header("x-amz-client-context", BASE64_STANDARD.encode(context));
        }
        request.body(Full::new(Bytes::copy_from_slice(call.payload.expose())))
    }
}

/// What an answer says, if a function gave it.
fn judge(answer: Response<Bytes>) -> Result<Invocation, String> {
    let (head, payload) = answer.into_parts();
    let status = head.status.as_u16();
    if head.status.is_redirection() {
        return Err(format!(
            "answers with a redirect ({status}), which is not followed"
        ));
    }
    if head.status != StatusCode::OK {
        return Err(format!("answers with status {status}"));
    }
    if serde_json::from_slice::<serde::de::IgnoredAny>(&payload).is_err() {
        return Err("answers with what is no JSON".to_owned());
    }
    let outcome = match head.headers.contains_key("x-amz-function-error") {
        true => Outcome::failed(payload, true),
        false => Outcome::Answer(payload),
    };
    let log = log(&head.headers);
    Ok(Invocation { outcome, log })
}

fn log(headers: &HeaderMap) -> Vec<u8> {
    let encoded = headers.get("x-amz-log-result");
    let decoded = encoded.and_then(|log| BASE64_STANDARD.decode(log.as_bytes()).ok());
    decoded.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Invocation, String> {
        let mut answer = Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        judge(
            answer
                .body(Bytes::copy_from_slice(body.as_bytes()))
                .unwrap(),
        )
    }

    #[test]
    fn an_answer_is_the_function_s_only_as_invoke_has_it() {
        let answered = judged(200, &[("X-Amz-Log-Result", "aGk=")], "null").unwrap();
        assert_eq!(answered.outcome, Outcome::Answer("null".into()));
        assert_eq!(answered.log, b"hi");
        let failed = [("X-Amz-Function-Error", "Unhandled")];
        let failed = judged(200, &failed, r#"{"errorType": "KeyError"}"#).unwrap();
        assert!(matches!(failed.outcome, Outcome::Failed { kind, .. } if kind == "KeyError"));
        for (status, body, why) in [
            (500, "null", "answers with status 500"),
            (202, "null", "answers with status 202"),
            (
                307,
                "null",
                "answers with a redirect (307), which is not followed",
            ),
            (200, "<html>", "answers with what is no JSON"),
            (200, "", "answers with what is no JSON"),
        ] {
            assert_eq!(judged(status, &[], body).unwrap_err(), why);
        }
    }
}
