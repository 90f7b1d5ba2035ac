//! A secret, its versions and their staging labels: the domain, without I/O.
//!
//! Every function here takes a [`Secret`] as it is and either changes it into
//! what it should be or says why not; nothing is half done. Values are not
//! here: a version only says whether it has one, and under which key.

use std::collections::BTreeMap;

use strongroom_types::{Arn, Timestamp};

use super::{
    error::{Error, Result},
    record::{Secret, Version},
};
use crate::context::Home;

/// The label of the version that applications read.
pub const AWSCURRENT: &str = "AWSCURRENT";
/// The label of the version that a rotation is preparing.
pub const AWSPENDING: &str = "AWSPENDING";
/// The label of the version that was current before.
pub const AWSPREVIOUS: &str = "AWSPREVIOUS";

/// Secrets of one account in one Region, those scheduled for deletion
/// included.
///
/// Source: Secrets Manager quotas.
pub const MAX_SECRETS: usize = 500_000;
/// Staging labels over all versions of one secret.
///
/// Source: Secrets Manager quotas.
pub const MAX_LABELS: usize = 20;
/// Versions of one secret. Deprecated ones older than a day make room.
///
/// Source: Secrets Manager quotas.
pub const MAX_VERSIONS: usize = 100;
/// Versions younger than this are never removed, in milliseconds.
const KEEP_MS: i64 = 24 * 60 * 60 * 1000;

/// What a new version is, before it is added.
pub struct NewVersion {
    /// The client request token.
    pub id: String,
    /// The labels asked for; none asked for means AWSCURRENT.
    pub labels: Option<Vec<String>>,
    /// The key its value is sealed under; absent for the AWS managed key.
    pub kms_key_id: Option<String>,
}

/// What adding a version did beside adding it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// A running rotation lost its pending version: `RotationAbandoned`.
    pub abandoned_rotation: bool,
    /// Deprecated versions that made room. Their values must go too.
    pub removed: Vec<String>,
}

impl Secret {
    /// `arn:…:secret:<name>-<suffix>`.
    #[must_use]
    pub fn arn(&self, home: &Home) -> Arn {
        home.arn(
            "secretsmanager",
            format_args!("secret:{}-{}", self.name, self.suffix),
        )
    }

    /// The version with this id.
    #[must_use]
    pub fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// The version with this label.
    #[must_use]
    pub fn labelled(&self, label: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.has(label))
    }

    /// Labels by version id, for versions that have any; absent if none has.
    #[must_use]
    pub fn version_ids_to_stages(&self) -> Option<BTreeMap<String, Vec<String>>> {
        let labelled = self
            .versions
            .iter()
            .filter(|version| !version.labels.is_empty());
        let map: BTreeMap<_, _> = labelled
            .map(|version| (version.id.clone(), version.sorted_labels()))
            .collect();
        (!map.is_empty()).then_some(map)
    }

    /// Whether the secret waits for the end of its recovery window.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted_ms.is_some()
    }

    /// # Errors
    /// `InvalidRequestException` while the secret is scheduled for deletion.
    pub fn alive(&self) -> Result<()> {
        if self.is_deleted() {
            Err(Error::marked_for_deletion())
        } else {
            Ok(())
        }
    }

    /// Adds a version and moves the labels as PutSecretValue does, or fills a
    /// version that a rotation left empty.
    ///
    /// # Errors
    /// `LimitExceededException` past 20 labels, or past 100 versions of which
    /// none is deprecated and older than a day.
    pub fn add_version(&mut self, new: NewVersion, now: Timestamp) -> Result<Added> {
        let now_ms = now.as_millisecond();
        let first = !self.versions.iter().any(|version| version.has_value);
        let default_labels = new.labels.is_none();
        let mut labels = new.labels.unwrap_or_else(|| vec![AWSCURRENT.to_owned()]);
        if first && !labels.iter().any(|label| label == AWSCURRENT) {
            labels.push(AWSCURRENT.to_owned());
        }
        // AWSCURRENT leaves AWSPREVIOUS behind, which the request may want too.
        labels.sort_by_key(|label| label != AWSCURRENT);

        let mut changed = self.clone();
        let mut added = Added::default();
        match changed
            .versions
            .iter_mut()
            .find(|version| version.id == new.id)
        {
            Some(empty) => {
                empty.has_value = true;
                empty.created_ms = now_ms;
                empty.kms_key_id = new.kms_key_id;
            }
            None => {
                added.removed = changed.make_room(now_ms)?;
                changed.versions.push(Version {
                    id: new.id.clone(),
                    created_ms: now_ms,
                    has_value: true,
                    kms_key_id: new.kms_key_id,
                    ..Version::default()
                });
            }
        }
        for label in &labels {
            changed.attach(label, &new.id);
        }
        if default_labels {
            added.abandoned_rotation = changed.drop_pending_except(&new.id);
        }
        changed.check_labels()?;
        changed.last_changed_ms = now_ms;
        *self = changed;
        Ok(added)
    }

    /// UpdateSecretVersionStage: moves, attaches or detaches one label.
    ///
    /// # Errors
    /// `InvalidParameterException` and `ResourceNotFoundException` by the
    /// rules of the API Reference; `LimitExceededException` past 20 labels.
    pub fn move_label(
        &mut self,
        label: &str,
        remove_from: Option<&str>,
        move_to: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        if remove_from.is_none() && move_to.is_none() {
            return Err(Error::neither_move_nor_remove());
        }
        if let Some(missing) = [move_to, remove_from]
            .into_iter()
            .flatten()
            .find(|id| self.version(id).is_none())
        {
            return Err(Error::no_version(missing));
        }
        // INVARIANT: the version that has AWSCURRENT has a value.
        if let (AWSCURRENT, Some(to)) = (label, move_to)
            && self.version(to).is_some_and(|version| !version.has_value)
        {
            return Err(Error::no_version(to));
        }
        let holder = self.labelled(label).map(|version| version.id.clone());
        match (holder.as_deref(), remove_from, move_to) {
            (Some(holder), _, Some(to)) if holder == to => return Ok(()),
            (Some(holder), None, Some(_)) => {
                return Err(Error::remove_from_needed(label, holder));
            }
            (Some(holder), Some(from), _) if holder != from => {
                return Err(Error::remove_from_mismatch(label, holder));
            }
            (None, Some(from), _) => return Err(Error::label_not_there(label, from)),
            (_, _, None) if label == AWSCURRENT => return Err(Error::current_must_stay()),
            _ => {}
        }
        let mut changed = self.clone();
        match move_to {
            Some(to) => changed.attach(label, to),
            None => changed.detach(label),
        }
        changed.check_labels()?;
        changed.last_changed_ms = now.as_millisecond();
        *self = changed;
        Ok(())
    }

    /// Puts a label on a version and takes it from any other. AWSCURRENT
    /// leaves AWSPREVIOUS behind.
    // INVARIANT: each label is on at most one version, and once AWSCURRENT is
    // on a version it is always on exactly one.
    pub(super) fn attach(&mut self, label: &str, id: &str) {
        let holder = self.labelled(label).map(|version| version.id.clone());
        if holder.as_deref() == Some(id) {
            return;
        }
        self.take_off(label);
        if let Some(version) = self.versions.iter_mut().find(|version| version.id == id) {
            version.labels.push(label.to_owned());
        }
        if let (AWSCURRENT, Some(previous)) = (label, holder) {
            self.attach(AWSPREVIOUS, &previous);
        }
        self.drop_idle();
    }

    pub(super) fn detach(&mut self, label: &str) {
        self.take_off(label);
        self.drop_idle();
    }

    fn take_off(&mut self, label: &str) {
        for version in &mut self.versions {
            version.labels.retain(|held| held != label);
        }
    }

    /// A version without a value is there for its labels only.
    fn drop_idle(&mut self) {
        self.versions
            .retain(|version| version.has_value || !version.labels.is_empty());
    }

    /// A new value set by hand ends a rotation that has one pending elsewhere.
    fn drop_pending_except(&mut self, id: &str) -> bool {
        let abandoned = self
            .labelled(AWSPENDING)
            .is_some_and(|pending| pending.id != id && !pending.has(AWSPREVIOUS));
        if self
            .labelled(AWSPENDING)
            .is_some_and(|pending| pending.id != id)
        {
            self.detach(AWSPENDING);
        }
        abandoned
    }

    pub(super) fn check_labels(&self) -> Result<()> {
        let labels: usize = self
            .versions
            .iter()
            .map(|version| version.labels.len())
            .sum();
        if labels > MAX_LABELS {
            Err(Error::too_many_labels())
        } else {
            Ok(())
        }
    }

    /// Removes the oldest deprecated versions until there is room for one
    /// more, and returns their ids.
    pub(super) fn make_room(&mut self, now_ms: i64) -> Result<Vec<String>> {
        let mut removed = Vec::new();
        while self.versions.len() >= MAX_VERSIONS {
            let oldest = self
                .versions
                .iter()
                .enumerate()
                .filter(|(_, version)| version.labels.is_empty())
                .min_by_key(|(_, version)| version.created_ms)
                .filter(|(_, version)| now_ms.saturating_sub(version.created_ms) >= KEEP_MS)
                .map(|(place, _)| place)
                .ok_or_else(Error::too_many_versions)?;
            removed.push(self.versions.remove(oldest).id);
        }
        Ok(removed)
    }
}

impl Version {
    /// Whether the label is on this version.
    #[must_use]
    pub fn has(&self, label: &str) -> bool {
        self.labels.iter().any(|held| held == label)
    }

    /// The labels in alphabetical order, as AWS answers them.
    #[must_use]
    pub fn sorted_labels(&self) -> Vec<String> {
        let mut labels = self.labels.clone();
        labels.sort();
        labels
    }

    /// [`Version::sorted_labels`], absent where there are none.
    #[must_use]
    pub fn stages(&self) -> Option<Vec<String>> {
        (!self.labels.is_empty()).then(|| self.sorted_labels())
    }
}

#[cfg(test)]
mod tests;
