use strongroom_store::Mode;
use strongroom_types::AccountId;

use crate::{
    authorize::{self, Authorized, Keys},
    context::Context,
    iam::{
        Error, Iam, Result, attachments,
        groups::{self, FoundGroup, GroupRef},
        names,
        place::Place,
        record,
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::{GroupMembers, Groups, Users},
};

/// Gives a group another name, another path, or both. Its users and policies stay.
///
/// Source: IAM API Reference, UpdateGroup.
pub struct UpdateGroup;

/// What is asked.
#[derive(Input)]
pub struct UpdateGroupInput {
    /// The group's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub group_name: String,
    /// The new path.
    #[shape(length(1, 512), pattern(r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)"))]
    pub new_path: Option<String>,
    /// The new name.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub new_group_name: Option<String>,
}

/// Moves the rows of a group that is now another one's key.
async fn rename(
    cx: &mut Context<'_>,
    found: &FoundGroup,
    from: &str,
    key: &(AccountId, String),
) -> Result<()> {
    let FoundGroup { key: old, group } = found;
    if cx.tx.get::<Groups>(key).await?.is_some() {
        return Err(Error::exists("Group", &group.name));
    }
    for name in groups::members(cx, old).await? {
        let user_key = (old.0, name.clone());
        if let Some(mut user) = cx.tx.get::<Users>(&user_key).await? {
            for known in &mut user.groups {
                if *known == old.1 {
                    known.clone_from(&key.1);
                }
            }
            cx.tx.put::<Users>(&user_key, &user)?;
        }
        let row = |group: &str| (old.0, group.to_owned(), name.clone());
        cx.tx.delete::<GroupMembers>(&row(&old.1))?;
        cx.tx
            .put::<GroupMembers>(&row(&key.1), &record::GroupMember {})?;
    }
    cx.tx.delete::<Groups>(old)?;
    cx.tx.put::<Groups>(key, group)?;
    let entity = found.entity(from);
    attachments::rename(cx, entity, &group.name, &group.attached_policies, None)
}

impl Operation for UpdateGroup {
    const NAME: &'static str = "UpdateGroup";
    const ACTION: &'static str = "iam:UpdateGroup";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "EntityAlreadyExistsException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UpdateGroupInput;
    type Output = Nothing;
    type Target = GroupRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<GroupRef> {
        GroupRef::resolve(cx, &input.group_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<GroupRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let from = found.group.name.clone();
        if let Some(path) = input.new_path {
            found.group.path = path;
        }
        if let Some(name) = input.new_group_name {
            found.group.name = name;
        }
        let group = &found.group;
        // The caller must be allowed to change both the old and the new one.
        let renamed = Place::new(cx, "group", Some(&group.path), &group.name);
        let keys = Keys::default();
        authorize::check(cx, &renamed, Self::ACTION, &keys)
            .map_err(|message| Error::AccessDenied(message.into()))?;
        let key = names::key(found.key.0, &group.name);
        if key == found.key {
            found.save(cx)?;
        } else {
            rename(cx, &found, &from, &key).await?;
        }
        Ok(Nothing)
    }
}
