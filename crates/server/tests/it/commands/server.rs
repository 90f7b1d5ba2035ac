//! `strongroom init` and `strongroom server`: a deployment as its
//! configuration says.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use nix::sys::signal::Signal;
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};
use strongroom::tls::provider;
use tempfile::{TempDir, tempdir};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use crate::{
    http::support::run,
    node::{Access, Node, refused, said, strongroom},
    tls::{client, connect, issue},
};

const CONFIG: &str = "\
[deployment]
account_id = \"111122223333\"
regions = [\"eu-central-1\", \"eu-west-1\"]
[[listener]]
address = \"127.0.0.1:0\"
tls_certificate = \"DIR/chain.pem\"
tls_key = \"DIR/key.pem\"
[[listener]]
address = \"127.0.0.2:0\"
[store]
data_dir = \"DIR/data\"
[seal]
key_file = \"DIR/seal.key\"
";

/// A directory with a configuration and all it speaks of.
struct Site {
    home: TempDir,
    certificate: CertificateDer<'static>,
}

impl Site {
    fn new() -> Self {
        let home = tempdir().unwrap();
        let certificate = issue(home.path());
        let text = CONFIG.replace("DIR", home.path().to_str().unwrap());
        fs::write(home.path().join("strongroom.toml"), text).unwrap();
        let key = home.path().join("key.pem");
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
        Self { home, certificate }
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).to_str().unwrap().to_owned()
    }

    fn init(&self) -> Access {
        Access::parse(&said(["init", "--config", &self.path("strongroom.toml")]))
    }

    /// Starts the server; the addresses with TLS and without.
    fn start(&self) -> (Node, [String; 2]) {
        let command = strongroom(["server", "--config", &self.path("strongroom.toml")]);
        let mut node = Node::spawn(self.home.path(), command);
        let found = |text: &str, what: &str| {
            let line = text.lines().find(|line| line.contains(what))?;
            let (_, address) = line.split_once("address=")?;
            Some(address.trim().to_owned())
        };
        let log = self.home.path().join("stderr");
        let addresses = || {
            let text = fs::read_to_string(&log).unwrap();
            Some([
                found(&text, "listening, with TLS")?,
                found(&text, "listening, in clear text")?,
            ])
        };
        node.until(|| addresses().is_some()).unwrap();
        (node, addresses().unwrap())
    }
}

#[test]
fn a_server_is_made_once_and_answers_on_every_listener() {
    let site = Site::new();
    let config = site.path("strongroom.toml");
    let why = refused(["server", "--config", &config]);
    assert!(
        why.contains(&format!("make it with `strongroom init --config {config}`")),
        "{why}"
    );
    assert!(!Path::new(&site.path("data")).exists());

    let mut access = site.init();
    assert_eq!(access.region, "eu-central-1");
    assert_eq!(
        fs::metadata(site.path("seal.key"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    assert_eq!(
        fs::metadata(site.path("data"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
    let why = refused(["init", "--config", &config]);
    assert!(why.contains("has been made already"), "{why}");
    assert!(!why.contains("AKIA"), "{why}");

    let (node, [tls, clear]) = site.start();
    access.host.clone_from(&clear);
    let mut plain = crate::node::Client::new(access.clone());
    let secret = json!({"Name": "a", "SecretString": "s"});
    let made = plain.do_call("CreateSecret", &secret);
    let arn = made["ARN"].as_str().unwrap();
    assert!(
        arn.starts_with("arn:aws:secretsmanager:eu-central-1:111122223333:secret:a-"),
        "{arn}"
    );
    access.region = "us-east-1".to_owned();
    let reply = crate::node::Client::new(access.clone())
        .call("ListSecrets", &json!({}))
        .unwrap();
    assert_eq!(reply.status, 400, "a Region that is not served: {reply:?}");

    access.region = "eu-central-1".to_owned();
    access.host.clone_from(&tls);
    run(async {
        let body = over_http1(
            connected(&site.certificate, b"http/1.1", &tls).await,
            &access,
        )
        .await;
        assert!(body.contains(r#""SecretString":"s""#), "{body}");
        let body = over_http2(connected(&site.certificate, b"h2", &tls).await, &access).await;
        assert_eq!(body["SecretString"], "s");
    });
    // Credentials are shown by `init` alone.
    let log = node.stderr();
    assert!(
        !log.contains("AKIA") && !log.contains(&access.secret_access_key),
        "{log}"
    );
    assert!(node.stop().success());
}

async fn until_logged(node: &Node, text: &str) {
    for _ in 0..6_000 {
        if node.stderr().contains(text) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("`{text}` is not logged: {}", node.stderr());
}

#[test]
fn certificates_are_replaced_while_it_runs() {
    let site = Site::new();
    site.init();
    let (node, [tls, _]) = site.start();
    run(async {
        let reaches = async |certificate: &CertificateDer<'static>| {
            let config = client(provider(), certificate, b"h2");
            connect(config, tls.parse().unwrap()).await.is_ok()
        };
        let until_reached = async |certificate: &CertificateDer<'static>| {
            for _ in 0..6_000 {
                if reaches(certificate).await {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("the new certificate is not shown: {}", node.stderr());
        };
        assert!(reaches(&site.certificate).await);
        let second = issue(site.home.path());
        node.signal(Signal::SIGHUP);
        until_reached(&second).await;
        assert!(!reaches(&site.certificate).await);
        // Without a signal too. A key that came open to all is used, and told.
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(site.path("key.pem"), open).unwrap();
        let third = issue(site.home.path());
        until_reached(&third).await;
        until_logged(&node, "others can read or change the key").await;
        // What cannot be used is not.
        fs::write(site.path("chain.pem"), "rubbish").unwrap();
        node.signal(Signal::SIGHUP);
        until_logged(&node, "the certificate in use stays").await;
        assert!(reaches(&third).await);
    });
    assert!(node.stop().success());
}

#[test]
fn mistakes_are_said_in_a_sentence() {
    let site = Site::new();
    let config = site.path("strongroom.toml");
    let good = fs::read_to_string(&config).unwrap();
    let with = |text: &str, expected: &str| {
        fs::write(&config, text).unwrap();
        for command in ["server", "init", "verify"] {
            let why = refused([command, "--config", &config]);
            assert!(why.starts_with(&format!("strongroom: {config}")), "{why}");
            assert!(why.contains(expected), "{command}: {why}");
            assert_eq!(why.lines().count(), 1, "{why}");
        }
    };
    with(
        &good.replace("data_dir", "datadir"),
        "did you mean `data_dir`?",
    );
    with(
        &good.replace("127.0.0.2:0", "0.0.0.0:0"),
        "set `allow_plaintext = true`",
    );
    with(&good.replace("[seal]", "[seal"), "strongroom.toml:12: ");
    let why = refused(["server", "--config", &site.path("none.toml")]);
    assert!(why.contains("cannot read the configuration"), "{why}");
    fs::write(&config, &good).unwrap();

    let everywhere = [
        "init",
        "--config",
        &config,
        "--set",
        "store.data_dir=/proc/none",
    ];
    let why = refused(everywhere);
    assert!(
        why.contains("cannot make the directory `/proc/none`"),
        "{why}"
    );
    assert!(why.contains("set `data_dir` to a place"), "{why}");

    // A store whose key has gone must not get another.
    site.init();
    let key = fs::read(site.path("seal.key")).unwrap();
    fs::remove_file(site.path("seal.key")).unwrap();
    for command in ["server", "init", "verify", "jobs"] {
        let why = refused([command, "--config", &config]);
        assert!(
            why.contains("seal.key`: there is no such file"),
            "{command}: {why}"
        );
        assert!(!Path::new(&site.path("seal.key")).exists());
    }
    fs::write(site.path("seal.key"), &key).unwrap();
    let why = refused(["server", "--config", &config]);
    assert!(why.contains("run `chmod 600"), "{why}");
    fs::set_permissions(site.path("seal.key"), fs::Permissions::from_mode(0o600)).unwrap();

    fs::write(site.path("chain.pem"), "rubbish").unwrap();
    let why = refused(["server", "--config", &config]);
    assert!(
        why.contains("chain.pem` holds no certificate in PEM form"),
        "{why}"
    );
}

#[test]
fn what_a_store_cannot_become_is_refused() {
    let site = Site::new();
    let config = site.path("strongroom.toml");
    site.init();
    let with = |setting: &str| refused(["server", "--config", &config, "--set", setting]);
    let why = with("deployment.account_id=111122223334");
    assert!(
        why.contains("belongs to account 111122223333, not 111122223334; leave `account_id` out"),
        "{why}"
    );
    // A file without certificates would have nobody trusted.
    let authorities = format!("outbound.certificate_authorities={config}");
    let why = with(&authorities);
    assert!(
        why.contains("cannot read the certificate authorities"),
        "{why}"
    );
    let why = with("audit.directory=");
    assert!(why.contains("`directory` is empty; name one"), "{why}");

    // The store's file is gone and what was noted of it is not.
    let (store, away) = (site.path("data/store.redb"), site.path("away"));
    fs::rename(&store, &away).unwrap();
    let why = refused(["init", "--config", &config]);
    assert!(why.contains("store.redb` is gone"), "{why}");
    assert!(why.contains("put it back, restore a backup"), "{why}");
    assert!(!Path::new(&store).exists());
    let dev = site.path("data");
    fs::copy(site.path("seal.key"), site.path("data/root.key")).unwrap();
    let why = refused(["dev", "--data-dir", &dev, "--listen", "127.0.0.1:0"]);
    assert!(why.contains("store.redb` is gone"), "{why}");
    fs::rename(&away, &store).unwrap();
    assert!(said(["verify", "--config", &config]).contains("Nothing is wrong."));
}

#[test]
fn the_key_may_come_from_the_environment() {
    let site = Site::new();
    let config = site.path("strongroom.toml");
    let text = fs::read_to_string(&config).unwrap();
    let (rest, _) = text.split_once("key_file").unwrap();
    fs::write(&config, format!("{rest}key_environment = \"THE_KEY\"\n")).unwrap();
    let run = |command: &str, key: &str| {
        let mut command = strongroom([command, "--config", &config]);
        command.env("THE_KEY", key).output().unwrap()
    };
    let first = "0123456789abcdef".repeat(4);
    let made = run("init", &first);
    assert!(made.status.success(), "{made:?}");
    assert!(run("verify", &first).status.success());
    let why = run("verify", &"ab".repeat(32));
    assert_eq!(why.status.code(), Some(1));
    let why = String::from_utf8(why.stderr).unwrap();
    assert!(why.contains("sealed under another root key"), "{why}");
    let why = run("verify", "short");
    let why = String::from_utf8(why.stderr).unwrap();
    assert!(
        why.contains("not a 256-bit key") && !why.contains("short"),
        "{why}"
    );
}

async fn connected(
    certificate: &CertificateDer<'static>,
    protocol: &[u8],
    address: &str,
) -> TlsStream<TcpStream> {
    let config = client(provider(), certificate, protocol);
    let stream = connect(config, address.parse().unwrap()).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol));
    stream
}

/// The value of the secret `a`, as HTTP/1.1 gives it.
async fn over_http1(mut stream: TlsStream<TcpStream>, access: &Access) -> String {
    let (head, body) = access.request("GetSecretValue", &json!({"SecretId": "a"}));
    let head = String::from_utf8(head).unwrap();
    let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

/// The same by HTTP/2.
async fn over_http2(stream: TlsStream<TcpStream>, access: &Access) -> Value {
    let io = TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let body = json!({"SecretId": "a"}).to_string().into_bytes();
    let mut request = http::Request::post(format!("https://{}/", access.host));
    for (name, value) in access.headers("GetSecretValue", &body) {
        if name != "host" {
            request = request.header(name, value);
        }
    }
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let reply = sender.send_request(request).await.unwrap();
    assert_eq!(reply.version(), http::Version::HTTP_2);
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}
