//! The commands that look after a store: backup, restore, verify, jobs, seal.

use std::{
    fs,
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::node::{Node, ended, refused, said};

fn path(home: &TempDir, name: &str) -> String {
    home.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_backup_made_while_writing_restores_to_what_was_written() {
    let home = tempdir().unwrap();
    let node = Node::dev(home.path());
    let (data, backup) = (path(&home, "data"), path(&home, "backup"));
    let mut client = node.client();
    for i in 0..20 {
        let secret = json!({"Name": format!("before/{i}"), "SecretString": format!("value {i}")});
        client.do_call("CreateSecret", &secret);
    }
    let done = AtomicBool::new(false);
    let written = thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut client = node.client();
            let mut written = 0;
            while !done.load(Ordering::Relaxed) {
                let secret = json!({"Name": format!("during/{written}"), "SecretString": "s"});
                client.do_call("CreateSecret", &secret);
                written += 1;
            }
            written
        });
        thread::sleep(Duration::from_millis(100));
        let told = said(["backup", "--data-dir", &data, &backup]);
        done.store(true, Ordering::Relaxed);
        assert!(told.contains("Not in it: the root key"), "{told}");
        writing.join().unwrap()
    });
    assert_eq!(
        fs::metadata(&backup).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let why = refused(["backup", "--data-dir", &data, &backup]);
    assert!(why.contains("a backup replaces nothing"), "{why}");
    let why = refused(["backup", "--data-dir", &data, &path(&home, "none/backup")]);
    assert!(why.contains("there is no directory"), "{why}");
    // What came after the backup is not in it.
    client.do_call(
        "CreateSecret",
        &json!({"Name": "after", "SecretString": "s"}),
    );
    assert!(node.stop().success());

    let copy = path(&home, "copy/data");
    let why = refused(["restore", "--data-dir", &copy, &backup]);
    assert!(why.contains("put the root key there"), "{why}");
    fs::create_dir_all(&copy).unwrap();
    fs::copy(
        path(&home, "data/root.key"),
        path(&home, "copy/data/root.key"),
    )
    .unwrap();
    let told = said(["restore", "--data-dir", &copy, &backup]);
    assert!(told.contains("verified"), "{told}");
    let told = said(["verify", "--data-dir", &copy]);
    assert!(told.contains("Nothing is wrong."), "{told}");
    let why = refused(["restore", "--data-dir", &copy, &backup]);
    assert!(why.contains("which a restore does not overwrite"), "{why}");

    let node = Node::dev(&home.path().join("copy"));
    let mut client = node.client();
    for i in 0..20 {
        let read = client.do_call(
            "GetSecretValue",
            &json!({"SecretId": format!("before/{i}")}),
        );
        assert_eq!(read["SecretString"], format!("value {i}"));
    }
    // Of what was written meanwhile, the first so and so many.
    let there: Vec<_> = (0..written)
        .map(|i| {
            let name = json!({"SecretId": format!("during/{i}")});
            client.call("GetSecretValue", &name).unwrap().status == 200
        })
        .collect();
    assert!(there.is_sorted_by(|a, b| a >= b), "{there:?}");
    assert!(there.first().is_some_and(|first| *first), "{there:?}");
    let after = client
        .call("GetSecretValue", &json!({"SecretId": "after"}))
        .unwrap();
    assert_eq!(after.body["__type"], "ResourceNotFoundException");
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let home = tempdir().unwrap();
    let node = Node::dev(home.path());
    fill(&node);
    let backup = path(&home, "backup");
    said(["backup", "--data-dir", &path(&home, "data"), &backup]);
    assert!(node.stop().success());
    flip(&backup, b"flip/5");
    fs::create_dir(home.path().join("copy")).unwrap();
    fs::copy(path(&home, "data/root.key"), path(&home, "copy/root.key")).unwrap();
    let why = refused(["restore", "--data-dir", &path(&home, "copy"), &backup]);
    assert!(why.contains("nothing was restored"), "{why}");
    let left: Vec<_> = fs::read_dir(home.path().join("copy")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn verify_names_what_is_wrong() {
    let home = tempdir().unwrap();
    let node = Node::dev(home.path());
    fill(&node);
    let data = path(&home, "data");
    let sound = said(["verify", "--data-dir", &data]);
    assert!(sound.contains("Nothing is wrong."), "{sound}");
    assert!(node.stop().success());
    let sound = said(["verify", "--data-dir", &data]);
    assert!(
        sound
            .lines()
            .any(|line| line.starts_with("Secrets ") && line.ends_with(" 10")),
        "{sound}"
    );

    flip(&path(&home, "data/store.redb"), b"flip/5");
    let verified = ended(["verify", "--data-dir", &data]);
    assert_eq!(verified.status.code(), Some(1), "{verified:?}");
    let told = String::from_utf8(verified.stdout).unwrap();
    let why = String::from_utf8(verified.stderr).unwrap();
    assert!(why.contains("restore the last good backup"), "{why}");
    assert!(told.contains("table `Secret"), "{told}");
    assert!(!told.contains("hidden"), "{told}");

    // Nothing else works with it.
    let why = refused(["dev", "--listen", "127.0.0.1:0", "--data-dir", &data]);
    assert!(why.contains("corrupt"), "{why}");
    let why = refused(["backup", "--data-dir", &data, &path(&home, "backup")]);
    assert!(why.contains("`strongroom verify` says"), "{why}");
    assert!(!home.path().join("backup").exists());
}

#[test]
fn jobs_are_listed_by_the_node_and_without_it() {
    let home = tempdir().unwrap();
    let node = Node::dev(home.path());
    let data = path(&home, "data");
    assert_eq!(said(["jobs", "--data-dir", &data]), "Nothing waits.\n");
    fill(&node);
    let made = node
        .client()
        .do_call("DeleteSecret", &json!({"SecretId": "flip/3"}));
    assert!(made["DeletionDate"].is_number());
    let online = said(["jobs", "--data-dir", &data]);
    let lines: Vec<Vec<_>> = online
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines[0],
        [
            "DUE", "KIND", "ACCOUNT", "REGION", "RESOURCE", "CLAIMS", "FAILED", "BECAUSE"
        ]
    );
    assert_eq!(lines[1][1], "DeleteSecret");
    assert_eq!(lines[1][3..], ["us-east-1", "flip/3", "0"]);
    // The other is the yearly rotation of the key that the secrets are under.
    assert_eq!(lines[2][1], "RotateKmsKey");
    assert_eq!(lines.len(), 3, "{online}");
    assert!(node.stop().success());
    assert_eq!(said(["jobs", "--data-dir", &data]), online);
}

#[test]
fn a_new_seal_key_leaves_everything_readable() {
    let home = tempdir().unwrap();
    let node = Node::dev(home.path());
    let data = path(&home, "data");
    fill(&node);
    said(["seal", "rotate", "--data-dir", &data]);
    let put = json!({"SecretId": "flip/1", "SecretString": "later"});
    node.client().do_call("PutSecretValue", &put);
    assert!(node.stop().success());
    said(["seal", "rotate", "--data-dir", &data]);
    said(["verify", "--data-dir", &data]);
    let node = Node::dev(home.path());
    for (name, value) in [("flip/0", "hidden"), ("flip/1", "later")] {
        let read = node
            .client()
            .do_call("GetSecretValue", &json!({"SecretId": name}));
        assert_eq!(read["SecretString"], value);
    }
}

#[test]
fn the_socket_answers_its_owner_and_bears_nonsense() {
    let home = tempdir().unwrap();
    let node = Node::dev(home.path());
    let socket = home.path().join("data/admin.sock");
    assert_eq!(
        fs::metadata(&socket).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let ask = |request: &[u8]| {
        let mut stream = UnixStream::connect(&socket).unwrap();
        // It may hang up before it took everything.
        let _ = stream.write_all(request);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    let refusal = |request: &[u8]| {
        let answer: Value = serde_json::from_str(&ask(request)).unwrap();
        answer["refused"].as_str().unwrap().to_owned()
    };
    let jobs = ask(b"{\"command\":\"jobs\"}\n");
    assert_eq!(jobs, "{\"done\":{\"jobs\":{\"jobs\":[],\"more\":false}}}\n");
    for nonsense in [
        &b"\n"[..],
        b"null\n",
        b"{\"command\":\"format\"}\n",
        b"\xff\n",
        b"[[[[\n",
    ] {
        assert!(
            refusal(nonsense).contains("does not understand"),
            "{nonsense:?}"
        );
    }
    let relative = refusal(b"{\"command\":\"backup\",\"target\":\"here\"}\n");
    assert!(relative.contains("is not absolute"), "{relative}");
    ask(&vec![b'x'; 100_000]);
    // More at a time than there are places: nobody is starved for good.
    let idle: Vec<_> = (0..3)
        .map(|_| UnixStream::connect(&socket).unwrap())
        .collect();
    assert_eq!(ask(b"{\"command\":\"jobs\"}\n"), jobs);
    drop(idle);
    node.client().do_call("ListSecrets", &json!({}));
    // A socket that a killed process left is in nobody's way.
    node.kill();
    assert!(socket.exists());
    said(["jobs", "--data-dir", &path(&home, "data")]);
    let node = Node::dev(home.path());
    said(["jobs", "--data-dir", &path(&home, "data")]);
    assert!(node.stop().success());
}

#[test]
fn a_store_must_be_named_and_be_there() {
    let home = tempdir().unwrap();
    let why = refused(["verify"]);
    assert!(why.contains("which store?"), "{why}");
    for command in ["verify", "jobs"] {
        let why = refused([command, "--data-dir", &path(&home, "none")]);
        assert!(why.contains("there is no store in"), "{why}");
    }
    let why = refused([
        "restore",
        "--data-dir",
        &path(&home, "none"),
        &path(&home, "no"),
    ]);
    assert!(why.contains("there is no backup"), "{why}");
    assert!(!Path::new(&path(&home, "none")).exists());
    fs::write(path(&home, "backup"), "").unwrap();
    let why = refused(["verify", "--data-dir", &path(&home, "backup")]);
    assert!(why.contains("is a file and no data directory"), "{why}");
}

fn fill(node: &Node) {
    let mut client = node.client();
    for i in 0..10 {
        let secret = json!({"Name": format!("flip/{i}"), "SecretString": "hidden"});
        client.do_call("CreateSecret", &secret);
    }
}

/// Flips a bit after each place where `key` stands: in the values of rows that
/// have it in their keys, or in the tree above them.
fn flip(path: &str, key: &[u8]) {
    let mut bytes = fs::read(path).unwrap();
    let places: Vec<_> = bytes
        .windows(key.len())
        .enumerate()
        .filter(|(_, part)| *part == key)
        .map(|(place, _)| place)
        .collect();
    assert!(!places.is_empty());
    for place in places {
        bytes[place + key.len() + 60] ^= 1;
    }
    fs::write(path, bytes).unwrap();
}
