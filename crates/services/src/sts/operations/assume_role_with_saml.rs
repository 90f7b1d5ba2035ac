use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_store::Mode;
use strongroom_types::{AccountId, Arn, Partition, Sensitive};

use crate::{
    authorize::{Anyone, Authorized},
    cloudtrail::Identity,
    context::Context,
    operation::Operation,
    shape::{Input, Output},
    sts::{
        Error, Result, Sts,
        role::RoleRef,
        shapes::{AssumedRoleUser, Credentials, PolicyDescriptorType},
    },
    tables::SamlProviders,
};

/// Makes credentials of a role for whoever a SAML provider vouches for. The
/// request is not signed: the provider's assertion is all there is.
///
/// The signatures of assertions cannot be verified here yet, so that none is
/// taken for genuine, whoever signed it.
///
/// Source: STS API Reference, AssumeRoleWithSAML; IAM User Guide,
/// "Troubleshoot SAML federation".
pub struct AssumeRoleWithSAML;

/// Which role, by which assertion of which provider.
#[derive(Input)]
pub struct AssumeRoleWithSAMLInput {
    /// The role.
    #[shape(
        length(20, 2048),
        pattern(
            r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"
        )
    )]
    pub role_arn: String,
    /// The provider.
    #[shape(
        length(20, 2048),
        pattern(
            r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"
        )
    )]
    pub principal_arn: String,
    /// The provider's assertion, in base 64.
    #[shape(name = "SAMLAssertion", length(4, 100_000))]
    pub saml_assertion: Sensitive<String>,
    /// Managed session policies, up to ten.
    pub policy_arns: Option<Vec<PolicyDescriptorType>>,
    /// An inline session policy.
    #[shape(length(1, 2048), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub policy: Option<String>,
    /// 900 to what the role allows; an hour when absent.
    #[shape(range(900, 43_200))]
    pub duration_seconds: Option<i64>,
    /// Characters of the token at least.
    #[shape(range(0, 4096))]
    pub minimum_session_token_size: Option<i64>,
}

/// The credentials, and who uses them.
#[derive(Output)]
pub struct AssumeRoleWithSAMLOutput {
    /// The credentials.
    pub credentials: Option<Credentials>,
    /// Who uses them.
    pub assumed_role_user: Option<AssumedRoleUser>,
    /// Percent of the room that policies and tags take.
    pub packed_policy_size: Option<i64>,
    /// `NameID`
    pub subject: Option<String>,
    /// The format of `NameID`.
    pub subject_type: Option<String>,
    /// `Issuer`
    pub issuer: Option<String>,
    /// `Recipient`
    pub audience: Option<String>,
    /// Tells subjects of providers apart.
    pub name_qualifier: Option<String>,
    /// The session's source identity.
    pub source_identity: Option<String>,
    /// Percent of the longest token.
    pub session_token_utilization: Option<i64>,
    /// Characters of the token.
    pub session_token_size: Option<i64>,
}

impl Operation for AssumeRoleWithSAML {
    const NAME: &'static str = "AssumeRoleWithSAML";
    const ACTION: &'static str = "sts:AssumeRoleWithSAML";
    const MODE: Mode = Mode::Read;
    const ANSWER_ON_RECORD: bool = true;
    const SIGNED: bool = false;
    const ERRORS: &'static [&'static str] = &[
        "MalformedPolicyDocumentException",
        "PackedPolicyTooLargeException",
        "IDPRejectedClaimException",
        "InvalidIdentityTokenException",
        "ExpiredTokenException",
        "RegionDisabledException",
    ];
    type Service = Sts;
    type Input = AssumeRoleWithSAMLInput;
    type Output = AssumeRoleWithSAMLOutput;
    /// Whoever calls has not said who they are.
    type Target = Anyone;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<Anyone> {
        Ok(Anyone)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Anyone>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let role = RoleRef::resolve(cx, &input.role_arn).await?;
        cx.remarks.resources.push(role.on_record());
        let account = role.owner();
        cx.acting = Some((Identity::of_saml_user(), account));
        // Encoders break lines.
        let mut assertion = input.saml_assertion.expose().to_owned();
        assertion.retain(|character| !character.is_ascii_whitespace());
        if BASE64_STANDARD.decode(assertion).is_err() {
            return Err(invalid("Invalid base64 SAMLResponse"));
        }
        let name = provider_name(&input.principal_arn, cx.services.partition, account);
        let provider = match name {
            Some(name) => cx.tx.get::<SamlProviders>(&(account, name)).await?,
            None => None,
        };
        if provider.is_none() {
            return Err(invalid("Specified provider doesn't exist"));
        }
        Err(invalid("Response signature invalid"))
    }
}

/// The name of a provider of this account.
fn provider_name(arn: &str, partition: Partition, account: AccountId) -> Option<String> {
    let arn: Arn = arn.parse().ok()?;
    let name = arn.resource().strip_prefix("saml-provider/")?;
    let near = arn.service() == "iam"
        && arn.partition() == partition.as_str()
        && arn.account() == account.to_string();
    near.then(|| name.to_owned())
}

fn invalid(text: &'static str) -> Error {
    Error::InvalidIdentityToken(text.into())
}
