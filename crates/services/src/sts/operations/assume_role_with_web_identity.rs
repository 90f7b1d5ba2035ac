use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::{Anyone, Authorized, Keys, is_trusted},
    cloudtrail::Identity,
    context::Context,
    operation::Operation,
    shape::{Input, Output},
    sts::{
        Error, Result, Sts, assumed, passed,
        role::RoleRef,
        session::Holder,
        shapes::{AssumedRoleUser, Credentials, PolicyDescriptorType},
        web_identity::{Vouched, vouched},
    },
};

/// Makes credentials of a role for whoever an OpenID Connect provider vouches
/// for. The request is not signed: the provider's token is all there is.
///
/// Source: STS API Reference, AssumeRoleWithWebIdentity.
pub struct AssumeRoleWithWebIdentity;

/// Which role, under which name, by which token.
#[derive(Input)]
pub struct AssumeRoleWithWebIdentityInput {
    /// The role.
    #[shape(
        length(20, 2048),
        pattern(
            r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"
        )
    )]
    pub role_arn: String,
    /// What the session is called.
    #[shape(length(2, 64), pattern(r"[\w+=,.@-]*"))]
    pub role_session_name: String,
    /// The provider's token.
    #[shape(length(4, 20_000))]
    pub web_identity_token: Sensitive<String>,
    /// For tokens that are not of OpenID Connect, which are not taken.
    #[shape(length(4, 2048))]
    pub provider_id: Option<String>,
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
pub struct AssumeRoleWithWebIdentityOutput {
    /// The credentials.
    pub credentials: Option<Credentials>,
    /// `sub`
    pub subject_from_web_identity_token: Option<String>,
    /// Who uses them.
    pub assumed_role_user: Option<AssumedRoleUser>,
    /// Percent of the room that policies and tags take.
    pub packed_policy_size: Option<i64>,
    /// The provider's ARN.
    pub provider: Option<String>,
    /// `aud`, or `azp`
    pub audience: Option<String>,
    /// The session's source identity.
    pub source_identity: Option<String>,
    /// Percent of the longest token.
    pub session_token_utilization: Option<i64>,
    /// Characters of the token.
    pub session_token_size: Option<i64>,
}

impl Operation for AssumeRoleWithWebIdentity {
    const NAME: &'static str = "AssumeRoleWithWebIdentity";
    const ACTION: &'static str = "sts:AssumeRoleWithWebIdentity";
    const MODE: Mode = Mode::Read;
    const ANSWER_ON_RECORD: bool = true;
    const SIGNED: bool = false;
    const ERRORS: &'static [&'static str] = &[
        "MalformedPolicyDocumentException",
        "PackedPolicyTooLargeException",
        "IDPRejectedClaimException",
        "IDPCommunicationErrorException",
        "InvalidIdentityTokenException",
        "ExpiredTokenException",
        "RegionDisabledException",
    ];
    type Service = Sts;
    type Input = AssumeRoleWithWebIdentityInput;
    type Output = AssumeRoleWithWebIdentityOutput;
    /// Whoever calls has not said who they are: the token does, and it is
    /// judged once it is read.
    type Target = Anyone;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<Anyone> {
        Ok(Anyone)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Anyone>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let target = RoleRef::resolve(cx, &input.role_arn).await?;
        let account = target.owner();
        cx.remarks.resources.push(target.on_record());
        cx.acting = Some((Identity::of_web_identity_user(), account));
        if input.provider_id.is_some() {
            let text = "Tokens of providers other than OpenID Connect's are not accepted.";
            return Err(Error::InvalidIdentityToken(text.into()));
        }
        let vouched = vouched(cx, account, input.web_identity_token.expose()).await?;
        let provider = &vouched.identity.provider;
        let identity = Identity::of_web_identity(provider, &vouched.audience, &vouched.subject);
        cx.acting = Some((identity, account));
        vouched.on_record(&mut cx.remarks);
        let role = trusting(cx, &target, &vouched, &input)?;

        let seconds = assumed::duration(role, input.duration_seconds, false)?;
        let mut session = passed::begun(cx, seconds);
        session.holder = Some(Holder::Role(assumed::holder(
            role,
            &input.role_session_name,
        )));
        session.source_identity.clone_from(&vouched.source_identity);
        passed::tag(&mut session, vouched.tags, &vouched.transitive, None)?;
        let provider = vouched.identity.provider.clone();
        session.web_identity = Some(vouched.identity);
        passed::limit(cx, account, &mut session, input.policy, input.policy_arns).await?;
        let packed_policy_size = passed::packed_size(&session)?;
        let user = assumed::user(cx, &target, &input.role_session_name)?;
        let minimum = input.minimum_session_token_size.unwrap_or(0);
        let credentials = passed::issue(cx, session, account, minimum);
        Ok(AssumeRoleWithWebIdentityOutput {
            session_token_utilization: Some(credentials.token_utilization()),
            session_token_size: Some(credentials.token_size()),
            credentials: Some(credentials),
            subject_from_web_identity_token: Some(vouched.subject),
            assumed_role_user: Some(user),
            packed_policy_size,
            provider: Some(provider),
            audience: Some(vouched.audience),
            source_identity: vouched.source_identity,
        })
    }
}

/// The role, if it trusts the provider in what it said.
fn trusting<'t>(
    cx: &Context<'_>,
    target: &'t RoleRef,
    vouched: &Vouched,
    input: &AssumeRoleWithWebIdentityInput,
) -> Result<&'t crate::iam::Role> {
    let mut keys = Keys::default();
    keys.one("sts:RoleSessionName", input.role_session_name.as_str());
    keys.some("sts:DurationSeconds", input.duration_seconds);
    keys.some("sts:SourceIdentity", vouched.source_identity.as_ref());
    passed::tag_keys(&vouched.tags, &vouched.transitive, &mut keys);
    let mut actions = vec![AssumeRoleWithWebIdentity::ACTION];
    if !vouched.tags.is_empty() {
        actions.push("sts:TagSession");
    }
    if vouched.source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    let stranger = vouched.stranger();
    for action in actions {
        if !is_trusted(cx, target, &stranger, action, &keys) {
            return Err(Error::AccessDenied(
                format!("Not authorized to perform {action}").into(),
            ));
        }
    }
    target.role()
}
