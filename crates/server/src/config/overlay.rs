//! What the environment and the flags say on top of the file.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use toml::{Table, Value};

use super::{
    ConfigError, File,
    document::{Document, in_words},
    keys,
    names::{nearest, suggestion},
};

const PREFIX: &str = "STRONGROOM_";

/// A variable that the command line reads, not this module.
const CONFIG_VARIABLE: &str = "STRONGROOM_CONFIG";

#[derive(Debug, Default)]
pub(super) struct Overlay {
    /// By section and key. What comes later has replaced what came before.
    settings: BTreeMap<(&'static str, &'static str), Setting>,
    /// Variables with our prefix that mean nothing. Not an error: container
    /// platforms make such variables of the service's name.
    unknown: Vec<String>,
}

#[derive(Debug)]
struct Setting {
    /// The variable's name or the flag.
    origin: String,
    text: String,
}

impl Overlay {
    pub(super) fn new(
        environment: &HashMap<String, String>,
        flags: &[String],
    ) -> Result<Self, ConfigError> {
        let mut overlay = Self::default();
        for (name, text) in environment {
            if !name.starts_with(PREFIX) || name == CONFIG_VARIABLE {
                continue;
            }
            let known = keys().find(|(section, key)| variable(section, key) == *name);
            match known {
                Some(place) => overlay.set(place, name, text),
                None => overlay.unknown.push(name.clone()),
            }
        }
        for flag in flags {
            let error = |message: String| ConfigError {
                place: format!("--set {flag}"),
                message,
            };
            let (name, text) = flag
                .split_once('=')
                .ok_or_else(|| error("write `section.key=value`".to_owned()))?;
            let named = |(section, key): &(&str, &str)| name == format!("{section}.{key}");
            let place = keys().find(named).ok_or_else(|| {
                let known: Vec<_> = keys()
                    .map(|(section, key)| format!("{section}.{key}"))
                    .collect();
                let like = suggestion(name, known.iter().map(String::as_str));
                error(format!("there is no key `{name}`{like}"))
            })?;
            overlay.set(place, &format!("--set {name}"), text);
        }
        Ok(overlay)
    }

    fn set(&mut self, place: (&'static str, &'static str), origin: &str, text: &str) {
        let setting = Setting {
            origin: origin.to_owned(),
            text: text.to_owned(),
        };
        self.settings.insert(place, setting);
    }

    /// The file's values with these on top.
    pub(super) fn apply(&self, document: &Document<'_>) -> Result<File, ConfigError> {
        let mut values = document.values()?;
        for ((section, key), setting) in &self.settings {
            let error = |message: String| ConfigError {
                place: setting.origin.clone(),
                message,
            };
            let value = typed(section, key, &setting.text).map_err(error)?;
            let table = table(&mut values, section).ok_or_else(|| {
                error(format!(
                    "the file has several sections `{section}`; set the key there"
                ))
            })?;
            table.insert((*key).to_owned(), value);
        }
        File::deserialize(values).map_err(|error| ConfigError {
            place: "configuration".to_owned(),
            message: error.message().to_owned(),
        })
    }

    /// The variable or flag that a key's value comes from.
    pub(super) fn origin(&self, section: &str, key: &str) -> Option<&str> {
        let mut settings = self.settings.iter();
        let found = settings.find(|(place, _)| **place == (section, key));
        found.map(|(_, setting)| setting.origin.as_str())
    }

    /// A warning for each variable that looks like a known one misspelt.
    pub(super) fn likely_typos(&self) -> Vec<String> {
        let known: Vec<_> = keys()
            .map(|(section, key)| variable(section, key))
            .collect();
        let known = || known.iter().map(String::as_str);
        let warnings = self.unknown.iter().filter_map(|name| {
            let like =
                nearest(name, known()).filter(|like| like.len().abs_diff(name.len()) <= 2)?;
            Some(format!("{name}: means nothing; did you mean `{like}`?"))
        });
        warnings.collect()
    }
}

/// The variable that sets a key.
fn variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{section}_{key}").to_uppercase()
}

/// The section's table, made if missing. `None` if there are several.
fn table<'v>(values: &'v mut Table, section: &str) -> Option<&'v mut Table> {
    let empty = || match section {
        "event_endpoint" | "function_endpoint" | "listener" | "rule" => {
            Value::Array(vec![Value::Table(Table::new())])
        }
        _ => Value::Table(Table::new()),
    };
    match values.entry(section).or_insert_with(empty) {
        Value::Table(table) => Some(table),
        Value::Array(tables) => match tables.as_mut_slice() {
            [Value::Table(table)] => Some(table),
            _ => None,
        },
        _ => None,
    }
}

/// The text as whatever the key takes: a string, else a TOML value such as a
/// number, else a list of strings between commas.
fn typed(section: &str, key: &str, text: &str) -> Result<Value, String> {
    let literal = || format!("v = {text}").parse::<Table>().ok()?.remove("v");
    let list = || {
        let parts = text.split(',').map(|part| part.trim().to_owned());
        Value::Array(parts.map(Value::String).collect())
    };
    let candidates = [
        Some(Value::String(text.to_owned())),
        literal(),
        Some(list()),
    ];
    let mut first_error = None;
    for value in candidates.into_iter().flatten() {
        let mut values = Table::new();
        if let Some(table) = table(&mut values, section) {
            table.insert(key.to_owned(), value.clone());
        }
        match File::deserialize(values) {
            Ok(_) => return Ok(value),
            Err(error) => {
                first_error.get_or_insert(in_words(error.message()));
            }
        }
    }
    Err(first_error.unwrap_or_default())
}
