//! Following the log record by record, through everything that happens to it.

use std::{fs, sync::Arc, time::Duration};

use jiff::SignedDuration;
use strongroom::audit::{AuditLog, Follower, LogReader, Options};
use strongroom_types::ManualClock;

use super::{clock, run, segments, signer, tamper::wait_until};

fn record(number: usize) -> String {
    format!("{{\"eventID\":\"{number}\",\"pad\":\"{:0200}\"}}", 0)
}

/// All that comes, from a place on, each with the place after it.
fn rest(reader: &LogReader, mut place: Follower) -> Vec<(String, Follower)> {
    let mut all = Vec::new();
    loop {
        let more = reader.follow_each(&mut place).unwrap();
        if more.is_empty() {
            return all;
        }
        assert_eq!(more.last().unwrap().1, place);
        let text = |record: Vec<u8>| String::from_utf8(record).unwrap();
        all.extend(
            more.into_iter()
                .map(|(record, after)| (text(record), after)),
        );
    }
}

#[test]
fn every_place_leads_on_to_what_comes_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let clock = clock();
    let options = Options {
        segment_bytes: 4000,
        retention: Some(Duration::from_secs(90 * 24 * 3600)),
        ..Options::default()
    };
    let here: Arc<ManualClock> = Arc::clone(&clock);
    let (log, _) = AuditLog::open(directory.path(), options, here, signer()).unwrap();
    let expected: Vec<String> = (0..60).map(record).collect();
    for record in &expected {
        run(log.append(record.as_bytes())).unwrap();
    }
    let reader = LogReader::of(directory.path());
    let all = rest(&reader, Follower::default());
    let texts = |from: &[(String, Follower)]| -> Vec<String> {
        from.iter().map(|(text, _)| text.clone()).collect()
    };
    assert_eq!(texts(&all), expected);
    assert!(all.last().unwrap().1.sequence() > 3);
    // Plain, and compressed by and by.
    for _ in 0..2 {
        for (number, (_, place)) in all.iter().enumerate() {
            assert_eq!(reader.resume(*place).unwrap(), *place);
            assert_eq!(texts(&rest(&reader, *place)), expected[number + 1..]);
        }
        wait_until(|| {
            clock.advance(SignedDuration::from_secs(11));
            segments(directory.path()).len() == 1
        });
    }
    // A place that ends no line is of another log: its segment once more.
    let place = all[3].1;
    let odd = Follower::new(place.sequence(), place.offset() - 7);
    let again = reader.resume(odd).unwrap();
    assert_eq!((again.sequence(), again.offset()), (place.sequence(), 0));
    // One that the log has not come to: all of it.
    let far = Follower::new(1000, 5);
    assert_eq!(texts(&rest(&reader, reader.resume(far).unwrap())), expected);

    // What retention takes away unread is counted.
    clock.advance(SignedDuration::from_hours(24 * 91));
    run(log.append(record(60).as_bytes())).unwrap();
    wait_until(|| rest(&reader, Follower::default()).len() < 30);
    let left = rest(&reader, all[0].1);
    assert_eq!(left.last().unwrap().0, record(60));
    assert!(left[0].1.missed() > 0);
    assert!(left[0].1.missed() < left[0].1.sequence());
}

#[test]
fn a_log_that_lost_its_end_is_told_from_its_segment_on() {
    let directory = tempfile::tempdir().unwrap();
    let (log, _) = AuditLog::open(directory.path(), Options::default(), clock(), signer()).unwrap();
    for number in 0..5 {
        run(log.append(record(number).as_bytes())).unwrap();
    }
    assert!(log.close());
    let reader = LogReader::of(directory.path());
    let end = rest(&reader, Follower::default()).pop().unwrap().1;
    // As after a power cut: what was read was not on the disk yet.
    let file = segments(directory.path()).pop().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let kept = text.match_indices('\n').nth(2).unwrap().0 + 1;
    fs::write(&file, &text[..kept]).unwrap();
    let (log, _) = AuditLog::open(directory.path(), Options::default(), clock(), signer()).unwrap();
    for number in 10..15 {
        run(log.append(record(number).as_bytes())).unwrap();
    }
    let place = reader.resume(end).unwrap();
    let told: Vec<String> = rest(&reader, place)
        .into_iter()
        .map(|(text, _)| text)
        .collect();
    for number in 10..15 {
        assert!(told.contains(&record(number)), "{number}");
    }
}
