//! The file, and where in it things are.

use std::{ops::Range, path::Path};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::{ConfigError, Key, SectionKeys, names::suggestion};

pub(super) struct Document<'t> {
    path: &'t Path,
    text: &'t str,
    root: DeTable<'t>,
}

impl<'t> Document<'t> {
    pub(super) fn parse(path: &'t Path, text: &'t str) -> Result<Self, ConfigError> {
        match DeTable::parse(text) {
            Ok(root) => Ok(Self {
                path,
                text,
                root: root.into_inner(),
            }),
            Err(error) => Err(at(path, text, &error)),
        }
    }

    /// Refuses keys and sections that mean nothing, which otherwise would
    /// silently have no effect.
    pub(super) fn refuse_unknown_keys(&self, sections: &[SectionKeys]) -> Result<(), ConfigError> {
        for (name, value) in &self.root {
            let section = sections.iter().find(|(known, _)| known == name.get_ref());
            let Some((section, keys)) = section else {
                let known = sections.iter().map(|(known, _)| *known);
                let like = suggestion(name.get_ref(), known);
                let message = format!("there is no section `{}`{like}", name.get_ref());
                return Err(self.error(name.span(), message));
            };
            for table in tables(value.get_ref()) {
                for key in table.keys() {
                    if !keys().contains(&key.get_ref().as_ref()) {
                        let like = suggestion(key.get_ref(), keys().iter().copied());
                        let message =
                            format!("section `{section}` has no key `{}`{like}", key.get_ref());
                        return Err(self.error(key.span(), message));
                    }
                }
            }
        }
        Ok(())
    }

    /// Refuses values of the wrong type.
    pub(super) fn check_types<T: DeserializeOwned>(&self) -> Result<(), ConfigError> {
        match toml::from_str::<T>(self.text) {
            Ok(_) => Ok(()),
            Err(error) => Err(at(self.path, self.text, &error)),
        }
    }

    /// The file's values, without their places.
    pub(super) fn values(&self) -> Result<toml::Table, ConfigError> {
        let values = self.text.parse();
        values.map_err(|error| at(self.path, self.text, &error))
    }

    /// `<file>:<line>` of a key; of its section if the key is not in the
    /// file; `<file>` if neither is.
    pub(super) fn place(&self, key: Key) -> String {
        let found = self
            .root
            .iter()
            .find(|(name, _)| name.get_ref() == key.section);
        let span = found.map(|(name, value)| {
            let table = tables(value.get_ref()).nth(key.index.unwrap_or(0));
            let whole = match value.get_ref() {
                // A table of an array says itself where it begins.
                DeValue::Array(tables) => {
                    let table = tables.get(key.index.unwrap_or(0));
                    table.map_or(name.span(), toml::Spanned::span)
                }
                _ => name.span(),
            };
            let place = table.and_then(|table| {
                let mut names = table.keys();
                names.find(|name| name.get_ref() == key.name)
            });
            place.map_or(whole, toml::Spanned::span)
        });
        self.error(span.unwrap_or(usize::MAX..usize::MAX), String::new())
            .place
    }

    fn error(&self, span: Range<usize>, message: String) -> ConfigError {
        located(self.path, self.text, Some(span), message)
    }
}

/// The tables of a section, which is one or, in double brackets, several.
fn tables<'v, 't>(value: &'v DeValue<'t>) -> Box<dyn Iterator<Item = &'v DeTable<'t>> + 'v> {
    match value {
        DeValue::Array(items) => {
            Box::new(items.iter().filter_map(|item| item.get_ref().as_table()))
        }
        other => Box::new(other.as_table().into_iter()),
    }
}

fn at(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let message = in_words(error.message()).replace('\n', "; ");
    located(path, text, error.span(), message)
}

/// What the parser says, without the names that Rust has for numbers.
pub(super) fn in_words(message: &str) -> String {
    match message.split_once(", expected ") {
        Some((found, "u16" | "u32" | "u64" | "usize")) => {
            format!("{found}, expected a whole number that is not negative")
        }
        _ => message.to_owned(),
    }
}

fn located(path: &Path, text: &str, span: Option<Range<usize>>, message: String) -> ConfigError {
    let line = span
        .and_then(|span| text.as_bytes().get(..span.start))
        .map(|before| before.iter().filter(|byte| **byte == b'\n').count() + 1);
    let path = path.display();
    let place = line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}"));
    ConfigError { place, message }
}
