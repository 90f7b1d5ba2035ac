use strongroom_policy::Policy;
use strongroom_store::Mode;
use strongroom_types::{AccountId, Arn, Principal};

use super::get_session_token::ROOT_SECONDS;
use crate::{
    authorize::{Authorized, Keys, Target},
    context::Context,
    operation::Operation,
    shape::{Input, Output},
    sts::{
        Error, Result, Sts, passed,
        session::{FederatedHolder, Holder, UserHolder},
        shapes::{Credentials, FederatedUser, PolicyDescriptorType, Tag},
    },
};

/// Seconds that a session lasts if nobody says.
const DEFAULT_SECONDS: i64 = 43_200;

/// Makes credentials of a federated user, for whom the calling user vouches.
/// What both the user's policies and the passed ones allow, it may do.
///
/// Source: STS API Reference, GetFederationToken.
pub struct GetFederationToken;

/// Who it is, and with what limits.
#[derive(Input)]
pub struct GetFederationTokenInput {
    /// The federated user's name.
    #[shape(length(2, 32), pattern(r"[\w+=,.@-]*"))]
    pub name: String,
    /// An inline session policy.
    #[shape(length(1, 2048), pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub policy: Option<String>,
    /// Managed session policies.
    pub policy_arns: Option<Vec<PolicyDescriptorType>>,
    /// 900 to 129,600; 43,200 when absent; the root user's get an hour at most.
    #[shape(range(900, 129_600))]
    pub duration_seconds: Option<i64>,
    /// Session tags.
    #[shape(length(0, 50))]
    pub tags: Option<Vec<Tag>>,
    /// Characters of the token at least.
    #[shape(range(0, 4096))]
    pub minimum_session_token_size: Option<i64>,
}

/// The credentials, and who uses them.
#[derive(Output)]
pub struct GetFederationTokenOutput {
    /// The credentials.
    pub credentials: Option<Credentials>,
    /// Who uses them.
    pub federated_user: Option<FederatedUser>,
    /// Percent of the room that policies and tags take.
    pub packed_policy_size: Option<i64>,
    /// Percent of the longest token.
    pub session_token_utilization: Option<i64>,
    /// Characters of the token.
    pub session_token_size: Option<i64>,
}

/// The federated user to be.
pub struct Federated {
    arn: Arn,
    account: AccountId,
}

impl Target for Federated {
    fn resource(&self) -> &str {
        self.arn.as_str()
    }

    fn shown(&self) -> Option<&str> {
        Some(self.arn.as_str())
    }

    fn account(&self) -> Option<AccountId> {
        Some(self.account)
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, _: &mut Keys) {}
}

impl Operation for GetFederationToken {
    const NAME: &'static str = "GetFederationToken";
    const ACTION: &'static str = "sts:GetFederationToken";
    const MODE: Mode = Mode::Read;
    const ANSWER_ON_RECORD: bool = true;
    const ERRORS: &'static [&'static str] = &[
        "MalformedPolicyDocumentException",
        "PackedPolicyTooLargeException",
        "RegionDisabledException",
    ];
    type Service = Sts;
    type Input = GetFederationTokenInput;
    type Output = GetFederationTokenOutput;
    type Target = Federated;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<Federated> {
        let caller = &cx.request.caller;
        if caller.session.is_some() {
            let text = "Cannot call GetFederationToken with session credentials";
            return Err(Error::AccessDenied(text.into()));
        }
        let partition = cx.services.partition.as_str();
        let resource = format_args!("federated-user/{}", input.name);
        Ok(Federated {
            arn: Arn::new(partition, "sts", "", caller.account, resource),
            account: caller.account,
        })
    }

    fn condition_keys(input: &Self::Input, keys: &mut Keys) {
        passed::tag_keys(input.tags.as_deref().unwrap_or_default(), &[], keys);
        keys.some("sts:DurationSeconds", input.duration_seconds);
    }

    fn further_actions(input: &Self::Input) -> &'static [&'static str] {
        match input.tags.as_deref() {
            None | Some([]) => &[],
            Some(_) => &["sts:TagSession"],
        }
    }

    async fn run(
        cx: &mut Context<'_>,
        federated: Authorized<Federated>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let account = federated.account;
        let asked = input.duration_seconds.unwrap_or(DEFAULT_SECONDS);
        let (issuer, seconds) = match &cx.request.caller.principal {
            Principal::User { name, id, .. } => {
                let (name, id) = (name.to_string(), id.to_string());
                (Some(UserHolder { name, id }), asked)
            }
            _ => (None, asked.min(ROOT_SECONDS)),
        };
        let user = FederatedUser {
            federated_user_id: format!("{account}:{}", input.name),
            arn: federated.arn.to_string(),
        };
        let mut session = passed::begun(cx, seconds);
        session.holder = Some(Holder::Federated(FederatedHolder {
            name: input.name,
            issuer,
        }));
        passed::tag(&mut session, input.tags.unwrap_or_default(), &[], None)?;
        passed::limit(cx, account, &mut session, input.policy, input.policy_arns).await?;
        let packed_policy_size = passed::packed_size(&session)?;
        let minimum = input.minimum_session_token_size.unwrap_or(0);
        let credentials = passed::issue(cx, session, account, minimum);
        Ok(GetFederationTokenOutput {
            session_token_utilization: Some(credentials.token_utilization()),
            session_token_size: Some(credentials.token_size()),
            credentials: Some(credentials),
            federated_user: Some(user),
            packed_policy_size,
        })
    }
}
