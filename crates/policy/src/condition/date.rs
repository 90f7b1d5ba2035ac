use jiff::{Timestamp, civil, tz::TimeZone};

use super::operator::Relation;

/// The values of the `Date…` operators.
///
/// A value that is no point in time, on either side, matches nothing
/// (inferred, as for numbers), which makes `DateNotEquals` true.
#[derive(Debug)]
pub(crate) struct Dates {
    relation: Relation,
    values: Box<[Timestamp]>,
}

impl Dates {
    pub(crate) fn parse(relation: Relation, values: &[String]) -> Self {
        Self {
            relation,
            values: values.iter().filter_map(|value| instant(value)).collect(),
        }
    }

    pub(crate) fn match_any(&self, value: &str) -> bool {
        instant(value).is_some_and(|request| {
            self.values
                .iter()
                .any(|policy| self.relation.holds(&request, policy))
        })
    }
}

/// Reads epoch seconds or an ISO 8601 date, with or without a time. A date is
/// its first instant; without a zone it is UTC (inferred).
fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse() {
        return Timestamp::from_second(seconds).ok();
    }
    // Only the W3C profile's characters: the parser below takes more, such as
    // a zone's name in brackets.
    let profile = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b':' | b'.' | b'T' | b'Z');
    if !text.bytes().all(profile) {
        return None;
    }
    let local = |date: civil::DateTime| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp());
    if !text.contains('T') {
        return local(text.parse::<civil::Date>().ok()?.at(0, 0, 0, 0));
    }
    match text.parse() {
        Ok(timestamp) => Some(timestamp),
        Err(_) => local(text.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(relation: Relation, policy: &str, request: &str, expected: bool) {
        let found = Dates::parse(relation, &[policy.into()]).match_any(request);
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
    fn what_is_no_time_matches_nothing() {
        for bad in [
            "",
            "today",
            "2024-02-30",
            "2024-03-01*",
            "2024-03-01T00:00Z[UTC]",
            "1e9",
        ] {
            check(Relation::Equal, bad, bad, false);
            check(Relation::LessOrEqual, "2024-03-01", bad, false);
        }
    }
}
