//! Finding a secret by what a caller wrote: a name, an ARN, a partial ARN.

use std::sync::Arc;

use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::{Mode, StoreError, Table as _};
use strongroom_types::{AccountId, Arn, Region};

use super::{
    error::{Error, Result},
    kept::{self, SecretRow},
    tags,
};
use crate::{
    authorize::{Authorized, Keys, Target, check},
    context::{Context, Home},
    kms::envelope,
    operation::ServiceError as _,
    tables::{SecretPolicies, Secrets},
};

/// Characters of the random end of an ARN.
const SUFFIX_CHARS: usize = 6;

/// The secret that a request names, whether it exists or not: a missing one
/// is judged by the ARN it would have, so that a caller without permission
/// cannot tell missing from forbidden.
pub struct SecretRef {
    /// `SecretId` as sent; refusals echo it.
    requested: String,
    arn: Arn,
    home: Home,
    secret: Option<SecretRow>,
    policy: Option<Arc<Policy>>,
    /// The key that the request names, where a request may.
    named_key: Option<Arn>,
}

/// A secret that exists.
pub struct FoundSecret {
    /// Its full ARN.
    pub arn: Arn,
    /// Where it lives: not the caller's account when it was shared.
    pub home: Home,
    /// The secret.
    pub secret: SecretRow,
    /// Its resource policy.
    pub policy: Option<Arc<Policy>>,
}

impl SecretRef {
    /// Looks up what `secret_id` names.
    ///
    /// # Errors
    /// `ValidationException` if it can be no name and no ARN.
    pub async fn resolve(cx: &mut Context<'_>, secret_id: &str) -> Result<Self> {
        let home = cx.home();
        let Some((owner, resource)) = parse_arn(secret_id, &home) else {
            check_name(secret_id)?;
            return Self::by_name(cx, secret_id, home, secret_id).await;
        };
        let here = owner.region == home.region;
        match (here, split_suffix(&resource)) {
            // What looks complete is taken as complete.
            (true, Some((name, suffix))) => {
                let found = Self::by_name(cx, secret_id, owner, name).await?;
                let same = found
                    .secret
                    .as_ref()
                    .is_some_and(|secret| secret.suffix == suffix);
                if same {
                    Ok(found)
                } else {
                    Ok(Self::missing(secret_id, owner, &resource))
                }
            }
            (true, None) => Self::by_name(cx, secret_id, owner, &resource).await,
            // Regions are separate: an ARN of another one names nothing here.
            (false, _) => Ok(Self::missing(secret_id, owner, &resource)),
        }
    }

    /// Its ARN; of a secret that is missing, what was asked for as an ARN.
    pub(super) fn arn(&self) -> &Arn {
        &self.arn
    }

    /// Notes which key the request names, for policies that ask.
    pub(super) async fn with_named_key(
        self,
        cx: &mut Context<'_>,
        named: Option<&str>,
    ) -> Result<Self> {
        let named_key = envelope::named_key(cx, &cx.home(), named).await?;
        Ok(Self { named_key, ..self })
    }

    /// Whether there is such a secret.
    pub(super) fn exists(&self) -> bool {
        self.secret.is_some()
    }

    /// The secret, for who does not act on it.
    pub(super) fn as_found(&self) -> Option<FoundSecret> {
        Some(FoundSecret {
            arn: self.arn.clone(),
            home: self.home,
            secret: self.secret.clone()?,
            policy: self.policy.clone(),
        })
    }

    async fn by_name(
        cx: &mut Context<'_>,
        requested: &str,
        home: Home,
        name: &str,
    ) -> Result<Self> {
        let Some(secret) = kept::secret(cx, &home, name).await? else {
            return Ok(Self::missing(requested, home, name));
        };
        let policy = if secret.has_resource_policy {
            policy(cx, (home.account, home.region, name.to_owned())).await?
        } else {
            None
        };
        Ok(Self {
            requested: requested.to_owned(),
            arn: secret.arn(&home),
            home,
            secret: Some(secret),
            policy,
            named_key: None,
        })
    }

    fn missing(requested: &str, home: Home, resource: &str) -> Self {
        Self {
            requested: requested.to_owned(),
            arn: home.arn("secretsmanager", format_args!("secret:{resource}")),
            home,
            secret: None,
            policy: None,
            named_key: None,
        }
    }
}

impl Authorized<SecretRef> {
    /// The secret, scheduled for deletion or not.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn found(self) -> Result<FoundSecret> {
        let SecretRef {
            arn,
            home,
            secret,
            policy,
            ..
        } = self.into_inner();
        let secret = secret.ok_or_else(Error::no_secret)?;
        Ok(FoundSecret {
            arn,
            home,
            secret,
            policy,
        })
    }

    /// The secret, if it is not scheduled for deletion.
    ///
    /// # Errors
    /// `ResourceNotFoundException`, `InvalidRequestException`.
    pub fn alive(self) -> Result<FoundSecret> {
        let found = self.found()?;
        found.secret.alive()?;
        Ok(found)
    }
}

impl FoundSecret {
    /// The key of the secret's row.
    #[must_use]
    pub fn key(&self) -> (AccountId, Region, String) {
        (
            self.home.account,
            self.home.region,
            self.secret.name.clone(),
        )
    }

    /// Judges the caller again, by the tags that the secret has now: nobody
    /// takes a secret away from themselves by tagging it, neither the change
    /// nor, if they could read it as it was `before`, the reading.
    ///
    /// # Errors
    /// `AccessDeniedException`.
    pub(super) fn still_allows(
        &self,
        cx: &Context<'_>,
        before: &SecretRef,
        action: &str,
        keys: &Keys,
    ) -> Result<()> {
        let tagged = self.asked_for(&before.requested);
        check(cx, &tagged, action, keys).map_err(Error::denied)?;
        let none = Keys::default();
        let readings = [
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
        ];
        for reading in readings {
            if check(cx, before, reading, &none).is_ok() {
                check(cx, &tagged, reading, &none).map_err(Error::denied)?;
            }
        }
        Ok(())
    }

    /// The secret as it is now, as a request's target.
    pub(super) fn asked_for(&self, requested: &str) -> SecretRef {
        SecretRef {
            requested: requested.to_owned(),
            arn: self.arn.clone(),
            home: self.home,
            secret: Some(self.secret.clone()),
            policy: self.policy.clone(),
            named_key: None,
        }
    }

    /// Writes the secret's row.
    pub(super) fn save(&self, cx: &mut Context<'_>) -> Result<()> {
        Ok(cx.tx.put::<Secrets>(&self.key(), &self.secret)?)
    }

    /// Members that many answers begin with.
    pub(super) fn name(&self) -> String {
        self.secret.name.clone()
    }
}

impl Target for SecretRef {
    fn resource(&self) -> &str {
        self.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(&self.requested)
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.home.account)
    }

    fn policy(&self) -> Option<&Policy> {
        self.policy.as_deref()
    }

    fn condition_keys(&self, keys: &mut Keys) {
        keys.one("secretsmanager:SecretId", self.arn.as_str());
        keys.some("secretsmanager:KmsKeyArn", self.named_key.as_ref());
        for tag in self.secret.iter().flat_map(|secret| &secret.tags) {
            tags::resource_keys(&tag.key, &tag.value, keys);
        }
        let secret = self.secret.as_ref();
        if let Some(rotation) = secret.and_then(|secret| secret.rotation.as_ref()) {
            keys.one(
                "secretsmanager:resource/AllowRotationLambdaArn",
                &rotation.lambda_arn,
            );
        }
        if let Some(kind) = self
            .secret
            .as_ref()
            .and_then(|secret| secret.r#type.as_deref())
        {
            keys.one("secretsmanager:resource/Type", kind);
        }
    }
}

/// The compiled resource policy of a secret that has one.
async fn policy(
    cx: &mut Context<'_>,
    key: (AccountId, Region, String),
) -> Result<Option<Arc<Policy>>> {
    let cache = Arc::clone(&cx.services.secrets.policies);
    let generation = cx.generations.resource_policies;
    let remembered = cache.get_at(&key, generation);
    if remembered.is_some() && cx.mode == Mode::Read {
        return Ok(remembered);
    }
    // A transaction that writes reads the row also where the policy is
    // remembered, to conflict with a change of it that commits before it does.
    let Some(row) = Box::pin(cx.tx.get::<SecretPolicies>(&key)).await? else {
        return Ok(None);
    };
    if remembered.is_some() {
        return Ok(remembered);
    }
    // It compiled when it was put. If it does not now, nobody gets in.
    let corrupt = |_| StoreError::Corrupt {
        table: SecretPolicies::NAME.to_owned(),
        key: key.2.clone(),
        reason: "it does not parse",
    };
    let policy = Arc::new(Policy::parse(&row.document, PolicyKind::Resource).map_err(corrupt)?);
    cache.keep(key, Arc::clone(&policy), generation);
    Ok(Some(policy))
}

/// # Errors
/// `ValidationException` for a name with a character that none may have.
pub(super) fn check_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-/_+=.@!".contains(c);
    if !name.is_empty() && name.chars().all(allowed) {
        Ok(())
    } else {
        Err(Error::invalid_name())
    }
}

/// The owner and the resource, less `secret:`, of a secret's ARN.
fn parse_arn(text: &str, home: &Home) -> Option<(Home, String)> {
    let arn: Arn = text.parse().ok()?;
    let resource = arn
        .resource()
        .strip_prefix("secret:")
        .filter(|name| !name.is_empty())?;
    if arn.service() != "secretsmanager" || arn.partition() != home.partition.as_str() {
        return None;
    }
    let owner = Home {
        partition: home.partition,
        account: arn.account().parse().ok()?,
        region: arn.region().parse().ok()?,
    };
    Some((owner, resource.to_owned()))
}

/// The random end of a new secret's ARN.
pub(super) fn draw_suffix(cx: &Context<'_>) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let random = cx.services.random.as_ref();
    let draw = || {
        let place = random.below(62) as usize;
        ALPHABET.get(place).copied().map_or('A', char::from)
    };
    std::iter::repeat_with(draw).take(SUFFIX_CHARS).collect()
}

/// Name and suffix, if the end looks like a hyphen and six alphanumerics.
pub(crate) fn split_suffix(resource: &str) -> Option<(&str, &str)> {
    let hyphen = resource.len().checked_sub(SUFFIX_CHARS + 1)?;
    let (name, tail) = resource.split_at_checked(hyphen)?;
    let suffix = tail.strip_prefix('-')?;
    suffix
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric())
        .then_some((name, suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_suffix_is_one() {
        assert_eq!(split_suffix("a/b-AbCd12"), Some(("a/b", "AbCd12")));
        assert_eq!(
            split_suffix("MySecret-abcdef"),
            Some(("MySecret", "abcdef"))
        );
        for name in [
            "short",
            "name-abcde",
            "name-abcde_",
            "name-abcdefg",
            "nameXabcdef",
            "é-abcde",
        ] {
            assert_eq!(split_suffix(name), None, "{name}");
        }
    }

    #[test]
    fn names_hold_only_what_aws_allows() {
        for good in ["a", "a/b//c/", "-/_+=.@!", "rds!db-1"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a:b", "é", "a#", "arn:aws:s3:::x"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
