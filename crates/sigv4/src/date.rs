use std::fmt;

use jiff::{SignedDuration, Timestamp, civil, fmt::rfc2822, tz::Offset};

/// How far the client's clock may be off, in either direction.
///
/// Source: both 5 and 15 minutes are on record from AWS; 15 lets every client
/// in that is let in there.
pub(crate) const SKEW: SignedDuration = SignedDuration::from_mins(15);

/// The moment that `text`, `YYYYMMDDTHHMMSSZ`, names.
pub(crate) fn parse_basic(text: &str) -> Option<Timestamp> {
    let bytes: [u8; 16] = text.as_bytes().try_into().ok()?;
    let [
        y1,
        y2,
        y3,
        y4,
        o1,
        o2,
        d1,
        d2,
        b'T',
        h1,
        h2,
        m1,
        m2,
        s1,
        s2,
        b'Z',
    ] = bytes
    else {
        return None;
    };
    let moment = civil::DateTime::new(
        i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?),
        two(o1, o2)?,
        two(d1, d2)?,
        two(h1, h2)?,
        two(m1, m2)?,
        two(s1, s2)?,
        0,
    );
    Offset::UTC.to_timestamp(moment.ok()?).ok()
}

/// The number that two decimal digits write.
fn two(tens: u8, ones: u8) -> Option<i8> {
    let digit = |byte: u8| {
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        i8::try_from(digit).ok()
    };
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// The moment that `text` names in the format of mail and HTTP dates.
pub(crate) fn parse_rfc2822(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// Displays `at` as `YYYYMMDDTHHMMSSZ`.
pub(crate) fn basic(at: Timestamp) -> impl fmt::Display {
    at.strftime("%Y%m%dT%H%M%SZ")
}

/// Displays `window` as AWS does, `15 min`; in `sec` if it is no whole minute.
pub(crate) fn window(window: SignedDuration) -> impl fmt::Display {
    fmt::from_fn(move |f| match window.as_secs() {
        seconds if seconds % 60 == 0 => write!(f, "{} min", seconds / 60),
        seconds => write!(f, "{seconds} sec"),
    })
}

/// `at + by`, or the end of the time line.
pub(crate) fn plus(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `at - by`, or the beginning of the time line.
pub(crate) fn minus(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["20150830T123600Z", "00010101T000000Z", "20240229T235959Z"] {
            let at = parse_basic(text).unwrap();
            assert_eq!(basic(at).to_string(), text);
        }
    }

    #[test]
    fn refuses_other_formats_and_impossible_moments() {
        let refused = [
            "",
            "2015-08-30T12:36:00Z",
            "20150830T123600",
            "20150830t123600z",
            "20150830T123600+",
            "20150230T123600Z",
            "20150830T243600Z",
            "+0150830T123600Z",
            "2015083\u{0660}T12360Z",
        ];
        for text in refused {
            assert_eq!(parse_basic(text), None, "{text}");
        }
    }

    #[test]
    fn reads_the_dates_of_http_and_of_botocore() {
        let expected = parse_basic("20110909T233600Z");
        for text in [
            "Fri, 09 Sep 2011 23:36:00 GMT",
            "Fri, 09 Sep 2011 23:36:00 -0000",
        ] {
            assert_eq!(parse_rfc2822(text), expected, "{text}");
        }
        assert_eq!(parse_rfc2822("9 September 2011"), None);
    }

    #[test]
    fn the_ends_of_the_time_line_do_not_overflow() {
        assert_eq!(plus(Timestamp::MAX, SKEW), Timestamp::MAX);
        assert_eq!(minus(Timestamp::MIN, SKEW), Timestamp::MIN);
    }
}
