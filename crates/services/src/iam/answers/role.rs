use strongroom_types::{Arn, Timestamp};

use crate::{
    context::Context,
    iam::{
        attachments::{AttachedPermissionsBoundary, answered_boundary},
        document, names, principals, record,
        tags::{self, Tag},
        uses,
    },
    shape::Output,
};

/// A role.
#[derive(Output)]
pub struct Role {
    /// `/` or `/a/b/`.
    pub path: String,
    /// The name, in the case it was given in.
    pub role_name: String,
    /// `AROA…`
    pub role_id: String,
    /// The ARN, with the path.
    pub arn: Arn,
    /// When it was made.
    pub create_date: Timestamp,
    /// The trust policy, percent-encoded.
    pub assume_role_policy_document: Option<String>,
    /// What someone said of it.
    pub description: Option<String>,
    /// Seconds of the longest session.
    pub max_session_duration: Option<i64>,
    /// The policy that bounds its permissions.
    pub permissions_boundary: Option<AttachedPermissionsBoundary>,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
    /// When and where it was last used; empty if it never was.
    pub role_last_used: Option<RoleLastUsed>,
}

/// The last use of a role.
#[derive(Output)]
pub struct RoleLastUsed {
    /// When.
    pub last_used_date: Option<Timestamp>,
    /// In which Region.
    pub region: Option<String>,
}

impl Role {
    /// What lists say of a role.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(in crate::iam) async fn listed(
        cx: &mut Context<'_>,
        role: &record::Role,
    ) -> crate::iam::Result<Self> {
        Ok(Self {
            description: role.description.clone(),
            max_session_duration: Some(i64::from(role.max_session_seconds)),
            ..Self::brief(cx, role).await?
        })
    }

    /// All that is known of a role.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(in crate::iam) async fn whole(
        cx: &mut Context<'_>,
        role: &record::Role,
    ) -> crate::iam::Result<Self> {
        Ok(Self {
            role_last_used: Some(RoleLastUsed::of(cx, role).await?),
            description: role.description.clone(),
            max_session_duration: Some(i64::from(role.max_session_seconds)),
            ..Self::made(cx, role).await?
        })
    }

    /// What the answer of a creation says.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(in crate::iam) async fn made(
        cx: &mut Context<'_>,
        role: &record::Role,
    ) -> crate::iam::Result<Self> {
        Ok(Self {
            permissions_boundary: answered_boundary(role.permissions_boundary.as_deref()),
            tags: tags::answered_some(&role.tags),
            ..Self::brief(cx, role).await?
        })
    }

    async fn brief(cx: &mut Context<'_>, role: &record::Role) -> crate::iam::Result<Self> {
        let partition = cx.services.partition;
        let trust = principals::to_arns(&mut cx.tx, partition, &role.trust_policy).await?;
        Ok(Self {
            path: role.path.clone(),
            role_name: role.name.clone(),
            role_id: role.id.clone(),
            arn: names::own_arn(cx, "role", &role.path, &role.name),
            create_date: Timestamp::from_millisecond(role.created_ms).unwrap_or_default(),
            assume_role_policy_document: Some(document::encoded(&trust)),
            description: None,
            max_session_duration: None,
            permissions_boundary: None,
            tags: None,
            role_last_used: None,
        })
    }
}

impl RoleLastUsed {
    async fn of(cx: &mut Context<'_>, role: &record::Role) -> crate::iam::Result<Self> {
        let account = cx.request.caller.account;
        let last = uses::of_role(cx, account, role).await?;
        let date = last.as_ref().map(|last| last.used_ms);
        Ok(Self {
            last_used_date: date.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
            region: last.map(|last| last.region),
        })
    }
}
