//! `iam:PassRole`: whether the caller may let a service act with a role.
//!
//! There is no operation of this name. Operations that give a service a role
//! ask for it.
//!
//! Source: IAM User Guide, granting a user permissions to pass a role to an
//! AWS service.

use strongroom_policy::Policy;
use strongroom_types::AccountId;

use super::{
    error::{Error, Result},
    roles::RoleRef,
};
use crate::{
    authorize::{Keys, Target, check},
    context::Context,
};

/// A role as what is passed: refusals name it by its ARN.
struct Passed<'a>(&'a RoleRef);

impl Target for Passed<'_> {
    fn resource(&self) -> &str {
        self.0.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(self.0.arn.as_str())
    }

    fn account(&self) -> Option<AccountId> {
        self.0.account()
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, keys: &mut Keys) {
        self.0.condition_keys(keys);
    }
}

/// Whether the caller may pass `role` to `service`, `ec2.amazonaws.com`.
///
/// # Errors
/// `AccessDenied`.
pub(super) fn check_pass(cx: &Context<'_>, role: &RoleRef, service: &str) -> Result<()> {
    let mut keys = Keys::default();
    keys.one("iam:PassedToService", service);
    check(cx, &Passed(role), "iam:PassRole", &keys)
        .map_err(|message| Error::AccessDenied(message.into()))
}
