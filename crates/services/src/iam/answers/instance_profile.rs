use strongroom_types::{Arn, Timestamp};

use super::Role;
use crate::{
    context::Context,
    iam::{
        names, record,
        tags::{self, Tag},
    },
    shape::Output,
    tables::Roles,
};

/// An instance profile.
#[derive(Output)]
pub struct InstanceProfile {
    /// `/` or `/a/b/`.
    pub path: String,
    /// The name, in the case it was given in.
    pub instance_profile_name: String,
    /// `AIPA…`
    pub instance_profile_id: String,
    /// The ARN, with the path.
    pub arn: Arn,
    /// When it was made.
    pub create_date: Timestamp,
    /// Its role, if it has one.
    pub roles: Vec<Role>,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
}

impl InstanceProfile {
    /// What lists say of a profile.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(in crate::iam) async fn listed(
        cx: &mut Context<'_>,
        profile: &record::InstanceProfile,
    ) -> crate::iam::Result<Self> {
        let mut roles = Vec::new();
        if let Some(name) = &profile.role {
            let key = (cx.request.caller.account, name.clone());
            if let Some(role) = cx.tx.get::<Roles>(&key).await? {
                roles.push(Role::listed(cx, &role).await?);
            }
        }
        Ok(Self {
            path: profile.path.clone(),
            instance_profile_name: profile.name.clone(),
            instance_profile_id: profile.id.clone(),
            arn: names::own_arn(cx, "instance-profile", &profile.path, &profile.name),
            create_date: Timestamp::from_millisecond(profile.created_ms).unwrap_or_default(),
            roles,
            tags: None,
        })
    }

    /// All that is known of a profile.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(in crate::iam) async fn whole(
        cx: &mut Context<'_>,
        profile: &record::InstanceProfile,
    ) -> crate::iam::Result<Self> {
        Ok(Self {
            tags: tags::answered_some(&profile.tags),
            ..Self::listed(cx, profile).await?
        })
    }
}
