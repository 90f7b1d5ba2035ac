//! Identity providers: finding one by its ARN, and what may be said of it.

use strongroom_types::{AccountId, Arn};

use super::{
    error::{Error, Result},
    place::{Entity, Record},
    record::{self, OidcProvider, SamlProvider},
};
use crate::{
    context::Context,
    tables::{OidcProviders, SamlProviders},
};

/// OpenID Connect providers of one account, and as many SAML providers.
///
/// Source: IAM User Guide, IAM and STS quotas.
pub(super) const MAX_PROVIDERS: usize = 100;
/// Client ids of one provider.
const MAX_CLIENT_IDS: usize = 100;
/// Thumbprints of one provider.
const MAX_THUMBPRINTS: usize = 5;

/// An OpenID Connect provider that a request names.
pub type OidcRef = Entity<OidcProvider>;

/// A SAML provider that a request names.
pub type SamlRef = Entity<SamlProvider>;

impl Record for OidcProvider {
    const IAM_TAGS: bool = false;

    fn tags(&self) -> &[record::Tag] {
        &self.tags
    }
}

impl Record for SamlProvider {
    const IAM_TAGS: bool = false;

    fn tags(&self) -> &[record::Tag] {
        &self.tags
    }
}

impl OidcRef {
    /// The provider with this ARN, if it is of the caller's account.
    ///
    /// # Errors
    /// `ValidationError`, `InvalidInput` for what is no provider's ARN.
    pub(super) async fn resolve(cx: &mut Context<'_>, arn: &str) -> Result<Self> {
        let (parsed, key) = parse(arn, "oidc-provider/")?;
        let mut found = None;
        if key.0 == cx.request.caller.account {
            found = cx.tx.get::<OidcProviders>(&key).await?;
        }
        Ok(Self::new(parsed, key, "", arn, found).shown_by_arn())
    }

    /// The row's key and the provider.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub(super) fn found(self) -> Result<((AccountId, String), OidcProvider)> {
        let arn = self.arn;
        let missing = || {
            Error::NoSuchEntity(format!("OpenIDConnect Provider not found for arn {arn}").into())
        };
        let key = self.key;
        self.record.map(|found| (key, found)).ok_or_else(missing)
    }
}

impl SamlRef {
    /// The provider with this ARN, if it is of the caller's account.
    ///
    /// # Errors
    /// `ValidationError`, `InvalidInput` for what is no provider's ARN.
    pub(super) async fn resolve(cx: &mut Context<'_>, arn: &str) -> Result<Self> {
        let (parsed, key) = parse(arn, "saml-provider/")?;
        let mut found = None;
        if key.0 == cx.request.caller.account {
            found = cx.tx.get::<SamlProviders>(&key).await?;
        }
        Ok(Self::new(parsed, key, "", arn, found).shown_by_arn())
    }

    /// The row's key and the provider.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub(super) fn found(self) -> Result<((AccountId, String), SamlProvider)> {
        let arn = self.arn;
        let missing =
            || Error::NoSuchEntity(format!("SAMLProvider not found for arn {arn}").into());
        let key = self.key;
        self.record.map(|found| (key, found)).ok_or_else(missing)
    }
}

/// An ARN of a kind of provider, and the row that it means.
fn parse(text: &str, kind: &str) -> Result<(Arn, (AccountId, String))> {
    let arn: Arn = text.parse().map_err(|_| Error::arn_unparsable())?;
    let name = arn.resource().strip_prefix(kind).unwrap_or_default();
    let key = match arn.account().parse() {
        Ok(account) if arn.service() == "iam" && arn.region().is_empty() && !name.is_empty() => {
            (account, name.to_owned())
        }
        _ => return Err(Error::arn_invalid(text)),
    };
    Ok((arn, key))
}

/// A provider's URL without its scheme, as rows and ARNs have it.
///
/// # Errors
/// `InvalidInput` unless it is an `https` URL with a host and no query.
pub(super) fn checked_url(url: &str) -> Result<&str> {
    let invalid = || Error::InvalidInput("Invalid Open ID Connect Provider URL".into());
    let rest = url.strip_prefix("https://").ok_or_else(invalid)?;
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let of_url = |c: char| c.is_ascii_graphic() && !"?#@\\\"<>{}|^`".contains(c);
    if host.is_empty() || !rest.chars().all(of_url) {
        return Err(invalid());
    }
    Ok(rest)
}

/// Client ids, each once, in the order they came in.
///
/// # Errors
/// `LimitExceeded` past 100.
pub(super) fn checked_client_ids(ids: Vec<String>) -> Result<Vec<String>> {
    let mut distinct: Vec<String> = Vec::new();
    for id in ids {
        if !distinct.contains(&id) {
            distinct.push(id);
        }
    }
    if distinct.len() > MAX_CLIENT_IDS {
        return Err(Error::over_quota(
            "ClientIdsPerOpenIdConnectProvider",
            MAX_CLIENT_IDS,
        ));
    }
    Ok(distinct)
}

/// SHA-1 thumbprints of certificates, in lower case.
///
/// # Errors
/// `InvalidInput` past five, and for what is not hexadecimal.
pub(super) fn checked_thumbprints(thumbprints: Vec<String>) -> Result<Vec<String>> {
    if thumbprints.len() > MAX_THUMBPRINTS {
        return Err(Error::InvalidInput(
            "Thumbprint list must contain fewer than 5 entries.".into(),
        ));
    }
    if let Some(wrong) = thumbprints
        .iter()
        .find(|text| !text.chars().all(|digit| digit.is_ascii_hexdigit()))
    {
        return Err(Error::InvalidInput(
            format!("Thumbprint {wrong} is not hexadecimal.").into(),
        ));
    }
    let lower = thumbprints.iter().map(|text| text.to_ascii_lowercase());
    Ok(lower.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_https_with_a_host_and_no_query() {
        assert_eq!(
            checked_url("https://oidc.eks.eu-west-1.amazonaws.com/id/ABC").unwrap(),
            "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
        );
        assert_eq!(checked_url("https://idp:8443").unwrap(), "idp:8443");
        for bad in [
            "http://idp",
            "https://",
            "https:///x",
            "https://:1",
            "idp",
            "https://idp/?a=b",
            "https://a b",
            "https://user@idp",
            "https://idp#x",
        ] {
            assert!(checked_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_arn_names_a_row() {
        let (_, key) = parse(
            "arn:aws:iam::111122223333:oidc-provider/idp:8443/a",
            "oidc-provider/",
        )
        .unwrap();
        assert_eq!(key.1, "idp:8443/a");
        for bad in [
            "arn:aws:iam::111122223333:saml-provider/a",
            "arn:aws:iam::111122223333:oidc-provider/",
            "arn:aws:iam::x:oidc-provider/a",
            "arn:aws:sts::111122223333:oidc-provider/a",
        ] {
            assert!(
                matches!(parse(bad, "oidc-provider/"), Err(Error::InvalidInput(_))),
                "{bad}"
            );
        }
        assert!(matches!(
            parse("a", "oidc-provider/"),
            Err(Error::Validation(_))
        ));
    }
}
