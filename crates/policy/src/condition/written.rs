use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    ip,
    numeric::number,
    operator::{Operator, Test},
};
use crate::PolicyError;

/// What IAM asks of a condition's values in a policy that is written. In one
/// that another service takes, or that was kept before, such values match
/// nothing instead. Of booleans nothing is on record, and dates are asked for
/// everywhere.
///
/// # Errors
/// [`PolicyError::LegacyParsing`] for what is no ARN, address or number;
/// [`PolicyError::Syntax`] for what is not Base64.
///
/// Source: recorded answers of `PutRolePolicy`.
pub(crate) fn check_written(operator: &str, values: &[String]) -> Result<(), PolicyError> {
    let Some(operator) = Operator::parse(operator) else {
        return Ok(());
    };
    let good = |value: &String| match operator.test {
        // Whether a wildcard or a variable would make an ARN of it, is not asked.
        Test::Arn => value == "*" || value.split(':').nth(5).is_some(),
        Test::Binary => STANDARD.decode(value).is_ok(),
        Test::IpAddress => ip::is_block(value),
        Test::Numeric(_) => number(value).is_some(),
        Test::Bool
        | Test::Date(_)
        | Test::Null
        | Test::String
        | Test::StringIgnoringCase
        | Test::StringLike => true,
    };
    match values.iter().find(|value| !good(value)) {
        None => Ok(()),
        Some(value) if operator.test == Test::Binary => {
            Err(PolicyError::syntax(format!("`{value}` is not Base64")))
        }
        Some(value) => Err(PolicyError::LegacyParsing {
            value: value.clone(),
        }),
    }
}
