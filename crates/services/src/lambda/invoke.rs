use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::json;
use strongroom_functions::{Invocation, Outcome};
use strongroom_rotation::{Call, Hosts, Step, StepError};
use strongroom_store::Mode;
use strongroom_types::{Arn, Sensitive};

use super::{
    Error, Result,
    builtin::{self, Builtin},
    custom,
    failed::{Failed, Place, Target, told},
    function::{Function, FunctionRef, on_record},
    naming::parse,
    operations::Invoke,
    remote::{FunctionEndpoint, NotCalled, RemoteCall},
};
use crate::{
    authorize::{Authorized, Keys, authorize},
    cloudtrail::{Event, EventTime},
    context::{Context, Home, Request, Services, Tls},
    iam::Caller,
    operation::{Service as _, ServiceError},
    secretsmanager::{FunctionHome, SecretsManager, record_lines},
};

/// The longest that a built-in function runs: the time-out of AWS's
/// templates.
const BUILTIN_TIMEOUT: Duration = Duration::from_secs(30);

/// What a function is called with.
///
/// Source: Secrets Manager User Guide, "Lambda rotation functions".
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RotationEvent {
    pub(crate) step: String,
    pub(crate) secret_id: String,
    pub(crate) client_request_token: String,
    pub(crate) rotation_token: Option<Sensitive<String>>,
}

/// Whether Secrets Manager may call a function to rotate a secret.
///
/// # Errors
/// `AccessDeniedException` if it may not, or if there is no such function.
pub(crate) async fn may_rotate(
    cx: &mut Context<'_>,
    function_arn: &str,
    secret_arn: &Arn,
) -> Result<()> {
    let request = service_request(cx.services, &cx.home(), secret_arn);
    let now = cx.now;
    let mut judged = Context::begin(cx.services, &request, now, Mode::Read).await?;
    permitted(&mut judged, function_arn, secret_arn)
        .await
        .map(drop)
}

/// Calls a function as Secrets Manager, for a secret. Authorised by the
/// function's resource policy, and recorded, however it ends.
pub(crate) async fn invoke_for_secret(
    services: &Services,
    home: &Home,
    secret_arn: &Arn,
    function_arn: &str,
    event: RotationEvent,
) -> std::result::Result<(), Failed> {
    let unavailable = |error: &dyn std::fmt::Display| Failed::because(error.to_string());
    let request = service_request(services, home, secret_arn);
    let now = services.clock.now();
    let mut call = Event::of::<Invoke>();
    call.request_parameters =
        Some(json!({"functionName": function_arn, "invocationType": "RequestResponse"}).into());
    let permitted = {
        let cx = Context::begin(services, &request, now, Mode::Read).await;
        let mut cx = cx.map_err(|error| unavailable(&error))?;
        permitted(&mut cx, function_arn, secret_arn).await
    };
    let permitted = permitted
        .map(Authorized::into_inner)
        .map_err(ServiceError::refusal);
    match &permitted {
        Ok(function) => {
            call.resources.push(function.used());
            call.additional_event_data = Some(function.version_on_record().into());
        }
        Err(refusal) => {
            let named = parse(function_arn, services.partition);
            let named = named.map(|(home, name, _)| on_record(&home, name));
            call.resources.extend(named);
            call.fail(refusal);
        }
    }
    let line = call.record(services, &request, &EventTime::of(now));
    record_lines(services, vec![line])
        .await
        .map_err(|error| unavailable(&error))?;
    let function = permitted.map_err(|refusal| Failed::because(refusal.message.into_owned()))?;
    let FunctionRef {
        home,
        arn,
        function,
        ..
    } = function;
    let place = match function {
        Some(Function::Remote(_)) => Place::Endpoint,
        _ => Place::Host,
    };
    let done = match function {
        Some(Function::Builtin(function)) => {
            return builtin(services, &home, &function, &arn, event).await;
        }
        Some(Function::Custom(row)) => {
            let payload = Sensitive::new(event.payload());
            let prepared = custom::prepare_alone(services, &request, &home, &arn, &row).await;
            let prepared =
                prepared.map_err(|error| Failed::because(error.refusal().message.into_owned()))?;
            prepared.call(payload).await
        }
        Some(Function::Remote(endpoint)) => {
            let call = RemoteCall {
                function: endpoint.name.clone(),
                client_context: None,
                payload: Sensitive::new(event.payload()),
                tail: false,
            };
            let hosts = &services.secrets.rotation().hosts;
            endpoint.call(hosts, call).await
        }
        None => return Err(Failed::because(format!("Function not found: {arn}"))),
    };
    match done.map(|invocation| invocation.outcome) {
        Ok(Outcome::Answer(_)) => Ok(()),
        // What a function says of itself may hold anything, secrets among it:
        // its own log has that.
        Ok(Outcome::Failed { kind, handled, .. }) => {
            Err(Failed::at_work(told(&kind, handled, place)))
        }
        Err(NotCalled::Busy) => Err(Failed::Busy),
        Err(NotCalled::Failed(why)) => Err(Failed::because(why)),
    }
}

/// A call of a function over the wire, ready to be made outside of the
/// transaction.
pub(super) enum Called {
    Builtin {
        services: Arc<Services>,
        home: Home,
        function: Builtin,
        arn: Arn,
        payload: Sensitive<Vec<u8>>,
    },
    Custom(custom::Prepared, Sensitive<Vec<u8>>),
    Remote {
        endpoint: Arc<FunctionEndpoint>,
        hosts: Hosts,
        call: RemoteCall,
    },
}

/// What came of it, or why it was not made.
pub(super) struct Caught {
    pub(super) result: std::result::Result<Answered, NotCalled>,
    pub(super) log: Vec<u8>,
}

/// What a function answered.
pub(super) struct Answered {
    pub(super) payload: Vec<u8>,
    pub(super) failed: bool,
}

/// Prepares a call.
///
/// # Errors
/// Those of [`custom::prepare`].
pub(super) async fn call(
    cx: &mut Context<'_>,
    function: &FunctionRef,
    payload: Sensitive<Vec<u8>>,
    tail: bool,
    client_context: Option<String>,
) -> Result<Called> {
    match &function.function {
        Some(Function::Builtin(builtin)) => {
            let services = cx.services.secrets.rotation().services();
            Ok(Called::Builtin {
                services: services
                    .ok_or_else(|| Error::Service("The server is about to stop.".into()))?,
                home: function.home,
                function: builtin.clone(),
                arn: function.arn.clone(),
                payload,
            })
        }
        Some(Function::Custom(row)) => {
            let prepared = custom::prepare(cx, &function.home, &function.arn, row).await?;
            let prepared = prepared.told(client_context);
            Ok(Called::Custom(prepared, payload))
        }
        Some(Function::Remote(endpoint)) => Ok(Called::Remote {
            endpoint: Arc::clone(endpoint),
            hosts: cx.services.secrets.rotation().hosts.clone(),
            call: RemoteCall {
                function: endpoint.name.clone(),
                client_context,
                payload,
                tail,
            },
        }),
        None => Err(function.not_found()),
    }
}

impl Called {
    /// Makes the call.
    pub(super) async fn run(self) -> Caught {
        match self {
            Self::Builtin {
                services,
                home,
                function,
                arn,
                payload,
            } => {
                let event = serde_json::from_slice::<RotationEvent>(payload.expose());
                let done = match event {
                    Ok(event) => builtin(&services, &home, &function, &arn, event).await,
                    Err(_) => Err(Failed::because("KeyError: the event is none of a rotation")),
                };
                let (payload, failed) = match done {
                    Ok(()) => (b"null".to_vec(), false),
                    Err(failed) => {
                        let why = match failed {
                            Failed::Busy => "HostBusyError: the host is busy".to_owned(),
                            Failed::Function { why, .. } => why,
                        };
                        let (kind, text) = why.split_once(": ").unwrap_or(("Error", &why));
                        let told = json!({"errorType": kind, "errorMessage": text});
                        (told.to_string().into_bytes(), true)
                    }
                };
                Caught {
                    result: Ok(Answered { payload, failed }),
                    log: Vec::new(),
                }
            }
            Self::Custom(prepared, payload) => Caught::of(prepared.call(payload).await),
            Self::Remote {
                endpoint,
                hosts,
                call,
            } => Caught::of(endpoint.call(&hosts, call).await),
        }
    }
}

impl Caught {
    fn of(done: std::result::Result<Invocation, NotCalled>) -> Self {
        match done {
            Ok(Invocation { outcome, log }) => {
                let (payload, failed) = match outcome {
                    Outcome::Answer(payload) => (payload, false),
                    Outcome::Failed { payload, .. } => (payload, true),
                };
                let payload = payload.to_vec();
                Self {
                    result: Ok(Answered { payload, failed }),
                    log,
                }
            }
            Err(why) => Self::not_called(why),
        }
    }

    /// That no call was made.
    pub(super) fn not_called(why: NotCalled) -> Self {
        Self {
            result: Err(why),
            log: Vec::new(),
        }
    }
}

impl RotationEvent {
    /// The event as a function gets it.
    fn payload(&self) -> Vec<u8> {
        let mut event = json!({
            "Step": self.step, "SecretId": self.secret_id,
            "ClientRequestToken": self.client_request_token,
        });
        if let (Some(token), Some(members)) = (&self.rotation_token, event.as_object_mut()) {
            members.insert("RotationToken".to_owned(), json!(token.expose()));
        }
        event.to_string().into_bytes()
    }
}

/// Runs a built-in function.
async fn builtin(
    services: &Services,
    home: &Home,
    function: &Builtin,
    arn: &Arn,
    event: RotationEvent,
) -> std::result::Result<(), Failed> {
    let step = Step::named(&event.step)
        .ok_or_else(|| Failed::because(format!("ValueError: Invalid step {}", event.step)))?;
    let template = function.template;
    let environment = function.environment().map_err(Failed::because)?;
    let caller = builtin::caller(home, template, arn)
        .ok_or_else(|| Failed::because("the function has no identity"))?;
    let shared = services.secrets.rotation();
    let calls = FunctionHome {
        services,
        caller,
        region: home.region,
        rotation_token: event.rotation_token,
    };
    let call = Call {
        home: &calls,
        hosts: &shared.hosts,
        trust: shared.trusted(),
        environment: &environment,
        secret_id: &event.secret_id,
        token: &event.client_request_token,
    };
    let run = tokio::time::timeout(BUILTIN_TIMEOUT, template.run(step, &call));
    match run.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(StepError::Busy(_))) => Err(Failed::Busy),
        Ok(Err(error)) => Err(Failed::Function {
            why: format!("{}: {error}", error.kind()),
            target: match error {
                StepError::PasswordRefused(_) => Target::Refused,
                // A statement failed, or its answer was lost.
                StepError::Database(_) => Target::Touched,
                _ => Target::Untold,
            },
        }),
        Err(_) => Err(Failed::at_work(format!(
            "Task timed out after {} seconds",
            BUILTIN_TIMEOUT.as_secs()
        ))),
    }
}

async fn permitted(
    cx: &mut Context<'_>,
    function_arn: &str,
    secret_arn: &Arn,
) -> Result<Authorized<FunctionRef>> {
    let function = FunctionRef::by_arn(cx, function_arn).await?;
    let not_found =
        || Error::ResourceNotFound(format!("Function not found: {function_arn}").into());
    let function = function.ok_or_else(not_found)?;
    // Whoever owns both may hear that it is gone, not only that it is closed.
    if function.function.is_none() && function.arn.account() == secret_arn.account() {
        return Err(not_found());
    }
    let mut keys = Keys::default();
    keys.one("aws:SourceAccount", secret_arn.account());
    keys.one("aws:SourceArn", secret_arn.as_str());
    let function: Authorized<_> =
        authorize::<_, Error>(cx, function, "lambda:InvokeFunction", &[], &keys)?;
    if function.function.is_none() {
        return Err(not_found());
    }
    Ok(function)
}

/// A request that Secrets Manager makes by itself.
fn service_request(services: &Services, home: &Home, secret_arn: &Arn) -> Request {
    let name = SecretsManager::EVENT_SOURCE;
    let caller = Caller::service(name, home.account, secret_arn.clone());
    Request {
        id: services.random.uuid().to_string(),
        caller: Arc::new(caller),
        region: home.region,
        source_ip: [127, 0, 0, 1].into(),
        user_agent: Some(name.to_owned()),
        referer: None,
        vpc_endpoint: None,
        host: None,
        tls: Some(Tls::in_process()),
    }
}
