//! Looking up finds what reading everything would find.

use std::{sync::Arc, time::Duration};

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

/// All pages of a lookup.
async fn all(history: &History, lookup: &Lookup) -> Vec<Vec<u8>> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page: Page = history
            .lookup(Lookup {
                before,
                ..lookup.clone()
            })
            .await
            .unwrap();
        assert!(page.records.len() <= lookup.limit);
        found.extend(page.records);
        before = page.next;
        if before.is_none() {
            return found;
        }
    }
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
    for round in 0..2 {
        let history = History::of(Arc::clone(&log), directory.path());
        if round == 1 {
            // From here on with indexes of other makers, and some packed files.
            while history.index_one().unwrap() {}
            for _ in 0..40 {
                clock.advance(SignedDuration::from_secs(11));
                std::thread::sleep(Duration::from_millis(100));
                if segments(directory.path()).len() < 5 {
                    break;
                }
            }
        }
        run(async {
            for (number, attribute) in (0_i64..).zip(ATTRIBUTES.iter().cycle().take(24)) {
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
                let found = all(&history, &lookup).await;
                assert_eq!(found, expected(&reader, &lookup), "{lookup:?}");
            }
        });
    }
}
