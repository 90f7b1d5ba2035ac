use std::net::IpAddr;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_policy::Context;
use strongroom_types::Timestamp;

use crate::{
    iam::error::{Error, Result},
    shape::{Input, enumeration},
};

enumeration! {
    /// The types of condition keys.
    pub enum ContextKeyType {
        String = "string",
        StringList = "stringList",
        Numeric = "numeric",
        NumericList = "numericList",
        Boolean = "boolean",
        BooleanList = "booleanList",
        Ip = "ip",
        IpList = "ipList",
        Binary = "binary",
        BinaryList = "binaryList",
        Date = "date",
        DateList = "dateList",
    }
}

/// A condition key of the simulated requests.
#[derive(Input)]
pub struct ContextEntry {
    /// The key, `aws:username`.
    #[shape(length(5, 256))]
    pub context_key_name: Option<String>,
    /// One value, or several for a list.
    pub context_key_values: Option<Vec<String>>,
    /// The type.
    pub context_key_type: Option<ContextKeyType>,
}

/// Bytes of a value: as an ARN may have. What wildcards are compared with has to
/// have an end, for it costs both lengths.
const VALUE_BYTES: usize = 2048;
/// Bytes of all values, for the same reason: one result costs them all.
const BYTES: usize = 32 * VALUE_BYTES;

/// Adds the entries of a request to the keys that there are.
///
/// # Errors
/// `InvalidInput` for an entry without its parts, or with values that are not
/// of its type.
pub(super) fn add(entries: Vec<ContextEntry>, context: &mut Context) -> Result<()> {
    for entry in entries {
        let ContextEntry {
            context_key_name: Some(name),
            context_key_values: Some(values),
            context_key_type: Some(kind),
        } = entry
        else {
            let text = "Each context entry must have a name, values and a type.";
            return Err(Error::InvalidInput(text.into()));
        };
        if values.iter().any(|value| value.len() > VALUE_BYTES) {
            return Err(Error::InvalidInput(
                format!("Invalid context entry: a value of {name} is too long.").into(),
            ));
        }
        let fits = values.iter().all(|value| is_of(kind, value));
        let is_list = kind.as_str().ends_with("List");
        if !fits || !is_list && values.len() != 1 {
            let kind = kind.as_str();
            return Err(Error::InvalidInput(
                format!("Invalid context entry: the values of {name} are not of the type {kind}.")
                    .into(),
            ));
        }
        if is_list {
            context.insert_many(&name, values);
        } else if let Some(value) = values.into_iter().next() {
            context.insert(&name, value);
        }
    }
    if context.bytes() > BYTES {
        let text = "Invalid context entries: their values are too long together.";
        return Err(Error::InvalidInput(text.into()));
    }
    Ok(())
}

fn is_of(kind: ContextKeyType, value: &str) -> bool {
    match kind {
        ContextKeyType::String | ContextKeyType::StringList => true,
        ContextKeyType::Numeric | ContextKeyType::NumericList => value.parse::<f64>().is_ok(),
        ContextKeyType::Boolean | ContextKeyType::BooleanList => {
            ["false", "true"].contains(&value.to_lowercase().as_str())
        }
        ContextKeyType::Ip | ContextKeyType::IpList => {
            let address = value.split('/').next().unwrap_or_default();
            address.parse::<IpAddr>().is_ok()
        }
        ContextKeyType::Binary | ContextKeyType::BinaryList => {
            BASE64_STANDARD.decode(value).is_ok()
        }
        ContextKeyType::Date | ContextKeyType::DateList => {
            value.parse::<Timestamp>().is_ok()
                || value.parse::<i64>().is_ok()
                || value.parse::<jiff::civil::Date>().is_ok()
        }
    }
}
