//! Schedules beside a search, minute by minute, for what the User Guide says.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use proptest::prelude::*;

use super::*;

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
