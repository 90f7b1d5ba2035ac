//! What the organizations of the caller and of the resource say.

use std::sync::Arc;

use strongroom_policy::Attached;

use super::Target;
use crate::{context::Context, organizations::LevelPolicy};

/// Services whose actions resource control policies reach.
///
/// Source: AWS Organizations User Guide, RCPs: of the services that are here.
const RESOURCE_CONTROLLED: &[&str] = &["kms", "secretsmanager", "sts"];
/// What they leave alone of those services.
///
/// Source: KMS Developer Guide, "Resource control policies in AWS KMS".
const NOT_RESOURCE_CONTROLLED: &str = "kms:RetireGrant";

/// The policies of every level, from the root to the account. A service's own
/// role is left alone by all of them.
#[derive(Default)]
pub(crate) struct Perimeter<'a> {
    resource_control: Vec<Vec<Attached<'a>>>,
    service_control: Vec<Vec<Attached<'a>>>,
}

impl<'a> Perimeter<'a> {
    /// Service control policies of the caller's account, and resource control
    /// policies of the account that owns the target.
    pub(crate) fn of(cx: &'a Context<'_>, target: &dyn Target, action: &str) -> Self {
        let caller = &cx.request.caller;
        if caller.standing.service_linked {
            return Self::default();
        }
        let reached = is_resource_controlled(action) && !target.is_aws_managed_key();
        let owner = target.account().filter(|_| reached);
        let of_caller = cx.bearing(caller.account);
        let of_resource = owner.and_then(|owner| cx.bearing(owner));
        Self {
            resource_control: of_resource.map_or_else(Vec::new, |it| attach(&it.resource_control)),
            service_control: of_caller.map_or_else(Vec::new, |it| attach(&it.service_control)),
        }
    }

    /// As the policy crate takes them.
    pub(crate) fn resource_control(&self) -> Vec<&[Attached<'a>]> {
        self.resource_control.iter().map(Vec::as_slice).collect()
    }

    /// As the policy crate takes them.
    pub(crate) fn service_control(&self) -> Vec<&[Attached<'a>]> {
        self.service_control.iter().map(Vec::as_slice).collect()
    }
}

/// Whether resource control policies reach an action.
pub(crate) fn is_resource_controlled(action: &str) -> bool {
    let service = action.split(':').next().unwrap_or_default();
    RESOURCE_CONTROLLED
        .iter()
        .any(|known| known.eq_ignore_ascii_case(service))
        && !NOT_RESOURCE_CONTROLLED.eq_ignore_ascii_case(action)
}

fn attach(levels: &[Vec<Arc<LevelPolicy>>]) -> Vec<Vec<Attached<'_>>> {
    levels.iter().map(|level| attach_level(level)).collect()
}

fn attach_level(level: &[Arc<LevelPolicy>]) -> Vec<Attached<'_>> {
    let attached = level.iter().map(|it| Attached {
        name: Some(&it.arn),
        policy: &it.policy,
    });
    attached.collect()
}
