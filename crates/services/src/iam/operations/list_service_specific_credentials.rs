use strongroom_policy::Policy;
use strongroom_store::Mode;
use strongroom_types::AccountId;

use crate::{
    authorize::{Authorized, Keys, Target},
    context::Context,
    iam::{Error, Iam, Result, pages::page, place::Place, users::UserRef},
    operation::Operation,
    shape::{Input, Nothing, Output},
};

/// Lists credentials for single services: no user here has any.
///
/// Source: IAM API Reference, ListServiceSpecificCredentials.
pub struct ListServiceSpecificCredentials;

/// What is asked.
#[derive(Input)]
pub struct ListServiceSpecificCredentialsInput {
    /// The user's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub user_name: Option<String>,
    /// Only the credentials for this service.
    pub service_name: Option<String>,
    /// Those of all users.
    pub all_users: Option<bool>,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// The empty list.
#[derive(Output)]
pub struct ListServiceSpecificCredentialsOutput {
    /// None.
    pub service_specific_credentials: Option<Vec<Nothing>>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

/// Whose credentials are asked for.
pub enum Credentials {
    /// All users'.
    All(Place),
    /// One user's.
    Of(Box<UserRef>),
}

impl Target for Credentials {
    fn resource(&self) -> &str {
        match self {
            Self::All(all) => all.resource(),
            Self::Of(user) => user.resource(),
        }
    }

    fn shown(&self) -> Option<&str> {
        match self {
            Self::All(all) => all.shown(),
            Self::Of(user) => user.shown(),
        }
    }

    fn account(&self) -> Option<AccountId> {
        match self {
            Self::All(all) => all.account(),
            Self::Of(user) => user.account(),
        }
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, keys: &mut Keys) {
        if let Self::Of(user) = self {
            user.condition_keys(keys);
        }
    }
}

impl Operation for ListServiceSpecificCredentials {
    const NAME: &'static str = "ListServiceSpecificCredentials";
    const ACTION: &'static str = "iam:ListServiceSpecificCredentials";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] =
        &["NoSuchEntityException", "ServiceNotSupportedException"];
    type Service = Iam;
    type Input = ListServiceSpecificCredentialsInput;
    type Output = ListServiceSpecificCredentialsOutput;
    type Target = Credentials;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Credentials> {
        if input.all_users == Some(true) {
            if input.user_name.is_some() {
                return Err(Error::Validation(
                    "UserName and AllUsers cannot be given together.".into(),
                ));
            }
            return Ok(Credentials::All(Place::listing(cx, "user", None)));
        }
        let user = UserRef::resolve_or_caller(cx, input.user_name.as_deref()).await?;
        Ok(Credentials::Of(Box::new(user)))
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<Credentials>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        if let Credentials::Of(user) = target.into_inner() {
            user.found()?;
        }
        let page = page(
            Vec::<String>::new(),
            String::clone,
            input.marker.as_deref(),
            input.max_items,
        )?;
        Ok(ListServiceSpecificCredentialsOutput {
            service_specific_credentials: Some(Vec::new()),
            marker: page.marker,
            is_truncated: Some(page.is_truncated),
        })
    }
}
