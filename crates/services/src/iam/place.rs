//! What IAM's operations are about, as policies see it.

use strongroom_policy::Policy;
use strongroom_types::{AccountId, Arn};

use super::{names, record, tags};
use crate::{
    authorize::{Keys, Target},
    context::Context,
};

/// A place where something is made or listed: known by its ARN alone.
pub struct Place {
    account: AccountId,
    resource: String,
    shown: String,
}

impl Place {
    /// Something that is to be: the ARN it will have, if it has none yet.
    pub(super) fn new(cx: &Context<'_>, kind: &str, path: Option<&str>, name: &str) -> Self {
        let arn = names::own_arn(cx, kind, path.unwrap_or(names::ROOT), name);
        Self {
            account: cx.request.caller.account,
            shown: arn.to_string(),
            resource: arn.to_string(),
        }
    }

    /// A policy that is to be, which refusals call by its name.
    pub(super) fn new_policy(cx: &Context<'_>, path: Option<&str>, name: &str) -> Self {
        Self {
            shown: format!("policy {name}"),
            ..Self::new(cx, "policy", path, name)
        }
    }

    /// All of a kind under a path: `arn:aws:iam::<account>:role/`.
    pub(super) fn listing(cx: &Context<'_>, kind: &str, path_prefix: Option<&str>) -> Self {
        Self::new(cx, kind, path_prefix, "")
    }

    /// All policies under a path. Policies allow them by `*` alone.
    pub(super) fn policies(cx: &Context<'_>, path_prefix: Option<&str>) -> Self {
        let path = path_prefix.unwrap_or(names::ROOT);
        Self {
            shown: format!("policy path {path}"),
            ..Self::account(cx)
        }
    }

    /// The account as a whole, which policies allow by `*` alone.
    pub(super) fn account(cx: &Context<'_>) -> Self {
        Self {
            account: cx.request.caller.account,
            resource: "*".to_owned(),
            shown: "*".to_owned(),
        }
    }
}

impl Target for Place {
    fn resource(&self) -> &str {
        &self.resource
    }

    fn shown(&self) -> Option<&str> {
        Some(&self.shown)
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.account)
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, _: &mut Keys) {}
}

/// Something of IAM's that a request names: there, or not there.
pub struct Entity<R> {
    /// The ARN that it has, or would have.
    pub(super) arn: Arn,
    /// The account and the name in lower case: its row.
    pub(super) key: (AccountId, String),
    /// As the request has it.
    pub(super) name: String,
    pub(super) record: Option<R>,
    shown: String,
    bounded: bool,
}

/// What an entity's record says to policies.
pub trait Record {
    /// Its tags.
    fn tags(&self) -> &[record::Tag];

    /// Whether tags are in `iam:ResourceTag` too.
    const IAM_TAGS: bool;

    /// The ARN of its permissions boundary.
    fn boundary(&self) -> Option<&str> {
        None
    }
}

impl Entity<record::User> {
    /// The root user of the caller's account, which is no user's record.
    pub(super) fn root(cx: &Context<'_>) -> Self {
        let account = cx.request.caller.account;
        let arn = cx.request.caller.arn.clone();
        Self::new(arn, (account, String::new()), "", "", None).shown_by_arn()
    }
}

impl<R> Entity<R> {
    /// `kind` as AWS says it in refusals: `role`, `instance profile`.
    pub(super) fn new(
        arn: Arn,
        key: (AccountId, String),
        kind: &str,
        name: &str,
        record: Option<R>,
    ) -> Self {
        Self {
            arn,
            key,
            name: name.to_owned(),
            record,
            shown: format!("{kind} {name}"),
            bounded: false,
        }
    }

    /// Named by its ARN in refusals.
    pub(super) fn shown_by_arn(self) -> Self {
        Self {
            shown: self.arn.to_string(),
            ..self
        }
    }

    /// For operations that have `iam:PermissionsBoundary`: the boundary that
    /// the entity has.
    pub(super) fn bounded(self) -> Self {
        Self {
            bounded: true,
            ..self
        }
    }
}

impl<R: Record + Send> Target for Entity<R> {
    fn resource(&self) -> &str {
        self.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(&self.shown)
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.key.0)
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, keys: &mut Keys) {
        let Some(record) = &self.record else {
            return;
        };
        tags::resource_keys(record.tags(), keys, R::IAM_TAGS);
        if self.bounded {
            keys.some("iam:PermissionsBoundary", record.boundary());
        }
    }
}
