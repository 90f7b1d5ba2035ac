//! Whatever is done to the files of a log, `verify` names the place.

use std::{fs, path::Path, sync::Arc, time::Duration};

use jiff::SignedDuration;
use proptest::prelude::*;
use strongroom::audit::{
    AuditLog, Fault, LogReader, Options, PublicKey, Signer, Verdict, storage::Disk, verify,
};
use strongroom_crypto::Sha256;
use strongroom_types::ManualClock;

use super::{clock, run, segments, signer};

/// Something that somebody with the disk does. Numbers are taken modulo what
/// there is.
#[derive(Clone, Debug)]
enum Tampering {
    /// Changes a character of a record.
    Edit(usize, usize, usize),
    /// The same, and computes all hashes of the segment anew.
    Rewrite(usize, usize, usize),
    Delete(usize, usize),
    /// Deletes a record and computes all hashes after it anew.
    DeleteAndRewrite(usize, usize),
    /// Puts a copy of a record elsewhere.
    Copy(usize, usize, usize),
    Swap(usize, usize, usize),
    Truncate(usize, usize),
    /// Cuts in the midst of a line.
    Tear(usize, usize),
    DeleteSegment(usize),
    SwapSegments(usize, usize),
    DeleteDigest(usize),
    EditDigest(usize),
    DeleteHead,
    EditHead,
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let n = || any::<usize>();
    prop_oneof![
        (n(), n(), n()).prop_map(|(a, b, c)| Tampering::Edit(a, b, c)),
        (n(), n(), n()).prop_map(|(a, b, c)| Tampering::Rewrite(a, b, c)),
        (n(), n()).prop_map(|(a, b)| Tampering::Delete(a, b)),
        (n(), n()).prop_map(|(a, b)| Tampering::DeleteAndRewrite(a, b)),
        (n(), n(), n()).prop_map(|(a, b, c)| Tampering::Copy(a, b, c)),
        (n(), n(), n()).prop_map(|(a, b, c)| Tampering::Swap(a, b, c)),
        (n(), n()).prop_map(|(a, b)| Tampering::Truncate(a, b)),
        (n(), n()).prop_map(|(a, b)| Tampering::Tear(a, b)),
        n().prop_map(Tampering::DeleteSegment),
        (n(), n()).prop_map(|(a, b)| Tampering::SwapSegments(a, b)),
        n().prop_map(Tampering::DeleteDigest),
        n().prop_map(Tampering::EditDigest),
        Just(Tampering::DeleteHead),
        Just(Tampering::EditHead),
    ]
}

/// Where `verify` must see it: a file, and the record's number if it can be
/// known.
struct Expected {
    file: String,
    record: Option<u64>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn verify_names_the_place(
        lengths in prop::collection::vec(0_usize..300, 12..60),
        tampering in tampering(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &lengths);
        let good = check(directory.path());
        prop_assert_eq!(&good.faults, &[]);
        prop_assert_eq!(good.records, lengths.len() as u64);
        prop_assert_eq!(good.unsigned, None);

        let Some(expected) = tamper(directory.path(), &tampering) else {
            return Ok(());
        };
        let verdict = check(directory.path());
        let Some(Fault { file, record, what }) = verdict.faults.first() else {
            return Err(TestCaseError::fail(format!("not noticed: {tampering:?}")));
        };
        prop_assert_eq!(file, &expected.file, "{}", what);
        if let Some(number) = expected.record {
            prop_assert_eq!(record.as_ref().map(|(number, _)| *number), Some(number), "{}", what);
        }
    }
}

/// A log of several small segments, closed.
fn write(directory: &Path, lengths: &[usize]) {
    let options = Options {
        segment_bytes: 1500,
        max_wait: Duration::from_secs(60),
        ..Options::default()
    };
    let (log, _) = AuditLog::open(directory, options, clock(), signer()).unwrap();
    for (number, length) in lengths.iter().enumerate() {
        let record = format!(
            "{{\"eventID\":\"{number}\",\"p\":\"{}\"}}",
            "x".repeat(*length)
        );
        run(log.append(record.as_bytes())).unwrap();
    }
    assert!(log.close());
}

fn check(directory: &Path) -> Verdict {
    verify(&Disk::reading(directory), signer().public()).unwrap()
}

/// `None` if there is nothing to do it to.
fn tamper(directory: &Path, tampering: &Tampering) -> Option<Expected> {
    let files = segments(directory);
    let pick = |number: &usize| &files[number % files.len()];
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let lines = |path: &Path| -> Vec<String> {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    let save = |path: &Path, lines: &[String]| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(path, text).unwrap();
    };
    let at = |path: &Path, index: usize| Expected {
        file: name(path),
        record: Some(index as u64 + 1),
    };
    let whole = |path: &Path| Expected {
        file: name(path),
        record: None,
    };
    Some(match tampering {
        Tampering::Edit(file, line, place) | Tampering::Rewrite(file, line, place) => {
            let path = pick(file);
            let mut all = lines(path);
            if all.is_empty() {
                return None;
            }
            let index = line % all.len();
            let end = all[index].rfind(",\"chain\"").unwrap();
            let place = place % end;
            let mut bytes = std::mem::take(&mut all[index]).into_bytes();
            bytes[place] = if bytes[place] == b'y' { b'z' } else { b'y' };
            all[index] = String::from_utf8(bytes).unwrap();
            if matches!(tampering, Tampering::Rewrite(..)) {
                rewrite(&mut all, index);
                save(path, &all);
                whole(path)
            } else {
                save(path, &all);
                at(path, index)
            }
        }
        Tampering::Delete(file, line) => {
            let path = pick(file);
            let mut all = lines(path);
            if all.is_empty() {
                return None;
            }
            let index = line % all.len();
            all.remove(index);
            save(path, &all);
            at(path, index)
        }
        Tampering::DeleteAndRewrite(file, line) => {
            let path = pick(file);
            let mut all = lines(path);
            let index = line % all.len().max(1);
            if index == 0 {
                return None;
            }
            all.remove(index);
            rewrite(&mut all, index);
            save(path, &all);
            whole(path)
        }
        Tampering::Copy(file, from, to) => {
            let path = pick(file);
            let mut all = lines(path);
            if all.is_empty() {
                return None;
            }
            let line = all[from % all.len()].clone();
            let index = to % (all.len() + 1);
            all.insert(index, line);
            save(path, &all);
            // A copy of the line that stands there follows as that one did;
            // then that one does not.
            let same = all.get(index + 1) == Some(&all[index]);
            at(path, index + usize::from(same))
        }
        Tampering::Swap(file, one, other) => {
            let path = pick(file);
            let mut all = lines(path);
            if all.len() < 2 {
                return None;
            }
            let (one, other) = (one % all.len(), other % all.len());
            if one == other {
                return None;
            }
            all.swap(one, other);
            save(path, &all);
            at(path, one.min(other))
        }
        Tampering::Truncate(file, line) => {
            let path = pick(file);
            let mut all = lines(path);
            if all.is_empty() {
                return None;
            }
            let index = line % all.len();
            all.truncate(index);
            save(path, &all);
            at(path, index)
        }
        Tampering::Tear(file, place) => {
            let path = pick(file);
            let bytes = fs::read(path).unwrap();
            if bytes.is_empty() {
                return None;
            }
            let bytes = &bytes[..place % bytes.len()];
            fs::write(path, bytes).unwrap();
            at(path, bytes.iter().filter(|byte| **byte == b'\n').count())
        }
        Tampering::DeleteSegment(file) => {
            let path = pick(file);
            fs::remove_file(path).unwrap();
            Expected {
                file: format!("{}-*.jsonl", &name(path)[..10]),
                record: None,
            }
        }
        Tampering::SwapSegments(one, other) => {
            let (one, other) = (pick(one).min(pick(other)), pick(one).max(pick(other)));
            let (first, second) = (fs::read(one).unwrap(), fs::read(other).unwrap());
            if one == other || first.is_empty() || second.is_empty() {
                return None;
            }
            fs::write(one, second).unwrap();
            fs::write(other, first).unwrap();
            at(one, 0)
        }
        Tampering::DeleteDigest(file) => {
            let path = pick(file);
            fs::remove_file(path.with_extension("digest.json")).ok()?;
            whole(path)
        }
        Tampering::EditDigest(file) => {
            let path = pick(file);
            let digest = path.with_extension("digest.json");
            let text = fs::read_to_string(&digest).ok()?;
            fs::write(digest, text.replace("\"records\": ", "\"records\": 1")).unwrap();
            whole(path)
        }
        Tampering::DeleteHead => {
            fs::remove_file(directory.join("head.json")).unwrap();
            whole(&directory.join("head.json"))
        }
        Tampering::EditHead => {
            let head = directory.join("head.json");
            let text = fs::read_to_string(&head).unwrap();
            fs::write(&head, text.replace("\"sealed\": ", "\"sealed\": 1")).unwrap();
            whole(&head)
        }
    })
}

/// Computes the hashes of all lines from `index` on, as anybody can who knows
/// how.
fn rewrite(lines: &mut [String], index: usize) {
    for place in index.max(1)..lines.len() {
        let before = chain_of(&lines[place - 1]);
        let (open, _) = lines[place].rsplit_once(",\"chain\"").unwrap();
        let record = format!("{open}}}");
        let mut hash = Sha256::new();
        hash.update(&before);
        hash.update(record.as_bytes());
        let hash: String = hash
            .finish()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        lines[place] = format!("{open},\"chain\":\"{hash}\"}}");
    }
}

fn chain_of(line: &str) -> Vec<u8> {
    let digits = &line[line.len() - 66..line.len() - 2];
    let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16).unwrap();
    (0..64).step_by(2).map(byte).collect()
}

#[test]
fn another_key_vouches_for_nothing() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[1; 20]);
    let stranger = Signer::from_seed(&[9; 32]).unwrap();
    let verdict = verify(&Disk::reading(directory.path()), stranger.public()).unwrap();
    assert_eq!(verdict.faults[0].file, "head.json");
    assert!(PublicKey::parse(&signer().public().to_hex()).is_some());
    assert!(PublicKey::parse("00").is_none());
}

#[test]
fn finished_segments_are_compressed_read_all_the_same_and_go_when_they_are_old() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[100; 40]);
    let plain = segments(directory.path()).len();
    assert!(plain > 4);
    let clock = clock();
    let options = Options {
        segment_bytes: 1500,
        retention: Some(Duration::from_secs(90 * 24 * 3600)),
        ..Options::default()
    };
    let (log, _) = AuditLog::open(
        directory.path(),
        options,
        Arc::<ManualClock>::clone(&clock),
        signer(),
    )
    .unwrap();
    wait_until(|| {
        clock.advance(SignedDuration::from_secs(11));
        segments(directory.path()).len() == 1
    });
    let verdict = check(directory.path());
    assert_eq!(verdict.faults, []);
    assert_eq!(verdict.records, 40);
    let (records, mut follower) = LogReader::of(directory.path()).last(33).unwrap();
    assert_eq!(records.len(), 33);
    assert!(records[0].starts_with(b"{\"eventID\":\"7\","));
    run(log.append(b"{\"eventID\":\"more\"}")).unwrap();
    let more = LogReader::of(directory.path())
        .follow(&mut follower)
        .unwrap();
    assert_eq!(more, [b"{\"eventID\":\"more\"}"]);

    // A byte of a compressed file is changed.
    let packed = fs::read_dir(directory.path()).unwrap();
    let mut packed: Vec<_> = packed
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "gz"))
        .collect();
    packed.sort();
    let bytes = fs::read(&packed[2]).unwrap();
    let mut changed = bytes.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 0x55;
    fs::write(&packed[2], changed).unwrap();
    let verdict = check(directory.path());
    let name = packed[2].file_name().unwrap().to_str().unwrap();
    assert_eq!(verdict.faults[0].file, name);
    fs::write(&packed[2], bytes).unwrap();

    clock.advance(SignedDuration::from_hours(24 * 91));
    run(log.append(b"{\"eventID\":\"last\"}")).unwrap();
    wait_until(|| LogReader::of(directory.path()).last(100).unwrap().0.len() < 40);
    // Until all that are old have gone: then the head says so too.
    wait_until(|| {
        verify(&Disk::reading(directory.path()), signer().public())
            .is_ok_and(|verdict| verdict.faults.is_empty() && verdict.records < 20)
    });
    assert!(log.close());
    let verdict = check(directory.path());
    assert_eq!(verdict.faults, []);
    assert!(verdict.records < 20, "{}", verdict.records);
}

#[test]
fn a_finished_segment_may_be_empty() {
    let directory = tempfile::tempdir().unwrap();
    let clock = clock();
    for _ in 0..3 {
        clock.advance(SignedDuration::from_hours(25));
        let here: Arc<ManualClock> = Arc::clone(&clock);
        let (log, _) =
            AuditLog::open(directory.path(), Options::default(), here, signer()).unwrap();
        wait_until(|| {
            clock.advance(SignedDuration::from_secs(11));
            segments(directory.path()).len() <= 1
        });
        assert!(log.close());
        assert_eq!(check(directory.path()).faults, []);
    }
}

#[test]
fn a_log_that_lost_its_end_while_nobody_looked_says_so_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[1; 20]);
    let last = segments(directory.path()).pop().unwrap();
    let text = fs::read_to_string(&last).unwrap();
    let (first, _) = text.split_once('\n').unwrap();
    fs::write(&last, format!("{first}\n")).unwrap();
    for _ in 0..2 {
        let (log, _) =
            AuditLog::open(directory.path(), Options::default(), clock(), signer()).unwrap();
        run(log.append(b"{}")).unwrap();
        assert!(log.close());
        let faults = check(directory.path()).faults;
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].file.ends_with(".lost.json"));
    }
}

pub(super) fn wait_until(mut done: impl FnMut() -> bool) {
    for _ in 0..600 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("it never happened");
}
