use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, account, place::Place},
    operation::Operation,
    shape::{Input, Output},
};

/// Returns the account's rules for passwords.
///
/// Source: IAM API Reference, GetAccountPasswordPolicy.
pub struct GetAccountPasswordPolicy;

/// What is asked.
#[derive(Input)]
pub struct GetAccountPasswordPolicyInput {}

/// The rules.
#[derive(Output)]
pub struct GetAccountPasswordPolicyOutput {
    /// The rules.
    pub password_policy: PasswordPolicy,
}

/// The rules for passwords.
#[derive(Output)]
pub struct PasswordPolicy {
    /// The shortest password, in characters.
    pub minimum_password_length: Option<i64>,
    /// Whether passwords have a symbol.
    pub require_symbols: Option<bool>,
    /// Whether passwords have a digit.
    pub require_numbers: Option<bool>,
    /// Whether passwords have an upper-case letter.
    pub require_uppercase_characters: Option<bool>,
    /// Whether passwords have a lower-case letter.
    pub require_lowercase_characters: Option<bool>,
    /// Whether users may change their own.
    pub allow_users_to_change_password: Option<bool>,
    /// Whether passwords expire.
    pub expire_passwords: Option<bool>,
    /// Days after which passwords expire.
    pub max_password_age: Option<i64>,
    /// Old passwords that cannot be used again.
    pub password_reuse_prevention: Option<i64>,
    /// Whether only an administrator may renew a password that expired.
    pub hard_expiry: Option<bool>,
}

impl Operation for GetAccountPasswordPolicy {
    const NAME: &'static str = "GetAccountPasswordPolicy";
    const ACTION: &'static str = "iam:GetAccountPasswordPolicy";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = GetAccountPasswordPolicyInput;
    type Output = GetAccountPasswordPolicyOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Place> {
        Ok(Place::account(cx))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let account = cx.request.caller.account;
        let policy = account::own(cx).await?.password_policy;
        let policy = policy.ok_or_else(|| {
            Error::NoSuchEntity(
                format!("The Password Policy with domain name {account} cannot be found.").into(),
            )
        })?;
        Ok(GetAccountPasswordPolicyOutput {
            password_policy: PasswordPolicy {
                minimum_password_length: Some(policy.minimum_length.into()),
                require_symbols: Some(policy.symbols),
                require_numbers: Some(policy.numbers),
                require_uppercase_characters: Some(policy.uppercase),
                require_lowercase_characters: Some(policy.lowercase),
                allow_users_to_change_password: Some(policy.users_may_change),
                expire_passwords: Some(policy.max_age_days.is_some()),
                max_password_age: policy.max_age_days.map(i64::from),
                password_reuse_prevention: policy.reuse_prevention.map(i64::from),
                hard_expiry: policy.hard_expiry,
            },
        })
    }
}
