//! What happens to a secret's rotation, without I/O.

use strongroom_rotation::schedule::Window;
use strongroom_types::Timestamp;

use super::record::{Rotation, Running};
use crate::{
    lambda::Target,
    secretsmanager::{
        Error, Result,
        record::{Secret, Version},
        secret::{AWSCURRENT, AWSPENDING},
    },
};

/// Pauses between the attempts of one rotation, in milliseconds. AWS's are
/// not published.
const PAUSES_MS: [u64; 4] = [5_000, 30_000, 120_000, 600_000];
/// The pause after those, in milliseconds, as long as the database may have
/// the new password: applications may be locked out.
const HOUR_MS: u64 = 60 * 60 * 1000;
/// The pause before a rotation without a schedule is taken up again, in
/// milliseconds.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What comes after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing is due.
    Nothing,
    /// An attempt, or a rotation of the next window, at this time in
    /// milliseconds since the epoch.
    At(u64),
}

impl Rotation {
    /// The window of the next rotation.
    pub(super) fn window(&self) -> Option<Window> {
        Some(Window {
            start: Timestamp::from_millisecond(self.window_start_ms?).ok()?,
            end: Timestamp::from_millisecond(self.window_end_ms?).ok()?,
        })
    }

    /// `NextRotationDate`.
    pub(crate) fn next_rotation_date(&self) -> Option<Timestamp> {
        self.window()
            .filter(|_| self.enabled)
            .map(|window| window.latest())
    }

    /// `LastRotatedDate`.
    pub(crate) fn last_rotated_date(&self) -> Option<Timestamp> {
        let last = self.last_rotated_ms.filter(|_| self.enabled)?;
        Timestamp::from_millisecond(last).ok()
    }

    fn set_window(&mut self, window: Option<Window>) {
        self.window_start_ms = window.map(|window| window.start.as_millisecond());
        self.window_end_ms = window.map(|window| window.end.as_millisecond());
    }

    /// A secret that is put on its schedule without being rotated.
    pub(in crate::secretsmanager) fn first_window(&mut self, now: Timestamp) {
        let schedule = self.schedule();
        self.set_window(schedule.and_then(|schedule| schedule.first_window(now)));
    }

    /// A rotation, or what counts as one, happened now.
    pub(in crate::secretsmanager) fn next_window(&mut self, now: Timestamp) {
        let (schedule, window) = (self.schedule(), self.window());
        self.set_window(schedule.and_then(|schedule| schedule.after_rotation(window, now)));
    }

    /// Other rules: the windows of those before mean nothing by them.
    pub(in crate::secretsmanager) fn forget_window(&mut self) {
        self.set_window(None);
    }

    /// When the next rotation is to begin: somewhere in the first tenth of
    /// its window, so that not all of one schedule begin together and there
    /// is time to try again. `chance` is a number below 1,000.
    pub(in crate::secretsmanager) fn next_start(&self, now: Timestamp, chance: u32) -> Option<u64> {
        let window = self.window().filter(|_| self.enabled)?;
        let start = window.start.max(now).as_millisecond();
        let room = window.end.as_millisecond().saturating_sub(start).max(0) / 10;
        let due = start.saturating_add(room.saturating_mul(i64::from(chance)) / 1000);
        u64::try_from(due).ok()
    }

    fn next(&self, now: Timestamp, chance: u32) -> Next {
        self.next_start(now, chance).map_or(Next::Nothing, Next::At)
    }
}

impl Secret {
    /// The version of a rotation that is not finished, whoever began it.
    #[must_use]
    pub fn pending(&self) -> Option<&Version> {
        self.labelled(AWSPENDING)
            .filter(|version| !version.has(AWSCURRENT))
    }

    /// Begins a rotation: an empty version gets AWSPENDING. Returns the
    /// versions that made room.
    ///
    /// # Errors
    /// `LimitExceededException`, or `InvalidRequestException` if the version
    /// is there with a value.
    pub(in crate::secretsmanager) fn begin_rotation(
        &mut self,
        running: Running,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let mut changed = self.clone();
        let mut removed = Vec::new();
        match changed.version(&running.version_id) {
            Some(version) if version.has_value => {
                return Err(Error::InvalidRequest(
                    format!(
                        "You can't use ClientRequestToken {} because that value is already in \
                         use for a version of the secret.",
                        running.version_id
                    )
                    .into(),
                ));
            }
            Some(_) => {}
            None => {
                removed = changed.make_room(now.as_millisecond())?;
                changed.versions.push(Version {
                    id: running.version_id.clone(),
                    created_ms: now.as_millisecond(),
                    ..Version::default()
                });
            }
        }
        changed.attach(AWSPENDING, &running.version_id);
        changed.check_labels()?;
        if let Some(rotation) = &mut changed.rotation {
            rotation.running = Some(running);
        }
        *self = changed;
        Ok(removed)
    }

    /// Goes on with the version that is pending, which an earlier rotation or
    /// somebody left behind; nothing if there is none.
    pub(super) fn take_up_pending(&mut self, running: Running) -> Option<Running> {
        let version_id = self.pending()?.id.clone();
        let running = Running {
            version_id,
            ..running
        };
        self.rotation.as_mut()?.running = Some(running.clone());
        Some(running)
    }

    /// Takes up a rotation that was cancelled, by the version that it left
    /// behind: rotation is on again. Nothing if there is no such version.
    pub(super) fn resume(&mut self, running: Running, now: Timestamp) -> Option<Running> {
        let running = self.take_up_pending(running)?;
        let rotation = self.rotation.as_mut()?;
        rotation.enabled = true;
        if rotation.window().is_none() {
            rotation.next_window(now);
        }
        self.last_changed_ms = now.as_millisecond();
        Some(running)
    }

    /// Whether the version that a rotation makes is still the one that is
    /// pending, or is current by now.
    pub(super) fn is_intact(&self, version_id: &str) -> bool {
        self.version(version_id)
            .is_some_and(|version| version.has(AWSPENDING) || version.has(AWSCURRENT))
    }

    /// The rotation came to its end.
    pub(super) fn succeed(&mut self, now: Timestamp, chance: u32) -> Next {
        self.end(now);
        let rotation = self.rotation.as_ref();
        rotation.map_or(Next::Nothing, |rotation| rotation.next(now, chance))
    }

    /// The same, where what comes after it is another's to say.
    pub(in crate::secretsmanager) fn end(&mut self, now: Timestamp) {
        if let Some(rotation) = &mut self.rotation {
            rotation.running = None;
            rotation.last_rotated_ms = Some(now.as_millisecond());
            rotation.next_window(now);
        }
    }

    /// The rotation lost its version to a change by hand: that counts as one.
    pub(super) fn give_up(&mut self, now: Timestamp, chance: u32) -> Next {
        let Some(rotation) = &mut self.rotation else {
            return Next::Nothing;
        };
        rotation.running = None;
        rotation.next_window(now);
        rotation.next(now, chance)
    }

    /// An attempt failed.
    pub(super) fn fail(
        &mut self,
        why: String,
        target: Target,
        now: Timestamp,
        chance: u32,
    ) -> Next {
        let Some(rotation) = &mut self.rotation else {
            return Next::Nothing;
        };
        let Some(running) = &mut rotation.running else {
            return Next::Nothing;
        };
        running.failure = Some(why);
        running.refused = target == Target::Refused;
        running.touched |= target == Target::Touched;
        let pause = PAUSES_MS.get(running.failed_attempts as usize);
        let now_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
        if let Some(pause) = pause {
            running.failed_attempts += 1;
            return Next::At(now_ms + pause);
        }
        if running.touched {
            return Next::At(now_ms + HOUR_MS);
        }
        // In a later window the same version is tried again.
        running.failed_attempts = 0;
        let date = rotation.window();
        rotation.next_window(now);
        let next = rotation.next(now, chance);
        // A rotation that failed is overdue, and says so until it succeeds.
        rotation.set_window(date.or_else(|| rotation.window()));
        match next {
            Next::Nothing => Next::At(now_ms + DAY_MS),
            at @ Next::At(_) => at,
        }
    }

    /// Takes AWSPENDING off a version whose value no database has.
    pub(super) fn discard_pending(&mut self) {
        self.detach(AWSPENDING);
    }

    /// Ends a test: its version goes. Returns the version's id, whose value
    /// must go too.
    pub(in crate::secretsmanager) fn end_test(&mut self) -> Option<String> {
        let rotation = self.rotation.as_mut()?;
        let running = rotation.running.take_if(|running| running.test)?;
        self.versions
            .retain(|version| version.id != running.version_id);
        Some(running.version_id)
    }

    /// After a test, the first window.
    pub(super) fn await_first_window(&mut self, now: Timestamp, chance: u32) -> Next {
        let Some(rotation) = &mut self.rotation else {
            return Next::Nothing;
        };
        rotation.first_window(now);
        rotation.next(now, chance)
    }

    /// The secret cannot be rotated now. Unlike [`Secret::miss`], a rotation
    /// that is running is never left without a next attempt.
    pub(super) fn wait(&mut self, now: Timestamp, chance: u32) -> Next {
        match self.miss(now, chance) {
            Next::Nothing => {
                let now_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
                Next::At(now_ms + DAY_MS)
            }
            at @ Next::At(_) => at,
        }
    }

    /// The window went by without a rotation, because nobody was there.
    pub(super) fn miss(&mut self, now: Timestamp, chance: u32) -> Next {
        let Some(rotation) = &mut self.rotation else {
            return Next::Nothing;
        };
        let schedule = rotation.schedule();
        let missed = rotation.window();
        rotation.set_window(schedule.and_then(|schedule| match missed {
            Some(missed) => schedule.next_window(missed.start, now),
            None => schedule.first_window(now),
        }));
        rotation.next(now, chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses between the attempts of a rotation, in seconds, that fail so.
    #[track_caller]
    fn check(targets: &[Target], pauses: &[u64]) {
        let mut secret = Secret {
            rotation: Some(Rotation {
                enabled: true,
                schedule_expression: Some("rate(10 days)".to_owned()),
                running: Some(Running::default()),
                ..Rotation::default()
            }),
            ..Secret::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        let told: Vec<u64> = targets
            .iter()
            .map(|target| match secret.fail(String::new(), *target, now, 0) {
                Next::At(ms) => ms / 1000,
                Next::Nothing => panic!("a rotation is never left alone"),
            })
            .collect();
        assert_eq!(told, pauses);
    }

    #[test]
    fn a_rotation_that_fails_waits_for_the_next_window_in_the_end() {
        let days = 10 * 24 * 3600;
        check(&[Target::Untold; 6], &[5, 30, 120, 600, days, 5]);
        check(&[Target::Refused; 5], &[5, 30, 120, 600, days]);
    }

    #[test]
    fn one_that_may_have_changed_the_password_does_not() {
        check(&[Target::Touched; 6], &[5, 30, 120, 600, 3600, 3600]);
        // Once is enough: what comes later may be that nobody answers.
        let targets = [Target::Touched, Target::Untold, Target::Untold];
        let targets = [&targets[..], &targets[1..]].concat();
        check(&targets, &[5, 30, 120, 600, 3600]);
    }
}
