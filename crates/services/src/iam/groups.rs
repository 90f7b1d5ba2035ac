//! Groups: finding one by its name, its members, and the ways to change it.
//!
//! That a user is in a group stands in the user's record, which callers are
//! made from, and as a row of `GroupMembers`, by which a group knows its
//! members. Both change together.

use strongroom_types::AccountId;

use super::{
    attachments,
    error::{Error, Result},
    names,
    place::{Entity, Record},
    record::{self, AttachedTo, Group},
};
use crate::{
    context::Context,
    tables::{GroupMembers, Groups},
};

/// Groups of one account.
///
/// Source: IAM User Guide, IAM and STS quotas.
pub(super) const MAX_GROUPS: usize = 300;
/// Groups that one user is in.
pub(super) const MAX_GROUPS_OF_USER: usize = 10;
/// Rows read at a time.
const PAGE: usize = 500;

/// A group that a request names.
pub type GroupRef = Entity<Group>;

impl Record for Group {
    const IAM_TAGS: bool = false;

    /// Groups have none.
    fn tags(&self) -> &[record::Tag] {
        &[]
    }
}

impl GroupRef {
    /// The group of the caller's account that has this name, whatever its
    /// case.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn resolve(cx: &mut Context<'_>, name: &str) -> Result<Self> {
        let key = names::key(cx.request.caller.account, name);
        let group = cx.tx.get::<Groups>(&key).await?;
        let (path, known) = match &group {
            Some(group) => (group.path.as_str(), group.name.as_str()),
            None => (names::ROOT, name),
        };
        let arn = names::own_arn(cx, "group", path, known);
        Ok(Self::new(arn, key, "group", name, group))
    }

    /// The group as it is.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub(super) fn found(self) -> Result<Group> {
        self.record
            .ok_or_else(|| Error::not_found("group", &self.name))
    }

    /// The group, to be changed.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub(super) fn changeable(self) -> Result<FoundGroup> {
        let key = self.key.clone();
        let group = self.found()?;
        Ok(FoundGroup { key, group })
    }
}

/// A group that may be changed.
pub(super) struct FoundGroup {
    pub(super) key: (AccountId, String),
    pub(super) group: Group,
}

impl FoundGroup {
    /// Keeps what was changed.
    pub(super) fn save(&self, cx: &mut Context<'_>) -> Result<()> {
        Ok(cx.tx.put::<Groups>(&self.key, &self.group)?)
    }

    /// The group as something that policies are attached to, apart from its
    /// record, which changes with it.
    pub(super) fn entity<'a>(&self, name: &'a str) -> attachments::Entity<'a> {
        attachments::Entity {
            account: self.key.0,
            kind: AttachedTo::Group,
            name,
        }
    }
}

/// Names of a group's users, all in lower case, sorted. `key` is the group's
/// row.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn members(
    cx: &mut Context<'_>,
    (account, group): &(AccountId, String),
) -> Result<Vec<String>> {
    let mut members = Vec::new();
    let mut last = None;
    loop {
        let prefix = (*account, group.as_str());
        let rows = cx
            .tx
            .range::<GroupMembers>(prefix, last.as_ref(), PAGE)
            .await?;
        let Some((key, _)) = rows.last() else {
            return Ok(members);
        };
        last = Some(key.clone());
        members.extend(rows.into_iter().map(|((_, _, user), _)| user));
    }
}
