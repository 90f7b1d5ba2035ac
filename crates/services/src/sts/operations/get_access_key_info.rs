use strongroom_store::Mode;
use strongroom_types::AccountId;

use crate::{
    authorize::{Authorized, NoResource},
    context::Context,
    operation::Operation,
    shape::{Input, Output},
    sts::{Error, Result, Sts, passed, token},
    tables::{AccessKeys, Accounts},
};

/// Says which account an access key is of, whether or not it is in use.
///
/// Source: STS API Reference, GetAccessKeyInfo.
pub struct GetAccessKeyInfo;

/// Which access key.
#[derive(Input)]
pub struct GetAccessKeyInfoInput {
    /// `AKIA…` or `ASIA…`
    #[shape(length(16, 128), pattern(r"[\w]*"))]
    pub access_key_id: String,
}

/// Its account.
#[derive(Output)]
pub struct GetAccessKeyInfoOutput {
    /// Twelve digits.
    pub account: Option<String>,
}

impl Operation for GetAccessKeyInfo {
    const NAME: &'static str = "GetAccessKeyInfo";
    const ACTION: &'static str = "sts:GetAccessKeyInfo";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[];
    type Service = Sts;
    type Input = GetAccessKeyInfoInput;
    type Output = GetAccessKeyInfoOutput;
    type Target = NoResource;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<NoResource> {
        passed::refuse_limited(cx, Self::NAME)?;
        Ok(NoResource)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<NoResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let id = input.access_key_id;
        let account = match cx.tx.get::<AccessKeys>(&(id.clone(),)).await? {
            Some(key) => AccountId::new(key.account),
            // In ids of temporary access keys it can be read.
            None => token::account_of(&id).filter(|_| id.starts_with("ASIA")),
        };
        let known = match account {
            Some(account) => cx.tx.get::<Accounts>(&(account,)).await?.and(Some(account)),
            None => None,
        };
        let unknown = || Error::Validation(format!("{id} is invalid").into());
        let account = known.ok_or_else(unknown)?;
        Ok(GetAccessKeyInfoOutput {
            account: Some(account.to_string()),
        })
    }
}
