use strongroom_store::Mode;
use strongroom_types::Timestamp;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, users::UserRef, uses},
    operation::Operation,
    shape::{Input, Output},
    tables::AccessKeys,
};

/// Tells when and for what an access key was last used, to the minute or so.
///
/// Source: IAM API Reference, GetAccessKeyLastUsed.
pub struct GetAccessKeyLastUsed;

/// What is asked.
#[derive(Input)]
pub struct GetAccessKeyLastUsedInput {
    /// `AKIA…`
    #[shape(length(16, 128), pattern(r"[\w]+"))]
    pub access_key_id: String,
}

/// The last use of a key.
#[derive(Output)]
pub struct GetAccessKeyLastUsedOutput {
    /// Whose key it is.
    pub user_name: Option<String>,
    /// The last use.
    pub access_key_last_used: Option<AccessKeyLastUsed>,
}

/// When and for what a key was used.
#[derive(Output)]
pub struct AccessKeyLastUsed {
    /// When; absent if it never was.
    pub last_used_date: Option<Timestamp>,
    /// For which service, by its name in credential scopes; `N/A` if it never was.
    pub service_name: String,
    /// In which Region; `N/A` if it never was.
    pub region: String,
}

impl Operation for GetAccessKeyLastUsed {
    const NAME: &'static str = "GetAccessKeyLastUsed";
    const ACTION: &'static str = "iam:GetAccessKeyLastUsed";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[];
    type Service = Iam;
    type Input = GetAccessKeyLastUsedInput;
    type Output = GetAccessKeyLastUsedOutput;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        let id = &input.access_key_id;
        let key = cx.tx.get::<AccessKeys>(&(id.clone(),)).await?;
        let account = cx.request.caller.account.number();
        match key.filter(|key| key.account == account) {
            Some(key) => UserRef::resolve(cx, &key.user_name).await,
            // As for a key of another account: nobody learns which there are.
            None => Err(Error::AccessDenied(
                format!(
                    "User: {} is not authorized to perform: {} on resource: access key {id}",
                    cx.request.caller.arn,
                    Self::ACTION
                )
                .into(),
            )),
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let user = target.into_inner().found()?;
        let used = uses::of_access_key(cx, &input.access_key_id).await?;
        let never = || "N/A".to_owned();
        Ok(GetAccessKeyLastUsedOutput {
            user_name: Some(user.name),
            access_key_last_used: Some(match used {
                Some(used) => AccessKeyLastUsed {
                    last_used_date: Timestamp::from_millisecond(used.used_ms).ok(),
                    service_name: used.service,
                    region: used.region,
                },
                None => AccessKeyLastUsed {
                    last_used_date: None,
                    service_name: never(),
                    region: never(),
                },
            }),
        })
    }
}
