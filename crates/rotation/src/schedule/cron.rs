use jiff::{Timestamp, ToSpan, civil::Date};

use super::{MINIMUM_HOURS, ScheduleError, at, civil};

/// Days looked at for the next one that matches: the rarest, 29 February on a
/// given weekday, can be 40 years away when a century's leap day is left out.
const HORIZON_DAYS: usize = 41 * 366;
/// Days over which gaps and averages are taken: four years from a leap year.
const SAMPLE_DAYS: usize = 1461;

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A `cron()` expression as Secrets Manager takes it: minute `0`, year `*`,
/// and one of the two day fields `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    hours: Set,
    months: Set,
    days: Days,
}

/// Numbers below 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Set(u64);

/// On which days.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    OfMonth(Vec<DayOfMonth>),
    OfWeek(Vec<DayOfWeek>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum DayOfMonth {
    In(Set),
    /// `L`
    Last,
    /// `LW`
    LastWorkday,
    /// `15W`: the weekday nearest to it within the month.
    NearestWorkday(i8),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum DayOfWeek {
    /// Sunday is 1.
    In(Set),
    /// `6L`: the last of them in the month.
    Last(i8),
    /// `3#2`: the second of them in the month.
    Nth(i8, i8),
}

/// A field of numbers, some of which have names.
struct Field {
    name: &'static str,
    first: i8,
    last: i8,
    names: &'static [&'static str],
}

const HOURS: Field = Field {
    name: "hours",
    first: 0,
    last: 23,
    names: &[],
};
const MONTH: Field = Field {
    name: "month",
    first: 1,
    last: 12,
    names: MONTHS,
};
const DAY_OF_MONTH: Field = Field {
    name: "day-of-month",
    first: 1,
    last: 31,
    names: &[],
};
const DAY_OF_WEEK: Field = Field {
    name: "day-of-week",
    first: 1,
    last: 7,
    names: WEEKDAYS,
};

impl Cron {
    /// The six fields within the parentheses.
    ///
    /// # Errors
    /// [`ScheduleError`] where they are not in the grammar, never match, or
    /// match more often than every four hours.
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let fields: Vec<String> = text.split_whitespace().map(str::to_uppercase).collect();
        let [minutes, hours, days, months, weekdays, years] = fields.as_slice() else {
            return Err(wrong("a cron() expression has six fields"));
        };
        if digits(minutes) != Some(0) {
            return Err(wrong("the minutes must be 0"));
        }
        if years != "*" {
            return Err(wrong("the year must be *"));
        }
        let days = match (days.as_str(), weekdays.as_str()) {
            ("?", "?") => {
                return Err(wrong("only one of day-of-month and day-of-week can be ?"));
            }
            (days, "?") => Days::OfMonth(
                days.split(',')
                    .map(DayOfMonth::parse)
                    .collect::<Result<_, _>>()?,
            ),
            ("?", weekdays) => Days::OfWeek(
                weekdays
                    .split(',')
                    .map(DayOfWeek::parse)
                    .collect::<Result<_, _>>()?,
            ),
            _ => return Err(wrong("one of day-of-month and day-of-week must be ?")),
        };
        let cron = Self {
            hours: HOURS.list(hours)?,
            months: MONTH.list(months)?,
            days,
        };
        if cron.next(Timestamp::UNIX_EPOCH).is_none() {
            return Err(wrong("no day matches it"));
        }
        if cron.shortest_gap_hours() < MINIMUM_HOURS {
            return Err(ScheduleError::TooOften);
        }
        Ok(cron)
    }

    /// The first matching time after `after`, to the hour; nothing within
    /// four decades or at the end of representable time.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let mut date = civil(after).date();
        for _ in 0..HORIZON_DAYS {
            if self.matches(date) {
                let times = self.hours.iter().filter_map(|hour| at(date, hour));
                if let Some(time) = times.into_iter().find(|time| *time > after) {
                    return Some(time);
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// Whether it fires once on a day that matches.
    pub(super) fn is_daily(&self) -> bool {
        self.hours.len() == 1
    }

    pub(super) fn last_hour(&self) -> i64 {
        self.hours.iter().last().map_or(0, i64::from)
    }

    /// The shortest time between two firings; a day where it fires once on
    /// adjacent days.
    pub(super) fn shortest_gap_hours(&self) -> i64 {
        let hours: Vec<i64> = self.hours.iter().map(i64::from).collect();
        let within = hours.windows(2).filter_map(|pair| match pair {
            [one, next] => Some(next - one),
            _ => None,
        });
        let overnight = match (hours.first(), hours.last()) {
            (Some(first), Some(last)) => first + 24 - last,
            _ => 24,
        };
        // Days that never follow each other leave at least a day between.
        let adjacent = self.sample().any(|date| {
            let tomorrow = date.tomorrow().ok();
            tomorrow.is_some_and(|tomorrow| self.matches(tomorrow))
        });
        let overnight = if adjacent { overnight } else { overnight + 24 };
        within.chain([overnight]).min().unwrap_or(24)
    }

    /// Days between two firings on average, at least one.
    pub(super) fn average_days(&self) -> i64 {
        let firings = self.sample().count() * self.hours.len();
        // Rarer than once in four years is possible: 29 February on a Monday.
        let (days, firings) = (SAMPLE_DAYS as i64, firings.max(1) as i64);
        ((days + firings / 2) / firings).max(1)
    }

    /// The matching days of four years.
    fn sample(&self) -> impl Iterator<Item = Date> {
        let first = jiff::civil::date(2024, 1, 1);
        let days = first.series(1.day()).take(SAMPLE_DAYS);
        days.filter(|date| self.matches(*date))
    }

    fn matches(&self, date: Date) -> bool {
        self.months.has(date.month())
            && match &self.days {
                Days::OfMonth(days) => days.iter().any(|day| day.matches(date)),
                Days::OfWeek(days) => days.iter().any(|day| day.matches(date)),
            }
    }
}

impl DayOfMonth {
    fn parse(text: &str) -> Result<Self, ScheduleError> {
        match text {
            "L" => return Ok(Self::Last),
            "LW" => return Ok(Self::LastWorkday),
            _ => {}
        }
        match text.strip_suffix('W') {
            Some(day) => Ok(Self::NearestWorkday(DAY_OF_MONTH.number(day)?)),
            None => Ok(Self::In(DAY_OF_MONTH.range(text)?)),
        }
    }

    fn matches(&self, date: Date) -> bool {
        let length = date.days_in_month();
        match self {
            Self::In(days) => days.has(date.day()),
            Self::Last => date.day() == length,
            Self::LastWorkday => Some(date.day()) == nearest_workday(date, length),
            // A month without that day has no nearest one either.
            Self::NearestWorkday(day) => {
                *day <= length && Some(date.day()) == nearest_workday(date, *day)
            }
        }
    }
}

impl DayOfWeek {
    fn parse(text: &str) -> Result<Self, ScheduleError> {
        if text == "L" {
            return Ok(Self::In(Set(1 << 7)));
        }
        if let Some((day, nth)) = text.split_once('#') {
            let nth = digits(nth).filter(|nth| (1..=5).contains(nth));
            let nth = nth.ok_or_else(|| wrong("what follows # must be 1 to 5"))?;
            return Ok(Self::Nth(DAY_OF_WEEK.number(day)?, nth));
        }
        match text.strip_suffix('L') {
            Some(day) => Ok(Self::Last(DAY_OF_WEEK.number(day)?)),
            None => Ok(Self::In(DAY_OF_WEEK.range(text)?)),
        }
    }

    fn matches(&self, date: Date) -> bool {
        let weekday = date.weekday().to_sunday_one_offset();
        match self {
            Self::In(days) => days.has(weekday),
            Self::Last(day) => weekday == *day && date.day() + 7 > date.days_in_month(),
            Self::Nth(day, nth) => weekday == *day && (date.day() - 1) / 7 + 1 == *nth,
        }
    }
}

/// The day of the month, Monday to Friday, nearest to `day` without leaving
/// the month.
fn nearest_workday(month: Date, day: i8) -> Option<i8> {
    let date = Date::new(month.year(), month.month(), day).ok()?;
    let length = month.days_in_month();
    Some(match date.weekday().to_sunday_one_offset() {
        7 if day == 1 => 3,
        7 => day - 1,
        1 if day == length => day - 2,
        1 => day + 1,
        _ => day,
    })
}

impl Field {
    /// `1,3-5,*/2`
    fn list(&self, text: &str) -> Result<Set, ScheduleError> {
        let mut ranges = text.split(',').map(|part| self.range(part));
        ranges.try_fold(Set(0), |all, range| Ok(Set(all.0 | range?.0)))
    }

    /// `5`, `2-7`, `*`, `2/10`, `/8`, `*/8`, `2-20/6`
    fn range(&self, text: &str) -> Result<Set, ScheduleError> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => {
                let steps = 1..=self.last;
                let step = digits(step).filter(|step| steps.contains(step));
                (range, Some(step.ok_or_else(|| self.wrong(text))?))
            }
            None => (text, None),
        };
        let (first, last) = match range {
            "*" => (self.first, self.last),
            "" if step.is_some() => (self.first, self.last),
            range => match range.split_once('-') {
                Some((first, last)) => (self.number(first)?, self.number(last)?),
                None => {
                    let first = self.number(range)?;
                    // With a step, a lone number is where to begin.
                    (first, if step.is_some() { self.last } else { first })
                }
            },
        };
        if first > last {
            return Err(self.wrong(text));
        }
        let step = step.unwrap_or(1);
        let numbers = (first..=last).step_by(usize::from(step.unsigned_abs()));
        Ok(Set(numbers.fold(0, |set, number| set | 1 << number)))
    }

    fn number(&self, text: &str) -> Result<i8, ScheduleError> {
        let named = self.names.iter().position(|name| *name == text);
        let number = match named.and_then(|place| i8::try_from(place).ok()) {
            Some(place) => Some(place + self.first),
            None => digits(text),
        };
        number
            .filter(|number| (self.first..=self.last).contains(number))
            .ok_or_else(|| self.wrong(text))
    }

    fn wrong(&self, text: &str) -> ScheduleError {
        ScheduleError::Expression(format!("`{text}` isn't valid for the {} field", self.name))
    }
}

impl Set {
    fn has(self, number: i8) -> bool {
        u32::try_from(number).is_ok_and(|number| self.0 >> number & 1 == 1)
    }

    fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    fn iter(self) -> impl Iterator<Item = i8> {
        (0..63).filter(move |number| self.has(*number))
    }
}

/// A number, also with zeros before it; no sign.
fn digits(text: &str) -> Option<i8> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn wrong(why: &str) -> ScheduleError {
    ScheduleError::Expression(why.to_owned())
}
