use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    lambda::{
        Lambda, Result,
        arguments::{self, EphemeralStorage, NotOffered, refuse_of_configuration},
        builtin::Builtin,
        configuration::FunctionConfiguration,
        environment::{self, Environment},
        function::{Function, FunctionRef},
        revision, role, versions,
    },
    operation::Operation,
    protocol::Http,
    shape::Input,
};

/// Changes a function's settings.
///
/// Source: Lambda API Reference, UpdateFunctionConfiguration.
pub struct UpdateFunctionConfiguration;

/// What is left out stays.
#[derive(Input)]
pub struct UpdateFunctionConfigurationInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 140))]
    pub function_name: String,
    /// ARN of the execution role.
    pub role: Option<String>,
    /// `file.function`
    #[shape(length(0, 128), pattern(r"[^\s]+"))]
    pub handler: Option<String>,
    /// Up to 256 characters.
    #[shape(length(0, 256))]
    pub description: Option<String>,
    /// Seconds that a call may take.
    #[shape(range(1, 5400))]
    pub timeout: Option<i64>,
    /// MiB that a call may use.
    #[shape(range(128, 32768))]
    pub memory_size: Option<i64>,
    /// The environment, all of it.
    pub environment: Option<Environment>,
    /// `python3.x`, `nodejs*.x` or `provided.al2023`.
    pub runtime: Option<String>,
    /// What the caller thinks is the function's revision.
    pub revision_id: Option<String>,
    /// The size of `/tmp`: 512.
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// Not offered.
    pub vpc_config: Option<NotOffered>,
    /// Not offered.
    pub dead_letter_config: Option<NotOffered>,
    /// Not offered.
    #[shape(name = "KMSKeyArn")]
    pub kms_key_arn: Option<NotOffered>,
    /// Not offered.
    pub tracing_config: Option<NotOffered>,
    /// Not offered.
    pub layers: Option<NotOffered>,
    /// Not offered.
    pub file_system_configs: Option<NotOffered>,
    /// Not offered.
    pub image_config: Option<NotOffered>,
    /// Not offered.
    pub snap_start: Option<NotOffered>,
    /// Not offered.
    pub logging_config: Option<NotOffered>,
    /// Not offered.
    pub capacity_provider_config: Option<NotOffered>,
    /// Not offered.
    pub durable_config: Option<NotOffered>,
    /// Not offered.
    pub runtime_config: Option<NotOffered>,
    /// Not offered.
    pub accelerator_config: Option<NotOffered>,
}

impl Operation for UpdateFunctionConfiguration {
    const NAME: &'static str = "UpdateFunctionConfiguration";
    const EVENT: &'static str = "UpdateFunctionConfiguration20150331v2";
    const ACTION: &'static str = "lambda:UpdateFunctionConfiguration";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ServiceException",
        "ResourceNotFoundException",
        "PreconditionFailedException",
    ];
    const HTTP: Option<Http> = Some(Http::new(
        "PUT",
        "/2015-03-31/functions/{FunctionName}/configuration",
        200,
    ));
    type Service = Lambda;
    type Input = UpdateFunctionConfigurationInput;
    type Output = FunctionConfiguration;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, None).await
    }

    async fn run(
        cx: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        input: Self::Input,
    ) -> Result<FunctionConfiguration> {
        refuse_of_configuration!(input)?;
        if let Some(Function::Builtin(builtin)) = &function.function {
            return set_builtin(cx, &function, builtin.clone(), input);
        }
        let (function, mut row) = function.changeable()?;
        revision(&row.revision_id, input.revision_id.as_deref())?;
        if let Some(name) = input.runtime {
            arguments::runtime(&name)?;
            row.runtime = name;
        }
        if let Some(role) = input.role {
            role::may_pass(cx, &function.home, &role).await?;
            row.role = role;
        }
        if input.environment.is_some() {
            row.environment = environment::variables(input.environment)?;
        }
        row.handler = input.handler.unwrap_or(row.handler);
        row.description = input.description.unwrap_or(row.description);
        let number = |given: Option<i64>, before| {
            given
                .and_then(|given| u32::try_from(given).ok())
                .unwrap_or(before)
        };
        row.timeout_seconds = number(input.timeout, row.timeout_seconds);
        row.memory_mib = number(input.memory_size, row.memory_mib);
        let row = versions::put(cx, &function, row, None).await?;
        Ok(FunctionConfiguration::custom(&row, function.arn))
    }
}

/// What an account can set of a function that is built in: its environment.
fn set_builtin(
    cx: &mut Context<'_>,
    function: &FunctionRef,
    mut builtin: Builtin,
    input: UpdateFunctionConfigurationInput,
) -> Result<FunctionConfiguration> {
    revision(&builtin.row.revision_id, input.revision_id.as_deref())?;
    let fixed = input.role.is_some()
        || input.handler.is_some()
        || input.description.is_some()
        || input.timeout.is_some()
        || input.memory_size.is_some()
        || input.runtime.is_some();
    if fixed {
        return Err(function.fixed());
    }
    if input.environment.is_some() {
        let variables = environment::variables(input.environment)?;
        builtin = builtin.set_environment(cx, function, variables)?;
    }
    let arn = function.arn.clone();
    Ok(FunctionConfiguration::builtin(
        &function.home,
        &builtin,
        arn,
    ))
}
