//! Long-term access keys of users: two of each at most, the secret half told
//! once.

use super::{
    error::{Error, Result},
    record::{AccessKey, User},
};
use crate::{context::Context, shape::enumeration, tables::AccessKeys};

/// Access keys of one user.
///
/// Source: IAM User Guide, IAM and STS quotas.
pub(super) const MAX_KEYS: usize = 2;

enumeration! {
    /// Whether an access key may be used.
    pub enum Status {
        Active = "Active",
        Inactive = "Inactive",
        Expired = "Expired",
    }
}

impl Status {
    /// Of a key.
    pub(super) fn of(key: &AccessKey) -> Self {
        if key.active {
            Self::Active
        } else {
            Self::Inactive
        }
    }
}

/// A user's access key.
///
/// # Errors
/// `NoSuchEntity` if the user has none of this id.
pub(super) async fn of_user(cx: &mut Context<'_>, user: &User, id: &str) -> Result<AccessKey> {
    let missing =
        || Error::NoSuchEntity(format!("The Access Key with id {id} cannot be found.").into());
    if !user.access_key_ids.iter().any(|known| known == id) {
        return Err(missing());
    }
    let key = cx.tx.get::<AccessKeys>(&(id.to_owned(),)).await?;
    key.ok_or_else(missing)
}
