use strongroom_store::Mode;
use strongroom_types::AccountId;

use crate::{
    authorize::{self, Authorized, Keys},
    context::Context,
    iam::{
        Error, Iam, Result, attachments, names,
        place::Place,
        principals::{self, Found},
        record,
        users::{FoundUser, UserRef},
    },
    operation::Operation,
    shape::{Input, Nothing},
    tables::{AccessKeys, GroupMembers, Users},
};

/// Gives a user another name, another path, or both. What is attached to the user,
/// its keys and its groups stay; policies that name the user by its ARN follow.
///
/// Source: IAM API Reference, UpdateUser.
pub struct UpdateUser;

/// What is asked.
#[derive(Input)]
pub struct UpdateUserInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// The new path.
    #[shape(length(1, 512), pattern(r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)"))]
    pub new_path: Option<String>,
    /// The new name.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub new_user_name: Option<String>,
}

/// Moves the rows of a user that is now another one's key.
async fn rename(
    cx: &mut Context<'_>,
    found: &FoundUser,
    from: &str,
    key: &(AccountId, String),
) -> Result<()> {
    let FoundUser { key: old, user } = found;
    if cx.tx.get::<Users>(key).await?.is_some() {
        return Err(Error::exists("User", &user.name));
    }
    cx.tx.delete::<Users>(old)?;
    cx.tx.put::<Users>(key, user)?;
    for id in &user.access_key_ids {
        let row = (id.clone(),);
        if let Some(mut access_key) = cx.tx.get::<AccessKeys>(&row).await? {
            access_key.user_name.clone_from(&user.name);
            cx.tx.put::<AccessKeys>(&row, &access_key)?;
        }
    }
    for group in &user.groups {
        let row = |name: &str| (old.0, group.clone(), name.to_owned());
        cx.tx.delete::<GroupMembers>(&row(&old.1))?;
        cx.tx
            .put::<GroupMembers>(&row(&key.1), &record::GroupMember {})?;
    }
    let boundary = user.permissions_boundary.as_deref();
    let entity = attachments::Entity::user(old.0, from);
    attachments::rename(cx, entity, &user.name, &user.attached_policies, boundary)
}

impl Operation for UpdateUser {
    const NAME: &'static str = "UpdateUser";
    const ACTION: &'static str = "iam:UpdateUser";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "EntityAlreadyExistsException",
        "EntityTemporarilyUnmodifiableException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UpdateUserInput;
    type Output = Nothing;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        UserRef::resolve(cx, &input.user_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        let from = found.user.name.clone();
        if let Some(path) = input.new_path {
            found.user.path = path;
        }
        if let Some(name) = input.new_user_name {
            found.user.name = name;
        }
        let user = &found.user;
        // The caller must be allowed to change both the old and the new one.
        let renamed = Place::new(cx, "user", Some(&user.path), &user.name);
        let keys = Keys::default();
        authorize::check(cx, &renamed, Self::ACTION, &keys)
            .map_err(|message| Error::AccessDenied(message.into()))?;
        let key = names::key(found.key.0, &user.name);
        if key == found.key {
            found.save(cx)?;
        } else {
            rename(cx, &found, &from, &key).await?;
        }
        let account = found.key.0;
        principals::remember(&mut cx.tx, account, &Found::User(account, found.user))?;
        Ok(Nothing)
    }
}
