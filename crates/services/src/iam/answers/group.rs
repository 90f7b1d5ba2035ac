use strongroom_types::{Arn, Timestamp};

use crate::{
    context::Context,
    iam::{names, record},
    shape::Output,
};

/// A group.
#[derive(Output)]
pub struct Group {
    /// `/` or `/a/b/`.
    pub path: String,
    /// The name, in the case it was given in.
    pub group_name: String,
    /// `AGPA…`
    pub group_id: String,
    /// The ARN, with the path.
    pub arn: Arn,
    /// When it was made.
    pub create_date: Timestamp,
}

impl Group {
    /// A group of the caller's account.
    pub(in crate::iam) fn of(cx: &Context<'_>, group: &record::Group) -> Self {
        Self {
            path: group.path.clone(),
            group_name: group.name.clone(),
            group_id: group.id.clone(),
            arn: names::own_arn(cx, "group", &group.path, &group.name),
            create_date: Timestamp::from_millisecond(group.created_ms).unwrap_or_default(),
        }
    }
}
