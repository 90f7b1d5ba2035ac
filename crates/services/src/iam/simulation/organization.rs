use std::sync::Arc;

use strongroom_policy::{Attached, Effect, Explanation, PolicyKind};
use strongroom_types::AccountId;

use super::policies::{PolicyIdentifier, PolicyIdentifierType, parse};
use crate::{
    authorize::is_resource_controlled, context::Context, iam::error::Result,
    organizations::LevelPolicy,
};

type Level = Vec<Arc<LevelPolicy>>;

/// The policies of an organization that bear on a simulation, a list for each
/// level from the root to the account.
#[derive(Default)]
pub(in crate::iam) struct Organization {
    resource_control: Vec<Level>,
    service_control: Vec<Level>,
}

impl Organization {
    /// What is in force for a caller of one account and a resource of another,
    /// without what a request's `PolicyExclusionList` leaves out.
    pub(in crate::iam) fn of(
        cx: &Context<'_>,
        caller: Option<AccountId>,
        owner: Option<AccountId>,
        excluded: &[PolicyIdentifier],
    ) -> Self {
        let of_caller = caller.and_then(|account| cx.bearing(account));
        let of_owner = owner.and_then(|account| cx.bearing(account));
        let service = of_caller.map(|it| it.service_control.as_slice());
        let resource = of_owner.map(|it| it.resource_control.as_slice());
        Self {
            resource_control: without(
                resource.unwrap_or_default(),
                PolicyIdentifierType::Rcp,
                excluded,
            ),
            service_control: without(
                service.unwrap_or_default(),
                PolicyIdentifierType::Scp,
                excluded,
            ),
        }
    }

    /// The service control policies of a request.
    ///
    /// # Errors
    /// `InvalidInput` for what is no policy.
    pub(in crate::iam) fn given<'d>(levels: impl Iterator<Item = &'d [String]>) -> Result<Self> {
        let compile = |document: &String| -> Result<Arc<LevelPolicy>> {
            let policy = parse(document, PolicyKind::ServiceControl)?;
            let arn = String::new();
            Ok(Arc::new(LevelPolicy { arn, policy }))
        };
        let mut service_control = Vec::new();
        for documents in levels {
            let level: Result<Level> = documents.iter().map(compile).collect();
            service_control.push(level?);
        }
        Ok(Self {
            resource_control: Vec::new(),
            service_control,
        })
    }

    /// Whether there is anything of it.
    pub(super) fn is_empty(&self) -> bool {
        self.resource_control.is_empty() && self.service_control.is_empty()
    }

    /// Service control policies, as the policy crate takes them.
    pub(super) fn service_control(&self) -> Vec<Vec<Attached<'_>>> {
        attach(&self.service_control)
    }

    /// Resource control policies of an action, likewise.
    pub(super) fn resource_control(&self, action: &str) -> Vec<Vec<Attached<'_>>> {
        if is_resource_controlled(action) {
            attach(&self.resource_control)
        } else {
            Vec::new()
        }
    }

    /// Every level must allow, and none may deny.
    pub(super) fn allows(&self, action: &str, explanation: &Explanation<'_>) -> bool {
        let says = |policy: &Arc<LevelPolicy>, effect| {
            let mut matched = explanation.matched.iter();
            matched.any(|it| it.effect == effect && std::ptr::eq(it.policy, &policy.policy))
        };
        let level_allows = |level: &Level| {
            level.iter().any(|policy| says(policy, Effect::Allow))
                && !level.iter().any(|policy| says(policy, Effect::Deny))
        };
        let resource: &[Level] = if is_resource_controlled(action) {
            &self.resource_control
        } else {
            &[]
        };
        self.service_control
            .iter()
            .chain(resource)
            .all(level_allows)
    }
}

/// The levels without what is left out; a level with nothing left is none.
fn without(
    levels: &[Level],
    kind: PolicyIdentifierType,
    excluded: &[PolicyIdentifier],
) -> Vec<Level> {
    let left_out = |policy: &Arc<LevelPolicy>| {
        excluded.iter().any(|identifier| {
            identifier.policy_type == Some(kind)
                || identifier.policy_arn.as_ref() == Some(&policy.arn)
        })
    };
    let kept = |level: &Level| -> Level {
        level
            .iter()
            .filter(|policy| !left_out(policy))
            .cloned()
            .collect()
    };
    levels
        .iter()
        .map(kept)
        .filter(|level| !level.is_empty())
        .collect()
}

fn attach(levels: &[Level]) -> Vec<Vec<Attached<'_>>> {
    levels.iter().map(|level| attach_level(level)).collect()
}

fn attach_level(level: &[Arc<LevelPolicy>]) -> Vec<Attached<'_>> {
    level.iter().map(|it| Attached::from(&it.policy)).collect()
}
