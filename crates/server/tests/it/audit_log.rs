//! The audit log: what is acknowledged is on disk, whatever the disk does.

mod follow;
mod lookup;
mod memory;
mod tamper;

use std::{
    collections::HashSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use strongroom::audit::{AuditError, AuditLog, Options, Recovered, Signer};
use strongroom_types::ManualClock;

use self::memory::Memory;

#[test]
fn what_is_acknowledged_is_durable_and_in_order() {
    let memory = Memory::default();
    let (log, _) =
        AuditLog::open_on(memory.clone(), Options::default(), clock(), signer()).unwrap();
    run(async {
        for number in 0..100 {
            let record = format!("{{\"eventID\":\"{number}\"}}");
            log.append(record.as_bytes()).await.unwrap();
            let lines = memory.durable_lines();
            assert_eq!(lines.len(), number + 1);
            assert_eq!(lines[number], record);
        }
    });
}

#[test]
fn many_appenders_lose_nothing_and_each_keeps_its_order() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 64 << 10,
        ..Options::default()
    };
    let (log, _) = AuditLog::open(directory.path(), options, clock(), signer()).unwrap();
    let log = Arc::new(log);
    run(async {
        let tasks: Vec<_> = (0..32)
            .map(|task| {
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    for number in 0..100 {
                        let record =
                            format!("{{\"task\":{task},\"n\":{number},\"pad\":\"{:0200}\"}}", 0);
                        log.append(record.as_bytes()).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert!(log.close());
    assert!(segments(directory.path()).len() > 5, "rotated by size");
    let lines = lines(directory.path());
    assert_eq!(lines.len(), 3_200);
    for task in 0..32 {
        let start = format!("{{\"task\":{task},");
        let own: Vec<_> = lines
            .iter()
            .filter(|line| line.starts_with(&start))
            .collect();
        for (number, line) in own.iter().enumerate() {
            assert!(line.contains(&format!("\"n\":{number},")), "{line}");
        }
    }
}

#[test]
fn several_records_are_one_write_and_a_malformed_one_refuses_all() {
    let memory = Memory::default();
    let (log, _) =
        AuditLog::open_on(memory.clone(), Options::default(), clock(), signer()).unwrap();
    run(async {
        let syncs = memory.faults().syncs.load(Ordering::SeqCst);
        log.append_many(&["{\"a\":1}", "{\"a\":2}"]).await.unwrap();
        assert_eq!(memory.faults().syncs.load(Ordering::SeqCst), syncs + 1);
        assert_eq!(memory.durable_lines(), ["{\"a\":1}", "{\"a\":2}"]);
        for bad in ["{\"a\":\n3}", "{\0}"] {
            let refused = log.append_many(&["{}", bad]).await;
            assert_eq!(refused, Err(AuditError::Malformed));
        }
        assert_eq!(memory.durable_lines().len(), 2);
        log.append_many::<&str>(&[]).await.unwrap();
        assert_eq!(memory.faults().syncs.load(Ordering::SeqCst), syncs + 1);
        assert!(log.close());
        assert_eq!(log.append(b"{}").await, Err(AuditError::Unavailable));
    });
}

#[test]
fn files_are_private_and_laid_out_ahead_until_closed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit");
    let (log, _) = AuditLog::open(&path, Options::default(), clock(), signer()).unwrap();
    run(log.append(b"{}")).unwrap();
    let file = segments(&path).pop().unwrap();
    assert_eq!(
        file.file_name().unwrap(),
        "0000000001-20261123T004400Z.jsonl"
    );
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(fs::metadata(&file).unwrap().len(), 1 << 20);
    drop(log);
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().map(record).collect::<Vec<_>>(), ["{}"]);
}

#[test]
fn a_second_writer_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let _log = open(directory.path());
    let error =
        AuditLog::open(directory.path(), Options::default(), clock(), signer()).unwrap_err();
    assert!(error.to_string().contains("another process"), "{error}");
}

#[test]
fn a_failing_disk_refuses_and_a_recovered_one_goes_on_in_a_new_segment() {
    let memory = Memory::default();
    let (log, _) =
        AuditLog::open_on(memory.clone(), Options::default(), clock(), signer()).unwrap();
    let faults = memory.faults();
    run(async {
        log.append(b"{\"n\":1}").await.unwrap();
        for fault in [&faults.write, &faults.sync] {
            fault.store(true, Ordering::SeqCst);
            for _ in 0..3 {
                assert_eq!(log.append(b"{\"n\":2}").await, Err(AuditError::Unavailable));
                assert!(!log.is_writable());
            }
            fault.store(false, Ordering::SeqCst);
            log.append(b"{\"n\":3}").await.unwrap();
            assert!(log.is_writable());
        }
    });
    assert_eq!(
        memory.durable_lines(),
        ["{\"n\":1}", "{\"n\":3}", "{\"n\":3}"]
    );
    let names = memory.names();
    let segments = names.iter().filter(|name| name.ends_with(".jsonl"));
    assert_eq!(segments.count(), 3, "failed attempts leave no files");
}

#[test]
fn a_write_torn_by_a_full_disk_leaves_no_half_line() {
    let memory = Memory::default();
    let (log, _) =
        AuditLog::open_on(memory.clone(), Options::default(), clock(), signer()).unwrap();
    run(async {
        log.append(b"{\"n\":1}").await.unwrap();
        memory.faults().space.store(4, Ordering::SeqCst);
        assert_eq!(log.append(b"{\"n\":2}").await, Err(AuditError::Unavailable));
        memory.faults().space.store(u64::MAX, Ordering::SeqCst);
        log.append(b"{\"n\":3}").await.unwrap();
    });
    assert_eq!(memory.durable_lines(), ["{\"n\":1}", "{\"n\":3}"]);
}

#[test]
fn an_idle_failing_log_recovers_by_itself() {
    let memory = Memory::default();
    let (log, _) =
        AuditLog::open_on(memory.clone(), Options::default(), clock(), signer()).unwrap();
    run(async {
        memory.faults().write.store(true, Ordering::SeqCst);
        assert_eq!(log.append(b"{}").await, Err(AuditError::Unavailable));
        memory.faults().write.store(false, Ordering::SeqCst);
        let recovery = async {
            while !log.is_writable() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), recovery)
            .await
            .unwrap();
    });
}

#[test]
fn a_disk_slower_than_the_bound_refuses_but_loses_nothing_later() {
    let memory = Memory::default();
    let options = Options {
        max_wait: Duration::from_millis(100),
        queued_records: 4,
        ..Options::default()
    };
    let (log, _) = AuditLog::open_on(memory.clone(), options, clock(), signer()).unwrap();
    let gate = memory.faults().gate.lock().unwrap();
    run(async {
        assert_eq!(log.append(b"{\"n\":1}").await, Err(AuditError::Unavailable));
        assert!(!log.is_writable());
        for _ in 0..4 {
            assert_eq!(log.append(b"{\"n\":2}").await, Err(AuditError::Unavailable));
        }
        // The queue is full: no waiting.
        let refused = tokio::time::timeout(Duration::from_millis(20), log.append(b"{}")).await;
        assert_eq!(refused, Ok(Err(AuditError::Unavailable)));
    });
    assert!(!log.close(), "the writer is stuck");
    drop(gate);
    assert!(log.close());
    assert_eq!(memory.durable_lines().len(), 5);
}

#[test]
fn a_removed_or_replaced_file_is_noticed_before_anything_is_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let (log, _) = open(directory.path());
    run(async {
        log.append(b"{\"n\":1}").await.unwrap();
        fs::remove_file(segments(directory.path()).pop().unwrap()).unwrap();
        log.append(b"{\"n\":2}").await.unwrap();
        assert_eq!(lines(directory.path()), ["{\"n\":2}"]);

        let current = segments(directory.path()).pop().unwrap();
        let aside = directory.path().join("aside");
        fs::rename(&current, &aside).unwrap();
        fs::write(&current, "").unwrap();
        log.append(b"{\"n\":3}").await.unwrap();
        assert_eq!(lines(directory.path()), ["{\"n\":3}"]);
        let text = fs::read_to_string(aside).unwrap();
        assert_eq!(text.lines().map(record).collect::<Vec<_>>(), ["{\"n\":2}"]);

        let moved = directory.path().with_extension("moved");
        fs::rename(directory.path(), &moved).unwrap();
        assert_eq!(log.append(b"{\"n\":4}").await, Err(AuditError::Unavailable));
        fs::rename(&moved, directory.path()).unwrap();
        log.append(b"{\"n\":5}").await.unwrap();
        assert_eq!(lines(directory.path()), ["{\"n\":3}", "{\"n\":5}"]);
    });
}

#[test]
fn an_old_segment_is_followed_by_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let clock = clock();
    let (log, _) = AuditLog::open(
        directory.path(),
        // Both are looked at as they were written.
        Options {
            compress: false,
            ..Options::default()
        },
        Arc::<ManualClock>::clone(&clock),
        signer(),
    )
    .unwrap();
    run(log.append(b"{\"n\":1}")).unwrap();
    clock.advance(SignedDuration::from_hours(25));
    run(log.append(b"{\"n\":2}")).unwrap();
    drop(log);
    let names = segments(directory.path());
    assert_eq!(names.len(), 2);
    assert_eq!(
        names[1].file_name().unwrap(),
        "0000000002-20261124T014400Z.jsonl"
    );
    assert_eq!(lines(directory.path()), ["{\"n\":1}", "{\"n\":2}"]);
}

#[test]
fn reopening_goes_on_in_the_same_segment_and_knows_recent_events() {
    let directory = tempfile::tempdir().unwrap();
    let id = |number: u32| format!("00000000-0000-4000-8000-{number:012}");
    for number in 0..3 {
        let (log, recovered) = open(directory.path());
        let wanted: HashSet<String> = (0..10).map(id).collect();
        let known: HashSet<String> = (0..number).map(id).collect();
        assert_eq!(recovered.contains_recent(&wanted).unwrap(), known);
        assert_eq!(recovered.torn_bytes, 0);
        let record = format!("{{\"eventID\":\"{}\",\"readOnly\":true}}", id(number));
        run(log.append(record.as_bytes())).unwrap();
        if number == 1 {
            // As after `kill -9`: the zeros are still there.
            let file = segments(directory.path()).pop().unwrap();
            let crashed = fs::read(&file).unwrap();
            drop(log);
            fs::write(&file, crashed).unwrap();
        }
    }
    assert_eq!(segments(directory.path()).len(), 1);
    assert_eq!(lines(directory.path()).len(), 3);
}

#[test]
fn lines_beyond_a_hole_are_cut_off_but_kept_aside() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("0000000001-20261123T000000Z.jsonl");
    fs::write(&file, b"{\"n\":1}\n{\"n\":\0\0\0\0}\n{\"n\":3}\n\0\0\0\0").unwrap();
    let (log, recovered) = open(directory.path());
    assert_eq!(recovered.torn_bytes, 19);
    let kept = directory.path().join(recovered.torn_file.unwrap());
    assert_eq!(fs::read(kept).unwrap(), b"{\"n\":\0\0\0\0}\n{\"n\":3}\n");
    drop(log);
    assert_eq!(fs::read(file).unwrap(), b"{\"n\":1}\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Cut the file anywhere, lay zeros or rubbish after it: every complete
    /// line survives, nothing else does, and the log goes on.
    #[test]
    fn every_complete_line_survives_a_cut(
        lengths in prop::collection::vec(0_usize..300, 1..40),
        cut in 0.0_f64..=1.0,
        zeros in 0_usize..5_000,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let (log, _) = open(directory.path());
        let records: Vec<_> = lengths.iter().enumerate()
            .map(|(number, length)| format!("{{\"n\":{number},\"p\":\"{}\"}}", "x".repeat(*length)))
            .collect();
        run(log.append_many(&records)).unwrap();
        drop(log);

        let file = segments(directory.path()).pop().unwrap();
        let mut bytes = fs::read(&file).unwrap();
        bytes.truncate((bytes.len() as f64 * cut) as usize);
        let complete = bytes.iter().filter(|byte| **byte == b'\n').count();
        let torn = bytes.len() - bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        bytes.resize(bytes.len() + zeros, 0);
        fs::write(&file, &bytes).unwrap();

        let (log, recovered) = open(directory.path());
        prop_assert_eq!(recovered.torn_bytes, torn as u64);
        run(log.append(b"{\"last\":true}")).unwrap();
        drop(log);
        let mut expected = records[..complete].to_vec();
        expected.push("{\"last\":true}".to_owned());
        prop_assert_eq!(lines(directory.path()), expected);
    }
}

fn signer() -> Arc<Signer> {
    Arc::new(Signer::from_seed(&[7; 32]).unwrap())
}

fn clock() -> Arc<ManualClock> {
    let now: Timestamp = "2026-11-23T00:44:00Z".parse().unwrap();
    Arc::new(ManualClock::new(now))
}

fn open(directory: &Path) -> (AuditLog, Recovered) {
    // A machine that runs all tests at once may take seconds to sync.
    let options = Options {
        max_wait: Duration::from_secs(60),
        ..Options::default()
    };
    AuditLog::open(directory, options, clock(), signer()).unwrap()
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

/// The segments' paths, in order.
fn segments(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    paths.sort();
    paths
}

/// The record of a line, without its hash.
fn record(line: &str) -> String {
    let (open, hash) = line.rsplit_once("\"chain\":\"").unwrap_or((line, ""));
    if hash.is_empty() {
        return line.to_owned();
    }
    format!("{}}}", open.strip_suffix(',').unwrap_or(open))
}

/// The records of all lines of all segments, in order, without the zeros.
fn lines(directory: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for path in segments(directory) {
        let text = String::from_utf8(fs::read(path).unwrap()).unwrap();
        lines.extend(text.trim_end_matches('\0').lines().map(record));
    }
    lines
}
