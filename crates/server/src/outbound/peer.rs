use std::{io, net::IpAddr, sync::Arc};

use ::http::Uri;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::text;

/// A connection, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Somebody to connect to.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    host: String,
    port: u16,
    /// How to encrypt. Without it, only this machine itself is connected to.
    tls: Option<Arc<ClientConfig>>,
}

impl Peer {
    /// Whom a URL names, at the port if it names none; nobody if it has no
    /// host.
    pub(crate) fn of(uri: &Uri, port: u16, tls: Option<ClientConfig>) -> Option<Self> {
        let host = uri.host().filter(|host| !host.is_empty())?;
        Some(Self {
            host: bare(host).to_owned(),
            port: uri.port_u16().unwrap_or(port),
            tls: tls.map(Arc::new),
        })
    }

    pub(crate) fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// Connects.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub(crate) async fn connect(&self) -> Result<Box<dyn Stream>, String> {
        let socket = TcpStream::connect(self.address()).await.map_err(text)?;
        // What is sent is sent whole, and waited for.
        let _ = socket.set_nodelay(true);
        let Some(tls) = &self.tls else {
            if !is_here(&socket).map_err(text)? {
                return Err("plain HTTP is for this machine alone".to_owned());
            }
            return Ok(Box::new(socket));
        };
        let name = ServerName::try_from(self.host.clone()).map_err(text)?;
        let connector = TlsConnector::from(Arc::clone(tls));
        let stream = connector.connect(name, socket).await.map_err(text)?;
        Ok(Box::new(stream))
    }
}

/// A host without the brackets of an IPv6 address.
pub(crate) fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

fn is_here(socket: &TcpStream) -> io::Result<bool> {
    let peer: IpAddr = socket.peer_addr()?.ip();
    Ok(peer.to_canonical().is_loopback())
}
