use strongroom_store::Mode;
use strongroom_types::{Arn, Timestamp};

use crate::{
    authorize::Authorized,
    context::Context,
    operation::Operation,
    secretsmanager::{
        Result, Secret, SecretRef, SecretsManager, Version,
        access::accessed,
        page_token::{Cursor, Listing, page_size},
    },
    shape::{Input, Output, Shape as _},
};

/// Versions on a page when no number is asked for.
const PAGE: usize = 100;

/// What AWS calls the managed key `aws/secretsmanager` here, and only here.
const DEFAULT_KEY: &str = "DefaultEncryptionKey";

/// Lists a secret's versions, the oldest first.
///
/// A version that a rotation has made but not yet filled is not among them.
///
/// Source: Secrets Manager API Reference, ListSecretVersionIds.
pub struct ListSecretVersionIds;

/// Which versions.
#[derive(Input)]
pub struct ListSecretVersionIdsInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 2048))]
    pub secret_id: String,
    /// Versions on a page: 1 to 100, 100 when absent.
    #[shape(range(1, 100))]
    pub max_results: Option<i64>,
    /// Where the page begins: the `NextToken` of the page before.
    #[shape(length(1, 4096), unrecorded)]
    pub next_token: Option<String>,
    /// Also versions without a label.
    pub include_deprecated: Option<bool>,
}

/// One page.
#[derive(Output)]
pub struct ListSecretVersionIdsOutput {
    /// The versions.
    pub versions: Option<Vec<SecretVersionsListEntry>>,
    /// Asks for the next page, if there is one.
    pub next_token: Option<String>,
    /// The secret's ARN.
    #[shape(name = "ARN")]
    pub arn: Option<Arn>,
    /// The secret's name.
    pub name: Option<String>,
}

/// A version in a list.
#[derive(Output)]
pub struct SecretVersionsListEntry {
    /// The version's id.
    pub version_id: Option<String>,
    /// Its labels; absent if it has none.
    pub version_stages: Option<Vec<String>>,
    /// The day of its last read.
    pub last_accessed_date: Option<Timestamp>,
    /// When it was made.
    pub created_date: Option<Timestamp>,
    /// The key that its value is under: its ARN, or `DefaultEncryptionKey`.
    pub kms_key_ids: Option<Vec<String>>,
}

impl Operation for ListSecretVersionIds {
    const NAME: &'static str = "ListSecretVersionIds";
    const ACTION: &'static str = "secretsmanager:ListSecretVersionIds";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "InvalidNextTokenException",
        "ResourceNotFoundException",
        "InternalServiceError",
        "InvalidParameterException",
    ];
    type Service = SecretsManager;
    type Input = ListSecretVersionIdsInput;
    type Output = ListSecretVersionIdsOutput;
    type Target = SecretRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<SecretRef> {
        SecretRef::resolve(cx, &input.secret_id).await
    }

    async fn run(
        cx: &mut Context<'_>,
        secret: Authorized<SecretRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let found = secret.found()?;
        let tokens = &cx.services.secrets.page_tokens;
        let listing = Listing::new(Self::NAME, &cx.home(), input.record());
        let after = input
            .next_token
            .map(|token| tokens.read(&listing, &token))
            .transpose()?;
        let deprecated = input.include_deprecated.unwrap_or(false);
        let limit = page_size(input.max_results, PAGE);
        let (page, next) = page(&found.secret, deprecated, after.as_ref(), limit);
        Ok(ListSecretVersionIdsOutput {
            versions: Some(page.into_iter().map(SecretVersionsListEntry::of).collect()),
            next_token: next.map(|next| tokens.write(&listing, &next)),
            name: Some(found.name()),
            arn: Some(found.arn),
        })
    }
}

impl SecretVersionsListEntry {
    fn of(version: &Version) -> Self {
        let key = version.kms_key_id.as_deref().unwrap_or(DEFAULT_KEY);
        Self {
            version_id: Some(version.id.clone()),
            version_stages: version.stages(),
            last_accessed_date: accessed(version.last_accessed_day),
            created_date: Timestamp::from_millisecond(version.created_ms).ok(),
            kms_key_ids: Some(vec![key.to_owned()]),
        }
    }
}

/// The versions after `after`, and where the next page begins.
fn page<'a>(
    secret: &'a Secret,
    deprecated: bool,
    after: Option<&Cursor>,
    limit: usize,
) -> (Vec<&'a Version>, Option<Cursor>) {
    let rank = |version: &Version| (version.created_ms, version.id.clone());
    let after = after.map(|cursor| (cursor.value.unwrap_or_default(), cursor.name.clone()));
    let mut versions: Vec<&Version> = secret
        .versions
        .iter()
        .filter(|version| version.has_value && (deprecated || !version.labels.is_empty()))
        .filter(|version| after.as_ref().is_none_or(|after| rank(version) > *after))
        .collect();
    versions.sort_by_key(|version| rank(version));
    let more = versions.len() > limit;
    versions.truncate(limit);
    let last = versions.last().filter(|_| more);
    let next = last.map(|last| Cursor {
        value: Some(last.created_ms),
        name: last.id.clone(),
    });
    (versions, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        let version = |id: &str, created_ms, labels: &[&str], has_value| Version {
            id: id.to_owned(),
            created_ms,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            has_value,
            ..Version::default()
        };
        Secret {
            versions: vec![
                version("c", 3, &["AWSCURRENT"], true),
                version("old", 1, &[], true),
                version("b", 2, &["AWSPREVIOUS", "A"], true),
                version("a", 3, &["mine"], true),
                version("empty", 4, &["AWSPENDING"], false),
            ],
            ..Secret::default()
        }
    }

    fn ids(deprecated: bool, limit: usize) -> Vec<Vec<String>> {
        let secret = secret();
        let mut pages = Vec::new();
        let mut after = None;
        loop {
            let (versions, next) = page(&secret, deprecated, after.as_ref(), limit);
            pages.push(versions.iter().map(|version| version.id.clone()).collect());
            match next {
                Some(next) => after = Some(next),
                None => return pages,
            }
        }
    }

    #[test]
    fn empty_versions_are_never_listed_and_deprecated_ones_on_request() {
        assert_eq!(ids(false, 100), [["b", "a", "c"]]);
        assert_eq!(ids(true, 100), [["old", "b", "a", "c"]]);
    }

    #[test]
    fn pages_go_on_where_the_last_one_ended() {
        assert_eq!(ids(true, 2), [["old", "b"], ["a", "c"]]);
        assert_eq!(ids(true, 3), [vec!["old", "b", "a"], vec!["c"]]);
    }

    #[test]
    fn the_managed_key_has_a_name_of_its_own() {
        let entry = SecretVersionsListEntry::of(&secret().versions[1]);
        assert_eq!(entry.kms_key_ids.unwrap(), ["DefaultEncryptionKey"]);
        assert_eq!(entry.version_stages, None);
        let named = Version {
            kms_key_id: Some("arn".to_owned()),
            ..Version::default()
        };
        assert_eq!(
            SecretVersionsListEntry::of(&named).kms_key_ids.unwrap(),
            ["arn"]
        );
    }
}
