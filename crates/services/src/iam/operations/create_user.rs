use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    iam::{
        Error, Iam, Result,
        answers::User,
        attachments, names,
        place::Place,
        principals::{self, Found},
        record, rows,
        tags::{self, Tag},
        users::MAX_USERS,
    },
    operation::Operation,
    shape::{Input, Output},
    tables::Users,
};

/// Makes a user, who may do nothing yet.
///
/// Source: IAM API Reference, CreateUser.
pub struct CreateUser;

/// What is asked.
#[derive(Input)]
pub struct CreateUserInput {
    /// `/` or `/a/b/`; `/` when absent.
    #[shape(length(1, 512), pattern(r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)"))]
    pub path: Option<String>,
    /// The user's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub user_name: String,
    /// ARN of the managed policy that bounds what it may do.
    #[shape(length(20, 2048))]
    pub permissions_boundary: Option<String>,
    /// Up to 50.
    #[shape(length(0, 50))]
    pub tags: Option<Vec<Tag>>,
}

/// The new user.
#[derive(Output)]
pub struct CreateUserOutput {
    /// The user.
    pub user: Option<User>,
}

impl Operation for CreateUser {
    const NAME: &'static str = "CreateUser";
    const ACTION: &'static str = "iam:CreateUser";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "LimitExceededException",
        "EntityAlreadyExistsException",
        "NoSuchEntityException",
        "InvalidInputException",
        "ConcurrentModificationException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = CreateUserInput;
    type Output = CreateUserOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Place> {
        Ok(Place::new(
            cx,
            "user",
            input.path.as_deref(),
            &input.user_name,
        ))
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.some(
            "iam:PermissionsBoundary",
            input.permissions_boundary.as_ref(),
        );
        if let Some(tags) = &input.tags {
            tags::request_keys(tags, keys);
        }
    }

    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        match &input.tags {
            Some(tags) if !tags.is_empty() => &["iam:TagUser"],
            _ => &[],
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let account = cx.request.caller.account;
        let key = names::key(account, &input.user_name);
        if cx.tx.get::<Users>(&key).await?.is_some() {
            return Err(Error::exists("User", &input.user_name));
        }
        let mut user = record::User {
            name: input.user_name,
            path: input.path.unwrap_or_else(|| names::ROOT.to_owned()),
            id: names::draw_id(cx.services.random.as_ref(), "AIDA"),
            created_ms: cx.now.as_millisecond(),
            ..record::User::default()
        };
        let given = tags::checked(input.tags.unwrap_or_default())?;
        tags::set(&mut user.tags, given)?;
        rows::room::<Users>(cx, "UsersPerAccount", MAX_USERS).await?;
        if let Some(arn) = &input.permissions_boundary {
            let entity = attachments::Entity::user(account, &user.name);
            attachments::set_boundary(cx, entity, &mut user.permissions_boundary, arn).await?;
        }
        cx.tx.put::<Users>(&key, &user)?;
        principals::remember(&mut cx.tx, account, &Found::User(account, user.clone()))?;
        Ok(CreateUserOutput {
            user: Some(User::whole(cx, &user)),
        })
    }
}
