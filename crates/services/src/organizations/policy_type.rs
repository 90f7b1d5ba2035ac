//! The two types of policy that decide requests, and AWS's own policies of
//! them.

use strongroom_policy::PolicyKind;
use strongroom_types::{AccountId, Partition};

/// A type of policy that organizations enforce here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyType {
    /// `RESOURCE_CONTROL_POLICY`
    ResourceControl,
    /// `SERVICE_CONTROL_POLICY`
    ServiceControl,
}

/// A policy that AWS itself has in every organization.
#[derive(Clone, Copy, Debug)]
pub(super) struct Managed {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) policy_type: PolicyType,
    pub(super) content: &'static str,
}

/// Attached to everything when service control policies are enabled.
pub(super) const FULL_AWS_ACCESS: Managed = Managed {
    id: "p-FullAWSAccess",
    name: "FullAWSAccess",
    description: "Allows access to every operation",
    policy_type: PolicyType::ServiceControl,
    content: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
};

/// Attached to everything when resource control policies are enabled, and
/// never detached.
pub(super) const RCP_FULL_AWS_ACCESS: Managed = Managed {
    id: "p-RCPFullAWSAccess",
    name: "RCPFullAWSAccess",
    description: "Allows access to every resource",
    policy_type: PolicyType::ResourceControl,
    content: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#,
};

impl PolicyType {
    /// AWS's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ResourceControl => "RESOURCE_CONTROL_POLICY",
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
        }
    }

    /// The kind of policy, as it is compiled.
    pub(super) fn kind(self) -> PolicyKind {
        match self {
            Self::ResourceControl => PolicyKind::ResourceControl,
            Self::ServiceControl => PolicyKind::ServiceControl,
        }
    }

    /// The type of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::ResourceControl, Self::ServiceControl]
            .into_iter()
            .find(|it| it.as_str() == name)
    }

    /// AWS's own policy of the type.
    pub(super) fn managed(self) -> Managed {
        match self {
            Self::ResourceControl => RCP_FULL_AWS_ACCESS,
            Self::ServiceControl => FULL_AWS_ACCESS,
        }
    }

    pub(super) fn arn(
        self,
        partition: Partition,
        management: AccountId,
        organization: &str,
        policy: &str,
    ) -> String {
        let in_arn = self.as_str().to_lowercase();
        let partition = partition.as_str();
        format!(
            "arn:{partition}:organizations::{management}:policy/{organization}/{in_arn}/{policy}"
        )
    }
}

impl Managed {
    /// The managed policy with this id.
    pub(super) fn with_id(id: &str) -> Option<Self> {
        [FULL_AWS_ACCESS, RCP_FULL_AWS_ACCESS]
            .into_iter()
            .find(|it| it.id == id)
    }

    pub(super) fn arn(self, partition: Partition) -> String {
        let in_arn = self.policy_type.as_str().to_lowercase();
        let partition = partition.as_str();
        format!(
            "arn:{partition}:organizations::aws:policy/{in_arn}/{}",
            self.id
        )
    }
}
