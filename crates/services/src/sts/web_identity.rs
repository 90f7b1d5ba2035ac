//! Identities that OpenID Connect providers vouch for.
//!
//! `token.rs` reads a JSON Web Token, `tags.rs` the session tags in it, `claims.rs`
//! what only some issuers say, `keys.rs` the keys of its provider; `provider.rs`
//! fetches and keeps those. What a genuine token says becomes [`Vouched`].

mod claims;
mod keys;
mod provider;
mod tags;
mod token;

use serde_json::{Map, Value};
use strongroom_types::{AccountId, Partition, Principal, Timestamp};

pub use provider::{Fetch, FetchError, Fetched, Fetching, IdentityProviders, Trusted};

use self::token::Token;
use super::{
    error::{Error, Result},
    session::{Claim, WebIdentity},
    shapes::Tag,
};
use crate::{
    authorize::Stranger,
    context::{Context, Remarks},
    iam,
    tables::OidcProviders,
};

/// Seconds that a provider's clock may be off.
const LEEWAY_SECONDS: i64 = 300;

/// Who somebody is, in the word of a provider that was found genuine.
pub(super) struct Vouched {
    /// For the session.
    pub(super) identity: WebIdentity,
    /// What only its issuer's tokens say, for the trust policy and not for the
    /// session.
    own: Vec<Claim>,
    /// `iss` as the token has it.
    pub(super) issuer: String,
    /// `sub`.
    pub(super) subject: String,
    /// `aud`, or `azp` if there is one.
    pub(super) audience: String,
    /// Tags that the provider sets.
    pub(super) tags: Vec<Tag>,
    /// Which of them are handed down.
    pub(super) transitive: Vec<String>,
    /// The source identity that the provider sets.
    pub(super) source_identity: Option<String>,
    /// Why the provider's server was trusted.
    trusted: Option<Trusted>,
}

/// Reads a token for a role of `account`, whose provider must be registered
/// there.
///
/// # Errors
/// `InvalidIdentityToken`, `ExpiredTokenException`, `IDPCommunicationError`,
/// `IDPRejectedClaim`.
pub(super) async fn vouched(
    cx: &mut Context<'_>,
    account: AccountId,
    text: &str,
) -> Result<Vouched> {
    let token = Token::parse(text).ok_or_else(|| {
        invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
    })?;
    let issuer = token
        .text("iss")
        .ok_or_else(|| invalid("Missing a required claim: iss"))?;
    let url = bare(issuer).ok_or_else(|| unknown(issuer))?.to_owned();
    let issuer = issuer.to_owned();
    let provider = cx.tx.get::<OidcProviders>(&(account, url.clone())).await?;
    let provider = provider.ok_or_else(|| unknown(&issuer))?;
    let audience = audience(&token, &provider)?;
    let keys = provider::keys(cx, &issuer, &provider, token.key_id()).await?;
    if !keys.verify(&token) {
        return Err(invalid(
            "Couldn't retrieve verification key from your identity provider,  please reference \
             AssumeRoleWithWebIdentity documentation for requirements",
        ));
    }
    timely(&token, cx.now)?;
    let subject = token
        .text("sub")
        .ok_or_else(|| invalid("Missing a required claim: sub"))?;
    let (tags, transitive) =
        tags::of(&token).ok_or_else(|| rejected("The session tags claim is not valid"))?;
    let source_identity = match token.claim("https://aws.amazon.com/source_identity") {
        None => None,
        Some(serde_json::Value::String(identity)) if is_source_identity(identity) => {
            Some(identity.clone())
        }
        Some(_) => return Err(rejected("The source identity claim is not valid")),
    };
    Ok(Vouched {
        own: claims::of_issuer(&token, &url),
        identity: WebIdentity {
            provider: arn(cx.services.partition, account, &provider),
            claims: claims(&token, &audience),
            issuer: url,
        },
        subject: subject.to_owned(),
        issuer,
        audience,
        tags,
        transitive,
        source_identity,
        trusted: keys.trusted,
    })
}

impl Vouched {
    /// What the token asks for beside the request's own parameters, and how
    /// its provider was known.
    ///
    /// Source: IAM User Guide, "Logging IAM and AWS STS API calls with AWS
    /// CloudTrail".
    pub(super) fn on_record(&self, remarks: &mut Remarks) {
        remarks.additional_event_data = self.trusted.map(|trusted| {
            serde_json::json!({"identityProviderConnectionVerificationMethod": match trusted {
                Trusted::Authority => "IAMTrustStore",
                Trusted::Thumbprint => "Thumbprint",
            }})
        });
        let mut put = |name, value: Value| remarks.request_parameters.push((name, value));
        if !self.tags.is_empty() {
            let tags = self.tags.iter();
            let tags: Map<_, _> = tags
                .map(|tag| (tag.key.clone(), tag.value.as_str().into()))
                .collect();
            put("principalTags", tags.into());
        }
        if !self.transitive.is_empty() {
            put("transitiveTagKeys", self.transitive.as_slice().into());
        }
        if let Some(identity) = &self.source_identity {
            put("sourceIdentity", identity.as_str().into());
        }
    }

    /// As policies see whoever it is, who has no credentials yet.
    pub(super) fn stranger(&self) -> Stranger {
        let Self {
            issuer,
            audience,
            subject,
            ..
        } = self;
        let mut said = self.identity.clone();
        said.claims.extend(self.own.iter().cloned());
        Stranger {
            principal: Principal::Federated {
                provider: self.identity.provider.as_str().into(),
                id: format!("{issuer}:{audience}:{subject}").into(),
            },
            provider: self.identity.provider.clone(),
            claims: iam::claims(&said),
        }
    }
}

/// A provider's URL as it is registered. Plain HTTP is for providers on this
/// machine, which are for development.
fn bare(issuer: &str) -> Option<&str> {
    issuer.strip_prefix("https://").or_else(|| {
        issuer
            .strip_prefix("http://")
            .filter(|rest| is_loopback(rest))
    })
}

/// Whether a URL without its scheme is of this machine.
fn is_loopback(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn arn(partition: Partition, account: AccountId, provider: &iam::OidcProvider) -> String {
    format!(
        "arn:{partition}:iam::{account}:oidc-provider/{}",
        provider.url
    )
}

/// The audience that policies see, which must be a client of the provider's:
/// `azp` wins.
fn audience(token: &Token, provider: &iam::OidcProvider) -> Result<String> {
    let known = |audience: &&str| provider.client_ids.iter().any(|id| id == audience);
    let found = match token.text("azp") {
        Some(party) => Some(party).filter(known),
        None => token.texts("aud").into_iter().find(known),
    };
    found
        .map(str::to_owned)
        .ok_or_else(|| invalid("Incorrect token audience"))
}

fn timely(token: &Token, now: Timestamp) -> Result<()> {
    let now = now.as_second();
    let seconds = |claim: &str| {
        let time = token.seconds(claim);
        time.map_err(|_| unclear(claim))
    };
    let expiry = seconds("exp")?.ok_or_else(|| invalid("Missing a required claim: exp"))?;
    if now >= expiry {
        return Err(Error::ExpiredToken(
            format!(
                "Token expired: current date/time {now} must be before the expiration date/time \
                 {expiry}"
            )
            .into(),
        ));
    }
    let issued = seconds("iat")?.ok_or_else(|| invalid("Missing a required claim: iat"))?;
    let from = seconds("nbf")?.unwrap_or(issued).max(issued);
    if from > now.saturating_add(LEEWAY_SECONDS) {
        return Err(invalid("The token is not valid yet"));
    }
    Ok(())
}

/// The claims that policies may ask for.
fn claims(token: &Token, audience: &str) -> Vec<Claim> {
    let mut claims = vec![one("aud", audience)];
    if token.text("azp").is_some() {
        claims.push(one("azp", audience));
        claims.extend(
            token
                .texts("aud")
                .first()
                .map(|original| one("oaud", original)),
        );
    }
    for name in ["sub", "email"] {
        claims.extend(token.text(name).map(|value| one(name, value)));
    }
    let methods = token.texts("amr");
    if !methods.is_empty() {
        claims.push(Claim {
            name: "amr".to_owned(),
            values: methods.into_iter().map(str::to_owned).collect(),
            many: true,
        });
    }
    claims
}

fn one(name: &str, value: &str) -> Claim {
    Claim {
        name: name.to_owned(),
        values: vec![value.to_owned()],
        many: false,
    }
}

fn is_source_identity(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

fn invalid(text: &'static str) -> Error {
    Error::InvalidIdentityToken(text.into())
}

fn unclear(claim: &str) -> Error {
    Error::InvalidIdentityToken(format!("The claim {claim} is not a valid time").into())
}

fn rejected(text: &'static str) -> Error {
    Error::IdpRejectedClaim(text.into())
}

fn unknown(issuer: &str) -> Error {
    let issuer: String = issuer.chars().take(255).collect();
    Error::InvalidIdentityToken(
        format!("No OpenIDConnect provider found in your account for {issuer}").into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine() {
        for (issuer, expected) in [
            ("https://example.com/a", Some("example.com/a")),
            ("http://localhost:8080/x", Some("localhost:8080/x")),
            ("http://127.0.0.1", Some("127.0.0.1")),
            ("http://[::1]:80", Some("[::1]:80")),
            ("http://example.com", None),
            ("http://localhost.example.com", None),
            ("http://127.0.0.1@example.com", None),
            ("http://example.com:80/127.0.0.1", None),
            ("ftp://localhost", None),
            ("", None),
        ] {
            assert_eq!(bare(issuer), expected, "{issuer}");
        }
    }
}
