use strongroom_store::Mode;
use strongroom_types::Principal;

use crate::{
    authorize::{Anyone, Authorized},
    context::Context,
    operation::Operation,
    shape::{Input, Output},
    sts::{
        Error, Result, Sts, passed,
        session::{Holder, RootHolder, UserHolder},
        shapes::Credentials,
    },
};

/// Seconds that a session lasts if nobody says.
const DEFAULT_SECONDS: i64 = 43_200;
/// Seconds that a session of the root user lasts at most.
pub(super) const ROOT_SECONDS: i64 = 3_600;

/// Makes temporary credentials of a user's or the root user's own. No
/// permission is needed, and none can be denied: the caller has it already.
///
/// Source: STS API Reference, GetSessionToken.
pub struct GetSessionToken;

/// For how long.
#[derive(Input)]
pub struct GetSessionTokenInput {
    /// 900 to 129,600; 43,200 when absent; the root user gets an hour at most.
    #[shape(range(900, 129_600))]
    pub duration_seconds: Option<i64>,
    /// A device's number.
    #[shape(length(9, 256), pattern(r"[\w+=/:,.@-]*"))]
    pub serial_number: Option<String>,
    /// The code that the device shows.
    #[shape(length(6, 6), pattern(r"[\d]*"), unrecorded)]
    pub token_code: Option<String>,
    /// Characters of the token at least.
    #[shape(range(0, 4096))]
    pub minimum_session_token_size: Option<i64>,
}

/// The credentials.
#[derive(Output)]
pub struct GetSessionTokenOutput {
    /// The credentials.
    pub credentials: Option<Credentials>,
    /// Percent of the longest token.
    pub session_token_utilization: Option<i64>,
    /// Characters of the token.
    pub session_token_size: Option<i64>,
}

impl Operation for GetSessionToken {
    const NAME: &'static str = "GetSessionToken";
    const ACTION: &'static str = "sts:GetSessionToken";
    const MODE: Mode = Mode::Read;
    const ANSWER_ON_RECORD: bool = true;
    const ERRORS: &'static [&'static str] = &["RegionDisabledException"];
    type Service = Sts;
    type Input = GetSessionTokenInput;
    type Output = GetSessionTokenOutput;
    type Target = Anyone;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Anyone> {
        if cx.request.caller.session.is_some() {
            let text = "Cannot call GetSessionToken with session credentials";
            return Err(Error::AccessDenied(text.into()));
        }
        Ok(Anyone)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<Anyone>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        passed::refuse_device(input.serial_number.as_deref(), input.token_code.as_deref())?;
        let caller = &cx.request.caller;
        let seconds = input.duration_seconds.unwrap_or(DEFAULT_SECONDS);
        let (holder, seconds) = match &caller.principal {
            Principal::User { name, id, .. } => {
                let (name, id) = (name.to_string(), id.to_string());
                (Holder::User(UserHolder { name, id }), seconds)
            }
            Principal::Root { .. } => (Holder::Root(RootHolder {}), seconds.min(ROOT_SECONDS)),
            _ => {
                let text = "Cannot call GetSessionToken with session credentials";
                return Err(Error::AccessDenied(text.into()));
            }
        };
        let mut session = passed::begun(cx, seconds);
        session.holder = Some(holder);
        let minimum = input.minimum_session_token_size.unwrap_or(0);
        let credentials = passed::issue(cx, session, caller.account, minimum);
        Ok(GetSessionTokenOutput {
            session_token_utilization: Some(credentials.token_utilization()),
            session_token_size: Some(credentials.token_size()),
            credentials: Some(credentials),
        })
    }
}
