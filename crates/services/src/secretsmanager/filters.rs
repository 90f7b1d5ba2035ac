//! The filters of ListSecrets and BatchGetSecretValue.
//!
//! Several filters must all hold; of one filter's values any may hold; a value
//! that begins with `!` holds where the rest of it does not. Most keys compare
//! the beginning of an attribute. `description` and `all` compare words, see
//! [`words`].
//!
//! Source: Secrets Manager API Reference, Filter; User Guide, "Find secrets",
//! with what the live service was seen to do where the two differ.

mod words;

use self::words::Wanted;
use super::{
    error::{Error, Result},
    record::Tag,
};
use crate::shape::{Input, enumeration};

enumeration! {
    /// What a filter looks at.
    pub enum FilterKey {
        Description = "description",
        Name = "name",
        TagKey = "tag-key",
        TagValue = "tag-value",
        PrimaryRegion = "primary-region",
        OwningService = "owning-service",
        All = "all",
    }
}

/// A filter as a request carries it.
///
/// The model demands neither member; the service does, in words of its own.
#[derive(Debug, Input)]
pub struct Filter {
    /// What to look at.
    pub key: Option<FilterKey>,
    /// 1 to 10 values of up to 512 characters.
    #[shape(
        length(1, 10),
        each(length(0, 512), pattern(r"^\!?[a-zA-Z0-9 :_@\/\+\=\.\-\!]*$"))
    )]
    pub values: Option<Vec<String>>,
}

/// What filters can see of a secret.
pub(super) trait Searchable {
    /// The secret's name.
    fn name(&self) -> &str;
    /// Its description, if it has one.
    fn description(&self) -> Option<&str>;
    /// Its tags.
    fn tags(&self) -> &[Tag];
    /// Its primary Region, if it ever was replicated.
    fn primary_region(&self) -> Option<&str>;
    /// The service that manages it, if one does.
    fn owning_service(&self) -> Option<&str>;
}

/// The filters of one request, ready to be tried on many secrets.
#[derive(Debug, Default)]
pub(super) struct Filters(Vec<Criterion>);

/// One filter: an attribute and the values of which any will do.
#[derive(Debug)]
struct Criterion {
    key: FilterKey,
    terms: Vec<Term>,
}

/// One value of a filter.
#[derive(Debug)]
struct Term {
    negated: bool,
    /// The value without its `!`.
    text: String,
    /// Its words.
    words: Wanted,
}

impl Filters {
    /// # Errors
    /// `InvalidParameterException` for a filter without key or values.
    pub(super) fn new(filters: Option<Vec<Filter>>) -> Result<Self> {
        filters
            .into_iter()
            .flatten()
            .map(Criterion::new)
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Whether the secret passes every filter. Adds to `effort` what it cost
    /// to tell, in bytes that were compared or as many as take as long.
    pub(super) fn admit(&self, secret: &impl Searchable, effort: &mut usize) -> bool {
        self.0
            .iter()
            .all(|criterion| criterion.admits(secret, effort))
    }

    /// The longest text with which the name of every admitted secret begins,
    /// as far as the filters themselves say. Empty when they leave it open.
    pub(super) fn name_prefix(&self) -> &str {
        let names = self
            .0
            .iter()
            .filter(|criterion| criterion.key == FilterKey::Name);
        let prefixes = names.filter_map(|criterion| match criterion.terms.as_slice() {
            [
                Term {
                    negated: false,
                    text,
                    ..
                },
            ] => Some(text.as_str()),
            _ => None,
        });
        prefixes
            .max_by_key(|prefix| prefix.len())
            .unwrap_or_default()
    }
}

impl Criterion {
    fn new(filter: Filter) -> Result<Self> {
        let key = filter
            .key
            .ok_or_else(|| Error::InvalidParameter("Invalid filter key".into()))?;
        let values = filter
            .values
            .filter(|values| !values.is_empty())
            .ok_or_else(|| {
                let text = format!("Invalid filter values for key: {}", key.as_str());
                Error::InvalidParameter(text.into())
            })?;
        Ok(Self {
            key,
            terms: values.iter().map(|value| Term::new(value)).collect(),
        })
    }

    fn admits(&self, secret: &impl Searchable, effort: &mut usize) -> bool {
        self.terms
            .iter()
            .any(|term| term.finds(self.key, secret, effort) != term.negated)
    }
}

impl Term {
    fn new(value: &str) -> Self {
        let text = value.strip_prefix('!');
        Self {
            negated: text.is_some(),
            words: Wanted::of(text.unwrap_or(value)),
            text: text.unwrap_or(value).to_owned(),
        }
    }

    /// Whether the text is in the secret, the `!` aside.
    fn finds(&self, key: FilterKey, secret: &impl Searchable, effort: &mut usize) -> bool {
        let text = self.text.as_str();
        *effort += text.len() * secret.tags().len().max(1);
        let mut found_in = |attribute: &str| self.words.found_in(attribute, effort);
        match key {
            FilterKey::All => {
                found_in(secret.name())
                    || secret.description().is_some_and(&mut found_in)
                    || secret
                        .tags()
                        .iter()
                        .any(|tag| found_in(&tag.key) || found_in(&tag.value))
            }
            // The model says prefix; the live service compares words.
            FilterKey::Description => secret.description().is_some_and(found_in),
            FilterKey::Name => secret.name().starts_with(text),
            // The model says case-sensitive, the User Guide says not.
            FilterKey::OwningService => secret
                .owning_service()
                .is_some_and(|service| words::starts_with_ignoring_case(service, text)),
            FilterKey::PrimaryRegion => secret
                .primary_region()
                .is_some_and(|region| region.starts_with(text)),
            FilterKey::TagKey => secret.tags().iter().any(|tag| tag.key.starts_with(text)),
            FilterKey::TagValue => secret.tags().iter().any(|tag| tag.value.starts_with(text)),
        }
    }
}

#[cfg(test)]
mod tests;
