//! Shapes that several operations share.

use std::collections::BTreeMap;

use serde_json::Value;
use strongroom_functions::{Runtime, archive};
use strongroom_types::Sensitive;

use super::{
    error::{Error, Result},
    record::Variable,
};
use crate::shape::{Blob, Description, Emit, Input, Output, Path, Shape, Violations};

/// Names and values. Never recorded: environment variables may be secrets.
#[derive(Clone, Debug, Default)]
pub struct Variables(pub BTreeMap<String, String>);

/// A parameter of what is not offered. What is empty, or says what is so
/// anyway, asks for nothing.
#[derive(Default)]
pub struct NotOffered {
    asks: bool,
}

/// The code of a function.
#[derive(Input)]
pub struct Code {
    /// The archive.
    pub zip_file: Option<Sensitive<Blob>>,
    /// Not offered: there is no S3 here.
    pub s3_bucket: Option<String>,
    /// Not offered.
    pub s3_key: Option<String>,
    /// Not offered.
    pub s3_object_version: Option<String>,
    /// Not offered.
    pub s3_object_storage_mode: Option<String>,
    /// Not offered: there are no container images here.
    pub image_uri: Option<String>,
    /// Not offered: archives are sealed as all rows are.
    #[shape(name = "SourceKMSKeyArn")]
    pub source_kms_key_arn: Option<NotOffered>,
}

/// How calls are traced.
#[derive(Output)]
pub struct TracingConfigResponse {
    /// `PassThrough`: not at all.
    pub mode: Option<String>,
}

/// Whether processes are kept.
#[derive(Output)]
pub struct SnapStartResponse {
    /// `None`
    pub apply_on: Option<String>,
    /// `Off`
    pub optimization_status: Option<String>,
}

/// A function's environment, answered.
#[derive(Output)]
pub struct EnvironmentResponse {
    /// The variables.
    pub variables: Option<Variables>,
}

/// The size of `/tmp`.
#[derive(Input, Output)]
pub struct EphemeralStorage {
    /// MiB.
    #[shape(range(512, 10240))]
    pub size: i64,
}

impl Shape for Variables {
    type Wire = BTreeMap<String, String>;

    fn admit(wire: Self::Wire, _: &Path<'_>, _: &mut Violations) -> Self {
        Self(wire)
    }

    fn absent() -> Self {
        Self::default()
    }

    fn record(&self) -> Option<Value> {
        None
    }

    fn describe() -> Description {
        let value = Description {
            sensitive: true,
            ..<String as Shape>::describe()
        };
        Description {
            sensitive: true,
            ..Description::of_items("map", value)
        }
    }
}

impl Emit for Variables {
    fn emit<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.emit(serializer)
    }

    fn record(&self) -> Option<Value> {
        None
    }

    fn describe() -> Description {
        <Self as Shape>::describe()
    }
}

impl Shape for NotOffered {
    type Wire = Value;

    fn admit(wire: Self::Wire, _: &Path<'_>, _: &mut Violations) -> Self {
        Self { asks: asks(&wire) }
    }

    fn absent() -> Self {
        Self::default()
    }

    fn record(&self) -> Option<Value> {
        None
    }

    fn describe() -> Description {
        Description::leaf("structure")
    }
}

/// Whether a value asks for something that is not so anyway: calls are not
/// traced, processes start anew, logs are text.
fn asks(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(_) => true,
        Value::String(text) => !matches!(text.as_str(), "" | "None" | "PassThrough" | "Text"),
        Value::Array(values) => values.iter().any(asks),
        Value::Object(members) => members.values().any(asks),
    }
}

impl NotOffered {
    /// Whether a parameter asks for what is not offered.
    pub(super) fn is_asked(given: &Option<Self>) -> bool {
        given.as_ref().is_some_and(|given| given.asks)
    }
}

/// Refuses parameters of what is not offered.
///
/// # Errors
/// `InvalidParameterValueException` with the name of the first.
pub(super) fn refuse(parameters: &[(&str, bool)]) -> Result<()> {
    match parameters.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(Error::InvalidParameterValue(
            format!("{name} isn't supported.").into(),
        )),
        None => Ok(()),
    }
}

/// Refuses what is not offered of a function's configuration, which those who
/// make and those who change a function ask for by the same members.
///
/// # Errors
/// `InvalidParameterValueException` with the name of the first.
macro_rules! refuse_of_configuration {
    ($input:expr) => {
        $crate::lambda::arguments::refuse(&[
            ("VpcConfig", NotOffered::is_asked(&$input.vpc_config)),
            (
                "DeadLetterConfig",
                NotOffered::is_asked(&$input.dead_letter_config),
            ),
            ("KMSKeyArn", NotOffered::is_asked(&$input.kms_key_arn)),
            (
                "TracingConfig",
                NotOffered::is_asked(&$input.tracing_config),
            ),
            ("Layers", NotOffered::is_asked(&$input.layers)),
            (
                "FileSystemConfigs",
                NotOffered::is_asked(&$input.file_system_configs),
            ),
            ("ImageConfig", NotOffered::is_asked(&$input.image_config)),
            ("SnapStart", NotOffered::is_asked(&$input.snap_start)),
            (
                "LoggingConfig",
                NotOffered::is_asked(&$input.logging_config),
            ),
            (
                "CapacityProviderConfig",
                NotOffered::is_asked(&$input.capacity_provider_config),
            ),
            (
                "DurableConfig",
                NotOffered::is_asked(&$input.durable_config),
            ),
            (
                "RuntimeConfig",
                NotOffered::is_asked(&$input.runtime_config),
            ),
            (
                "AcceleratorConfig",
                NotOffered::is_asked(&$input.accelerator_config),
            ),
            (
                "The size of EphemeralStorage",
                $input
                    .ephemeral_storage
                    .as_ref()
                    .is_some_and(|storage| storage.size != 512),
            ),
        ])
    };
}
pub(super) use refuse_of_configuration;

impl Code {
    /// The archive, which can be unpacked.
    ///
    /// # Errors
    /// `InvalidParameterValueException`.
    pub(super) fn zip(self) -> Result<Vec<u8>> {
        refuse(&[
            ("S3Bucket", self.s3_bucket.is_some()),
            ("S3Key", self.s3_key.is_some()),
            ("S3ObjectVersion", self.s3_object_version.is_some()),
            ("S3ObjectStorageMode", self.s3_object_storage_mode.is_some()),
            ("ImageUri", self.image_uri.is_some()),
            (
                "SourceKMSKeyArn",
                NotOffered::is_asked(&self.source_kms_key_arn),
            ),
        ])?;
        let zip = self.zip_file.ok_or_else(|| {
            Error::InvalidParameterValue("Please provide a source for function code.".into())
        })?;
        let zip = zip.expose().0.clone();
        match archive::check(&zip) {
            Ok(()) => Ok(zip),
            Err(error) => Err(Error::InvalidParameterValue(error.to_string().into())),
        }
    }
}

impl Variables {
    pub(super) fn rows(self) -> Vec<Variable> {
        let variables = self.0.into_iter();
        variables
            .map(|(name, value)| Variable { name, value })
            .collect()
    }

    pub(super) fn of(rows: &[Variable]) -> Option<Self> {
        let pairs = rows.iter().map(|row| (row.name.clone(), row.value.clone()));
        (!rows.is_empty()).then(|| Self(pairs.collect()))
    }
}

/// A runtime that functions can have here.
///
/// # Errors
/// `InvalidParameterValueException`.
pub(super) fn runtime(name: &str) -> Result<Runtime> {
    Runtime::named(name).ok_or_else(|| {
        Error::InvalidParameterValue(
            format!(
                "Value {name} at 'runtime' failed to satisfy constraint: Member must satisfy enum \
                 value set: [python3.x, nodejs*.x, provided.al2023, provided.al2] or be a valid ARN"
            )
            .into(),
        )
    })
}
