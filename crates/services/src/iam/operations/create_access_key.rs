use strongroom_store::Mode;
use strongroom_types::{Sensitive, Timestamp};

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Error, Iam, Result,
        access_keys::{MAX_KEYS, Status},
        bootstrap, names, record,
        users::UserRef,
    },
    operation::Operation,
    shape::{Input, Output},
    tables::AccessKeys,
};

/// Makes an access key of a user; without a name of the caller. The secret half is
/// told this once.
///
/// Source: IAM API Reference, CreateAccessKey.
pub struct CreateAccessKey;

/// What is asked.
#[derive(Input)]
pub struct CreateAccessKeyInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: Option<String>,
}

/// The new key.
#[derive(Output)]
pub struct CreateAccessKeyOutput {
    /// The key.
    pub access_key: AccessKey,
}

/// An access key, both halves.
#[derive(Output)]
pub struct AccessKey {
    /// Whose it is.
    pub user_name: String,
    /// `AKIA…`
    pub access_key_id: String,
    /// `Active`.
    pub status: String,
    /// The secret half.
    pub secret_access_key: Sensitive<String>,
    /// When it was made.
    pub create_date: Option<Timestamp>,
}

impl Operation for CreateAccessKey {
    const NAME: &'static str = "CreateAccessKey";
    const ACTION: &'static str = "iam:CreateAccessKey";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = CreateAccessKeyInput;
    type Output = CreateAccessKeyOutput;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        UserRef::resolve_or_caller(cx, input.user_name.as_deref()).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let mut found = target.into_inner().changeable()?;
        if found.user.access_key_ids.len() >= MAX_KEYS {
            return Err(Error::over_quota("AccessKeysPerUser", MAX_KEYS));
        }
        let random = cx.services.random.as_ref();
        let id = names::draw(random, "AKIA", 16);
        let secret = bootstrap::draw_secret(random);
        let key = record::AccessKey {
            account: found.key.0.number(),
            user_name: found.user.name.clone(),
            secret: secret.expose().clone(),
            active: true,
            created_ms: cx.now.as_millisecond(),
        };
        cx.tx.put::<AccessKeys>(&(id.clone(),), &key)?;
        found.user.access_key_ids.push(id.clone());
        found.save(cx)?;
        Ok(CreateAccessKeyOutput {
            access_key: AccessKey {
                user_name: found.user.name,
                access_key_id: id,
                status: Status::Active.as_str().to_owned(),
                secret_access_key: secret,
                create_date: Some(cx.now),
            },
        })
    }
}
