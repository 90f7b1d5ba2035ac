use jiff::tz::Offset;
use strongroom_types::Timestamp;

/// When an event happened, to the second, as records write it.
#[derive(Clone, Debug)]
pub struct EventTime([u8; 20]);

impl EventTime {
    /// `2026-11-23T13:02:03Z`
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        let at = Offset::UTC.to_datetime(time);
        let year = at.year().clamp(0, 9999);
        // Below 100 each, so that none is cut off.
        let [century, year] = [year / 100, year % 100].map(|half| half as i8);
        let parts = [
            century,
            year,
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
        ];
        let mut text = *b"0000-00-00T00:00:00Z";
        for (place, part) in [0, 2, 5, 8, 11, 14, 17].into_iter().zip(parts) {
            let part = part.unsigned_abs();
            if let Some([tens, ones]) = text.get_mut(place..place + 2) {
                (*tens, *ones) = (b'0' + part / 10, b'0' + part % 10);
            }
        }
        Self(text)
    }

    /// The text.
    pub(super) fn text(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_time_is_written_as_it_is_displayed_without_its_fraction(
            seconds in 0..253_402_207_200_i64, nanoseconds in 0..1_000_000_000_i32,
        ) {
            let time = Timestamp::new(seconds, nanoseconds).unwrap();
            let shown = Timestamp::from_second(seconds).unwrap().to_string();
            let written = EventTime::of(time);
            prop_assert_eq!(str::from_utf8(written.text()).unwrap(), shown);
        }
    }
}
