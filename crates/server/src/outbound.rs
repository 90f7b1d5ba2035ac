//! Requests that this server makes: for the documents of identity providers.
//! What else it connects to, it does by the same [`Peer`].
//!
//! One GET at a time, no redirects, no proxy, with bounds on time and size.
//! Plain HTTP only to this machine itself.

mod peer;
mod trust;

use std::{path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use ::http::{Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use strongroom_services::sts::{Fetch, FetchError};
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
    fn get(
        &self,
        url: String,
        thumbprints: Vec<String>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send>> {
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
) -> Result<Vec<u8>, String> {
    let uri: Uri = url.parse().map_err(|_| "not a URL".to_owned())?;
    let encrypted = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err("neither https nor http".to_owned()),
    };
    let tls = match encrypted {
        true => Some(trust::client_config(roots, thumbprints).map_err(text)?),
        false => None,
    };
    let port = if encrypted { 443 } else { 80 };
    let peer = Peer::of(&uri, port, tls).ok_or("no host")?;
    exchange(peer.connect().await?, &uri).await
}

async fn exchange(stream: Box<dyn Stream>, uri: &Uri) -> Result<Vec<u8>, String> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(text)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let request = ::http::Request::get(path)
        .header(header::HOST, authority)
        .header(header::ACCEPT, "application/json")
        .header(
            header::USER_AGENT,
            concat!("strongroom/", env!("CARGO_PKG_VERSION")),
        )
        .body(Empty::<Bytes>::new())
        .map_err(text)?;
    // It drops the sender when it has its answer, which ends the connection.
    let answering = async move {
        let answer = sender.send_request(request).await.map_err(text)?;
        if !answer.status().is_success() {
            return Err(format!("status {}", answer.status()));
        }
        let body = Limited::new(answer.into_body(), DOCUMENT_BYTES);
        let body = body.collect().await.map_err(|error| error.to_string())?;
        Ok(body.to_bytes().to_vec())
    };
    let (answer, _) = tokio::join!(answering, connection);
    answer
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
