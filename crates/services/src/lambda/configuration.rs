use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_types::{Arn, Timestamp};

use super::{
    arguments::{
        EnvironmentResponse, EphemeralStorage, SnapStartResponse, TracingConfigResponse, Variables,
    },
    builtin::{self, Builtin},
    function::{Function, FunctionRef},
    qualifier::Qualifier,
    record::{FunctionRow, Variable},
    remote::FunctionEndpoint,
};
use crate::{context::Home, shape::Output};

/// `/tmp`, in MiB.
const DISK_MIB: i64 = 512;

/// A function, as Lambda tells of it.
///
/// Source: Lambda API Reference, FunctionConfiguration.
#[derive(Output)]
pub struct FunctionConfiguration {
    /// The name.
    pub function_name: Option<String>,
    /// The ARN.
    pub function_arn: Option<Arn>,
    /// `python3.12`, …; absent of functions that are built in.
    pub runtime: Option<String>,
    /// ARN of the execution role.
    pub role: Option<String>,
    /// `file.function`
    pub handler: Option<String>,
    /// Bytes of the archive.
    pub code_size: Option<i64>,
    /// Up to 256 characters.
    pub description: Option<String>,
    /// Seconds.
    pub timeout: Option<i64>,
    /// MiB.
    pub memory_size: Option<i64>,
    /// `2026-11-25T22:10:00.000+0000`
    pub last_modified: Option<String>,
    /// SHA-256 of the archive, in base 64.
    pub code_sha256: Option<String>,
    /// `$LATEST`, or the number of one that was published.
    pub version: Option<String>,
    /// The environment.
    pub environment: Option<EnvironmentResponse>,
    /// Another after each change.
    pub revision_id: Option<String>,
    /// `Active`
    pub state: Option<String>,
    /// `Successful`
    pub last_update_status: Option<String>,
    /// `Zip`; absent of an endpoint.
    pub package_type: Option<String>,
    /// The machine's own.
    pub architectures: Option<Vec<String>>,
    /// The size of `/tmp`.
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// How calls are traced.
    pub tracing_config: Option<TracingConfigResponse>,
    /// Whether processes are kept.
    pub snap_start: Option<SnapStartResponse>,
}

impl FunctionConfiguration {
    /// Of a function that exists.
    pub(super) fn of(function: &FunctionRef) -> Option<Self> {
        match &function.function {
            Some(Function::Builtin(builtin)) => {
                Some(Self::builtin(&function.home, builtin, function.arn.clone()))
            }
            Some(Function::Custom(row)) => Some(Self::custom(row, function.arn.clone())),
            Some(Function::Remote(endpoint)) => Some(Self::remote(endpoint, function.arn.clone())),
            None => None,
        }
    }

    /// Of a function as it is now, under the ARN that says so.
    pub(super) fn latest(function: &FunctionRef) -> Option<Self> {
        let arn = function.qualified(&Qualifier::Latest);
        Self::of(function).map(|configuration| Self {
            function_arn: Some(arn),
            ..configuration
        })
    }

    /// Of one of a function's versions, under an ARN that names it.
    pub(super) fn version(function: &FunctionRef, row: &FunctionRow) -> Self {
        let qualifier = Qualifier::of_version(row.version);
        Self::custom(row, function.qualified(&qualifier))
    }

    /// Of one that is built in.
    pub(super) fn builtin(home: &Home, builtin: &Builtin, arn: Arn) -> Self {
        let Builtin { template, row } = builtin;
        let is_set = !row.revision_id.is_empty();
        Self {
            role: Some(builtin::role_arn(home)),
            description: Some(template.description().to_owned()),
            timeout: Some(30),
            memory_size: Some(128),
            last_modified: is_set.then(|| time(row.last_modified_ms)),
            environment: environment(&row.environment),
            revision_id: is_set.then(|| row.revision_id.clone()),
            ..Self::common(template.name(), arn)
        }
    }

    /// Nothing is known of what answers, and nothing is said of it.
    fn remote(endpoint: &FunctionEndpoint, arn: Arn) -> Self {
        let text = "An HTTPS endpoint that the server's configuration names";
        Self {
            description: Some(text.to_owned()),
            timeout: Some(i64::from(endpoint.timeout_seconds)),
            package_type: None,
            architectures: None,
            ephemeral_storage: None,
            ..Self::common(&endpoint.name, arn)
        }
    }

    /// Of one that a user made.
    pub(super) fn custom(row: &FunctionRow, arn: Arn) -> Self {
        Self {
            runtime: Some(row.runtime.clone()),
            role: Some(row.role.clone()),
            handler: Some(row.handler.clone()).filter(|handler| !handler.is_empty()),
            code_size: i64::try_from(row.code_bytes).ok(),
            description: Some(row.description.clone()),
            timeout: Some(i64::from(row.timeout_seconds)),
            memory_size: Some(i64::from(row.memory_mib)),
            last_modified: Some(time(row.last_modified_ms)),
            code_sha256: Some(base64(&row.code)),
            environment: environment(&row.environment),
            revision_id: Some(row.revision_id.clone()),
            version: Some(Qualifier::of_version(row.version).to_string()),
            tracing_config: Some(TracingConfigResponse {
                mode: Some("PassThrough".to_owned()),
            }),
            snap_start: Some(SnapStartResponse {
                apply_on: Some("None".to_owned()),
                optimization_status: Some("Off".to_owned()),
            }),
            ..Self::common(&row.name, arn)
        }
    }

    fn common(name: &str, arn: Arn) -> Self {
        Self {
            function_name: Some(name.to_owned()),
            function_arn: Some(arn),
            runtime: None,
            role: None,
            handler: None,
            code_size: None,
            description: None,
            timeout: None,
            memory_size: None,
            last_modified: None,
            code_sha256: None,
            version: Some("$LATEST".to_owned()),
            environment: None,
            revision_id: None,
            state: Some("Active".to_owned()),
            last_update_status: Some("Successful".to_owned()),
            package_type: Some("Zip".to_owned()),
            architectures: Some(vec![architecture().to_owned()]),
            ephemeral_storage: Some(EphemeralStorage { size: DISK_MIB }),
            tracing_config: None,
            snap_start: None,
        }
    }
}

fn time(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

fn environment(rows: &[Variable]) -> Option<EnvironmentResponse> {
    let variables = Variables::of(rows)?;
    Some(EnvironmentResponse {
        variables: Some(variables),
    })
}

/// The machine's architecture, in Lambda's words.
pub(super) fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    }
}

/// A digest in hexadecimal, in base 64.
pub(super) fn base64(hex: &str) -> String {
    let digit = |place| {
        hex.get(place..place + 2)
            .and_then(|two| u8::from_str_radix(two, 16).ok())
    };
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).filter_map(digit).collect();
    BASE64_STANDARD.encode(bytes)
}
