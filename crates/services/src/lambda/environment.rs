//! Environments of functions, as they may be set.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    arguments::Variables,
    error::{Error, Result},
    record::Variable,
};
use crate::shape::{Description, Input, Path, Shape, Violations};

/// Bytes of all environment variables together.
///
/// Source: Lambda quotas, "Environment variables".
const ENVIRONMENT_BYTES: usize = 4096;
/// Environment variables that Lambda sets.
///
/// Source: Lambda Developer Guide, "Reserved environment variables".
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// Variables of an environment, whose names are not any.
pub struct EnvironmentVariables(Variables);

/// A function's environment.
#[derive(Input)]
pub struct Environment {
    /// The variables.
    pub variables: Option<EnvironmentVariables>,
}

impl Shape for EnvironmentVariables {
    type Wire = <Variables as Shape>::Wire;

    fn admit(wire: Self::Wire, at: &Path<'_>, violations: &mut Violations) -> Self {
        let is_name = |name: &String| {
            let word = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_';
            name.len() > 1
                && name.starts_with(|first: char| first.is_ascii_alphabetic())
                && name.bytes().all(word)
        };
        let are_names = wire.keys().all(is_name);
        let variables = Self(Variables(wire));
        if !are_names {
            violations.broken(
                // What it is may be secret.
                &|| None,
                at,
                "Map keys must satisfy constraint: [Member must satisfy regular expression \
                 pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
            );
        }
        variables
    }

    fn absent() -> Self {
        Self(Variables::default())
    }

    fn record(&self) -> Option<Value> {
        None
    }

    fn describe() -> Description {
        <Variables as Shape>::describe()
    }
}

/// Environment variables as they may be set.
///
/// # Errors
/// `ValidationException` for names that are none;
/// `InvalidParameterValueException` for those that are reserved, and for more
/// than 4 KiB.
///
/// Source: Lambda Developer Guide, "Environment variables".
pub(super) fn variables(given: Option<Environment>) -> Result<Vec<Variable>> {
    let variables = given.and_then(|environment| environment.variables);
    let rows = variables.map_or_else(Vec::new, |variables| variables.0.rows());
    let refused = |why: String| {
        Error::InvalidParameterValue(
            format!("Lambda was unable to configure your environment variables because {why}")
                .into(),
        )
    };
    if let Some(row) = rows.iter().find(|row| row.value.contains('\0')) {
        return Err(refused(format!("the value of {} can't be one.", row.name)));
    }
    let reserved: Vec<&str> = rows
        .iter()
        .map(|row| row.name.as_str())
        .filter(|name| RESERVED.contains(name))
        .collect();
    if !reserved.is_empty() {
        return Err(refused(format!(
            "the environment variables you have provided contains reserved keys that are \
             currently not supported for modification. Reserved keys used in this request: {}",
            reserved.join(", ")
        )));
    }
    // As JSON, which is how Lambda counts them.
    let variables: BTreeMap<&str, &str> = rows
        .iter()
        .map(|row| (row.name.as_str(), row.value.as_str()))
        .collect();
    let bytes = serde_json::to_vec(&variables).map_or(usize::MAX, |json| json.len());
    if bytes > ENVIRONMENT_BYTES {
        return Err(refused(
            "the environment variables you have provided exceeded the 4KB limit.".to_owned(),
        ));
    }
    Ok(rows)
}
