use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value};
use strongroom_store::Mode;
use strongroom_types::Sensitive;

use super::get_function::QUALIFIER;
use crate::{
    authorize::Authorized,
    cloudtrail::Category,
    context::Context,
    lambda::{
        Error, Lambda, Result,
        arguments::refuse,
        function::FunctionRef,
        invoke::{Caught, call},
        queue,
        remote::NotCalled,
    },
    operation::Operation,
    protocol::{Http, Member},
    shape::{Blob, Input, Output},
};

/// Bytes of the log's end that an answer shows.
///
/// Source: Lambda API Reference, Invoke, `LogType`.
const TAIL_BYTES: usize = 4096;
/// The largest event, in bytes.
///
/// Source: Lambda quotas, "Invocation payload".
const PAYLOAD_BYTES: usize = 6 * 1024 * 1024;

/// The longest text by which a client says who it is, in base 64.
///
/// Source: Lambda API Reference, Invoke, `ClientContext`.
const CLIENT_CONTEXT_BYTES: usize = 3583;

/// The largest event that waits, in bytes.
///
/// Source: Lambda quotas, "Invocation payload", asynchronous.
const EVENT_BYTES: usize = 1024 * 1024;

/// Calls a function.
///
/// Source: Lambda API Reference, Invoke.
pub struct Invoke;

/// The call.
#[derive(Input)]
pub struct InvokeInput {
    /// Name, ARN or partial ARN.
    #[shape(length(1, 256))]
    pub function_name: String,
    /// `RequestResponse` when absent, `Event` or `DryRun`.
    pub invocation_type: Option<String>,
    /// `Tail` for the end of the log.
    pub log_type: Option<String>,
    /// What the client says of itself: JSON in base 64, up to 3583 bytes.
    /// Events have none, as on AWS.
    pub client_context: Option<String>,
    /// Not offered.
    pub durable_execution_name: Option<String>,
    /// Not offered.
    pub tenant_id: Option<String>,
    /// The event, JSON.
    pub payload: Option<Sensitive<Blob>>,
    /// A version or an alias.
    #[shape(length(1, 128))]
    pub qualifier: Option<String>,
}

/// What the function answered.
#[derive(Output)]
pub struct InvokeOutput {
    /// 200, 202 or 204.
    pub status_code: Option<i64>,
    /// `Unhandled` if the function failed.
    pub function_error: Option<String>,
    /// The end of the log, in base 64.
    pub log_result: Option<String>,
    /// The answer, or why the function failed, JSON.
    pub payload: Option<Sensitive<Blob>>,
    /// The version that was called.
    pub executed_version: Option<String>,
}

impl Operation for Invoke {
    const NAME: &'static str = "Invoke";
    const ACTION: &'static str = "lambda:InvokeFunction";
    const MODE: Mode = Mode::Read;
    const READ_ONLY: bool = false;
    const CATEGORY: Category = Category::Data;
    const ERRORS: &'static [&'static str] = &[
        "InvalidParameterValueException",
        "InvalidRequestContentException",
        "RequestTooLargeException",
        "ResourceNotFoundException",
        "ServiceException",
        "TooManyRequestsException",
    ];
    const HTTP: Option<Http> = Some(Http {
        query: QUALIFIER,
        headers: &[
            Member {
                at: "x-amz-invocation-type",
                member: "InvocationType",
            },
            Member {
                at: "x-amz-log-type",
                member: "LogType",
            },
            Member {
                at: "x-amz-client-context",
                member: "ClientContext",
            },
            Member {
                at: "x-amz-durable-execution-name",
                member: "DurableExecutionName",
            },
            Member {
                at: "x-amz-tenant-id",
                member: "TenantId",
            },
        ],
        payload: Some("Payload"),
        body_bytes: Some(PAYLOAD_BYTES),
        answer_headers: &[
            Member {
                at: "x-amz-function-error",
                member: "FunctionError",
            },
            Member {
                at: "x-amz-log-result",
                member: "LogResult",
            },
            Member {
                at: "x-amz-executed-version",
                member: "ExecutedVersion",
            },
        ],
        answer_status: Some("StatusCode"),
        answer_payload: Some("Payload"),
        ..Http::new(
            "POST",
            "/2015-03-31/functions/{FunctionName}/invocations",
            200,
        )
    });
    type Service = Lambda;
    type Input = InvokeInput;
    type Output = InvokeOutput;
    type Target = FunctionRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<FunctionRef> {
        let qualifier = input.qualifier.as_deref();
        let function = FunctionRef::named(cx, &input.function_name, qualifier).await?;
        // On record also if it is not there, or not for the caller.
        cx.remarks.resources.push(function.used());
        Ok(function)
    }

    async fn run(
        cx: &mut Context<'_>,
        function: Authorized<FunctionRef>,
        input: Self::Input,
    ) -> Result<InvokeOutput> {
        let function = function.found()?;
        refuse(&[
            (
                "DurableExecutionName",
                input.durable_execution_name.is_some(),
            ),
            ("TenantId", input.tenant_id.is_some()),
        ])?;
        cx.remarks.additional_event_data = Some(function.version_on_record());
        let payload = input
            .payload
            .map_or_else(Vec::new, |payload| payload.expose().0.clone());
        let payload = if payload.is_empty() {
            b"{}".to_vec()
        } else {
            payload
        };
        if serde_json::from_slice::<serde::de::IgnoredAny>(&payload).is_err() {
            return Err(Error::InvalidRequestContent(
                "Could not parse request body into json: the payload is no JSON.".into(),
            ));
        }
        let tail = match input.log_type.as_deref() {
            None | Some("None") => false,
            Some("Tail") => true,
            Some(_) => {
                return Err(Error::InvalidParameterValue(
                    "LogType must be None or Tail.".into(),
                ));
            }
        };
        let client_context = input.client_context.as_deref();
        let client_context = client_context.map(client).transpose()?;
        let payload = Sensitive::new(payload);
        match input.invocation_type.as_deref() {
            None | Some("RequestResponse") => {}
            Some("DryRun") => return Ok(accepted(204)),
            Some("Event") => {
                if payload.expose().len() > EVENT_BYTES {
                    return Err(Error::RequestTooLarge(
                        format!(
                            "{} byte payload is too large for the Event invocation type (limit \
                             {EVENT_BYTES} bytes)",
                            payload.expose().len()
                        )
                        .into(),
                    ));
                }
                if cx.mode == Mode::Read {
                    return Err(cx.ahead.write().into());
                }
                queue::accept(cx, &function, payload).await?;
                return Ok(accepted(202));
            }
            Some(_) => {
                return Err(Error::InvalidParameterValue(
                    "InvocationType must be RequestResponse, Event or DryRun.".into(),
                ));
            }
        }
        let version = function.version_called().to_string();
        let called = call(cx, &function, payload, tail, client_context).await?;
        let caught = cx.ahead("call", move || called.run())?;
        let Caught { result, log } = &*caught;
        let result = result.as_ref().map_err(|why| match why {
            NotCalled::Busy => Error::TooManyRequests("ConcurrentInvocationLimitExceeded"),
            NotCalled::Failed(text) => Error::Service(text.clone().into()),
        })?;
        let end = log
            .get(log.len().saturating_sub(TAIL_BYTES)..)
            .unwrap_or_default();
        Ok(InvokeOutput {
            function_error: result.failed.then(|| "Unhandled".to_owned()),
            log_result: tail.then(|| BASE64_STANDARD.encode(end)),
            payload: Some(Sensitive::new(Blob(result.payload.to_vec()))),
            executed_version: Some(version),
            status_code: Some(200),
        })
    }
}

/// What a client says of itself, as a header can carry it.
fn client(encoded: &str) -> Result<String> {
    let decoded = BASE64_STANDARD.decode(encoded).ok();
    let decoded = decoded.filter(|_| encoded.len() <= CLIENT_CONTEXT_BYTES);
    let context: Option<Map<String, Value>> =
        decoded.and_then(|json| serde_json::from_slice(&json).ok());
    let context = context.ok_or_else(|| {
        Error::InvalidRequestContent(
            "Client context must be a valid Base64-encoded JSON object.".into(),
        )
    })?;
    let mut text = String::new();
    for letter in Value::Object(context).to_string().chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    Ok(text)
}

fn accepted(status: i64) -> InvokeOutput {
    InvokeOutput {
        status_code: Some(status),
        function_error: None,
        log_result: None,
        payload: None,
        executed_version: None,
    }
}
