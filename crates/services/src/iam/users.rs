//! Users: finding one by its name, and the ways to change it.

use strongroom_types::{AccountId, Principal};

use super::{
    attachments,
    error::{Error, Result},
    names,
    place::{Entity, Record},
    record::{self, AttachedTo, User},
};
use crate::{context::Context, tables::Users};

/// Users of one account.
///
/// Source: IAM User Guide, IAM and STS quotas.
pub(super) const MAX_USERS: usize = 5_000;

/// A user that a request names.
pub type UserRef = Entity<User>;

impl Record for User {
    const IAM_TAGS: bool = true;

    fn tags(&self) -> &[record::Tag] {
        &self.tags
    }

    fn boundary(&self) -> Option<&str> {
        self.permissions_boundary.as_deref()
    }
}

impl UserRef {
    /// The user of the caller's account that has this name, whatever its case.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn resolve(cx: &mut Context<'_>, name: &str) -> Result<Self> {
        let key = names::key(cx.request.caller.account, name);
        let user = cx.tx.get::<Users>(&key).await?;
        let (path, known) = match &user {
            Some(user) => (user.path.as_str(), user.name.as_str()),
            None => (names::ROOT, name),
        };
        let arn = names::own_arn(cx, "user", path, known);
        Ok(Self::new(arn, key, "user", name, user))
    }

    /// The user of this name; without a name the caller.
    ///
    /// # Errors
    /// `ValidationError` if there is no name and the caller is no user.
    pub(super) async fn resolve_or_caller(
        cx: &mut Context<'_>,
        name: Option<&str>,
    ) -> Result<Self> {
        if let Some(name) = name {
            return Self::resolve(cx, name).await;
        }
        match &cx.request.caller.principal {
            Principal::User { name, .. } => {
                let name = name.to_string();
                Self::resolve(cx, &name).await
            }
            _ => Err(Error::Validation(
                "Must specify userName when calling with non-User credentials".into(),
            )),
        }
    }

    /// The user as it is.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub(super) fn found(self) -> Result<User> {
        self.record
            .ok_or_else(|| Error::not_found("user", &self.name))
    }

    /// The user, to be changed.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub(super) fn changeable(self) -> Result<FoundUser> {
        let key = self.key.clone();
        let user = self.found()?;
        Ok(FoundUser { key, user })
    }
}

/// A user that may be changed.
pub(super) struct FoundUser {
    pub(super) key: (AccountId, String),
    pub(super) user: User,
}

impl FoundUser {
    /// Keeps what was changed.
    pub(super) fn save(&self, cx: &mut Context<'_>) -> Result<()> {
        Ok(cx.tx.put::<Users>(&self.key, &self.user)?)
    }

    /// The user as something that policies are attached to, apart from its
    /// record, which changes with it.
    pub(super) fn entity<'a>(&self, name: &'a str) -> attachments::Entity<'a> {
        attachments::Entity {
            account: self.key.0,
            kind: AttachedTo::User,
            name,
        }
    }
}
