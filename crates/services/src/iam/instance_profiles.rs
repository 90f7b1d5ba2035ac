//! Instance profiles: finding one by its name, and those of a role.

use strongroom_types::AccountId;

use super::{
    error::{Error, Result},
    names,
    place::{Entity, Record},
    record::{self, InstanceProfile},
    rows,
};
use crate::{context::Context, tables::InstanceProfiles};

/// Instance profiles of one account.
///
/// Source: IAM User Guide, IAM and STS quotas.
pub(super) const MAX_PROFILES: usize = 1_000;

/// An instance profile that a request names.
pub type ProfileRef = Entity<InstanceProfile>;

impl Record for InstanceProfile {
    const IAM_TAGS: bool = false;

    fn tags(&self) -> &[record::Tag] {
        &self.tags
    }
}

impl ProfileRef {
    /// The profile of the caller's account that has this name, whatever its
    /// case.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn resolve(cx: &mut Context<'_>, name: &str) -> Result<Self> {
        let key = names::key(cx.request.caller.account, name);
        let profile = cx.tx.get::<InstanceProfiles>(&key).await?;
        let (path, known) = match &profile {
            Some(profile) => (profile.path.as_str(), profile.name.as_str()),
            None => (names::ROOT, name),
        };
        let arn = names::own_arn(cx, "instance-profile", path, known);
        Ok(Self::new(arn, key, "instance profile", name, profile))
    }

    /// The row's key and the profile.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub(super) fn found(self) -> Result<((AccountId, String), InstanceProfile)> {
        let name = self.name;
        self.record
            .map(|profile| (self.key, profile))
            .ok_or_else(|| {
                Error::NoSuchEntity(format!("Instance Profile {name} cannot be found.").into())
            })
    }
}

/// The instance profiles that a role is in; its name is in lower case.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn of_role(cx: &mut Context<'_>, role: &str) -> Result<Vec<InstanceProfile>> {
    let mut profiles = rows::all::<InstanceProfiles>(cx).await?;
    profiles.retain(|profile| profile.role.as_deref() == Some(role));
    Ok(profiles)
}
