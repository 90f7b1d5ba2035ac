use strongroom_types::{Partition, Timestamp};

use crate::{
    iam::{
        attachments::Usage,
        document,
        policies::{Managed, Version, version_id},
        tags::{self, Tag},
    },
    shape::Output,
};

/// A managed policy.
#[derive(Output)]
pub struct Policy {
    /// The name, in the case it was given in.
    pub policy_name: Option<String>,
    /// `ANPA…`
    pub policy_id: Option<String>,
    /// The ARN, with the path.
    pub arn: Option<String>,
    /// `/` or `/a/b/`.
    pub path: Option<String>,
    /// `v3`
    pub default_version_id: Option<String>,
    /// Users, groups and roles that it is attached to.
    pub attachment_count: Option<i64>,
    /// Users and roles whose permissions it bounds.
    pub permissions_boundary_usage_count: Option<i64>,
    /// Whether it can be attached: always.
    pub is_attachable: Option<bool>,
    /// What someone said of it.
    pub description: Option<String>,
    /// When it was made.
    pub create_date: Option<Timestamp>,
    /// When its last version was made.
    pub update_date: Option<Timestamp>,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
}

/// A version of a managed policy.
#[derive(Output)]
pub struct PolicyVersion {
    /// The document, percent-encoded.
    pub document: Option<String>,
    /// `v3`
    pub version_id: Option<String>,
    /// Whether it is the one in force.
    pub is_default_version: Option<bool>,
    /// When it was made.
    pub create_date: Option<Timestamp>,
}

impl Policy {
    /// What lists say of a policy.
    pub(in crate::iam) fn listed(arn: &str, policy: &Managed, usage: Usage) -> Self {
        Self {
            policy_name: Some(policy.name().to_owned()),
            policy_id: Some(policy.id().to_owned()),
            arn: Some(arn.to_owned()),
            path: Some(policy.path().to_owned()),
            default_version_id: Some(version_id(policy.default_version())),
            attachment_count: Some(usage.attachments),
            permissions_boundary_usage_count: Some(usage.boundaries),
            is_attachable: Some(true),
            description: None,
            create_date: policy.created(),
            update_date: policy.updated(),
            tags: None,
        }
    }

    /// What the answer of a creation says.
    pub(in crate::iam) fn made(arn: &str, policy: &Managed) -> Self {
        Self {
            tags: tags::answered_some(policy.tags()),
            ..Self::listed(arn, policy, Usage::default())
        }
    }

    /// All that is known of a policy.
    pub(in crate::iam) fn whole(arn: &str, policy: &Managed, usage: Usage) -> Self {
        Self {
            description: policy.description().map(str::to_owned),
            tags: Some(tags::answered(policy.tags())),
            ..Self::listed(arn, policy, usage)
        }
    }
}

impl PolicyVersion {
    /// What lists say of a version: all but the document.
    pub(in crate::iam) fn listed(version: &Version<'_>) -> Self {
        Self {
            document: None,
            version_id: Some(version_id(version.number)),
            is_default_version: Some(version.is_default),
            create_date: version.created,
        }
    }

    /// A version with its document.
    pub(in crate::iam) fn whole(version: &Version<'_>) -> Self {
        Self {
            document: Some(document::encoded(&version.document)),
            ..Self::listed(version)
        }
    }

    /// All versions of a policy with their documents.
    pub(in crate::iam) fn all(policy: &Managed, partition: Partition) -> Vec<Self> {
        policy.versions(partition).iter().map(Self::whole).collect()
    }
}
