//! When a secret rotates: AWS's `rate()` and `cron()` expressions, the windows
//! they open, and which of them comes next. All in UTC.
//!
//! Source: Secrets Manager User Guide, "Schedule expressions" and "Rotation
//! windows".

mod cron;

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

pub use cron::Cron;

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;
/// The shortest time between two rotations.
///
/// Source: Secrets Manager User Guide, "Schedule expressions".
pub const MINIMUM_HOURS: i64 = 4;
/// The longest `AutomaticallyAfterDays`, in days.
///
/// Source: Secrets Manager API Reference, `RotationRulesType`.
pub const MAXIMUM_DAYS: i64 = 1000;

/// How often a secret rotates, and how long its windows are open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    frequency: Frequency,
    /// Hours that a window is open; absent for the default.
    duration_hours: Option<i64>,
}

/// How often.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Frequency {
    Cron(Cron),
    Days(i64),
    Hours(i64),
}

/// A time in which a rotation may start: from `start` until just before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment inside.
    pub start: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
}

/// Why a schedule is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// `AutomaticallyAfterDays` is out of range.
    #[error("RotationRules.AutomaticallyAfterDays must be within 1-1000.")]
    Days,
    /// The duration is not a number of hours.
    #[error("The rotation window's Duration must be a number of hours from 1h to 24h.")]
    Duration,
    /// The expression is neither `rate()` nor `cron()` as Secrets Manager
    /// takes them.
    #[error("The ScheduleExpression isn't valid: {0}.")]
    Expression(String),
    /// The schedule would rotate more often than every four hours.
    #[error(
        "The ScheduleExpression isn't valid: a secret can be rotated at most every four hours."
    )]
    TooOften,
    /// The window does not end in time.
    #[error(
        "The rotation window's Duration isn't valid: the window must not extend into the next \
         rotation window or, for a schedule in days, into the next UTC day."
    )]
    Window,
}

impl Schedule {
    /// A rotation every so many days; the window is the whole UTC day, or its
    /// first hours.
    ///
    /// # Errors
    /// [`ScheduleError`] for other than 1 to 1,000 days, or a duration that
    /// is none.
    pub fn after_days(days: i64, duration: Option<&str>) -> Result<Self, ScheduleError> {
        if !(1..=MAXIMUM_DAYS).contains(&days) {
            return Err(ScheduleError::Days);
        }
        Self::new(Frequency::Days(days), duration)
    }

    /// A rotation by a `rate()` or `cron()` expression.
    ///
    /// # Errors
    /// [`ScheduleError`] for what is not in Secrets Manager's grammar, for
    /// less than four hours between two rotations, and for windows that run
    /// into each other.
    pub fn parse(expression: &str, duration: Option<&str>) -> Result<Self, ScheduleError> {
        let wrong = |why: &str| ScheduleError::Expression(why.to_owned());
        let inside = |name: &str| {
            let rest = expression.trim().strip_prefix(name)?.strip_suffix(')')?;
            Some(rest.trim())
        };
        let frequency = if let Some(rate) = inside("rate(") {
            let (number, unit) = rate
                .split_once(' ')
                .ok_or_else(|| wrong("a rate is a number and a unit"))?;
            let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            let number: i64 = number
                .parse()
                .ok()
                .filter(|number| digits && *number > 0)
                .ok_or_else(|| wrong("a rate is a positive whole number of hours or days"))?;
            match unit.trim() {
                "hour" | "hours" if number < MINIMUM_HOURS => return Err(ScheduleError::TooOften),
                "hour" | "hours" if number <= MAXIMUM_DAYS * 24 => Frequency::Hours(number),
                "day" | "days" if number <= MAXIMUM_DAYS => Frequency::Days(number),
                "hour" | "hours" | "day" | "days" => {
                    return Err(wrong("a rate is at most 1000 days"));
                }
                _ => return Err(wrong("the unit of a rate is hours or days")),
            }
        } else if let Some(fields) = inside("cron(") {
            Frequency::Cron(Cron::parse(fields)?)
        } else {
            return Err(wrong("it must be a cron() or a rate() expression"));
        };
        Self::new(frequency, duration)
    }

    fn new(frequency: Frequency, duration: Option<&str>) -> Result<Self, ScheduleError> {
        let duration_hours = duration.map(hours).transpose()?;
        let schedule = Self {
            frequency,
            duration_hours,
        };
        schedule.check_window()?;
        Ok(schedule)
    }

    fn check_window(&self) -> Result<(), ScheduleError> {
        let Some(hours) = self.duration_hours else {
            return Ok(());
        };
        let fits = match &self.frequency {
            Frequency::Days(_) => hours <= 24,
            Frequency::Hours(every) => hours <= *every,
            Frequency::Cron(cron) if cron.is_daily() => cron.last_hour() + hours <= 24,
            Frequency::Cron(cron) => hours <= cron.shortest_gap_hours(),
        };
        if fits {
            Ok(())
        } else {
            Err(ScheduleError::Window)
        }
    }

    /// `AutomaticallyAfterDays` as it is told of this schedule: the days
    /// between two rotations, for `cron()` on average, at least one.
    #[must_use]
    pub fn automatically_after_days(&self) -> i64 {
        match &self.frequency {
            Frequency::Cron(cron) => cron.average_days(),
            Frequency::Days(days) => *days,
            Frequency::Hours(hours) => (hours + 23) / 24,
        }
    }

    /// The first window of a secret that is put on this schedule without
    /// being rotated: of a rate in hours, counted from midnight, the one that
    /// is open or the next.
    ///
    /// Source: Secrets Manager API Reference, `RotationRulesType`.
    #[must_use]
    pub fn first_window(&self, now: Timestamp) -> Option<Window> {
        match &self.frequency {
            Frequency::Hours(hours) => self.next_of_rate(midnight(now)?, 0, *hours * HOUR_S, now),
            Frequency::Cron(_) | Frequency::Days(_) => self.next_window(now, now),
        }
    }

    /// The first window after a rotation, or what counts as one, that happened
    /// `now`. `window` is the one that it was in or that was missed, if it had
    /// begun: a rate in hours goes on from there, and from midnight otherwise.
    #[must_use]
    pub fn after_rotation(&self, window: Option<Window>, now: Timestamp) -> Option<Window> {
        let Frequency::Hours(hours) = &self.frequency else {
            return self.next_window(now, now);
        };
        let begun = window.filter(|window| window.start <= now);
        let base = match begun {
            Some(window) => window.start,
            None => midnight(now)?,
        };
        let every_s = hours * HOUR_S;
        let passed = now.as_second().saturating_sub(base.as_second()) / every_s;
        self.next_of_rate(base, passed + 1, every_s, now)
    }

    /// The first window after that which began at `last` that has not ended
    /// `now`. Nothing at the end of representable time.
    #[must_use]
    pub fn next_window(&self, last: Timestamp, now: Timestamp) -> Option<Window> {
        match &self.frequency {
            Frequency::Cron(cron) => {
                // No window is longer than a day.
                let day_before = now.checked_sub(SignedDuration::from_hours(24)).ok()?;
                let mut after = last.max(day_before);
                loop {
                    let start = cron.next(after)?;
                    let window = self.window(start)?;
                    if window.end > now {
                        return Some(window);
                    }
                    after = start;
                }
            }
            Frequency::Days(days) => self.next_of_rate(midnight(last)?, 1, days * DAY_S, now),
            Frequency::Hours(hours) => self.next_of_rate(last, 1, hours * HOUR_S, now),
        }
    }

    /// The first window of a rate, `least` intervals or more from `base`, that
    /// has not ended.
    fn next_of_rate(
        &self,
        base: Timestamp,
        least: i64,
        every_s: i64,
        now: Timestamp,
    ) -> Option<Window> {
        let passed = now.as_second().saturating_sub(base.as_second()) / every_s;
        // The window that began last may still be open.
        for intervals in passed.max(least).. {
            let start = base
                .as_second()
                .checked_add(every_s.checked_mul(intervals)?)?;
            let window = self.window(Timestamp::from_second(start).ok()?)?;
            if window.end > now {
                return Some(window);
            }
        }
        None
    }

    fn window(&self, start: Timestamp) -> Option<Window> {
        let end = match (self.duration_hours, self.is_daily()) {
            (Some(hours), _) => start.checked_add(SignedDuration::from_hours(hours)).ok()?,
            (None, false) => start.checked_add(SignedDuration::from_hours(1)).ok()?,
            (None, true) => midnight(start)?
                .checked_add(SignedDuration::from_hours(24))
                .ok()?,
        };
        Some(Window { start, end })
    }

    fn is_daily(&self) -> bool {
        match &self.frequency {
            Frequency::Cron(cron) => cron.is_daily(),
            Frequency::Days(_) => true,
            Frequency::Hours(_) => false,
        }
    }
}

impl Window {
    /// `NextRotationDate`: the last second in which a rotation can start.
    #[must_use]
    pub fn latest(&self) -> Timestamp {
        self.end
            .checked_sub(SignedDuration::from_secs(1))
            .unwrap_or(self.end)
    }
}

/// A duration such as `3h`.
fn hours(text: &str) -> Result<i64, ScheduleError> {
    let number = text.strip_suffix('h').ok_or(ScheduleError::Duration)?;
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let hours = number.parse().ok().filter(|hours| (1..=24).contains(hours));
    hours.filter(|_| digits).ok_or(ScheduleError::Duration)
}

fn midnight(time: Timestamp) -> Option<Timestamp> {
    at(civil(time).date(), 0)
}

fn civil(time: Timestamp) -> civil::DateTime {
    TimeZone::UTC.to_datetime(time)
}

fn at(date: civil::Date, hour: i8) -> Option<Timestamp> {
    let time = civil::Time::new(hour, 0, 0, 0).ok()?;
    TimeZone::UTC.to_timestamp(date.to_datetime(time)).ok()
}

#[cfg(test)]
mod tests;
