//! Looking up finds what reading everything would find.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use strongroom::audit::{AuditLog, History, LogReader, Options};
use strongroom_services::cloudtrail::{Attribute, EventHistory as _, Lookup, Page, Summary};
use strongroom_types::{AccountId, ManualClock, Region};

use super::{clock, run, segments, signer};

const ACCOUNTS: [u64; 2] = [111_122_223_333, 444_455_556_666];
const USERS: [&str; 5] = ["ann", "bob", "cid", "dee", "eve"];
const EVENTS: [&str; 4] = [
    "GetSecretValue",
    "DescribeSecret",
    "PutSecretValue",
    "ListSecrets",
];
const ATTRIBUTES: [Attribute; 8] = [
    Attribute::AccessKeyId,
    Attribute::EventId,
    Attribute::EventName,
    Attribute::EventSource,
    Attribute::ReadOnly,
    Attribute::ResourceName,
    Attribute::ResourceType,
    Attribute::Username,
];

/// Record number `number`, one a second.
fn record(number: i64, start: Timestamp) -> String {
    let pick = |items: &[&'static str], salt: i64| {
        items[usize::try_from((number * 7 + salt) % 1_000_003).unwrap() % items.len()]
    };
    let user = pick(&USERS, number / 11);
    let event = pick(&EVENTS, number / 5);
    let account = ACCOUNTS[usize::from(number % 9 == 0)];
    let region = if number % 13 == 0 {
        "eu-west-1"
    } else {
        "us-east-1"
    };
    let time = start
        .saturating_add(SignedDuration::from_secs(number))
        .unwrap();
    format!(
        r#"{{"userIdentity":{{"type":"IAMUser","accountId":"{account}","accessKeyId":"AKIA{user}","userName":"{user}"}},"eventTime":"{}","eventSource":"secretsmanager.amazonaws.com","eventName":"{event}","awsRegion":"{region}","requestParameters":{{"secretId":"app/{}"}},"responseElements":null,"requestID":"r-{number}","eventID":"e-{number}","readOnly":{},"eventType":"AwsApiCall","recipientAccountId":"{account}","pad":"{}"}}"#,
        time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        number % 97,
        event != "PutSecretValue",
        "x".repeat(usize::try_from(number % 400).unwrap()),
    )
}

/// What a lookup should find, by reading everything.
fn expected(log: &LogReader, lookup: &Lookup) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    log.each(None, &mut |record| {
        let summary = Summary::of(record).unwrap();
        let time = summary.time.as_second();
        let by = lookup.attribute.as_ref();
        let fits = summary.account == lookup.account.to_string()
            && summary.region == lookup.region.as_str()
            && lookup.start.is_none_or(|start| time >= start)
            && lookup.end.is_none_or(|end| time <= end)
            && by.is_none_or(|(attribute, value)| {
                summary.attributes().any(|it| it == (*attribute, value))
            });
        if fits {
            found.push(record.to_vec());
        }
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    found.reverse();
    found
}

/// All pages of a lookup, and how many of them ended before they were full.
async fn all(history: &History, lookup: &Lookup) -> (Vec<Vec<u8>>, usize) {
    let (mut found, mut before, mut short) = (Vec::new(), None, 0);
    loop {
        let page: Page = history
            .lookup(Lookup {
                before,
                ..lookup.clone()
            })
            .await
            .unwrap();
        assert!(page.records.len() <= lookup.limit);
        before = page.next;
        short += usize::from(before.is_some() && page.records.len() < lookup.limit);
        found.extend(page.records);
        if before.is_none() {
            return (found, short);
        }
    }
}

/// The segments that have a file which ends so, by their names without an ending.
fn stems(directory: &Path, endings: &[&str]) -> BTreeSet<String> {
    let files = std::fs::read_dir(directory).unwrap();
    let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let stem = |file: String| {
        let (stem, ending) = file.split_once('.')?;
        endings.contains(&ending).then(|| stem.to_owned())
    };
    files.filter_map(stem).collect()
}

/// Has all segments indexed although one of them cannot be read for a while.
fn index_all_but_one(history: &History, directory: &Path) {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    for stem in stems(directory, &["index"]) {
        std::fs::remove_file(directory.join(stem + ".index")).unwrap();
    }
    let mut finished = stems(directory, &["jsonl", "jsonl.gz"]);
    let newest = finished.pop_last().unwrap();
    let unreadable = finished.last().unwrap().clone();
    let file = directory.join(unreadable.clone() + ".jsonl");
    let aside = directory.join("aside");
    std::fs::rename(&file, &aside).unwrap();
    std::fs::create_dir(&file).unwrap();
    history.index_some(at(0)).expect_err("it cannot be read");
    assert_eq!(stems(directory, &["index"]), BTreeSet::new());
    // One at a time while it is not known how the log grows.
    for made in 1..3 {
        history.index_some(at(made)).unwrap();
        assert_eq!(stems(directory, &["index"]).len() as u64, made);
    }
    // The log does not grow, which is known after a window that was watched whole.
    for seconds in (5..100).step_by(5) {
        history.index_some(at(seconds)).unwrap();
    }
    finished.remove(&unreadable);
    assert_eq!(stems(directory, &["index"]), finished);
    history.index_some(at(660)).expect_err("it is tried again");
    std::fs::remove_dir(&file).unwrap();
    std::fs::rename(aside, &file).unwrap();
    history.index_some(at(700)).unwrap();
    assert_eq!(stems(directory, &["index"]), finished, "not so soon again");
    history.index_some(at(1300)).unwrap();
    finished.insert(unreadable);
    assert_eq!(stems(directory, &["index"]), finished);
    assert!(!finished.contains(&newest));
}

#[test]
fn lookups_find_what_reading_everything_finds() {
    let directory = tempfile::tempdir().unwrap();
    let clock = clock();
    let options = Options {
        segment_bytes: 128 << 10,
        max_wait: Duration::from_secs(60),
        ..Options::default()
    };
    let time = Arc::<ManualClock>::clone(&clock);
    let (log, _) = AuditLog::open(directory.path(), options, time, signer()).unwrap();
    let log = Arc::new(log);
    let start: Timestamp = "2026-11-23T00:44:00Z".parse().unwrap();
    let history = History::of(Arc::clone(&log), directory.path());
    let watched = Instant::now();
    for seconds in [0, 5] {
        let now = watched + Duration::from_secs(seconds);
        history.index_some(now).unwrap();
    }
    run(async {
        for hundred in 0..30 {
            let records: Vec<_> = (hundred * 100..hundred * 100 + 100)
                .map(|number| record(number, start))
                .collect();
            log.append_many(&records).await.unwrap();
            // The clock is where the records are; some segments are compressed.
            clock.advance(SignedDuration::from_secs(100));
        }
    });
    // More segments in five seconds than are to be indexed.
    let now = watched + Duration::from_secs(10);
    history.index_some(now).unwrap();
    assert_eq!(stems(directory.path(), &["index"]), BTreeSet::new());
    let reader = LogReader::of(directory.path());
    for round in 0..3 {
        // First with a page for each index that has to be made.
        let patience = Duration::from_secs(if round == 0 { 0 } else { 60 });
        let history = History::patient(Arc::clone(&log), directory.path(), patience);
        if round == 1 {
            // From here on with indexes of other makers.
            index_all_but_one(&history, directory.path());
        }
        if round == 2 {
            // And with some packed files.
            for _ in 0..40 {
                clock.advance(SignedDuration::from_secs(11));
                std::thread::sleep(Duration::from_millis(100));
                if segments(directory.path()).len() < 5 {
                    break;
                }
            }
        }
        let mut short_pages = 0;
        run(async {
            for (number, attribute) in (1_i64..).zip(ATTRIBUTES.iter().cycle().take(24)) {
                let of = record((number * 613) % 3000, start);
                let summary = Summary::of(of.as_bytes()).unwrap();
                let mut values = summary.attributes().filter(|(it, _)| it == attribute);
                let value = values.next().unwrap().1.to_owned();
                let second = start.as_second();
                let lookup = Lookup {
                    account: AccountId::new(ACCOUNTS[0]).unwrap(),
                    region: Region::US_EAST_1,
                    attribute: (number % 7 != 0).then_some((*attribute, value)),
                    start: (number % 3 == 1).then_some(second + 400 + number * 31),
                    end: (number % 4 == 1).then_some(second + 2500 - number * 17),
                    before: None,
                    limit: if number % 2 == 0 { 50 } else { 7 },
                };
                let (found, short) = all(&history, &lookup).await;
                short_pages += short;
                assert_eq!(found, expected(&reader, &lookup), "{lookup:?}");
            }
        });
        assert_eq!(short_pages > 0, round == 0, "{short_pages}");
    }
}
