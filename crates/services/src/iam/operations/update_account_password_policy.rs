use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, account, place::Place, record},
    operation::Operation,
    shape::{Input, Nothing},
};

/// Sets the account's rules for passwords. What is absent goes back to its default.
///
/// Source: IAM API Reference, UpdateAccountPasswordPolicy.
pub struct UpdateAccountPasswordPolicy;

/// What is asked.
#[derive(Input)]
pub struct UpdateAccountPasswordPolicyInput {
    /// 6 to 128 characters, 6 when absent.
    #[shape(range(6, 128))]
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
    /// Days, 1 to 1,095; passwords do not expire when absent.
    #[shape(range(1, 1095))]
    pub max_password_age: Option<i64>,
    /// Old passwords that cannot be used again, 1 to 24.
    #[shape(range(1, 24))]
    pub password_reuse_prevention: Option<i64>,
    /// Whether only an administrator may renew a password that expired.
    pub hard_expiry: Option<bool>,
}

/// Characters of a password where no number was asked for.
const MINIMUM_LENGTH: u32 = 6;

impl Operation for UpdateAccountPasswordPolicy {
    const NAME: &'static str = "UpdateAccountPasswordPolicy";
    const ACTION: &'static str = "iam:UpdateAccountPasswordPolicy";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "MalformedPolicyDocumentException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = UpdateAccountPasswordPolicyInput;
    type Output = Nothing;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Place> {
        Ok(Place::account(cx))
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let number = |value: i64| u32::try_from(value).unwrap_or(0);
        let mut own = account::own(cx).await?;
        own.password_policy = Some(record::PasswordPolicy {
            minimum_length: input.minimum_password_length.map_or(MINIMUM_LENGTH, number),
            symbols: input.require_symbols.unwrap_or(false),
            numbers: input.require_numbers.unwrap_or(false),
            uppercase: input.require_uppercase_characters.unwrap_or(false),
            lowercase: input.require_lowercase_characters.unwrap_or(false),
            users_may_change: input.allow_users_to_change_password.unwrap_or(false),
            max_age_days: input.max_password_age.map(number),
            reuse_prevention: input.password_reuse_prevention.map(number),
            hard_expiry: input.hard_expiry,
        });
        account::save(cx, &own)?;
        Ok(Nothing)
    }
}
