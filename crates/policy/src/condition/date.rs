use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

use super::operator::Relation;
use crate::PolicyError;

/// The values of the `Date…` operators.
///
/// A policy with a value that is no date is refused; a request's matches
/// nothing (inferred, as for numbers), which makes `DateNotEquals` true.
#[derive(Debug)]
pub(crate) struct Dates {
    relation: Relation,
    values: Box<[Timestamp]>,
}

impl Dates {
    pub(crate) fn parse(relation: Relation, values: &[String]) -> Result<Self, PolicyError> {
        let invalid = |value: &String| PolicyError::LegacyParsing {
            value: value.clone(),
        };
        let values = values
            .iter()
            .map(|value| instant(value).ok_or_else(|| invalid(value)));
        Ok(Self {
            relation,
            values: values.collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn match_any(&self, value: &str) -> bool {
        instant(value).is_some_and(|request| {
            self.values
                .iter()
                .any(|policy| self.relation.holds(&request, policy))
        })
    }
}

/// Reads epoch seconds or an ISO 8601 date. Month, day, time and zone may be
/// left out: a year is its first instant, and without a zone it is UTC. Points
/// in time past those that can be counted here are the first or last that can.
///
/// Source: answers of the live service on record take each of these forms, also
/// in small letters, and refuse others.
fn instant(text: &str) -> Option<Timestamp> {
    let is_date = text.bytes().any(|byte| matches!(byte, b'-' | b'T' | b't'));
    if !is_date {
        let seconds = number(text, 19)?;
        return Some(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX));
    }
    let text = text.to_ascii_lowercase();
    let (date, time) = text.split_once('t').unwrap_or((&text, ""));
    let day = day(date)?;
    let since_midnight = time_of_day(time)?;
    Some(day.saturating_add(since_midnight).unwrap_or(day))
}

/// The first instant of a date: `2024`, `2024-03`, `2024-03-01`, `-44-03-15`.
fn day(text: &str) -> Option<Timestamp> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let mut parts = digits.split('-');
    let year = number(parts.next()?, 9)? * sign;
    let month = parts.next().map_or(Some(1), |month| number(month, 2))?;
    let day = parts.next().map_or(Some(1), |day| number(day, 2))?;
    let in_year = (1..=12).contains(&month) && (1..=31).contains(&day);
    if !in_year || parts.next().is_some() {
        return None;
    }
    let Ok(year) = i16::try_from(year) else {
        return Some(if sign > 0 {
            Timestamp::MAX
        } else {
            Timestamp::MIN
        });
    };
    if !(-9999..=9999).contains(&year) {
        return Some(if sign > 0 {
            Timestamp::MAX
        } else {
            Timestamp::MIN
        });
    }
    let date = civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    let midnight = date.ok()?.to_zoned(TimeZone::UTC);
    Some(midnight.map_or(Timestamp::MIN, |midnight| midnight.timestamp()))
}

/// How long after midnight UTC a time is: `10`, `10:30`, `10:30:00.5`, each
/// with `z` or an offset, or nothing at all.
fn time_of_day(text: &str) -> Option<SignedDuration> {
    let (clock, offset) = match text.find(['+', '-', 'z']) {
        Some(place) => text.split_at(place),
        None => (text, ""),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let seconds = if clock.is_empty() { 0 } else { seconds(clock)? };
    let offset = match offset.split_at_checked(1) {
        None | Some(("z", "")) => 0,
        Some(("+", rest)) => seconds_of_offset(rest)?,
        Some(("-", rest)) => -seconds_of_offset(rest)?,
        Some(_) => return None,
    };
    let is_number = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || fraction.trim_start_matches('0').len() > 9 {
        return None;
    }
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanoseconds = digits.fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
    Some(SignedDuration::new(seconds - offset, nanoseconds))
}

/// `02`, `02:30` or `0230`: of an offset each number has two digits.
fn seconds_of_offset(text: &str) -> Option<i64> {
    match (text.len(), text.find(':')) {
        (2, None) | (5, Some(2)) => seconds(text),
        (4, None) => seconds(&format!("{}:{}", text.get(..2)?, text.get(2..)?)),
        _ => None,
    }
}

/// `10`, `10:30` or `10:30:00` in seconds.
fn seconds(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let mut sum = 0;
    for most in [23, 59, 59] {
        let part = parts.next().map_or(Some(0), |part| number(part, 2))?;
        if part > most {
            return None;
        }
        sum = sum * 60 + part;
    }
    parts.next().is_none().then_some(sum)
}

/// A number of up to so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && text.len() <= digits).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(relation: Relation, policy: &str, request: &str, expected: bool) {
        let dates = Dates::parse(relation, &[policy.into()]).unwrap();
        let found = dates.match_any(request);
        assert_eq!(found, expected, "{relation:?} {policy} on {request}");
    }

    #[test]
    fn all_forms_name_the_same_instant() {
        for same in [
            "2024-03-01",
            "2024-03-01T00:00Z",
            "2024-03-01T00:00:00Z",
            "2024-03-01T00:00:00",
            "2024-03-01T00:00:00.000Z",
            "2024-03-01T01:30:00+01:30",
            "2024-02-29T19:00-05:00",
            "2024-03-01T01:30+0130",
            "2024-03",
            "2024-3-1",
            "2024-03-01t00z",
            "2024-03-01T",
            "1709251200",
        ] {
            check(Relation::Equal, same, "2024-03-01T00:00:00Z", true);
            check(Relation::Equal, "2024-03-01T00:00:00Z", same, true);
        }
    }

    #[test]
    fn compares() {
        use Relation::{Greater, GreaterOrEqual, Less, LessOrEqual};
        check(Less, "2024-03-01", "2024-02-29T23:59:59.999Z", true);
        check(Less, "2024-03-01", "2024-03-01T00:00:00Z", false);
        check(LessOrEqual, "2024-03-01", "2024-03-01T00:00:00Z", true);
        check(Greater, "1709251200", "1709251201", true);
        check(GreaterOrEqual, "1709251200", "2024-02-29", false);
    }

    #[test]
    fn parts_may_be_left_out() {
        for (whole, first) in [
            ("2024-04", "2024-04-01T00:00:00Z"),
            ("2024-04-01T9", "2024-04-01T09:00:00Z"),
            ("1T", "0001-01-01"),
        ] {
            check(Relation::Equal, whole, first, true);
        }
        check(Relation::Greater, "-292275054", "0001-01-01", true);
        check(Relation::Less, "9223372036854775807", "2024-03-01", true);
        check(
            Relation::Equal,
            "2024-03-01T00:00:00.25Z",
            "2024-03-01T00:00:00.250Z",
            true,
        );
    }

    #[test]
    fn what_is_no_time_is_refused_in_policies_and_matches_nothing_in_requests() {
        for bad in [
            "",
            "today",
            "2024-02-30",
            "2024-13",
            "2024-",
            "2024-03-01-01",
            "2024-03-01*",
            "2024-03-01T24:00Z",
            "2024-03-01T00:60Z",
            "2024-03-01T00:00Z[UTC]",
            "2024-03-01T00:00Zulu",
            "2024-03-01T00:00:00.xZ",
            "2024-03-01T00:00+",
            "2016-12-13t2:00:00.593194+1",
            "2016-12-13t2:00:00+01:0",
            "2016-12-13t2:00:00.1999999999+10:59",
            "T10:00Z",
            "-",
            "1e9",
            "+1709251200",
            "9223372036854775808",
            "${aws:CurrentTime}",
        ] {
            let error = Dates::parse(Relation::Equal, &[bad.to_owned()]).unwrap_err();
            assert_eq!(
                error.to_string(),
                "The policy failed legacy parsing",
                "{bad}"
            );
            check(Relation::LessOrEqual, "2024-03-01", bad, false);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[0-9TtZz:.+-]{0,30}|.{0,30}") {
            let _ = instant(&text);
        }

        /// What the standard writes is read as the same point in time.
        #[test]
        fn timestamps_come_back(seconds in -60_000_000_000_i64..250_000_000_000, nanoseconds in 0..1_000_000_000_i32) {
            let point = Timestamp::new(seconds, nanoseconds).unwrap();
            proptest::prop_assert_eq!(instant(&point.to_string()), Some(point));
        }
    }
}
