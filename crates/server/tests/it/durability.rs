//! `kill -9` and full disks: nothing that was acknowledged is missing
//! afterwards, neither a value nor its record.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use strongroom_crypto::{Random, SystemRandom};
use tempfile::tempdir;

use crate::node::{Client, Node, PATIENCE, audit_records, said};

const WRITERS: u32 = 4;
/// Rounds go on for so long.
const KILLING: Duration = Duration::from_secs(14);

/// A secret as its one writer knows it.
#[derive(Default)]
struct Known {
    /// The value acknowledged last; absent if the creation was not.
    acknowledged: Option<String>,
    /// The value whose answer did not come: it may be there or not.
    unanswered: Option<String>,
}

/// What one writer did until its node died.
#[derive(Default)]
struct Work {
    secrets: HashMap<String, Known>,
    /// The requests that were answered with success.
    request_ids: Vec<String>,
    /// Requests that were refused, and with what status.
    refused: Vec<u16>,
    /// Whether any was, told at once.
    turned_away: Arc<AtomicBool>,
}

impl Work {
    /// Writes until the connection breaks or `done`.
    fn run(&mut self, client: &mut Client, prefix: &str, done: &AtomicBool, padding: &str) {
        let (mut number, mut name) = (0, String::new());
        while !done.load(Ordering::Relaxed) {
            let value = format!("{prefix} wrote {number}{padding}");
            // Three values for each secret.
            let operation = if number % 3 == 0 {
                name = format!("{prefix}/{number}");
                "CreateSecret"
            } else {
                "PutSecretValue"
            };
            number += 1;
            let key = if operation == "CreateSecret" {
                "Name"
            } else {
                "SecretId"
            };
            let known = self.secrets.entry(name.clone()).or_default();
            known.unanswered = Some(value.clone());
            let Ok(reply) = client.call(operation, &json!({key: name, "SecretString": value}))
            else {
                return;
            };
            match reply.status {
                200 => {
                    known.acknowledged = known.unanswered.take();
                    self.request_ids.push(reply.request_id);
                }
                status => {
                    // A failed request changes nothing.
                    known.unanswered = None;
                    // A put into a secret that could not be made is refused too.
                    assert!(
                        status == 503 || reply.body["__type"] == "ResourceNotFoundException",
                        "{reply:?}"
                    );
                    self.refused.push(status);
                    self.turned_away.store(true, Ordering::Relaxed);
                }
            }
        }
    }

    /// Asks for every value, of a node that was started anew.
    fn check(&self, client: &mut Client) {
        for (name, known) in &self.secrets {
            let read = client
                .call("GetSecretValue", &json!({"SecretId": name}))
                .unwrap();
            let found = read.body["SecretString"].as_str().map(str::to_owned);
            assert!(
                found == known.acknowledged || (found.is_some() && found == known.unanswered),
                "{name}: {read:?} instead of {:?} or {:?}",
                known.acknowledged,
                known.unanswered
            );
            assert!(
                read.status == 200 || read.body["__type"] == "ResourceNotFoundException",
                "{read:?}"
            );
        }
    }
}

/// All that was acknowledged is recorded, each event once.
fn check_records(data: &Path, work: &[Work]) {
    let records = audit_records(data);
    let mut events = HashSet::new();
    let mut requests = HashSet::new();
    for record in &records {
        assert!(
            events.insert(record["eventID"].as_str().unwrap()),
            "twice: {record}"
        );
        requests.extend(record["requestID"].as_str());
    }
    let acknowledged = work.iter().flat_map(|work| &work.request_ids);
    for id in acknowledged {
        assert!(
            requests.contains(id.as_str()),
            "no record of the request {id}"
        );
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let home = tempdir().unwrap();
    let data = home.path().join("data");
    let mut work: Vec<Work> = Vec::new();
    let chance: &dyn Random = &SystemRandom;
    let start = Instant::now();
    let mut rounds = 0;
    let answers = |work: &[Work]| -> usize { work.iter().map(|work| work.request_ids.len()).sum() };
    // On a machine that is slow for longer.
    while start.elapsed() < KILLING || rounds < 4 || answers(&work) <= 100 {
        assert!(start.elapsed() < KILLING + PATIENCE * 4, "{rounds} rounds");
        let node = Node::dev(home.path());
        let access = node.access.clone();
        let done = AtomicBool::new(false);
        let written: Vec<Work> = thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (access, done) = (access.clone(), &done);
                    scope.spawn(move || {
                        let mut work = Work::default();
                        let prefix = format!("r{rounds}w{writer}");
                        work.run(&mut Client::new(access), &prefix, done, "");
                        work
                    })
                })
                .collect();
            // Also at the very start, and while the first commits are made.
            thread::sleep(Duration::from_millis(chance.below(700).into()));
            node.kill();
            writers
                .into_iter()
                .map(|writer| writer.join().unwrap())
                .collect()
        });
        let node = Node::dev(home.path());
        assert_eq!(node.access.secret_access_key, access.secret_access_key);
        let mut client = node.client();
        for work in &written {
            work.check(&mut client);
            assert_eq!(work.refused, [0; 0]);
        }
        work.extend(written);
        check_records(&data, &work);
        said(["audit", "verify", "--data-dir", data.to_str().unwrap()]);
        // The next round begins after a kill as well.
        node.kill();
        rounds += 1;
    }
    let node = Node::dev(home.path());
    let mut client = node.client();
    for work in &work {
        work.check(&mut client);
    }
    said(["verify", "--data-dir", data.to_str().unwrap()]);
    assert!(node.stop().success());
    said(["audit", "verify", "--data-dir", data.to_str().unwrap()]);
    check_records(&data, &work);
}

#[test]
fn a_full_disk_refuses_writes_and_loses_nothing() {
    // The log lays a megabyte of zeros ahead; the store grows past both.
    for limit_kib in [3_000, 6_000] {
        let home = tempdir().unwrap();
        let data = home.path().join("data");
        let node = Node::dev_by(home.path(), limited(limit_kib)).unwrap();
        let done = AtomicBool::new(false);
        let padding = "x".repeat(60_000);
        let mut work = Work::default();
        let turned_away = Arc::clone(&work.turned_away);
        let access = node.access.clone();
        thread::scope(|scope| {
            let writing =
                scope.spawn(|| work.run(&mut Client::new(access), "full", &done, &padding));
            let start = Instant::now();
            while !turned_away.load(Ordering::Relaxed) && start.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(20));
            }
            // And what comes then.
            thread::sleep(Duration::from_secs(1));
            done.store(true, Ordering::Relaxed);
            writing.join().unwrap();
        });
        assert!(
            work.refused.contains(&503),
            "the disk was not full: {}",
            node.stderr()
        );
        assert!(work.request_ids.len() > 10, "{}", node.stderr());
        // What can still be read is right; what cannot is refused as such.
        let mut client = node.client();
        for (name, known) in &work.secrets {
            let Some(expected) = &known.acknowledged else {
                continue;
            };
            let read = client
                .call("GetSecretValue", &json!({"SecretId": name}))
                .unwrap();
            match read.status {
                200 => assert_eq!(read.body["SecretString"], expected.as_str()),
                status => assert_eq!(status, 503, "{read:?}"),
            }
        }
        // One ends with its disk still full, the other once there is space.
        let again = json!({"Name": "again", "SecretString": padding});
        if limit_kib == 3_000 {
            node.stop();
        } else {
            node.unlimited();
            let start = Instant::now();
            while client.call("CreateSecret", &again).unwrap().status != 200 {
                assert!(start.elapsed() < PATIENCE, "{}", node.stderr());
                thread::sleep(Duration::from_millis(20));
            }
            assert!(node.stop().success());
        }
        let log = fs::read_to_string(home.path().join("stderr")).unwrap();
        assert!(!log.contains("panicked"), "{log}");

        let node = Node::dev(home.path());
        let mut client = node.client();
        work.check(&mut client);
        check_records(&data, std::slice::from_ref(&work));
        client.do_call(
            "CreateSecret",
            &json!({"Name": "after", "SecretString": padding}),
        );
        said(["verify", "--data-dir", data.to_str().unwrap()]);
        assert!(node.stop().success());
    }
}

#[test]
fn nothing_is_read_that_cannot_be_recorded() {
    let home = tempdir().unwrap();
    // A segment that takes no more is followed by another.
    let node = Node::dev_by(home.path(), limited(1_000)).unwrap();
    let mut client = node.client();
    let secret = json!({"Name": "a", "SecretString": "s"});
    client.do_call("CreateSecret", &secret);
    let mut work = Work::default();
    let mut read = |expected: u16| {
        let reply = client
            .call("GetSecretValue", &json!({"SecretId": "a"}))
            .unwrap();
        if reply.status == 200 {
            work.request_ids.push(reply.request_id);
        } else {
            assert_eq!(reply.body["__type"], "ServiceUnavailable");
        }
        reply.status == expected
    };
    for _ in 0..1_500 {
        assert!(read(200), "{}", node.stderr());
    }
    let data = home.path().join("data");
    let segments = fs::read_dir(data.join("audit")).unwrap().count() - 1;
    assert!(segments > 1, "the segment was never full");

    // A log that has gone takes nothing; back again it takes everything.
    fs::rename(data.join("audit"), data.join("gone")).unwrap();
    assert!(read(503));
    assert!(read(503));
    // Nor is anything changed whose record could only wait in the store.
    let mut writer = node.client();
    let another = json!({"Name": "b", "SecretString": "s"});
    let refused = writer.call("CreateSecret", &another).unwrap();
    assert_eq!(refused.status, 503);
    assert_eq!(refused.body["__type"], "ServiceUnavailable");
    fs::rename(data.join("gone"), data.join("audit")).unwrap();
    let start = Instant::now();
    while !read(200) {
        assert!(start.elapsed() < PATIENCE, "{}", node.stderr());
        thread::sleep(Duration::from_millis(20));
    }
    writer.do_call("CreateSecret", &another);
    assert!(node.stop().success());
    check_records(&data, &[work]);
}

/// `dev` whose files may not grow past a size: it behaves as on a full disk.
fn limited(kib: u32) -> Command {
    let mut command = Command::new("bash");
    let script = format!("ulimit -S -f {kib} && exec \"$0\" dev \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_strongroom")]);
    command
}
