//! Looking up finds what reading everything would find.

use std::{path::Path, sync::Arc, time::Duration};

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

/// Has all segments indexed although one of them cannot be read meanwhile.
fn index_all_but_one(history: &History, directory: &Path) {
    let names = |ending| {
        let names = std::fs::read_dir(directory).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().path()).collect();
        names.retain(|path| path.extension().is_some_and(|it| it == ending));
        names.sort();
        names
    };
    for index in names("index") {
        std::fs::remove_file(index).unwrap();
    }
    let segments = names("jsonl");
    let [.., unreadable, newest] = segments.as_slice() else {
        panic!("{segments:?}");
    };
    let aside = directory.join("aside");
    std::fs::rename(unreadable, &aside).unwrap();
    std::fs::create_dir(unreadable).unwrap();
    history.index_one().expect_err("it cannot be read");
    while history.index_one().unwrap() {}
    let made = names("index");
    assert!(
        !made.contains(&unreadable.with_extension("index")),
        "{made:?}"
    );
    assert!(!made.contains(&newest.with_extension("index")), "{made:?}");
    assert_eq!(made.len(), segments.len() + names("gz").len() - 2);
    std::fs::remove_dir(unreadable).unwrap();
    std::fs::rename(aside, unreadable).unwrap();
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
