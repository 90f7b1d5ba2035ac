//! Calling a function that a user made.

use std::{sync::Arc, time::Duration};

use strongroom_functions::{Files, Host, HostError, Invocation, Job, Runtime};
use strongroom_store::Mode;
use strongroom_types::{AccountId, Arn, Sensitive};

use super::{
    error::{Error, Result},
    qualifier::Qualifier,
    record::FunctionRow,
    remote::NotCalled,
    role,
};
use crate::{
    context::{Context, Home, Services},
    sts::session::{Holder, RoleHolder, Session},
    tables::FunctionCodes,
};

/// How long the credentials of a call outlive its time-out, in milliseconds.
const GRACE_MS: i64 = 60_000;

/// Where users' functions run.
pub struct FunctionHost {
    /// The processes.
    pub host: Host,
    /// The product's own endpoint, as functions reach it.
    pub endpoint: String,
}

/// A function's archive.
enum Code {
    Packed(Vec<u8>),
    Unpacked(Files),
}

/// A call that is ready to be made, outside of any transaction.
pub(super) struct Prepared {
    host: Arc<FunctionHost>,
    account: AccountId,
    row: Arc<FunctionRow>,
    arn: Arn,
    runtime: Runtime,
    code: Code,
    environment: Vec<(String, String)>,
    request_id: String,
    client_context: Option<String>,
    log: String,
}

/// Where functions run.
///
/// # Errors
/// `ServiceException` where they do not.
pub(super) fn host(services: &Services) -> Result<Arc<FunctionHost>> {
    services.secrets.rotation().host().ok_or_else(|| {
        Error::Service(
            "This server doesn't run functions of its users: `functions` isn't enabled.".into(),
        )
    })
}

/// Gathers what a call needs: the archive, and credentials of the execution
/// role that end soon after the call does.
///
/// # Errors
/// `ServiceException` where functions are not run; the same as Lambda answers
/// for a role that is gone.
pub(super) async fn prepare(
    cx: &mut Context<'_>,
    home: &Home,
    arn: &Arn,
    row: &Arc<FunctionRow>,
) -> Result<Prepared> {
    let host = host(cx.services)?;
    // As it is now: who takes the role's trust away takes the credentials.
    let role = role::assume(cx, home, &row.role).await?.ok_or_else(|| {
        Error::AccessDenied("The role defined for the function cannot be assumed by Lambda.".into())
    })?;
    let code = code(cx, home, &host, row).await?;
    let runtime = super::arguments::runtime(&row.runtime)?;
    let now_ms = cx.now.as_millisecond();
    let session = Session {
        issued_ms: now_ms,
        expires_ms: now_ms + i64::from(row.timeout_seconds) * 1000 + GRACE_MS,
        holder: Some(Holder::Role(RoleHolder {
            name: role.name,
            id: role.id,
            session_name: row.name.clone(),
        })),
        ..Session::default()
    };
    let services = cx.services;
    let tokens = services.callers.tokens();
    let credentials = tokens.issue(services.random.as_ref(), session, home.account, 0);
    let region = home.region.as_str();
    let mut environment: Vec<(String, String)> = vec![
        ("AWS_ENDPOINT_URL".to_owned(), host.endpoint.clone()),
        ("SECRETS_MANAGER_ENDPOINT".to_owned(), host.endpoint.clone()),
    ];
    // The function's own come later and win, but for what follows them.
    environment.extend(
        row.environment
            .iter()
            .map(|row| (row.name.clone(), row.value.clone())),
    );
    let secret = credentials.secret_access_key.expose().clone();
    let token = credentials.session_token.expose().clone();
    environment.extend(
        [
            ("AWS_REGION", region.to_owned()),
            ("AWS_DEFAULT_REGION", region.to_owned()),
            ("AWS_ACCESS_KEY_ID", credentials.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_SESSION_TOKEN", token),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    Ok(Prepared {
        host,
        account: home.account,
        row: Arc::clone(row),
        arn: arn.clone(),
        runtime,
        code,
        environment,
        request_id: cx.request.id.clone(),
        client_context: None,
        log: format!("{}-{region}-{}", home.account, row.name),
    })
}

/// The archive, as files if they are there already.
async fn code(
    cx: &mut Context<'_>,
    home: &Home,
    host: &FunctionHost,
    row: &FunctionRow,
) -> Result<Code> {
    if let Some(files) = host.host.files(&row.code) {
        return Ok(Code::Unpacked(files));
    }
    let key = (
        home.account,
        home.region,
        row.name.clone(),
        row.code.clone(),
    );
    let code = cx.tx.get::<FunctionCodes>(&key).await?;
    let code = code.ok_or_else(|| Error::Service("The function's code is missing.".into()))?;
    Ok(Code::Packed(code.zip))
}

impl Prepared {
    /// The same with what the client says of itself, JSON.
    pub(super) fn told(self, client_context: Option<String>) -> Self {
        Self {
            client_context,
            ..self
        }
    }

    /// Makes the call. What the function printed is kept.
    pub(super) async fn call(
        self,
        payload: Sensitive<Vec<u8>>,
    ) -> std::result::Result<Invocation, NotCalled> {
        let failed = |error: HostError| match error {
            HostError::Busy => NotCalled::Busy,
            error => NotCalled::Failed(error.to_string()),
        };
        let version = Qualifier::of_version(self.row.version).to_string();
        let files = match self.code {
            Code::Packed(zip) => self.host.host.unpack(&self.row.code, zip).await,
            Code::Unpacked(files) => Ok(files),
        };
        let job = Job {
            request_id: self.request_id,
            account: self.account,
            name: &self.row.name,
            arn: self.arn.as_str(),
            version: &version,
            runtime: &self.runtime,
            handler: &self.row.handler,
            files: files.map_err(failed)?,
            timeout: Duration::from_secs(u64::from(self.row.timeout_seconds)),
            memory_mib: self.row.memory_mib,
            environment: self.environment,
            payload: payload.expose().clone(),
            client_context: self.client_context,
        };
        let done = self.host.host.invoke(job).await;
        if let Ok(invocation) = &done {
            self.host.host.keep_log(&self.log, &invocation.log);
        }
        done.map_err(failed)
    }
}

/// Prepares a call in a transaction of its own.
pub(super) async fn prepare_alone(
    services: &Services,
    request: &crate::context::Request,
    home: &Home,
    arn: &Arn,
    row: &Arc<FunctionRow>,
) -> Result<Prepared> {
    let now = services.clock.now();
    let mut cx = Context::begin(services, request, now, Mode::Read).await?;
    prepare(&mut cx, home, arn, row).await
}
