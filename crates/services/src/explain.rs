//! What an operator asks: may this principal do that, and why (not)?
//!
//! The same policies are asked as for a request of the principal, in the same
//! order; nothing is done, and nothing recorded.

use serde_json::Value;
use strongroom_policy::Policy;
use strongroom_store::Mode;
use strongroom_types::{AccountId, Arn, Region};

use crate::{
    authorize::{self, Keys, NoResource, Target},
    context::{Context, Request, Services},
    kms::KeyRef,
    operation::ServiceError,
    secretsmanager::SecretRef,
    sts::RoleRef,
};

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    /// The ARN of a user, a role, a role's session or a root user.
    pub principal: String,
    /// `secretsmanager:GetSecretValue`
    pub action: String,
    /// The ARN of a secret, a KMS key, a role or anything else; `*` for what
    /// has no resource.
    pub resource: String,
    /// Condition keys that the request would have, as `key`, `value`. A key
    /// that is given twice has several values.
    pub context: Vec<(String, String)>,
    /// Where the request would be sent; by default the resource's Region.
    pub region: Option<Region>,
}

/// A resource that has no policy of its own here.
struct Named {
    arn: String,
    account: Option<AccountId>,
}

/// Answers a question, in the form of a decoded authorization message.
///
/// # Errors
/// A sentence for the operator.
pub async fn explain(services: &Services, question: &Question) -> Result<Value, String> {
    let arn = question.resource.parse::<Arn>().ok();
    let region = arn.as_ref().and_then(|arn| arn.region().parse().ok());
    let caller = services
        .callers
        .stand_in(&services.store, services.partition, &question.principal)
        .await
        .map_err(|error| error.to_string())?
        .ok_or_else(|| format!("there is no principal `{}`", question.principal))?;
    let request = Request {
        id: String::new(),
        caller: std::sync::Arc::new(caller),
        region: question.region.or(region).unwrap_or(Region::US_EAST_1),
        source_ip: [127, 0, 0, 1].into(),
        user_agent: None,
        referer: None,
        vpc_endpoint: None,
        host: None,
        tls: None,
    };
    let now = services.clock.now();
    let mut cx = Context::begin(services, &request, now, Mode::Read)
        .await
        .map_err(|error| error.to_string())?;
    let keys = keys(&question.context);
    let action = question.action.as_str();
    match arn.as_ref().map(|arn| (arn.service(), arn.resource())) {
        None if question.resource == "*" => Ok(answer(&cx, &NoResource, action, &keys)),
        None => Err(format!("`{}` is no ARN, and not `*`", question.resource)),
        Some(("secretsmanager", _)) => {
            let target = SecretRef::resolve(&mut cx, &question.resource).await;
            let target = target.map_err(said)?;
            Ok(answer(&cx, &target, action, &keys))
        }
        Some(("kms", _)) => {
            let target = KeyRef::asked_about(&mut cx, &question.resource).await;
            let target = target.map_err(said)?;
            Ok(answer(&cx, &target, action, &keys))
        }
        Some(("iam", resource)) if resource.starts_with("role/") && action.starts_with("sts:") => {
            let target = RoleRef::resolve(&mut cx, &question.resource).await;
            let target = target.map_err(said)?;
            Ok(answer(&cx, &target, action, &keys))
        }
        Some(_) => {
            let account = arn.as_ref().and_then(|arn| arn.account().parse().ok());
            let target = Named {
                arn: question.resource.clone(),
                account,
            };
            Ok(answer(&cx, &target, action, &keys))
        }
    }
}

fn answer(cx: &Context<'_>, target: &impl Target, action: &str, keys: &Keys) -> Value {
    authorize::explain(cx, target, action, keys)
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
