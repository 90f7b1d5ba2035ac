use strongroom_types::{Arn, Principal, Timestamp};

use crate::{
    context::Context,
    iam::{
        attachments::{AttachedPermissionsBoundary, answered_boundary},
        names, record,
        tags::{self, Tag},
    },
    shape::Output,
};

/// A user. Of the root user there is no path and no name.
#[derive(Output)]
pub struct User {
    /// `/` or `/a/b/`.
    pub path: Option<String>,
    /// The name, in the case it was given in.
    pub user_name: Option<String>,
    /// `AIDA…`, or the account for its root user.
    pub user_id: String,
    /// The ARN, with the path.
    pub arn: Arn,
    /// When it was made.
    pub create_date: Timestamp,
    /// The policy that bounds its permissions.
    pub permissions_boundary: Option<AttachedPermissionsBoundary>,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
}

impl User {
    /// What lists say of a user.
    pub(in crate::iam) fn listed(cx: &Context<'_>, user: &record::User) -> Self {
        Self {
            path: Some(user.path.clone()),
            user_name: Some(user.name.clone()),
            user_id: user.id.clone(),
            arn: names::own_arn(cx, "user", &user.path, &user.name),
            create_date: Timestamp::from_millisecond(user.created_ms).unwrap_or_default(),
            permissions_boundary: None,
            tags: None,
        }
    }

    /// All that is known of a user.
    pub(in crate::iam) fn whole(cx: &Context<'_>, user: &record::User) -> Self {
        Self {
            permissions_boundary: answered_boundary(user.permissions_boundary.as_deref()),
            tags: tags::answered_some(&user.tags),
            ..Self::listed(cx, user)
        }
    }

    /// The root user of an account that was made at this time.
    pub(in crate::iam) fn root(cx: &Context<'_>, created_ms: i64) -> Self {
        let account = cx.request.caller.account;
        let principal = Principal::Root { account };
        Self {
            path: None,
            user_name: None,
            user_id: principal.user_id(),
            arn: cx.request.caller.arn.clone(),
            create_date: Timestamp::from_millisecond(created_ms).unwrap_or_default(),
            permissions_boundary: None,
            tags: None,
        }
    }
}
