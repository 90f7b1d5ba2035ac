//! `strongroom dev`: its start, its files, its end.

use std::{
    fs::{self, Permissions},
    io::{BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    process::Stdio,
    thread,
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::json;
use tempfile::tempdir;

use crate::node::{Access, Node, audit_records, ended, receive, refused, strongroom};

#[test]
fn data_and_credentials_outlive_the_process() {
    let home = tempdir().unwrap();
    let node = Node::dev(home.path());
    let secret = json!({"Name": "kept", "SecretString": "between starts"});
    node.client().do_call("CreateSecret", &secret);
    let known = node.access.clone();
    assert!(node.stop().success());

    let node = Node::dev(home.path());
    assert_eq!(node.access.access_key_id, known.access_key_id);
    assert_eq!(node.access.secret_access_key, known.secret_access_key);
    let read = node
        .client()
        .do_call("GetSecretValue", &json!({"SecretId": "kept"}));
    assert_eq!(read["SecretString"], "between starts");
}

#[test]
fn what_is_written_is_for_the_owner_alone() {
    let home = tempdir().unwrap();
    let environment = home.path().join("env");
    fs::write(&environment, "old and open to all").unwrap();
    fs::set_permissions(&environment, fs::Permissions::from_mode(0o644)).unwrap();
    let mut command = strongroom(["dev", "--listen", "127.0.0.1:0", "--data-dir"]);
    command
        .arg(home.path().join("data"))
        .arg("--env-file")
        .arg(&environment);
    let mut node = Node::spawn(home.path(), command);
    let written = || fs::read_to_string(&environment).unwrap() != "old and open to all";
    node.until(written).unwrap();
    // It was renamed into place, so it is whole.
    let text = fs::read_to_string(&environment).unwrap();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(
        text.lines().all(|line| line.starts_with("export AWS_")),
        "{text}"
    );
    node.access = Access::read(&environment);
    node.client().do_call("ListSecrets", &json!({}));
    assert!(!home.path().join("env.new").exists());

    let mut open = vec![home.path().join("env"), home.path().join("data")];
    open.extend(
        fs::read_dir(home.path().join("data"))
            .unwrap()
            .map(|entry| entry.unwrap().path()),
    );
    open.extend(
        fs::read_dir(home.path().join("data/audit"))
            .unwrap()
            .map(|entry| entry.unwrap().path()),
    );
    assert!(open.len() >= 7, "{open:?}");
    open.retain(|path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o077 != 0);
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn one_process_a_data_directory() {
    let home = tempdir().unwrap();
    let node = Node::dev(home.path());
    let data = home.path().join("data");
    let data = data.to_str().unwrap();
    let why = refused(["dev", "--listen", "127.0.0.1:0", "--data-dir", data]);
    let expected = format!("another process has the store `{data}/store.redb` open; stop it first");
    assert!(why.contains(&expected), "{why}");
    // The one that was there is not disturbed: neither its store nor its socket.
    node.client().do_call("ListSecrets", &json!({}));
    assert!(ended(["jobs", "--data-dir", data]).status.success());
}

#[test]
fn what_cannot_work_is_said() {
    let home = tempdir().unwrap();
    let node = Node::dev(home.path());
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let data = path("other");
    let why = refused(["dev", "--data-dir", &data, "--listen", &node.access.host]);
    assert!(why.contains("in use"), "{why}");
    assert!(why.contains("choose another port"), "{why}");

    let why = refused(["dev", "--data-dir", &data, "--listen", "0.0.0.0:0"]);
    assert!(
        why.contains("use `strongroom server` with a certificate"),
        "{why}"
    );

    fs::write(path("file"), "").unwrap();
    let why = refused([
        "dev",
        "--data-dir",
        &path("file"),
        "--listen",
        "127.0.0.1:0",
    ]);
    assert!(why.contains("choose another --data-dir"), "{why}");

    fs::remove_file(path("other/root.key")).unwrap();
    let why = refused(["dev", "--data-dir", &data, "--listen", "127.0.0.1:0"]);
    assert!(why.contains("root.key`: there is no such file"), "{why}");
    assert!(!home.path().join("other/root.key").exists());

    fs::copy(path("data/root.key"), path("other/root.key")).unwrap();
    let why = refused(["dev", "--data-dir", &data, "--listen", "127.0.0.1:0"]);
    assert!(why.contains("sealed under another root key"), "{why}");

    fs::set_permissions(path("other/root.key"), Permissions::from_mode(0o604)).unwrap();
    let why = refused(["dev", "--data-dir", &data, "--listen", "127.0.0.1:0"]);
    assert!(why.contains("run `chmod 600"), "{why}");
}

#[test]
fn a_request_in_flight_is_finished() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let home = tempdir().unwrap();
        let mut node = Node::dev(home.path());
        let secret = json!({"Name": "late", "SecretString": "s"});
        let (head, body) = node.access.request("CreateSecret", &secret);
        // When the body is asked for, the head has been read: the request is in flight.
        let head = [head.trim_ascii_end(), b"\r\nExpect: 100-continue\r\n\r\n"].concat();
        let mut stream = TcpStream::connect(&node.access.host).unwrap();
        stream.write_all(&head).unwrap();
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).unwrap();
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        node.signal(signal);
        let mut idle = TcpStream::connect(&node.access.host);
        for _ in 0..12_000 {
            if idle.is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
            idle = TcpStream::connect(&node.access.host);
        }
        assert!(idle.is_err(), "new connections are taken while draining");
        stream.write_all(&body).unwrap();
        let reply = receive(&mut BufReader::new(stream)).unwrap();
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(node.end().success(), "{}", node.stderr());
        assert!(!home.path().join("data/admin.sock").exists());

        let node = Node::dev(home.path());
        node.client()
            .do_call("GetSecretValue", &json!({"SecretId": "late"}));
    }
}

#[test]
fn every_event_is_recorded_once_whenever_the_process_ends() {
    let home = tempdir().unwrap();
    for round in 0..3 {
        let node = Node::dev(home.path());
        let mut client = node.client();
        for i in 0..10 {
            let name = format!("n{round}/{i}");
            client.do_call("CreateSecret", &json!({"Name": name, "SecretString": "s"}));
        }
        assert!(node.stop().success());
    }
    let records = audit_records(&home.path().join("data"));
    let mut ids: Vec<_> = records
        .iter()
        .map(|record| record["eventID"].as_str().unwrap())
        .collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    let created = records
        .iter()
        .filter(|record| record["eventName"] == "CreateSecret");
    assert_eq!(created.count(), 30);
}

#[test]
fn nobody_has_to_read_what_it_prints() {
    let home = tempdir().unwrap();
    let mut command = strongroom(["dev", "--listen", "127.0.0.1:0", "--env-file"]);
    command
        .arg(home.path().join("env"))
        .arg("--data-dir")
        .arg(home.path().join("data"));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    for _ in 0..12_000 {
        if home.path().join("env").exists() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let access = Access::read(&home.path().join("env"));
    crate::node::Client::new(access).do_call("ListSecrets", &json!({}));
    child.kill().unwrap();
    child.wait().unwrap();
}
