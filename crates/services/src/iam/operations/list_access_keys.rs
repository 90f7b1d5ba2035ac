use strongroom_store::Mode;
use strongroom_types::Timestamp;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{
        Iam, Result,
        access_keys::{self, Status},
        pages::page,
        users::UserRef,
    },
    operation::Operation,
    shape::{Input, Output},
};

/// Lists the access keys of a user; without a name those of the caller.
///
/// Source: IAM API Reference, ListAccessKeys.
pub struct ListAccessKeys;

/// What is asked.
#[derive(Input)]
pub struct ListAccessKeysInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: Option<String>,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// One page.
#[derive(Output)]
pub struct ListAccessKeysOutput {
    /// The keys, without their secret halves.
    pub access_key_metadata: Vec<AccessKeyMetadata>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

/// An access key without its secret half.
#[derive(Output)]
pub struct AccessKeyMetadata {
    /// Whose it is.
    pub user_name: Option<String>,
    /// `AKIA…`
    pub access_key_id: Option<String>,
    /// Whether it may be used.
    pub status: Option<String>,
    /// When it was made.
    pub create_date: Option<Timestamp>,
}

impl Operation for ListAccessKeys {
    const NAME: &'static str = "ListAccessKeys";
    const ACTION: &'static str = "iam:ListAccessKeys";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = ListAccessKeysInput;
    type Output = ListAccessKeysOutput;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        UserRef::resolve_or_caller(cx, input.user_name.as_deref()).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let user = target.into_inner().found()?;
        let mut keys = Vec::new();
        for id in &user.access_key_ids {
            let key = access_keys::of_user(cx, &user, id).await?;
            keys.push(AccessKeyMetadata {
                user_name: Some(user.name.clone()),
                access_key_id: Some(id.clone()),
                status: Some(Status::of(&key).as_str().to_owned()),
                create_date: Timestamp::from_millisecond(key.created_ms).ok(),
            });
        }
        let rank = |key: &AccessKeyMetadata| key.access_key_id.clone().unwrap_or_default();
        let page = page(keys, rank, input.marker.as_deref(), input.max_items)?;
        Ok(ListAccessKeysOutput {
            access_key_metadata: page.items,
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
