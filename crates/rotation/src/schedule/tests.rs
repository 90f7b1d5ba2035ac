mod search;

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
