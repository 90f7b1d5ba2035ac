use serde_json::{Map, Value};
use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, Keys, check},
    context::Context,
    operation::Operation,
    shape::{Input, Output},
    sts::{
        Error, Result, Sts, assumed, passed,
        role::RoleRef,
        session::{Holder, Session},
        shapes::{AssumedRoleUser, Credentials, PolicyDescriptorType, ProvidedContext, Tag},
    },
};

/// Makes credentials of a role that trusts the caller.
///
/// Source: STS API Reference, AssumeRole.
pub struct AssumeRole;

/// Which role, under which name, with what limits.
#[derive(Input)]
pub struct AssumeRoleInput {
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
    /// Managed session policies, up to ten.
    pub policy_arns: Option<Vec<PolicyDescriptorType>>,
    /// An inline session policy.
    #[shape(
        length(1, 9_223_372_036_854_775_807),
        pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+")
    )]
    pub policy: Option<String>,
    /// 900 to what the role allows; an hour when absent, and at most when the
    /// caller is a role's session itself.
    #[shape(range(900, 43_200))]
    pub duration_seconds: Option<i64>,
    /// Session tags.
    #[shape(length(0, 50))]
    pub tags: Option<Vec<Tag>>,
    /// Keys of tags that are handed down.
    #[shape(length(0, 50), each(length(1, 128)))]
    pub transitive_tag_keys: Option<Vec<String>>,
    /// What the role's owner and a third party agreed on.
    #[shape(length(2, 1224), pattern(r"[\w+=,.@:\/-]*"))]
    pub external_id: Option<String>,
    /// A device's number.
    #[shape(length(9, 256), pattern(r"[\w+=/:,.@-]*"))]
    pub serial_number: Option<String>,
    /// The code that the device shows.
    #[shape(length(6, 6), pattern(r"[\d]*"), unrecorded)]
    pub token_code: Option<String>,
    /// Who it is, through all roles that are assumed from here.
    #[shape(length(2, 64), pattern(r"[\w+=,.@-]*"))]
    pub source_identity: Option<String>,
    /// Assertions of others.
    #[shape(length(1, 5))]
    pub provided_contexts: Option<Vec<ProvidedContext>>,
    /// Characters of the token at least.
    #[shape(range(0, 4096))]
    pub minimum_session_token_size: Option<i64>,
}

/// The credentials, and who uses them.
#[derive(Output)]
pub struct AssumeRoleOutput {
    /// The credentials.
    pub credentials: Option<Credentials>,
    /// Who uses them.
    pub assumed_role_user: Option<AssumedRoleUser>,
    /// Percent of the room that policies and tags take.
    pub packed_policy_size: Option<i64>,
    /// The session's source identity.
    pub source_identity: Option<String>,
    /// Percent of the longest token.
    pub session_token_utilization: Option<i64>,
    /// Characters of the token.
    pub session_token_size: Option<i64>,
}

impl Operation for AssumeRole {
    const NAME: &'static str = "AssumeRole";
    const ACTION: &'static str = "sts:AssumeRole";
    const MODE: Mode = Mode::Read;
    const ANSWER_ON_RECORD: bool = true;
    const ERRORS: &'static [&'static str] = &[
        "MalformedPolicyDocumentException",
        "PackedPolicyTooLargeException",
        "RegionDisabledException",
        "ExpiredTokenException",
    ];
    type Service = Sts;
    type Input = AssumeRoleInput;
    type Output = AssumeRoleOutput;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        let role = RoleRef::resolve(cx, &input.role_arn).await?;
        cx.remarks.resources.push(role.on_record());
        inherited(cx, input);
        role.check_assumer(&cx.request.caller)?;
        Ok(role)
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        keys.some("sts:ExternalId", input.external_id.as_ref());
        keys.one("sts:RoleSessionName", input.role_session_name.as_str());
        keys.some("sts:DurationSeconds", input.duration_seconds);
        keys.some("sts:SourceIdentity", input.source_identity.as_ref());
        passed::tag_keys(
            input.tags.as_deref().unwrap_or_default(),
            input.transitive_tag_keys.as_deref().unwrap_or_default(),
            keys,
        );
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let caller = std::sync::Arc::clone(&cx.request.caller);
        let calling = caller.statement();
        let source_identity = further(cx, &target, &input, calling)?;
        passed::refuse_device(input.serial_number.as_deref(), input.token_code.as_deref())?;
        if input.provided_contexts.is_some() {
            let text = "The context assertion is not of a provider that is known here.";
            return Err(Error::Validation(text.into()));
        }

        let role = target.role()?;
        let chained = calling.is_some_and(Session::is_of_role);
        let seconds = assumed::duration(role, input.duration_seconds, chained)?;
        let mut session = passed::begun(cx, seconds);
        session.holder = Some(Holder::Role(assumed::holder(
            role,
            &input.role_session_name,
        )));
        session.source_identity.clone_from(&source_identity);
        // A device's code that was checked counts in what follows from it.
        session.mfa_ms = calling
            .filter(|session| !session.is_of_role())
            .and_then(|session| session.mfa_ms);
        let transitive = input.transitive_tag_keys.unwrap_or_default();
        let tags = input.tags.unwrap_or_default();
        passed::tag(&mut session, tags, &transitive, calling)?;
        let (policy, arns) = (input.policy, input.policy_arns);
        passed::limit(cx, target.owner(), &mut session, policy, arns).await?;
        let packed_policy_size = passed::packed_size(&session)?;
        let user = assumed::user(cx, &target, &input.role_session_name)?;
        let minimum = input.minimum_session_token_size.unwrap_or(0);
        let credentials = passed::issue(cx, session, target.owner(), minimum);
        Ok(AssumeRoleOutput {
            session_token_utilization: Some(credentials.token_utilization()),
            session_token_size: Some(credentials.token_size()),
            credentials: Some(credentials),
            assumed_role_user: Some(user),
            packed_policy_size,
            source_identity,
        })
    }
}

/// Puts on record what the session gets from the calling one.
fn inherited(cx: &mut Context<'_>, input: &AssumeRoleInput) {
    let caller = std::sync::Arc::clone(&cx.request.caller);
    let Some(calling) = caller.statement() else {
        return;
    };
    let parameters = &mut cx.remarks.request_parameters;
    let tags = calling.tags.iter().filter(|tag| tag.transitive);
    let tags: Map<_, _> = tags
        .map(|tag| (tag.key.clone(), Value::from(tag.value.as_str())))
        .collect();
    if !tags.is_empty() {
        parameters.push(("incomingTransitiveTags", tags.into()));
    }
    if let (Some(identity), None) = (&calling.source_identity, &input.source_identity) {
        parameters.push(("sourceIdentity", identity.as_str().into()));
    }
}

/// What must be allowed beside sts:AssumeRole: to tag the session, also with
/// what the calling session hands down; to set its source identity, also the
/// one that it has already. The session's source identity is returned.
fn further(
    cx: &Context<'_>,
    role: &RoleRef,
    input: &AssumeRoleInput,
    calling: Option<&Session>,
) -> Result<Option<String>> {
    let mut keys = Keys::default();
    AssumeRole::condition_keys(input, &mut keys);
    let inherits = calling.is_some_and(|calling| calling.tags.iter().any(|tag| tag.transitive));
    let tags = input.tags.as_ref().is_some_and(|tags| !tags.is_empty());
    if tags || inherits {
        check(cx, role, "sts:TagSession", &keys)
            .map_err(|text| Error::AccessDenied(text.into()))?;
    }
    let inherited = calling.and_then(|calling| calling.source_identity.as_ref());
    if let (Some(inherited), None) = (inherited, &input.source_identity) {
        keys.one("sts:SourceIdentity", inherited.as_str());
    }
    let source_identity = inherited.or(input.source_identity.as_ref());
    if source_identity.is_some() {
        let action = "sts:SetSourceIdentity";
        check(cx, role, action, &keys).map_err(|text| Error::AccessDenied(text.into()))?;
        if let (Some(inherited), Some(passed)) = (inherited, &input.source_identity)
            && inherited != passed
        {
            return Err(role.refusal(cx.request.caller.arn.as_str(), action));
        }
    }
    Ok(source_identity.cloned())
}
