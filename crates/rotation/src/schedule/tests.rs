use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use proptest::prelude::*;

use super::*;

fn time(text: &str) -> Timestamp {
    let text = if text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        format!("{text}:00Z")
    };
    text.parse().unwrap()
}

/// The next firings of a `cron()` expression after a time.
#[track_caller]
fn fires(fields: &str, after: &str, expected: &[&str]) {
    let cron = Cron::parse(fields).unwrap_or_else(|error| panic!("{fields}: {error}"));
    let mut after = time(after);
    for expected in expected {
        let next = cron.next(after).unwrap();
        assert_eq!(next, time(expected), "{fields}");
        after = next;
    }
}

/// The next window after a rotation.
#[track_caller]
fn window(schedule: (&str, Option<&str>), last: &str, now: &str, expected: (&str, &str)) {
    let schedule = Schedule::parse(schedule.0, schedule.1).unwrap();
    let window = schedule.next_window(time(last), time(now)).unwrap();
    assert_eq!(
        (window.start, window.end),
        (time(expected.0), time(expected.1))
    );
}

#[test]
fn every_day_at_an_hour() {
    fires(
        "0 10 * * ? *",
        "2026-11-25T09:59",
        &["2026-11-25T10:00", "2026-11-26T10:00"],
    );
    fires("0 10 * * ? *", "2026-11-25T10:00", &["2026-11-26T10:00"]);
    fires("0 0 ? * * *", "2026-12-31T12:00", &["2027-01-01"]);
}

#[test]
fn hours_restart_each_day() {
    let days = &[
        "2026-11-25T02:00",
        "2026-11-25T12:00",
        "2026-11-25T22:00",
        "2026-11-26T02:00",
    ];
    fires("0 2/10 * * ? *", "2026-11-25", days);
    for eight in ["/8", "0/8", "*/8", "0,8,16", "0-16/8"] {
        fires(
            &format!("0 {eight} * * ? *"),
            "2026-11-25",
            &["2026-11-25T08:00", "2026-11-25T16:00", "2026-11-26"],
        );
    }
}

#[test]
fn days_of_the_month() {
    fires(
        "0 16 1,15 * ? *",
        "2026-11-15T16:00",
        &["2026-12-01T16:00", "2026-12-15T16:00"],
    );
    fires(
        "0 0 31 * ? *",
        "2026-01-31",
        &["2026-03-31", "2026-05-31", "2026-07-31", "2026-08-31"],
    );
    fires(
        "0 0 10/10 * ? *",
        "2026-02-01",
        &["2026-02-10", "2026-02-20", "2026-03-10"],
    );
    fires(
        "0 0 28-30 2 ? *",
        "2026-01-01",
        &["2026-02-28", "2027-02-28"],
    );
}

#[test]
fn leap_years() {
    fires("0 0 29 2 ? *", "2026-01-01", &["2028-02-29", "2032-02-29"]);
    // 2100 is none.
    fires("0 0 29 FEB ? *", "2096-03-01", &["2104-02-29"]);
    fires("0 0 L 2 ? *", "2027-03-01", &["2028-02-29", "2029-02-28"]);
}

#[test]
fn the_last_day_of_a_month() {
    fires(
        "0 3 L * ? *",
        "2026-01-31T03:00",
        &["2026-02-28T03:00", "2026-03-31T03:00", "2026-04-30T03:00"],
    );
    fires("0 0 1,L * ? *", "2026-02-02", &["2026-02-28", "2026-03-01"]);
}

#[test]
fn the_nearest_workday() {
    // 15 November 2026 is a Sunday, 15 August a Saturday.
    fires("0 0 15W 11 ? *", "2026-11-01", &["2026-11-16"]);
    fires("0 0 15W 8 ? *", "2026-08-01", &["2026-08-14"]);
    fires("0 0 15W 12 ? *", "2026-12-01", &["2026-12-15"]);
    // Never into another month: 1 August is a Saturday, 31 May a Sunday.
    fires("0 0 1W 8 ? *", "2026-07-01", &["2026-08-03"]);
    fires("0 0 31W 5 ? *", "2026-05-01", &["2026-05-29"]);
    // A month without the day has none.
    fires("0 0 31W * ? *", "2026-04-01", &["2026-05-29"]);
    // 28 February 2026 is a Saturday.
    fires("0 0 LW 2 ? *", "2026-02-01", &["2026-02-27"]);
}

#[test]
fn weekdays() {
    fires(
        "0 0 ? * MON-FRI *",
        "2026-11-26",
        &["2026-11-27", "2026-11-30"],
    );
    fires("0 0 ? * 1 *", "2026-11-25", &["2026-11-29", "2026-12-06"]);
    fires("0 0 ? * L *", "2026-11-25", &["2026-11-28"]);
    fires(
        "0 0 ? * TUE#3 *",
        "2026-11-01",
        &["2026-11-17", "2026-12-15"],
    );
    fires("0 0 ? * SUN#1 *", "2026-11-01", &["2026-12-06"]);
    fires("0 0 ? * 2#5 *", "2026-11-01", &["2026-11-30", "2027-03-29"]);
    fires(
        "0 0 ? * SUNL *",
        "2026-11-01",
        &["2026-11-29", "2026-12-27"],
    );
    fires("0 0 ? * 6L *", "2026-11-01", &["2026-11-27", "2026-12-25"]);
    fires("0 0 ? JAN,jul mon *", "2026-11-01", &["2027-01-04"]);
    fires(
        "0 0 ? * 2/2 *",
        "2026-11-22",
        &["2026-11-23", "2026-11-25", "2026-11-27"],
    );
}

#[test]
fn what_is_not_in_the_grammar() {
    for expression in [
        "",
        "every day",
        "rate(10)",
        "rate(ten days)",
        "rate(-1 days)",
        "rate(+5 days)",
        "rate(0 days)",
        "rate(1.5 days)",
        "rate(5 weeks)",
        "rate(30 minutes)",
        "rate(1001 days)",
        "rate(10 days",
        "cron(0 10 * * ? *",
        "cron(0 10 * * *)",
        "cron(0 10 * * ? * *)",
        "cron(5 10 * * ? *)",
        "cron(* 10 * * ? *)",
        "cron(0 10 * * ? 2027)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 10 0 * ? *)",
        "cron(0 10 32 * ? *)",
        "cron(0 10 * 13 ? *)",
        "cron(0 10 * FEBRUARY ? *)",
        "cron(0 10 ? * 0 *)",
        "cron(0 10 ? * 8 *)",
        "cron(0 10 ? * TUE#6 *)",
        "cron(0 10 ? * TUE#0 *)",
        "cron(0 10 ? * FRI-MON *)",
        "cron(0 10 5-1 * ? *)",
        "cron(0 10 W * ? *)",
        "cron(0 10 1/0 * ? *)",
        "cron(0 10 +1 * ? *)",
        "cron(0 10 1,,2 * ? *)",
        "cron(0 10 30 2 ? *)",
    ] {
        let error = Schedule::parse(expression, None).unwrap_err();
        assert!(
            matches!(error, ScheduleError::Expression(_)),
            "{expression}: {error}"
        );
    }
}

#[test]
fn at_most_every_four_hours() {
    for expression in [
        "rate(1 hour)",
        "rate(3 hours)",
        "cron(0 * * * ? *)",
        "cron(0 /3 * * ? *)",
        "cron(0 1,2 * * ? *)",
        // From 22 o'clock to the next day's 1.
        "cron(0 1,22 * * ? *)",
        // The 31st is followed by the 1st.
        "cron(0 0,21 1,31 * ? *)",
    ] {
        let error = Schedule::parse(expression, None).unwrap_err();
        assert_eq!(error, ScheduleError::TooOften, "{expression}");
    }
    for expression in [
        "rate(4 hours)",
        "rate(1 day)",
        "cron(00 08 * * ? *)",
        "cron(0 /4 * * ? *)",
        "cron(0 2,22 * * ? *)",
        // Never on days that follow each other.
        "cron(0 0,23 5,10 * ? *)",
    ] {
        Schedule::parse(expression, None).unwrap();
    }
}

#[test]
fn days_are_within_1_and_1000() {
    for days in [0, -1, 1001] {
        assert_eq!(
            Schedule::after_days(days, None).unwrap_err(),
            ScheduleError::Days
        );
    }
    for days in [1, 1000] {
        Schedule::after_days(days, None).unwrap();
    }
}

#[test]
fn a_schedule_in_days_opens_at_midnight_and_closes_with_the_day() {
    window(
        ("rate(10 days)", None),
        "2026-11-25T13:20",
        "2026-11-25T13:20",
        ("2026-12-05", "2026-12-06"),
    );
    window(
        ("rate(1 day)", Some("3h")),
        "2026-12-31T23:59",
        "2026-12-31T23:59",
        ("2027-01-01", "2027-01-01T03:00"),
    );
    window(
        ("cron(0 16 1,15 * ? *)", None),
        "2026-11-25T13:20",
        "2026-11-25T13:20",
        ("2026-12-01T16:00", "2026-12-02"),
    );
}

#[test]
fn a_schedule_in_hours_closes_after_one() {
    window(
        ("rate(10 hours)", None),
        "2026-11-25T10:00",
        "2026-11-25T10:20",
        ("2026-11-25T20:00", "2026-11-25T21:00"),
    );
    window(
        ("cron(0 /8 * * ? *)", None),
        "2026-11-25T13:20",
        "2026-11-25T13:20",
        ("2026-11-25T16:00", "2026-11-25T17:00"),
    );
}

/// When the window begins that is next after a rotation at `now`, which was
/// waited for in the window that begins at `window`.
#[track_caller]
fn after(schedule: (&str, Option<&str>), window: Option<&str>, now: &str, expected: &str) {
    let schedule = Schedule::parse(schedule.0, schedule.1).unwrap();
    let window = window.map(|start| schedule.window(time(start)).unwrap());
    let next = schedule.after_rotation(window, time(now)).unwrap();
    assert_eq!(next.start, time(expected));
}

#[test]
fn a_schedule_in_hours_begins_at_midnight() {
    let first = |expression, now| {
        let schedule = Schedule::parse(expression, None).unwrap();
        schedule.first_window(time(now)).unwrap().start
    };
    for (expression, now, expected) in [
        ("rate(10 hours)", "2026-11-25T13:20", "2026-11-25T20:00"),
        // The one that is open.
        ("rate(10 hours)", "2026-11-25T20:59", "2026-11-25T20:00"),
        ("rate(10 hours)", "2026-11-25T00:59", "2026-11-25"),
        ("rate(10 hours)", "2026-11-25T01:00", "2026-11-25T10:00"),
        // Into the next day.
        ("rate(10 hours)", "2026-11-25T21:00", "2026-11-26T06:00"),
        ("rate(12 hours)", "2026-11-25T13:00", "2026-11-26"),
        ("rate(36 hours)", "2026-11-25T13:20", "2026-11-26T12:00"),
    ] {
        assert_eq!(first(expression, now), time(expected), "{expression} {now}");
    }
}

#[test]
fn a_rotation_by_hand_counts_hours_from_midnight() {
    let ten = ("rate(10 hours)", None);
    after(ten, None, "2026-11-25T13:20", "2026-11-25T20:00");
    after(ten, None, "2026-11-25T10:20", "2026-11-25T20:00");
    after(ten, None, "2026-11-25T10:00", "2026-11-25T20:00");
    after(ten, None, "2026-11-25T20:30", "2026-11-26T06:00");
    after(ten, None, "2026-11-25", "2026-11-25T10:00");
    after(
        ("rate(4 hours)", None),
        None,
        "2026-11-25T13:20",
        "2026-11-25T16:00",
    );
    after(
        ("rate(30 hours)", None),
        None,
        "2026-11-25T13:20",
        "2026-11-26T06:00",
    );
    // The window that is waited for has not begun: it is not used up.
    let six = Some("2026-11-26T06:00");
    after(ten, six, "2026-11-26T05:59", "2026-11-26T10:00");
}

#[test]
fn windows_in_hours_go_on_from_the_one_before() {
    let ten = ("rate(10 hours)", None);
    let six = Some("2026-11-26T06:00");
    for now in ["06:00", "06:59", "07:00", "15:59"] {
        after(ten, six, &format!("2026-11-26T{now}"), "2026-11-26T16:00");
    }
    // Also when it was missed. Whoever rotates in a window has used it up.
    after(ten, six, "2026-11-27T01:00", "2026-11-27T02:00");
    after(ten, six, "2026-11-27T02:00", "2026-11-27T12:00");
    after(
        ("rate(10 hours)", Some("9h")),
        six,
        "2026-11-27T10:59",
        "2026-11-27T12:00",
    );
}

#[test]
fn days_count_from_the_rotation() {
    let window = Some("2026-11-20");
    for schedule in [("rate(5 days)", None), ("rate(5 days)", Some("3h"))] {
        for window in [None, window, Some("2026-12-01")] {
            after(schedule, window, "2026-11-25T13:20", "2026-11-30");
            after(schedule, window, "2026-11-25T23:59", "2026-11-30");
            after(schedule, window, "2026-11-26", "2026-12-01");
        }
    }
    after(
        ("cron(0 16 1,15 * ? *)", None),
        window,
        "2026-11-25T13:20",
        "2026-12-01T16:00",
    );
    after(
        ("cron(0 16 1,15 * ? *)", None),
        None,
        "2026-12-01T16:00",
        "2026-12-15T16:00",
    );
}

#[test]
fn windows_across_midnight() {
    window(
        ("cron(0 10,22 * * ? *)", Some("4h")),
        "2026-11-25T13:20",
        "2026-11-25T13:20",
        ("2026-11-25T22:00", "2026-11-26T02:00"),
    );
    // It is still open after midnight.
    window(
        ("cron(0 10,22 * * ? *)", Some("4h")),
        "2026-11-25T13:20",
        "2026-11-26T01:59",
        ("2026-11-25T22:00", "2026-11-26T02:00"),
    );
    // And then it is not, or was used already.
    for (last, now) in [
        ("2026-11-25T13:20", "2026-11-26T02:00"),
        ("2026-11-25T22:00", "2026-11-26T01:59"),
    ] {
        window(
            ("cron(0 10,22 * * ? *)", Some("4h")),
            last,
            now,
            ("2026-11-26T10:00", "2026-11-26T14:00"),
        );
    }
    window(
        ("rate(23 hours)", Some("5h")),
        "2026-11-25T00:00",
        "2026-11-26T03:00",
        ("2026-11-25T23:00", "2026-11-26T04:00"),
    );
}

#[test]
fn windows_that_were_missed_are_left_out() {
    window(
        ("rate(5 days)", None),
        "2026-01-01",
        "2026-02-03T12:00",
        ("2026-02-05", "2026-02-06"),
    );
    window(
        ("rate(5 days)", None),
        "2026-01-01",
        "2026-01-31T12:00",
        ("2026-01-31", "2026-02-01"),
    );
    window(
        ("cron(0 0 1 * ? *)", Some("6h")),
        "2026-01-01",
        "2026-06-01T06:00",
        ("2026-07-01", "2026-07-01T06:00"),
    );
}

#[test]
fn a_window_ends_before_the_next_and_within_its_day() {
    for (expression, duration) in [
        ("rate(4 hours)", "5h"),
        ("cron(0 /8 * * ? *)", "9h"),
        ("cron(0 22 * * ? *)", "3h"),
        ("cron(0 2,22 * * ? *)", "5h"),
    ] {
        let error = Schedule::parse(expression, Some(duration)).unwrap_err();
        assert_eq!(error, ScheduleError::Window, "{expression} {duration}");
    }
    for (expression, duration) in [
        ("rate(4 hours)", "4h"),
        ("rate(2 days)", "24h"),
        ("cron(0 /8 * * ? *)", "8h"),
        ("cron(0 22 * * ? *)", "2h"),
        ("cron(0 2,22 * * ? *)", "4h"),
    ] {
        Schedule::parse(expression, Some(duration)).unwrap();
    }
    for duration in ["", "h", "0h", "25h", "3", "3d", "-1h", "+1h"] {
        let error = Schedule::parse("rate(2 days)", Some(duration)).unwrap_err();
        assert_eq!(error, ScheduleError::Duration, "{duration}");
    }
}

#[test]
fn days_are_told_of_every_schedule() {
    for (expression, days) in [
        ("rate(10 hours)", 1),
        ("rate(25 hours)", 2),
        ("rate(7 days)", 7),
        ("cron(0 16 1,15 * ? *)", 15),
        ("cron(0 0 1 * ? *)", 30),
        ("cron(0 /8 * * ? *)", 1),
        ("cron(0 0 ? * SUN *)", 7),
        ("cron(0 0 1 1 ? *)", 365),
    ] {
        let schedule = Schedule::parse(expression, None).unwrap();
        assert_eq!(schedule.automatically_after_days(), days, "{expression}");
    }
}

#[test]
fn the_next_date_is_the_end_of_the_window() {
    let window = Schedule::after_days(1, None)
        .unwrap()
        .next_window(time("2026-11-25T13:20"), time("2026-11-25T13:20"))
        .unwrap();
    assert_eq!(window.latest().to_string(), "2026-11-26T23:59:59Z");
}

fn weekday(date: Date) -> i8 {
    match date.weekday() {
        Weekday::Sunday => 1,
        Weekday::Monday => 2,
        Weekday::Tuesday => 3,
        Weekday::Wednesday => 4,
        Weekday::Thursday => 5,
        Weekday::Friday => 6,
        Weekday::Saturday => 7,
    }
}

fn month_of(date: Date) -> Vec<Date> {
    (1..=date.days_in_month())
        .map(|day| Date::new(date.year(), date.month(), day).unwrap())
        .collect()
}

/// The workday of the month with the least distance from a day; of two, the
/// one is a Friday before a Saturday or a Monday after a Sunday.
fn nearest(date: Date, day: i8) -> Option<Date> {
    let month = month_of(date);
    month.iter().find(|date| date.day() == day)?;
    let workdays = month
        .into_iter()
        .filter(|date| (2..=6).contains(&weekday(*date)));
    workdays.min_by_key(|date| (date.day() - day).abs())
}

/// A part of a field of numbers in any of its forms, and the numbers it means.
fn part(
    first: i8,
    last: i8,
    names: &'static [&'static str],
    steps: std::ops::RangeInclusive<i8>,
) -> impl Strategy<Value = (String, BTreeSet<i8>)> {
    let number = first..=last;
    let pair = (number.clone(), number.clone()).prop_map(|(one, other)| {
        if one < other {
            (one, other)
        } else {
            (other, one)
        }
    });
    // Every number that some steps from `from` lead to.
    let every = |from: i8, to: i8, step: i8| -> BTreeSet<i8> {
        (from..=to)
            .filter(|number| (number - from) % step == 0)
            .collect()
    };
    let named = move |number: i8, lower: bool| {
        let text = names.get((number - first) as usize).copied();
        let text = text.map_or_else(|| number.to_string(), str::to_owned);
        if lower { text.to_lowercase() } else { text }
    };
    prop_oneof![
        4 => (number.clone(), any::<bool>())
            .prop_map(move |(n, lower)| (named(n, lower), BTreeSet::from([n]))),
        1 => Just(("*".to_owned(), every(first, last, 1))),
        2 => pair.clone().prop_map(move |(from, to)| (format!("{from}-{to}"), every(from, to, 1))),
        2 => (number, steps.clone())
            .prop_map(move |(from, step)| (format!("{from}/{step}"), every(from, last, step))),
        1 => steps.clone().prop_map(move |step| (format!("/{step}"), every(first, last, step))),
        1 => steps.clone().prop_map(move |step| (format!("*/{step}"), every(first, last, step))),
        2 => (pair, steps)
            .prop_map(move |((a, b), step)| (format!("{a}-{b}/{step}"), every(a, b, step))),
    ]
}

/// The parts of a field, one to three of them.
fn parts<T: std::fmt::Debug>(
    part: impl Strategy<Value = (String, T)>,
) -> impl Strategy<Value = (String, Vec<T>)> {
    proptest::collection::vec(part, 1..4).prop_map(|parts| {
        let (texts, meanings): (Vec<String>, Vec<T>) = parts.into_iter().unzip();
        (texts.join(","), meanings)
    })
}

/// On which days, as the User Guide says it.
#[derive(Clone, Debug)]
enum Day {
    OfMonth(BTreeSet<i8>),
    OfWeek(BTreeSet<i8>),
    Last,
    LastWorkday,
    LastOf(i8),
    Nth(i8, i8),
    Nearest(i8),
}

impl Day {
    fn matches(&self, date: Date) -> bool {
        let month = || month_of(date).into_iter();
        let found = match self {
            Self::OfMonth(days) => return days.contains(&date.day()),
            Self::OfWeek(days) => return days.contains(&weekday(date)),
            Self::Last => month().last(),
            Self::LastWorkday => month().rfind(|day| (2..=6).contains(&weekday(*day))),
            Self::LastOf(day) => month().rfind(|other| weekday(*other) == *day),
            Self::Nth(day, nth) => month()
                .filter(|other| weekday(*other) == *day)
                .nth(*nth as usize - 1),
            Self::Nearest(day) => nearest(date, *day),
        };
        found == Some(date)
    }
}

/// The two day fields, and what they mean.
fn days() -> impl Strategy<Value = (String, String, Vec<Day>)> {
    let of_month = prop_oneof![
        3 => part(1, 31, &[], 1..=31).prop_map(|(text, days)| (text, Day::OfMonth(days))),
        // The ends of a month are where it matters.
        2 => prop_oneof![Just(1), 1..=31_i8, 28..=31_i8]
            .prop_map(|day| (format!("{day}W"), Day::Nearest(day))),
        1 => Just(("L".to_owned(), Day::Last)),
        1 => Just(("LW".to_owned(), Day::LastWorkday)),
    ];
    let of_week = prop_oneof![
        3 => part(1, 7, WEEKDAYS, 1..=7).prop_map(|(text, days)| (text, Day::OfWeek(days))),
        1 => Just(("L".to_owned(), Day::OfWeek(BTreeSet::from([7])))),
        2 => (1..=7_i8).prop_map(|day| (format!("{day}L"), Day::LastOf(day))),
        1 => (0..7_usize).prop_map(|day| (format!("{}L", WEEKDAYS[day]), Day::LastOf(day as i8 + 1))),
        2 => (1..=7_i8, 1..=5_i8).prop_map(|(day, nth)| (format!("{day}#{nth}"), Day::Nth(day, nth))),
    ];
    prop_oneof![
        parts(of_month).prop_map(|(text, days)| (text, "?".to_owned(), days)),
        parts(of_week).prop_map(|(text, days)| ("?".to_owned(), text, days)),
    ]
}

const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Against a search minute by minute, of every form of every field. What
    /// is refused is refused for what the search shows.
    #[test]
    fn the_next_firing_is_the_first_minute_that_matches(
        (hour_text, hours) in prop_oneof![
            3 => part(0, 23, &[], 4..=23).prop_map(|(text, hours)| (text, vec![hours])),
            1 => parts(part(0, 23, &[], 4..=23)),
        ],
        (month_text, months) in parts(part(1, 12, MONTHS, 1..=12)),
        (day, weekday, days) in days(),
        start in 1_700_000_000..2_000_000_000_i64,
    ) {
        let hours: BTreeSet<i8> = hours.into_iter().flatten().collect();
        let months: BTreeSet<i8> = months.into_iter().flatten().collect();
        let fields = format!("0 {hour_text} {day} {month_text} {weekday} *");
        let mut minute = start - start.rem_euclid(60);
        let limit = minute + 500 * 24 * 3600;
        let mut seen: Option<(Date, bool)> = None;
        let found = loop {
            minute += 60;
            if minute > limit {
                break None;
            }
            let moment = civil(Timestamp::from_second(minute).unwrap());
            let date = moment.date();
            let day_matches = match seen {
                Some((known, matches)) if known == date => matches,
                _ => {
                    let matches = months.contains(&date.month())
                        && days.iter().any(|day| day.matches(date));
                    seen = Some((date, matches));
                    matches
                }
            };
            if day_matches && moment.minute() == 0 && hours.contains(&moment.hour()) {
                break Some(Timestamp::from_second(minute).unwrap());
            }
        };
        let cron = match Cron::parse(&fields) {
            Ok(cron) => cron,
            Err(ScheduleError::TooOften) => {
                let overnight = hours.first().unwrap() + 24 - hours.last().unwrap();
                let gaps = hours.iter().zip(hours.iter().skip(1)).map(|(one, next)| next - one);
                prop_assert!(gaps.chain([overnight]).any(|gap| gap < 4), "{}", fields);
                return Ok(());
            }
            Err(error) => {
                prop_assert_eq!(found, None, "{}: {}", fields, error);
                return Ok(());
            }
        };
        let next = cron.next(Timestamp::from_second(start).unwrap());
        match found {
            Some(found) => prop_assert_eq!(next, Some(found), "{}", fields),
            None => prop_assert!(next.is_none_or(|next| next.as_second() > limit), "{}", fields),
        }
    }

    /// The life of a secret under a rate: it is put on its schedule, rotated
    /// within a window or by hand, or missed; against a search minute by
    /// minute for the first that is whole intervals after the midnight, or
    /// the window, from which they are counted.
    #[test]
    fn windows_of_a_rate_are_where_a_search_finds_them(
        (every, in_hours) in prop_oneof![
            (4..60_i64).prop_map(|hours| (hours, true)),
            (1..9_i64).prop_map(|days| (days, false)),
        ],
        duration in prop_oneof![Just(None), (1..=24_i64).prop_map(Some)],
        start in 1_700_000_000..2_000_000_000_i64,
        rotates in any::<bool>(),
        steps in proptest::collection::vec(
            (0..3_u8, 0..3_i64, prop_oneof![Just(0), 0..6000_i64], 0..100_i64), 1..6),
    ) {
        let unit = if in_hours { "hours" } else { "days" };
        let text = duration.map(|hours| format!("{hours}h"));
        let parsed = Schedule::parse(&format!("rate({every} {unit})"), text.as_deref());
        let longest = if in_hours { every.min(24) } else { 24 };
        prop_assert_eq!(parsed.is_ok(), duration.is_none_or(|hours| hours <= longest));
        let Ok(schedule) = parsed else {
            return Ok(());
        };
        let length = 60 * duration.unwrap_or(if in_hours { 1 } else { 24 });
        let every = every * if in_hours { 60 } else { 24 * 60 };
        let midnight = |minute: i64| (0..).map(|back| minute - back).find(|m| m % (24 * 60) == 0);
        // The first minute, from `from` on, of whole intervals after `origin`
        // with a window that is open later than `now`.
        let search = |origin: i64, from: i64, now: i64| {
            (from..).find(|minute| (minute - origin) % every == 0 && minute + length > now)
        };
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let window = |minute: i64| Window { start: at(minute), end: at(minute + length) };

        let mut now = start / 60;
        let (mut found, mut expected) = if rotates {
            let origin = midnight(now).unwrap();
            let from = if in_hours { now + 1 } else { origin + every };
            (schedule.after_rotation(None, at(now)), search(origin, from, now))
        } else {
            let origin = midnight(now).unwrap();
            let from = if in_hours { origin } else { origin + every };
            (schedule.first_window(at(now)), search(origin, from, now))
        };
        for (what, intervals, minutes, percent) in steps {
            let begins = expected.unwrap();
            prop_assert_eq!(found, Some(window(begins)));
            match what {
                // In the window.
                0 => now = now.max(begins + length * percent / 100),
                // By hand, before or after it began.
                1 => now += minutes,
                // Never: nobody was there, until after a window or just its end.
                _ => {
                    now = now.max(begins + length) + intervals * every + minutes;
                    found = schedule.next_window(at(begins), at(now));
                    expected = search(begins, begins + every, now);
                    continue;
                }
            }
            found = schedule.after_rotation(found, at(now));
            let origin = if in_hours && begins <= now { begins } else { midnight(now).unwrap() };
            let from = if in_hours { now + 1 } else { origin + every };
            expected = search(origin, from, now);
        }
        prop_assert_eq!(found, Some(window(expected.unwrap())));
    }

    /// A window never begins before the one before it ends, and none is
    /// entered twice.
    #[test]
    fn windows_follow_each_other(
        expression in prop_oneof![
            (4..100_i64).prop_map(|hours| format!("rate({hours} hours)")),
            (1..100_i64).prop_map(|days| format!("rate({days} days)")),
            (0..24_i64).prop_map(|hour| format!("cron(0 {hour} L * ? *)")),
            (4..24_i64).prop_map(|step| format!("cron(0 /{step} * * ? *)")),
        ],
        duration in prop_oneof![Just(None), (1..24_i64).prop_map(|hours| Some(format!("{hours}h")))],
        start in 1_700_000_000..2_000_000_000_i64,
    ) {
        let Ok(schedule) = Schedule::parse(&expression, duration.as_deref()) else {
            return Ok(());
        };
        let now = Timestamp::from_second(start).unwrap();
        let mut before = schedule.first_window(now).unwrap();
        prop_assert!(before.end > now);
        for _ in 0..20 {
            let next = schedule.next_window(before.start, before.start).unwrap();
            prop_assert!(next.start >= before.end, "{} {:?}", expression, duration);
            prop_assert!(next.start.duration_since(before.start).as_hours() >= MINIMUM_HOURS);
            before = next;
        }
    }
}
