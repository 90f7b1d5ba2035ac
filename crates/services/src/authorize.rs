//! The one way into an operation.
//!
//! [`authorize`] gathers every policy that bears on a request, asks the policy
//! crate, and wraps the target in [`Authorized`], which nothing else can make:
//! an operation that forgets the check does not compile.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
};

use strongroom_policy::{
    Attached, ContextKeys, Decision, Denial, Policies, Policy, PolicyKind, PolicyType,
    Request as PolicyRequest, Values, decide,
};
use strongroom_types::{AccountId, Principal};

use crate::{context::Context, iam::NamedPolicy, operation::ServiceError, sts::session::Claim};

mod global;
mod perimeter;
mod teach;

use perimeter::Perimeter;
pub(crate) use perimeter::is_resource_controlled;
pub(crate) use teach::Story;

/// A target that the caller may act on.
pub struct Authorized<T>(T);

impl<T> Authorized<T> {
    /// The target. What was allowed was the operation at hand, so do not hand
    /// this on to another.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::ops::Deref for Authorized<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// What a request is about, as policies see it.
pub trait Target: Send {
    /// The ARN that is judged; `*` for operations without resources.
    fn resource(&self) -> &str;

    /// How a refusal names the resource; nothing to leave it out.
    fn shown(&self) -> Option<&str>;

    /// The account that owns the resource.
    fn account(&self) -> Option<AccountId>;

    /// The resource's own policy.
    fn policy(&self) -> Option<&Policy>;

    /// Condition keys that come from the resource.
    fn condition_keys(&self, keys: &mut Keys);

    /// The id of a KMS grant that lets the caller do `action`.
    fn kms_grant(&self, _action: &str) -> Option<&str> {
        None
    }

    /// One condition key, in lower case, for targets that are judged so often
    /// that making all their keys would be felt.
    fn condition_key(&self, _: &str) -> Option<Values<'_>> {
        None
    }

    /// Whether it is a key that AWS's services have for themselves, which
    /// resource control policies leave alone.
    fn is_aws_managed_key(&self) -> bool {
        false
    }

    /// Whether no permission is needed, so that none can be denied.
    fn is_open(&self) -> bool {
        false
    }

    /// The reason at the end of a refusal; nothing to give none.
    fn clause(&self, denial: &Denial<'_>, action: &str) -> Option<String> {
        Some(denial.clause(action))
    }
}

/// The target of operations that everybody may call.
pub struct Anyone;

impl Target for Anyone {
    fn resource(&self) -> &'static str {
        "*"
    }

    fn shown(&self) -> Option<&str> {
        None
    }

    fn account(&self) -> Option<AccountId> {
        None
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, _: &mut Keys) {}

    fn is_open(&self) -> bool {
        true
    }
}

/// The target of operations that name no resource, in services whose refusals
/// say so: `on resource: *`.
///
/// Source: recorded answers of KMS.
pub struct AnyResource;

impl Target for AnyResource {
    fn resource(&self) -> &'static str {
        NoResource.resource()
    }

    fn shown(&self) -> Option<&str> {
        Some(NoResource.resource())
    }

    fn account(&self) -> Option<AccountId> {
        None
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, _: &mut Keys) {}
}

/// The target of operations that name no resource, in other services.
pub struct NoResource;

impl Target for NoResource {
    fn resource(&self) -> &'static str {
        "*"
    }

    fn shown(&self) -> Option<&str> {
        None
    }

    fn account(&self) -> Option<AccountId> {
        None
    }

    fn policy(&self) -> Option<&Policy> {
        None
    }

    fn condition_keys(&self, _: &mut Keys) {}
}

/// Condition keys of one request or target.
#[derive(Debug, Default)]
pub struct Keys(Vec<(String, KeyValue)>);

#[derive(Debug)]
enum KeyValue {
    Many(Vec<String>),
    One(String),
}

impl Keys {
    /// Adds a single-valued key. Case of the key is ignored.
    pub fn one(&mut self, key: &str, value: impl Into<String>) {
        self.0
            .push((key.to_lowercase(), KeyValue::One(value.into())));
    }

    /// Adds a single-valued key if the parameter behind it is there.
    pub fn some(&mut self, key: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.one(key, value.to_string());
        }
    }

    /// Adds a multivalued key.
    pub fn many(&mut self, key: &str, values: Vec<String>) {
        self.0.push((key.to_lowercase(), KeyValue::Many(values)));
    }

    /// The names of the keys, in lower case.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The key's values, and whether there are others: tags `team` and `Team`
    /// make one key with two values.
    fn get(&self, key: &str) -> Option<(Values<'_>, bool)> {
        let mut found = self.0.iter().filter(|(known, _)| known == key);
        let (_, value) = found.next()?;
        let values = match value {
            KeyValue::Many(values) => Values::Many(
                values
                    .iter()
                    .map(|value| Cow::from(value.as_str()))
                    .collect(),
            ),
            KeyValue::One(value) => Values::One(Cow::from(value.as_str())),
        };
        Some((values, found.next().is_some()))
    }
}

/// Lets the caller at `target`, if every one of the actions is allowed.
///
/// # Errors
/// The service's access-denied error, with AWS's text.
pub fn authorize<T: Target, E: ServiceError>(
    cx: &Context<'_>,
    target: T,
    action: &str,
    further_actions: &[&str],
    keys: &Keys,
) -> Result<Authorized<T>, E> {
    if target.is_open() {
        return Ok(Authorized(target));
    }
    for action in std::iter::once(&action).chain(further_actions) {
        check(cx, &target, action, keys).map_err(|message| E::denied(message))?;
    }
    Ok(Authorized(target))
}

/// Whether the caller may do `action` on `target`; otherwise AWS's text.
///
/// # Errors
/// The text.
pub fn check(
    cx: &Context<'_>,
    target: &dyn Target,
    action: &str,
    keys: &Keys,
) -> Result<(), String> {
    judge(cx, target, target.policy(), action, keys)
}

/// Whether the caller may have a service do `action` on `target` for them;
/// otherwise KMS's text.
///
/// # Errors
/// The text.
pub fn forwarded(
    cx: &Context<'_>,
    target: &dyn Target,
    action: &str,
    keys: &Keys,
) -> Result<(), String> {
    let context = RequestContext {
        forwarded: true,
        ..RequestContext::of(cx, target, keys)
    };
    decided(&context, target.policy(), action)
}

/// As if the resource's own policy were another one.
///
/// # Errors
/// AWS's text.
pub fn judge(
    cx: &Context<'_>,
    target: &dyn Target,
    resource_policy: Option<&Policy>,
    action: &str,
    keys: &Keys,
) -> Result<(), String> {
    decided(
        &RequestContext::of(cx, target, keys),
        resource_policy,
        action,
    )
}

/// Whether a resource's policy by itself leaves `action` to the caller, or to
/// the caller's account, whatever the caller's own policies say.
pub fn resource_allows(
    cx: &Context<'_>,
    target: &dyn Target,
    resource_policy: &Policy,
    action: &str,
    keys: &Keys,
) -> bool {
    const EVERYTHING: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let Ok(everything) = Policy::parse(EVERYTHING, PolicyKind::Identity) else {
        return false;
    };
    let context = RequestContext::of(cx, target, keys);
    let request = PolicyRequest {
        action,
        context: &context,
        issuer: None,
        partition: cx.services.partition.as_str(),
        principal: &cx.request.caller.principal,
        resource: target.resource(),
        resource_account: target.account(),
    };
    let identity = [Attached::from(&everything)];
    let policies = Policies {
        identity: &identity,
        resource: Some(Attached::from(resource_policy)),
        ..Policies::default()
    };
    matches!(decide(&request, &policies), Decision::Allowed(_)) && !context.ambiguous.get()
}

/// Whether somebody whom an identity provider vouches for, and who has not
/// signed, may do `action` on `target`. Nobody is told why not.
pub(crate) fn is_trusted(
    cx: &Context<'_>,
    target: &dyn Target,
    stranger: &Stranger,
    action: &str,
    keys: &Keys,
) -> bool {
    let context = RequestContext {
        stranger: Some(stranger),
        ..RequestContext::of(cx, target, keys)
    };
    decided(&context, target.policy(), action).is_ok()
}

/// What an operator is told of a decision.
pub(crate) struct Told {
    /// That it is allowed; otherwise AWS's text.
    pub(crate) verdict: Result<(), String>,
    /// The account of what is asked about, if that is closed.
    pub(crate) closed: Option<AccountId>,
    /// All that it was made from.
    pub(crate) story: serde_json::Value,
}

/// All that a decision is made from, and what it is, for an operator.
pub(crate) fn explain(
    cx: &Context<'_>,
    target: &dyn Target,
    action: &str,
    keys: &Keys,
    forwarded: bool,
) -> Told {
    let context = RequestContext {
        told: true,
        forwarded,
        ..RequestContext::of(cx, target, keys)
    };
    let story = gathered(&context, target.policy(), action, |request, policies| {
        teach::story(&context, request, policies)
    });
    Told {
        verdict: decided(&context, target.policy(), action),
        closed: context.closed(),
        story,
    }
}

/// Of what a closed account has.
const NOTHING_ALLOWS: Denial<'_> = Denial {
    policy_type: PolicyType::Resource,
    statement: None,
};

fn decided(
    context: &RequestContext<'_>,
    resource_policy: Option<&Policy>,
    action: &str,
) -> Result<(), String> {
    let RequestContext { cx, target, .. } = *context;
    gathered(context, resource_policy, action, |request, policies| {
        let clause = match decide(request, policies) {
            // Nothing of it lets anybody in any more.
            _ if context.closed().is_some() => target.clause(&NOTHING_ALLOWS, action),
            // Of two values a policy may have allowed the one and would have
            // denied the other.
            Decision::Allowed(_) if context.ambiguous.get() => Some(format!(
                "because no identity-based policy allows the {action} action"
            )),
            Decision::Allowed(_) => return Ok(()),
            Decision::Denied(denial) => target.clause(&denial, action),
        };
        teach::keep(context, request, policies);
        let caller = cx.request.caller.arn.as_str();
        Err(refusal(caller, action, target, clause))
    })
}

/// Gathers every policy that bears on a request, for whoever decides it.
fn gathered<R>(
    context: &RequestContext<'_>,
    resource_policy: Option<&Policy>,
    action: &str,
    decider: impl FnOnce(&PolicyRequest<'_>, &Policies<'_>) -> R,
) -> R {
    let RequestContext { cx, target, .. } = *context;
    let caller = &cx.request.caller;
    let request = PolicyRequest {
        action,
        context,
        issuer: caller.issuer.as_ref(),
        partition: cx.services.partition.as_str(),
        principal: context.principal(),
        resource: target.resource(),
        resource_account: target.account(),
    };
    let identity = attached(&caller.standing.identity);
    let session = caller.session.as_ref();
    let session = session.and_then(|session| session.policies.as_deref().map(attached));
    let perimeter = Perimeter::of(cx, target, action);
    let policies = Policies {
        boundary: caller.standing.boundary.as_ref().map(NamedPolicy::attached),
        identity: &identity,
        kms_grant: target.kms_grant(action),
        resource_control: &perimeter.resource_control(),
        service_control: &perimeter.service_control(),
        resource: resource_policy.map(Attached::from),
        session: session.as_deref(),
    };
    decider(&request, &policies)
}

fn attached(policies: &[NamedPolicy]) -> Vec<Attached<'_>> {
    policies.iter().map(NamedPolicy::attached).collect()
}

fn refusal(caller: &str, action: &str, target: &dyn Target, clause: Option<String>) -> String {
    let shown = target
        .shown()
        .map(|shown| format!(" on resource: {shown}"))
        .unwrap_or_default();
    let clause = clause
        .map(|clause| format!(" {clause}"))
        .unwrap_or_default();
    format!("User: {caller} is not authorized to perform: {action}{shown}{clause}")
}

/// Somebody whom an identity provider vouches for.
pub(crate) struct Stranger {
    /// The provider, and who it says it is.
    pub(crate) principal: Principal,
    /// The provider's ARN.
    pub(crate) provider: String,
    /// Its claims, by the condition key in lower case.
    pub(crate) claims: Vec<(Box<str>, Claim)>,
}

/// Answers the policy crate's questions about the request. Each key is made
/// only when a statement asks for it.
struct RequestContext<'a> {
    cx: &'a Context<'a>,
    target: &'a dyn Target,
    keys: &'a Keys,
    target_keys: OnceCell<Keys>,
    /// Whether a policy asked for a key that has several values and should
    /// have one.
    ambiguous: Cell<bool>,
    /// Whether a service acts for the caller.
    forwarded: bool,
    /// Who asks in place of the caller.
    stranger: Option<&'a Stranger>,
    /// Whether the request is an operator's question: keys that it brings stand
    /// in for those that a request has.
    told: bool,
}

impl<'a> RequestContext<'a> {
    fn of(cx: &'a Context<'a>, target: &'a dyn Target, keys: &'a Keys) -> Self {
        Self {
            cx,
            target,
            keys,
            target_keys: OnceCell::new(),
            ambiguous: Cell::new(false),
            forwarded: false,
            stranger: None,
            told: false,
        }
    }

    fn principal(&self) -> &'a Principal {
        match self.stranger {
            Some(stranger) => &stranger.principal,
            None => &self.cx.request.caller.principal,
        }
    }
}

impl ContextKeys for RequestContext<'_> {
    fn get(&self, key: &str) -> Option<Values<'_>> {
        if self.told
            && let Some((values, _)) = self.keys.get(key)
        {
            return Some(values);
        }
        if let Some(values) = self.global(key) {
            return Some(values);
        }
        let target_keys = || {
            self.target_keys.get_or_init(|| {
                let mut keys = Keys::default();
                self.target.condition_keys(&mut keys);
                keys
            })
        };
        if let Some(values) = self.target.condition_key(key) {
            return Some(values);
        }
        let (values, more) = self.keys.get(key).or_else(|| target_keys().get(key))?;
        if more {
            self.ambiguous.set(true);
        }
        Some(values)
    }
}
