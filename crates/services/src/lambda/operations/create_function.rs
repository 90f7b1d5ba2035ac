use strongroom_rotation::Template;
use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys},
    context::Context,
    lambda::{
        Error, Lambda, Result, UPLOAD_BYTES,
        arguments::{
            self, Code, EphemeralStorage, NotOffered, Variables, refuse, refuse_of_configuration,
        },
        configuration::{FunctionConfiguration, architecture},
        environment::{self, Environment},
        function::FunctionRef,
        record::FunctionRow,
        role, versions,
    },
    operation::Operation,
    protocol::Http,
    shape::Input,
};

/// Seconds that a call may take when the request does not say.
const DEFAULT_TIMEOUT: u32 = 3;
/// MiB that a call may use when the request does not say.
const DEFAULT_MEMORY: u32 = 128;

/// Makes a function.
///
/// Source: Lambda API Reference, CreateFunction.
pub struct CreateFunction;

/// The function.
#[derive(Input)]
pub struct CreateFunctionInput {
    /// The name, or an ARN with it.
    #[shape(length(1, 140))]
    pub function_name: String,
    /// `python3.x`, `nodejs*.x` or `provided.al2023`.
    pub runtime: Option<String>,
    /// ARN of the execution role.
    pub role: String,
    /// `file.function`
    #[shape(length(0, 128), pattern(r"[^\s]+"))]
    pub handler: Option<String>,
    /// The archive.
    pub code: Code,
    /// Up to 256 characters.
    #[shape(length(0, 256))]
    pub description: Option<String>,
    /// Seconds that a call may take, 3 when absent.
    #[shape(range(1, 5400))]
    pub timeout: Option<i64>,
    /// MiB that a call may use, 128 when absent.
    #[shape(range(128, 32768))]
    pub memory_size: Option<i64>,
    /// Whether to publish the function as a version too.
    pub publish: Option<bool>,
    /// Not offered.
    pub publish_to: Option<String>,
    /// `Zip`
    pub package_type: Option<String>,
    /// The environment.
    pub environment: Option<Environment>,
    /// The user's tags.
    pub tags: Option<Variables>,
    /// The machine's own.
    pub architectures: Option<Vec<String>>,
    /// The size of `/tmp`: 512.
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// Not offered.
    pub vpc_config: Option<NotOffered>,
    /// Not offered.
    pub dead_letter_config: Option<NotOffered>,
    /// Not offered: rows are sealed anyway.
    #[shape(name = "KMSKeyArn")]
    pub kms_key_arn: Option<NotOffered>,
    /// Not offered.
    pub tracing_config: Option<NotOffered>,
    /// Not offered.
    pub layers: Option<NotOffered>,
    /// Not offered.
    pub file_system_configs: Option<NotOffered>,
    /// Not offered.
    pub code_signing_config_arn: Option<NotOffered>,
    /// Not offered.
    pub image_config: Option<NotOffered>,
    /// Not offered.
    pub snap_start: Option<NotOffered>,
    /// Not offered.
    pub logging_config: Option<NotOffered>,
    /// Not offered.
    pub tenancy_config: Option<NotOffered>,
    /// Not offered.
    pub capacity_provider_config: Option<NotOffered>,
    /// Not offered.
    pub durable_config: Option<NotOffered>,
    /// Not offered.
    pub runtime_config: Option<NotOffered>,
    /// Not offered.
    pub accelerator_config: Option<NotOffered>,
}

impl Operation for CreateFunction {
    const NAME: &'static str = "CreateFunction";
    const EVENT: &'static str = "CreateFunction20150331";
    const ACTION: &'static str = "lambda:CreateFunction";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "ResourceConflictException",
        "ServiceException",
        "ResourceNotFoundException",
    ];
    const HTTP: Option<Http> = Some(Http {
        body_bytes: Some(UPLOAD_BYTES),
        ..Http::new("POST", "/2015-03-31/functions", 201)
    });
    type Service = Lambda;
    type Input = CreateFunctionInput;
    type Output = FunctionConfiguration;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        FunctionRef::named(cx, &input.function_name, None).await
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        let Some(Variables(tags)) = input.tags.as_ref().filter(|tags| !tags.0.is_empty()) else {
            return;
        };
        for (name, value) in tags {
            keys.one(&format!("aws:RequestTag/{name}"), value);
        }
        keys.many("aws:TagKeys", tags.keys().cloned().collect());
    }

    /// Source: Lambda Developer Guide, "Using tags on Lambda functions".
    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        if input.tags.as_ref().is_some_and(|tags| !tags.0.is_empty()) {
            &["lambda:TagResource"]
        } else {
            &[]
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        input: Self::Input,
    ) -> Result<FunctionConfiguration> {
        refuse(&[
            ("PublishTo", input.publish_to.is_some()),
            (
                "PackageType",
                input.package_type.is_some_and(|kind| kind != "Zip"),
            ),
            (
                "CodeSigningConfigArn",
                NotOffered::is_asked(&input.code_signing_config_arn),
            ),
            ("TenancyConfig", NotOffered::is_asked(&input.tenancy_config)),
            (
                "The architecture",
                input
                    .architectures
                    .is_some_and(|all| all != [architecture()]),
            ),
        ])?;
        refuse_of_configuration!(input)?;
        let function = function.into_inner();
        if function.qualifier.is_some() {
            return Err(Error::InvalidParameterValue(
                "The name of a function that is made can't have a qualifier.".into(),
            ));
        }
        if function.function.is_some() || Template::named(&function.name).is_some() {
            return Err(Error::ResourceConflict(
                format!("Function already exist: {}", function.name).into(),
            ));
        }
        if function.home != cx.home() {
            return Err(Error::InvalidParameterValue(
                "A function is made in the account and the Region of the request.".into(),
            ));
        }
        let runtime_name = input.runtime.ok_or_else(|| {
            Error::InvalidParameterValue(
                "Runtime and Handler are mandatory parameters for functions created with \
                 deployment packages."
                    .into(),
            )
        })?;
        let runtime = arguments::runtime(&runtime_name)?;
        let handler = input.handler.unwrap_or_default();
        if handler.is_empty() && runtime.needs_handler() {
            return Err(Error::InvalidParameterValue(
                "Runtime and Handler are mandatory parameters for functions created with \
                 deployment packages."
                    .into(),
            ));
        }
        let environment = environment::variables(input.environment)?;
        role::may_pass(cx, &function.home, &input.role).await?;
        let zip = input.code.zip()?;
        let number = |given: Option<i64>, default| {
            given
                .and_then(|given| u32::try_from(given).ok())
                .unwrap_or(default)
        };
        let row = FunctionRow {
            name: function.name.clone(),
            runtime: runtime_name,
            role: input.role,
            handler,
            description: input.description.unwrap_or_default(),
            timeout_seconds: number(input.timeout, DEFAULT_TIMEOUT),
            memory_mib: number(input.memory_size, DEFAULT_MEMORY),
            environment,
            tags: input.tags.map(Variables::rows).unwrap_or_default(),
            ..FunctionRow::default()
        };
        let row = versions::put(cx, &function, row, Some(zip)).await?;
        if input.publish == Some(true) {
            let version = versions::publish(cx, &function, row, None).await?;
            return Ok(FunctionConfiguration::version(&function, &version));
        }
        Ok(FunctionConfiguration::custom(&row, function.arn))
    }
}
