use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::{Authorized, NoResource},
    context::Context,
    operation::Operation,
    secretsmanager::{
        Result, SecretsManager,
        password::{DEFAULT_LENGTH, Recipe},
    },
    shape::{Input, Output},
};

/// Makes a random password and forgets it.
///
/// Source: Secrets Manager API Reference, GetRandomPassword.
pub struct GetRandomPassword;

/// What the password shall look like.
#[derive(Input)]
pub struct GetRandomPasswordInput {
    /// Characters: 1 to 4,096, 32 when absent.
    #[shape(range(1, 4096))]
    pub password_length: Option<i64>,
    /// Characters that must not appear.
    #[shape(length(0, 4096))]
    pub exclude_characters: Option<String>,
    /// No `0` to `9`.
    pub exclude_numbers: Option<bool>,
    /// None of the 32 ASCII punctuation characters.
    pub exclude_punctuation: Option<bool>,
    /// No `A` to `Z`.
    pub exclude_uppercase: Option<bool>,
    /// No `a` to `z`.
    pub exclude_lowercase: Option<bool>,
    /// The space may appear.
    pub include_space: Option<bool>,
    /// At least one of each class that is not excluded; true when absent.
    pub require_each_included_type: Option<bool>,
}

/// The password.
#[derive(Output)]
pub struct GetRandomPasswordOutput {
    /// The password.
    pub random_password: Option<Sensitive<String>>,
}

impl Operation for GetRandomPassword {
    const NAME: &'static str = "GetRandomPassword";
    const ACTION: &'static str = "secretsmanager:GetRandomPassword";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterException",
        "InvalidRequestException",
        "InternalServiceError",
    ];
    type Service = SecretsManager;
    type Input = GetRandomPasswordInput;
    type Output = GetRandomPasswordOutput;
    type Target = NoResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<NoResource> {
        Ok(NoResource)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<NoResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        // The model's range was checked when the request was decoded.
        let length = input
            .password_length
            .and_then(|length| usize::try_from(length).ok());
        let recipe = Recipe {
            length: length.unwrap_or(DEFAULT_LENGTH),
            exclude_characters: input.exclude_characters.as_deref().unwrap_or_default(),
            exclude_lowercase: input.exclude_lowercase.unwrap_or(false),
            exclude_numbers: input.exclude_numbers.unwrap_or(false),
            exclude_punctuation: input.exclude_punctuation.unwrap_or(false),
            exclude_uppercase: input.exclude_uppercase.unwrap_or(false),
            include_space: input.include_space.unwrap_or(false),
            require_each_included_type: input.require_each_included_type.unwrap_or(true),
        };
        let password = recipe.password(cx.services.random.as_ref())?;
        Ok(GetRandomPasswordOutput {
            random_password: Some(password),
        })
    }
}
