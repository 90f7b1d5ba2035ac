//! What an operator asks: may this principal do that, and why (not)?
//!
//! The same policies are asked as for a request of the principal, in the same
//! order; nothing is done, and nothing recorded.

mod actions;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use strongroom_policy::{Policy, PolicyKind};
use strongroom_store::Mode;
use strongroom_types::{AccountId, Arn, Principal, Region, Timestamp};

use crate::{
    authorize::{self, Keys, NoResource, Target, Told},
    context::{Context, Request, Services},
    iam::{Caller, StandIn},
    kms::KeyRef,
    operation::ServiceError,
    secretsmanager::{self, SecretRef},
    sts::RoleRef,
};

/// A question.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The ARN of a user, a role, a role's session, a federated user or a root
    /// user.
    pub principal: String,
    /// `secretsmanager:GetSecretValue`
    pub action: String,
    /// The ARN of anything, or for their services' actions the name of a secret
    /// or a KMS key; `*` for what has no resource.
    pub resource: String,
    /// Condition keys that the request would have, as `key`, `value`. A key
    /// that is given twice has several values.
    pub context: Vec<(String, String)>,
    /// Where the request would be sent; by default the resource's Region.
    pub region: Option<Region>,
    /// For a federated user the ARN of the user who vouches; the root user if
    /// absent.
    pub issuer: Option<String>,
    /// A session's policy.
    pub session_policy: Option<String>,
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// Whether it is allowed.
    pub allowed: bool,
    /// In a line, with AWS's text if it is not.
    pub verdict: String,
    /// All that it was decided from, in the form of a decoded authorization
    /// message.
    pub decision: Value,
    /// The same of the KMS key that has to be used for it.
    pub kms_key: Option<Value>,
}

/// A resource that has no policy of its own here.
struct Named {
    arn: String,
    account: Option<AccountId>,
}

/// Answers a question.
///
/// # Errors
/// A sentence for the operator.
pub async fn explain(services: &Services, question: &Question) -> Result<Answer, String> {
    let action = actions::named(&question.action)?;
    let arn = question.resource.parse::<Arn>().ok();
    let region = arn.as_ref().and_then(|arn| arn.region().parse().ok());
    let now = services.clock.now();
    let request = Request {
        id: String::new(),
        caller: Arc::new(caller(services, question, now).await?),
        region: question.region.or(region).unwrap_or(Region::US_EAST_1),
        source_ip: [127, 0, 0, 1].into(),
        user_agent: None,
        referer: None,
        vpc_endpoint: None,
        host: None,
        tls: None,
    };
    let mut cx = Context::begin(services, &request, now, Mode::Read)
        .await
        .map_err(|error| error.to_string())?;
    let (told, key) = asked(&mut cx, question, action, arn.as_ref()).await?;
    let account = request.caller.account;
    let closed = cx.bearing(account).is_some_and(|bearing| bearing.closed);
    let told = told.with_closure();
    let key = key.map(Told::with_closure);
    let refusal = match (closed, told.verdict, key.as_ref().map(|key| &key.verdict)) {
        (true, ..) => Some(format!(
            "the account {account} is closed, and its credentials are refused"
        )),
        (_, Err(text), _) => Some(text),
        (_, _, Some(Err(text))) => Some(format!("the KMS key cannot be used: {text}")),
        _ => None,
    };
    Ok(Answer {
        allowed: refusal.is_none(),
        verdict: match refusal {
            Some(why) => format!("Denied: {why}"),
            None => "Allowed".to_owned(),
        },
        decision: told.story,
        kms_key: key.map(|key| key.story),
    })
}

async fn caller(
    services: &Services,
    question: &Question,
    now: Timestamp,
) -> Result<Caller, String> {
    let principal = question.principal.as_str();
    if let Some(policy) = &question.session_policy {
        Policy::parse(policy, PolicyKind::Identity)
            .map_err(|error| format!("the session policy is none: {error}"))?;
    }
    let asked = StandIn {
        principal,
        issuer: question.issuer.as_deref(),
        session_policy: question.session_policy.as_deref(),
    };
    let found = services
        .callers
        .stand_in(&services.store, services.partition, now, asked)
        .await
        .map_err(|error| error.to_string())?
        .ok_or_else(|| format!("there is no principal `{principal}`"))?;
    let federated = matches!(found.principal, Principal::FederatedUser { .. });
    if question.issuer.is_some() && !federated {
        return Err(format!(
            "`{principal}` is no federated user, and has no issuer"
        ));
    }
    if question.session_policy.is_some() && found.session.is_none() {
        return Err(format!(
            "`{principal}` is no session, and has no session policy"
        ));
    }
    Ok(found)
}

/// The decision, and that of the KMS key which has to be used.
async fn asked(
    cx: &mut Context<'_>,
    question: &Question,
    action: &str,
    arn: Option<&Arn>,
) -> Result<(Told, Option<Told>), String> {
    let resource = question.resource.as_str();
    let keys = keys(&question.context);
    let service = action.split(':').next().unwrap_or_default();
    let of_role =
        || arn.is_some_and(|arn| arn.service() == "iam" && arn.resource().starts_with("role/"));
    match service {
        _ if resource == "*" => Ok((told(cx, &NoResource, action, &keys), None)),
        "secretsmanager" => {
            let target = SecretRef::resolve(cx, resource).await.map_err(said)?;
            let key = secretsmanager::explain_key(cx, &target, action);
            let key = key.await.map_err(said)?;
            Ok((told(cx, &target, action, &keys), key))
        }
        "kms" => {
            let target = KeyRef::asked_about(cx, resource).await.map_err(said)?;
            Ok((told(cx, &target, action, &keys), None))
        }
        "sts" if of_role() => {
            let target = RoleRef::resolve(cx, resource).await.map_err(said)?;
            let mut told = told(cx, &target, action, &keys);
            if action == "sts:AssumeRole" {
                let fit = target.check_assumer(&cx.request.caller);
                told.verdict = fit.map_err(said).and(told.verdict);
            }
            Ok((told, None))
        }
        _ => {
            let arn = arn.ok_or_else(|| format!("`{resource}` is no ARN, and not `*`"))?;
            let target = Named {
                arn: resource.to_owned(),
                account: arn.account().parse().ok(),
            };
            Ok((told(cx, &target, action, &keys), None))
        }
    }
}

fn told(cx: &Context<'_>, target: &dyn Target, action: &str, keys: &Keys) -> Told {
    authorize::explain(cx, target, action, keys, false)
}

impl Told {
    /// With the word that what is asked about belongs to a closed account, which
    /// its callers are not told.
    fn with_closure(self) -> Self {
        let Some(owner) = self.closed else {
            return self;
        };
        let verdict = (self.verdict)
            .map_err(|text| format!("{text} (the account {owner}, which owns it, is closed)"));
        Self { verdict, ..self }
    }
}

fn said<E: ServiceError>(error: E) -> String {
    error.refusal().message.into_owned()
}

fn keys(context: &[(String, String)]) -> Keys {
    let mut keys = Keys::default();
    for (place, (key, value)) in context.iter().enumerate() {
        let same = |other: &&(String, String)| other.0.eq_ignore_ascii_case(key);
        if context.iter().take(place).any(|other| same(&other)) {
            continue;
        }
        let values: Vec<String> = context.iter().filter(same).map(|it| it.1.clone()).collect();
        if values.len() > 1 {
            keys.many(key, values);
        } else {
            keys.one(key, value.as_str());
        }
    }
    keys
}

impl Target for Named {
    fn resource(&self) -> &str {
        &self.arn
    }

    fn shown(&self) -> Option<&str> {
        Some(&self.arn)
    }

    fn account(&self) -> Option<AccountId> {
        self.account
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, _: &mut Keys) {}
}
