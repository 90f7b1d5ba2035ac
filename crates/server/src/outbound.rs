//! Requests that this server makes: for the documents of identity providers.
//! What else it connects to, it does by the same `Peer`.
//!
//! One at a time, no redirects, no proxy, with bounds on time and size.
//! Plain HTTP only to this machine itself.

mod peer;
mod trust;

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use ::http::{Request, Response, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use strongroom_services::sts::{Fetch, FetchError, Fetched, Fetching, Trusted};
use tokio::time::timeout;

pub use self::trust::{RootsError, roots};
pub(crate) use self::{
    peer::{Peer, Stream, bare},
    trust::client_config,
};

/// Longest document, bytes.
const DOCUMENT_BYTES: usize = 512 << 10;
/// Longest time for a document, from looking up the name to its last byte.
const DEADLINE: Duration = Duration::from_secs(5);

/// Gets documents over HTTPS, trusting these authorities.
#[derive(Clone, Debug)]
pub struct Outbound {
    roots: Arc<RootCertStore>,
}

impl Outbound {
    /// Trusts the certificate authorities in a file, or those of the system.
    ///
    /// # Errors
    /// When the file cannot be read. A system without any is not an error:
    /// then nobody is trusted.
    pub fn new(authorities: Option<PathBuf>) -> Result<Self, RootsError> {
        Ok(Self {
            roots: Arc::new(roots(authorities)?),
        })
    }
}

impl Fetch for Outbound {
    fn get(&self, url: String, thumbprints: Vec<String>) -> Fetching {
        let roots = Arc::clone(&self.roots);
        Box::pin(async move {
            let got = timeout(DEADLINE, get(&url, roots, thumbprints)).await;
            let failed = |why: &str| FetchError(format!("cannot get {url}: {why}"));
            match got {
                Ok(Ok(document)) => Ok(document),
                Ok(Err(why)) => Err(failed(&why)),
                Err(_) => Err(failed("no answer in time")),
            }
        })
    }
}

async fn get(
    url: &str,
    roots: Arc<RootCertStore>,
    thumbprints: Vec<String>,
) -> Result<Fetched, String> {
    let uri: Uri = url.parse().map_err(|_| "not a URL".to_owned())?;
    let encrypted = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err("neither https nor http".to_owned()),
    };
    let tls = match encrypted {
        true => Some(trust::naming_config(roots, thumbprints).map_err(text)?),
        false => None,
    };
    let (tls, by_thumbprint) = tls.unzip();
    let port = if encrypted { 443 } else { 80 };
    let peer = Peer::of(&uri, port, tls).ok_or("no host")?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let request = Request::get(path)
        .header(header::HOST, authority)
        .header(header::ACCEPT, "application/json")
        .header(
            header::USER_AGENT,
            concat!("strongroom/", env!("CARGO_PKG_VERSION")),
        )
        .body(Full::default())
        .map_err(text)?;
    let answer = exchange(&peer, request, DOCUMENT_BYTES).await?;
    if !answer.status().is_success() {
        return Err(format!("status {}", answer.status()));
    }
    let trusted = by_thumbprint.map(|it| match it.load(Ordering::Relaxed) {
        true => Trusted::Thumbprint,
        false => Trusted::Authority,
    });
    Ok(Fetched {
        body: answer.into_body().to_vec(),
        trusted,
    })
}

/// One request on a connection of its own, and its answer if it has no more
/// than so many bytes.
///
/// # Errors
/// A sentence that says why there is none.
pub(crate) async fn exchange(
    peer: &Peer,
    request: Request<Full<Bytes>>,
    most: usize,
) -> Result<Response<Bytes>, String> {
    let stream = TokioIo::new(peer.connect().await?);
    let (mut sender, connection) = http1::handshake(stream).await.map_err(text)?;
    // It drops the sender when it has its answer, which ends the connection.
    let answering = async move {
        let answer = sender.send_request(request).await.map_err(text)?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, most).collect().await;
        let body = body.map_err(|error| match error.is::<LengthLimitError>() {
            true => format!("the answer has more than {most} bytes"),
            false => text(error),
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    };
    let (answer, _) = tokio::join!(answering, connection);
    answer
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
