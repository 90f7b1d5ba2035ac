//! `strongroom doctor`: what it finds good, and what it finds.

use std::{
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::{TempDir, tempdir};

use crate::node::{Node, said, strongroom};

fn path(home: &TempDir, name: &str) -> String {
    home.path().join(name).to_str().unwrap().to_owned()
}

/// What it prints, and whether it found nothing bad.
fn doctor(arguments: &[&str]) -> (String, bool) {
    let mut command = strongroom(["doctor"]);
    let ended = command.args(arguments).output().unwrap();
    let told = String::from_utf8(ended.stdout).unwrap();
    (told, ended.status.success())
}

#[test]
fn a_node_that_is_well_is_found_well() {
    let home = tempdir().unwrap();
    let node = Node::dev(home.path());
    let data = path(&home, "data");
    fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
    let (told, well) = doctor(&["--data-dir", &data]);
    assert!(told.contains("a node runs and answers"), "{told}");
    assert!(well && told.contains("Nothing is in the way."), "{told}");
    assert!(node.stop().success());
    let (told, well) = doctor(&["--data-dir", &data]);
    assert!(well && told.contains("opens; no node runs"), "{told}");
    fs::set_permissions(path(&home, "data/root.key"), Permissions::from_mode(0o644)).unwrap();
    let (told, well) = doctor(&["--data-dir", &data]);
    assert!(!well && told.contains("run `chmod 600"), "{told}");
    fs::remove_file(path(&home, "data/store.redb")).unwrap();
    let (told, well) = doctor(&["--data-dir", &data]);
    assert!(!well && told.contains("store.redb` is gone"), "{told}");
}

#[test]
fn each_thing_in_the_way_is_named() {
    let home = tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let text = format!(
        "[[listener]]\naddress = \"{address}\"\n\
         tls_certificate = \"{0}/chain.pem\"\ntls_key = \"{0}/key.pem\"\n\
         [store]\ndata_dir = \"{0}/data\"\n[seal]\nkey_file = \"{0}/seal.key\"\n",
        home.path().display()
    );
    let config = path(&home, "strongroom.toml");
    fs::write(&config, text).unwrap();
    let issue = |last_year| {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(path(&home, "chain.pem"), certificate.pem()).unwrap();
        fs::write(path(&home, "key.pem"), key.serialize_pem()).unwrap();
        fs::set_permissions(path(&home, "key.pem"), Permissions::from_mode(0o600)).unwrap();
    };
    issue(2021);
    let (told, well) = doctor(&["--config", &config]);
    assert!(!well);
    for expected in [
        "data`: No such file",
        "seal.key`: there is no such file",
        "`strongroom init` makes it",
        "chain.pem`: invalid peer certificate: certificate expired",
        &format!("cannot listen on {address}"),
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }

    issue(2099);
    said(["init", "--config", &config]);
    drop(taken);
    let log = |name: &str| format!("audit.directory={}", path(&home, name));
    let (told, well) = doctor(&["--config", &config, "--set", &log("log")]);
    assert!(well, "{told}");
    assert!(told.contains("can be listened on"), "{told}");
    assert!(told.contains("log, made at the first start"), "{told}");
    let (told, well) = doctor(&["--config", &config, "--set", &log("none/log")]);
    assert!(
        !well && told.contains("make it for the node's user"),
        "{told}"
    );
}
