use strongroom_rotation::schedule::{Schedule, ScheduleError};

use super::record::Rotation;
use crate::{
    secretsmanager::{Error, Result},
    shape::{Input, Output},
};

/// When a secret rotates.
///
/// Source: Secrets Manager API Reference, RotationRulesType.
#[derive(Clone, Debug, Input, Output)]
pub struct RotationRules {
    /// Days between rotations, 1 to 1,000.
    ///
    /// Outside of them it is refused in words of its own.
    pub automatically_after_days: Option<i64>,
    /// Hours that a window is open, as `3h`.
    #[shape(length(2, 3), pattern(r"[0-9]+h"))]
    pub duration: Option<String>,
    /// A `cron()` or `rate()` expression.
    #[shape(length(1, 256), pattern(r"[0-9A-Za-z\(\)#\?\*\-\/, ]+"))]
    pub schedule_expression: Option<String>,
}

/// The schedule that rules mean.
///
/// # Errors
/// `InvalidParameterException` for rules that mean none.
pub(crate) fn schedule(rules: &RotationRules) -> Result<Schedule> {
    let duration = rules.duration.as_deref();
    let schedule = match (rules.automatically_after_days, &rules.schedule_expression) {
        (Some(_), Some(_)) => {
            return Err(Error::InvalidParameter(
                "You cannot specify both rotation frequency and schedule expression together."
                    .into(),
            ));
        }
        (Some(days), None) => Schedule::after_days(days, duration),
        (None, Some(expression)) => Schedule::parse(expression, duration),
        (None, None) => {
            return Err(Error::InvalidParameter(
                "RotationRules must have AutomaticallyAfterDays or ScheduleExpression.".into(),
            ));
        }
    };
    schedule.map_err(|error: ScheduleError| Error::InvalidParameter(error.to_string().into()))
}

impl Rotation {
    /// The schedule, if there is one. It was one when it was stored.
    pub(crate) fn schedule(&self) -> Option<Schedule> {
        let rules = RotationRules {
            automatically_after_days: self.automatically_after_days,
            duration: self.duration.clone(),
            schedule_expression: self.schedule_expression.clone(),
        };
        schedule(&rules).ok()
    }

    /// The rules as they are answered: days are told of every schedule.
    pub(crate) fn rules(&self) -> Option<RotationRules> {
        let schedule = self.schedule()?;
        Some(RotationRules {
            automatically_after_days: Some(schedule.automatically_after_days()),
            duration: self.duration.clone(),
            schedule_expression: self.schedule_expression.clone(),
        })
    }
}
