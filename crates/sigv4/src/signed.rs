use std::{borrow::Cow, fmt};

use jiff::{SignedDuration, Timestamp};
use strongroom_crypto::constant_time_eq;

use crate::{
    ALGORITHM, SignatureError, SigningKey, TERMINATOR,
    canonical::{self, StringToSign},
    date, encoding,
    parameters::Parameters,
    request::{self, MAX_SIGNED_HEADERS, Request},
};

/// Longest validity of a presigned request, in seconds: seven days.
const MAX_EXPIRES_SECONDS: u32 = 604_800;

/// `X-Amz-*` headers that need no signature; the crate's page says why.
const FREE_HEADERS: [&str; 5] = [
    "x-amz-cf-id",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
];

/// Where the signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In the `Authorization` header.
    Header,
    /// In the query: a presigned request.
    Query,
}

/// A request that says it is signed, well-formed and current. Nothing it says
/// is proven before [`Signed::verify_signature`].
pub struct Signed<'a> {
    request: Request<'a>,
    form: Form,
    access_key_id: Cow<'a, str>,
    date: Cow<'a, str>,
    region: Cow<'a, str>,
    service: Cow<'a, str>,
    terminator: Cow<'a, str>,
    session_token: Option<Cow<'a, str>>,
    signed_at: Timestamp,
    expires_at: Timestamp,
    /// `signed_at` as the string to sign has it.
    stamp: Cow<'a, str>,
    signed_headers: Cow<'a, str>,
    signature: Cow<'a, str>,
}

impl<'a> Signed<'a> {
    /// Reads what `request` says about its signature and checks, in this
    /// order: that there is one form of it, that no part is missing, the date
    /// and its distance from `now`, that host and `X-Amz-*` headers are signed,
    /// the algorithm, the shape of the credential.
    ///
    /// # Errors
    ///
    /// Any but `Scope` and `Mismatch`.
    pub fn parse(request: Request<'a>, now: Timestamp) -> Result<Self, SignatureError> {
        request.check_bounds()?;
        let parameters = Parameters::find(&request)?;
        let elements = split(&parameters.credential);

        let (signed_at, stamp) = read_date(&parameters)?;
        let service = elements
            .as_ref()
            .map_or("", |[.., service, _]| service.as_ref());
        let window = window(parameters.expires.as_deref(), service)?;
        if signed_at < date::minus(now, window) {
            return Err(SignatureError::Expired {
                signed_at,
                now,
                window,
            });
        }
        if signed_at > date::plus(now, date::SKEW) {
            return Err(SignatureError::NotYetCurrent { signed_at, now });
        }

        check_signed_headers(&request, &parameters.signed_headers)?;

        if parameters.algorithm != ALGORITHM {
            return Err(SignatureError::UnsupportedAlgorithm {
                algorithm: parameters.algorithm.into_owned(),
            });
        }
        let Some([access_key_id, date, region, service, terminator]) = elements else {
            return Err(SignatureError::CredentialShape {
                credential: parameters.credential.into_owned(),
            });
        };

        Ok(Self {
            request,
            form: parameters.form,
            access_key_id,
            date,
            region,
            service,
            terminator,
            session_token: parameters.session_token,
            signed_at,
            expires_at: date::plus(signed_at, window),
            stamp,
            signed_headers: parameters.signed_headers,
            signature: parameters.signature,
        })
    }

    /// Checks that the credential is scoped to `service` and to a Region that
    /// `is_region` accepts, and that its date is the signature's.
    ///
    /// # Errors
    ///
    /// `Scope`, with a sentence for each difference.
    pub fn check_scope(
        &self,
        service: &str,
        is_region: impl FnOnce(&str) -> bool,
    ) -> Result<(), SignatureError> {
        let mut message = String::new();
        if !is_region(&self.region) {
            message += &format!(
                "Credential should be scoped to a valid region, not '{}'. ",
                self.region
            );
        }
        if self.service != service {
            message += &format!("Credential should be scoped to correct service: '{service}'. ");
        }
        if self.terminator != TERMINATOR {
            message += &format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'. ",
                self.terminator
            );
        }
        let day = self.stamp.get(..8).unwrap_or_default();
        if self.date != day {
            message += &format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date \
                 from HTTP: '{}' != '{day}', from '{}'.",
                self.date, self.stamp
            );
        }
        if message.is_empty() {
            Ok(())
        } else {
            Err(SignatureError::Scope { message })
        }
    }

    /// Checks the signature over the request that was parsed. `key` is that of
    /// [`Signed::access_key_id`] for the date, Region and service given here.
    ///
    /// # Errors
    ///
    /// `Mismatch`, whatever differs.
    pub fn verify_signature(&self, key: &SigningKey) -> Result<(), SignatureError> {
        let payload_hash = canonical::hash(self.request.body);
        let disagrees = |(name, value): &(&str, &[u8])| {
            name.eq_ignore_ascii_case("x-amz-content-sha256") && value.trim_ascii() != payload_hash
        };
        if self.request.headers.iter().any(disagrees) {
            return Err(SignatureError::Mismatch);
        }
        let canonical_request = self
            .canonical_with(&payload_hash)
            .ok_or(SignatureError::Mismatch)?;
        let signature = key.sign(&self.to_sign(&canonical_request).text());
        if constant_time_eq(&encoding::hex(&signature), self.signature.as_bytes()) {
            Ok(())
        } else {
            Err(SignatureError::Mismatch)
        }
    }

    /// Where the signature was.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The access key that signed, it says.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The date of the credential scope, `YYYYMMDD` once the scope was checked.
    #[must_use]
    pub fn date(&self) -> &str {
        &self.date
    }

    /// The Region of the credential scope.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The service of the credential scope, by its signing name.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The session token, if there is one. It is a credential: do not log it.
    #[must_use]
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// When the request was signed, it says.
    #[must_use]
    pub fn signed_at(&self) -> Timestamp {
        self.signed_at
    }

    /// The last moment at which this request is accepted.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The names of the signed headers, as sent.
    pub fn signed_headers(&self) -> impl Iterator<Item = &str> {
        self.signed_headers.split(';')
    }

    /// The canonical request, for telling a user what was signed here; `None`
    /// if a signed header is absent. It holds header values: do not log it.
    #[must_use]
    pub fn canonical_request(&self) -> Option<Vec<u8>> {
        self.canonical_with(&canonical::hash(self.request.body))
    }

    /// The string to sign, for telling a user what was signed here; `None` if a
    /// signed header is absent.
    #[must_use]
    pub fn string_to_sign(&self) -> Option<String> {
        let canonical_request = self.canonical_request()?;
        let text = self.to_sign(&canonical_request).text();
        String::from_utf8(text).ok()
    }

    fn canonical_with(&self, payload_hash: &[u8; 64]) -> Option<Vec<u8>> {
        let presigned = self.form == Form::Query;
        canonical::canonical_request(&self.request, &self.signed_headers, payload_hash, presigned)
    }

    fn to_sign(&self, canonical_request: &[u8]) -> StringToSign<'_> {
        StringToSign {
            stamp: &self.stamp,
            date: &self.date,
            region: &self.region,
            service: &self.service,
            canonical_request_hash: canonical::hash(canonical_request),
        }
    }
}

impl fmt::Debug for Signed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("form", &self.form)
            .field("access_key_id", &self.access_key_id)
            .field("date", &self.date)
            .field("region", &self.region)
            .field("service", &self.service)
            .field("signed_at", &self.signed_at)
            .finish_non_exhaustive()
    }
}

/// The five elements of a credential.
fn split<'a>(credential: &Cow<'a, str>) -> Option<[Cow<'a, str>; 5]> {
    fn five(text: &str) -> Option<[&str; 5]> {
        let mut elements = text.split('/');
        let mut five = [""; 5];
        for place in &mut five {
            *place = elements.next()?;
        }
        elements.next().is_none().then_some(five)
    }
    match credential {
        Cow::Borrowed(text) => Some(five(text)?.map(Cow::Borrowed)),
        Cow::Owned(text) => Some(five(text)?.map(|element| Cow::Owned(element.to_owned()))),
    }
}

/// The date of the signature, and as the string to sign has it.
fn read_date<'a>(parameters: &Parameters<'a>) -> Result<(Timestamp, Cow<'a, str>), SignatureError> {
    let (text, may_be_rfc2822) = &parameters.date;
    if let Some(at) = date::parse_basic(text) {
        return Ok((at, text.clone()));
    }
    let at = may_be_rfc2822.then(|| date::parse_rfc2822(text)).flatten();
    match at {
        Some(at) => Ok((at, date::basic(at).to_string().into())),
        None => Err(SignatureError::DateFormat {
            date: text.clone().into_owned(),
        }),
    }
}

/// How long after its date a signature is good for: `X-Amz-Expires` seconds of
/// a presigned request, else the allowance for clocks that are off.
///
/// STS ignores the value (EKS tokens say 60 seconds and live for 15 minutes),
/// so it does here. Source: a comment in aws-iam-authenticator's token package.
fn window(expires: Option<&str>, service: &str) -> Result<SignedDuration, SignatureError> {
    let Some(expires) = expires else {
        return Ok(date::SKEW);
    };
    let invalid = |message| Err(SignatureError::InvalidExpires { message });
    if expires.is_empty() || !expires.bytes().all(|byte| byte.is_ascii_digit()) {
        return invalid("X-Amz-Expires should be a number");
    }
    match expires.parse() {
        Ok(0) => invalid("X-Amz-Expires must be positive"),
        Ok(1..=MAX_EXPIRES_SECONDS) if service == "sts" => Ok(date::SKEW),
        Ok(seconds @ 1..=MAX_EXPIRES_SECONDS) => Ok(SignedDuration::from_secs(seconds.into())),
        Ok(_) | Err(_) => invalid(
            "X-Amz-Expires must be less than a week (in seconds); \
             that is, the given X-Amz-Expires must be less than 604800 seconds",
        ),
    }
}

/// Checks that all that must be signed is listed.
fn check_signed_headers(request: &Request<'_>, signed_headers: &str) -> Result<(), SignatureError> {
    request::within(
        "the number of signed headers",
        canonical::names(signed_headers).count(),
        MAX_SIGNED_HEADERS,
    )?;
    let is_signed = |name: &str| {
        canonical::names(signed_headers).any(|signed| signed.eq_ignore_ascii_case(name.as_bytes()))
    };
    if !is_signed("host") && !is_signed(":authority") {
        return Err(SignatureError::HostNotSigned);
    }
    let is_free = |name: &str| {
        let mut free = FREE_HEADERS.iter();
        !starts_with_x_amz(name) || free.any(|free| free.eq_ignore_ascii_case(name))
    };
    let unsigned = request
        .headers
        .iter()
        .find(|(name, _)| !is_free(name) && !is_signed(name));
    match unsigned {
        Some((name, _)) => Err(SignatureError::HeaderNotSigned {
            name: (*name).to_owned(),
        }),
        None => Ok(()),
    }
}

fn starts_with_x_amz(name: &str) -> bool {
    let prefix = name.as_bytes().first_chunk::<6>();
    prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"x-amz-"))
}
