//! Entities with all that belongs to them.

use strongroom_types::{Arn, Partition, Timestamp};

use super::{InstanceProfile, PolicyVersion, Role, RoleLastUsed};
use crate::{
    context::Context,
    iam::{
        attachments::{
            AttachedPermissionsBoundary, AttachedPolicy, Usage, answered, answered_boundary,
        },
        document, instance_profiles, names,
        policies::{Managed, version_id},
        record::{self, InlinePolicy},
        tags::{self, Tag},
    },
    shape::Output,
    tables::Groups,
};

/// An inline policy.
#[derive(Output)]
pub struct PolicyDetail {
    /// Its name.
    pub policy_name: Option<String>,
    /// The document, percent-encoded.
    pub policy_document: Option<String>,
}

/// A user.
#[derive(Output)]
pub struct UserDetail {
    /// `/` or `/a/b/`.
    pub path: Option<String>,
    /// The name.
    pub user_name: Option<String>,
    /// `AIDA…`
    pub user_id: Option<String>,
    /// The ARN.
    pub arn: Option<Arn>,
    /// When it was made.
    pub create_date: Option<Timestamp>,
    /// Inline policies.
    pub user_policy_list: Option<Vec<PolicyDetail>>,
    /// Names of the user's groups.
    pub group_list: Option<Vec<String>>,
    /// Attached policies.
    pub attached_managed_policies: Option<Vec<AttachedPolicy>>,
    /// The policy that bounds its permissions.
    pub permissions_boundary: Option<AttachedPermissionsBoundary>,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
}

/// A group.
#[derive(Output)]
pub struct GroupDetail {
    /// `/` or `/a/b/`.
    pub path: Option<String>,
    /// The name.
    pub group_name: Option<String>,
    /// `AGPA…`
    pub group_id: Option<String>,
    /// The ARN.
    pub arn: Option<Arn>,
    /// When it was made.
    pub create_date: Option<Timestamp>,
    /// Inline policies.
    pub group_policy_list: Option<Vec<PolicyDetail>>,
    /// Attached policies.
    pub attached_managed_policies: Option<Vec<AttachedPolicy>>,
}

/// A role.
#[derive(Output)]
pub struct RoleDetail {
    /// `/` or `/a/b/`.
    pub path: Option<String>,
    /// The name.
    pub role_name: Option<String>,
    /// `AROA…`
    pub role_id: Option<String>,
    /// The ARN.
    pub arn: Option<Arn>,
    /// When it was made.
    pub create_date: Option<Timestamp>,
    /// The trust policy, percent-encoded.
    pub assume_role_policy_document: Option<String>,
    /// The instance profiles that it is in.
    pub instance_profile_list: Option<Vec<InstanceProfile>>,
    /// Inline policies.
    pub role_policy_list: Option<Vec<PolicyDetail>>,
    /// Attached policies.
    pub attached_managed_policies: Option<Vec<AttachedPolicy>>,
    /// The policy that bounds its permissions.
    pub permissions_boundary: Option<AttachedPermissionsBoundary>,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
    /// When and where it was last used; empty if it never was.
    pub role_last_used: Option<RoleLastUsed>,
}

/// A managed policy.
#[derive(Output)]
pub struct ManagedPolicyDetail {
    /// The name.
    pub policy_name: Option<String>,
    /// `ANPA…`
    pub policy_id: Option<String>,
    /// The ARN.
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
    /// Its versions with their documents.
    pub policy_version_list: Option<Vec<PolicyVersion>>,
}

fn inline(policies: &[InlinePolicy]) -> Vec<PolicyDetail> {
    policies
        .iter()
        .map(|policy| PolicyDetail {
            policy_name: Some(policy.name.clone()),
            policy_document: Some(document::encoded(&policy.document)),
        })
        .collect()
}

fn time(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds).ok()
}

impl UserDetail {
    /// # Errors
    /// When the store cannot be read.
    pub(in crate::iam) async fn of(
        cx: &mut Context<'_>,
        user: record::User,
    ) -> crate::iam::Result<Self> {
        let account = cx.request.caller.account;
        let mut groups = Vec::new();
        for name in &user.groups {
            let group = cx.tx.get::<Groups>(&(account, name.clone())).await?;
            groups.extend(group.map(|group| group.name));
        }
        Ok(Self {
            arn: Some(names::own_arn(cx, "user", &user.path, &user.name)),
            create_date: time(user.created_ms),
            user_policy_list: Some(inline(&user.inline_policies)),
            group_list: Some(groups),
            attached_managed_policies: Some(answered(&user.attached_policies, None)),
            permissions_boundary: answered_boundary(user.permissions_boundary.as_deref()),
            tags: Some(tags::answered(&user.tags)),
            path: Some(user.path),
            user_name: Some(user.name),
            user_id: Some(user.id),
        })
    }
}

impl GroupDetail {
    pub(in crate::iam) fn of(cx: &Context<'_>, group: record::Group) -> Self {
        Self {
            arn: Some(names::own_arn(cx, "group", &group.path, &group.name)),
            create_date: time(group.created_ms),
            group_policy_list: Some(inline(&group.inline_policies)),
            attached_managed_policies: Some(answered(&group.attached_policies, None)),
            path: Some(group.path),
            group_name: Some(group.name),
            group_id: Some(group.id),
        }
    }
}

impl RoleDetail {
    /// # Errors
    /// When the store cannot be read.
    pub(in crate::iam) async fn of(
        cx: &mut Context<'_>,
        role: record::Role,
    ) -> crate::iam::Result<Self> {
        let mut profiles = Vec::new();
        for profile in instance_profiles::of_role(cx, &role.name.to_lowercase()).await? {
            profiles.push(InstanceProfile::listed(cx, &profile).await?);
        }
        let whole = Role::whole(cx, &role).await?;
        Ok(Self {
            arn: Some(whole.arn),
            create_date: time(role.created_ms),
            assume_role_policy_document: whole.assume_role_policy_document,
            instance_profile_list: Some(profiles),
            role_policy_list: Some(inline(&role.inline_policies)),
            attached_managed_policies: Some(answered(&role.attached_policies, None)),
            permissions_boundary: whole.permissions_boundary,
            tags: Some(tags::answered(&role.tags)),
            role_last_used: whole.role_last_used,
            path: Some(role.path),
            role_name: Some(role.name),
            role_id: Some(role.id),
        })
    }
}

impl ManagedPolicyDetail {
    pub(in crate::iam) fn of(
        arn: &str,
        policy: &Managed,
        usage: Usage,
        partition: Partition,
    ) -> Self {
        Self {
            policy_name: Some(policy.name().to_owned()),
            policy_id: Some(policy.id().to_owned()),
            arn: Some(arn.to_owned()),
            path: Some(policy.path().to_owned()),
            default_version_id: Some(version_id(policy.default_version())),
            attachment_count: Some(usage.attachments),
            permissions_boundary_usage_count: Some(usage.boundaries),
            is_attachable: Some(true),
            description: policy.description().map(str::to_owned),
            create_date: policy.created(),
            update_date: policy.updated(),
            policy_version_list: Some(PolicyVersion::all(policy, partition)),
        }
    }
}
