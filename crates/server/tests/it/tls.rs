//! TLS: what is negotiated, and replacing certificates under a running server.

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore,
    crypto::CryptoProvider,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, ServerName};
use strongroom::{
    http::Limits,
    tls::{Certificates, TlsError, provider, server_config},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::http::support::{Running, run};

#[test]
fn hybrid_key_exchange_comes_first_and_the_handler_learns_of_it() {
    run(async {
        let files = tempfile::tempdir().unwrap();
        let certificate = issue(files.path());
        let server = start(files.path()).await;
        let reply = ask(
            client(provider(), &certificate, b"http/1.1"),
            server.address,
        )
        .await;
        assert!(
            reply.contains(
                "tls Some(TlsDetails { version: \"TLSv1.3\", \
                 cipher_suite: \"TLS_AES_256_GCM_SHA384\", \
                 key_exchange: Some(\"X25519MLKEM768\") })"
            ),
            "{reply}"
        );
    });
}

#[test]
fn older_clients_are_served() {
    run(async {
        let files = tempfile::tempdir().unwrap();
        let certificate = issue(files.path());
        let server = start(files.path()).await;
        let mut classical = CryptoProvider::clone(&provider());
        classical
            .kx_groups
            .retain(|group| group.name() == rustls::NamedGroup::X25519);
        let reply = ask(
            client(Arc::new(classical), &certificate, b"http/1.1"),
            server.address,
        )
        .await;
        assert!(reply.contains("key_exchange: Some(\"x25519\")"), "{reply}");

        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS12])
            .unwrap()
            .with_root_certificates(roots(&certificate))
            .with_no_client_auth();
        config.alpn_protocols = vec![];
        let stream = connect(config, server.address).await.unwrap();
        assert_eq!(
            stream.get_ref().1.protocol_version(),
            Some(ProtocolVersion::TLSv1_2)
        );
        let reply = speak(stream).await;
        assert!(reply.contains("ECDHE-ECDSA-AES256-GCM-SHA384"), "{reply}");
    });
}

#[test]
fn http2_is_agreed_on() {
    run(async {
        let files = tempfile::tempdir().unwrap();
        let certificate = issue(files.path());
        let server = start(files.path()).await;
        let stream = connect(client(provider(), &certificate, b"h2"), server.address)
            .await
            .unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    });
}

#[test]
fn a_client_that_does_not_shake_hands_is_let_go() {
    run(async {
        let files = tempfile::tempdir().unwrap();
        issue(files.path());
        let server = start(files.path()).await;
        for start in [&b""[..], b"GET / HTTP/1.1\r\n\r\n"] {
            let mut socket = TcpStream::connect(server.address).await.unwrap();
            socket.write_all(start).await.unwrap();
            let mut reply = Vec::new();
            let closed =
                tokio::time::timeout(Duration::from_secs(60), socket.read_to_end(&mut reply));
            let _ = closed.await.unwrap();
        }
    });
}

#[test]
fn a_new_certificate_is_shown_and_a_bad_one_is_not() {
    run(async {
        let files = tempfile::tempdir().unwrap();
        let first = issue(files.path());
        let certificates = Arc::new(load(files.path()).unwrap());
        let config = server_config(Arc::clone(&certificates)).unwrap();
        let server = Running::start_with(Limits::default(), Some(config)).await;
        let second = issue(files.path());
        let reaches = async |certificate: &CertificateDer<'static>| {
            let config = client(provider(), certificate, b"http/1.1");
            connect(config, server.address).await.is_ok()
        };
        assert!(reaches(&first).await, "not read yet");
        certificates.reload().unwrap();
        assert!(reaches(&second).await);
        assert!(!reaches(&first).await);

        // Half of a pair, then rubbish: the certificate in use stays.
        let other = KeyPair::generate().unwrap().serialize_pem();
        fs::write(files.path().join("key.pem"), other).unwrap();
        assert!(matches!(certificates.reload(), Err(TlsError::Pair { .. })));
        fs::write(files.path().join("chain.pem"), "rubbish").unwrap();
        assert!(matches!(certificates.reload(), Err(TlsError::Pem { .. })));
        fs::remove_file(files.path().join("chain.pem")).unwrap();
        assert!(matches!(certificates.reload(), Err(TlsError::Read { .. })));
        assert!(reaches(&second).await);

        // The watcher finds the third by itself.
        let watching = tokio::spawn(certificates.watch());
        let third = issue(files.path());
        let found = async {
            while !reaches(&third).await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), found)
            .await
            .unwrap();
        watching.abort();
    });
}

/// Writes a fresh self-signed certificate and its key to the directory.
pub(crate) fn issue(directory: &Path) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    fs::write(directory.join("chain.pem"), certificate.pem()).unwrap();
    fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
    certificate.der().clone()
}

fn load(directory: &Path) -> Result<Certificates, TlsError> {
    Certificates::load(&directory.join("chain.pem"), &directory.join("key.pem"))
}

async fn start(directory: &Path) -> Running {
    let config = server_config(Arc::new(load(directory).unwrap())).unwrap();
    let limits = Limits {
        handshake: Duration::from_millis(200),
        ..Limits::default()
    };
    Running::start_with(limits, Some(config)).await
}

fn roots(certificate: &CertificateDer<'static>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    roots
}

pub(crate) fn client(
    provider: Arc<CryptoProvider>,
    certificate: &CertificateDer<'static>,
    protocol: &[u8],
) -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(roots(certificate))
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    config
}

pub(crate) async fn connect(
    config: ClientConfig,
    address: SocketAddr,
) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, socket)
        .await
}

async fn ask(config: ClientConfig, address: SocketAddr) -> String {
    speak(connect(config, address).await.unwrap()).await
}

async fn speak(mut stream: TlsStream<TcpStream>) -> String {
    let request = b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    String::from_utf8(reply).unwrap()
}
