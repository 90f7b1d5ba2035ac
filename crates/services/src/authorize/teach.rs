//! Denials that teach: all that a denial was made from, for those who may ask.
//!
//! The wire has AWS's short text. The whole story is kept with the request and
//! goes, sealed, into its record, where `DecodeAuthorizationMessage` opens it
//! (`docs/adr`, "Where a denial tells its story").

use serde_json::{Map, Value, json};
use strongroom_policy::{Effect, Explanation, Policies, PolicyType, Request, Values, explain};

use super::{RequestContext, global};
use crate::context::Context;

/// Bytes of a story's text. AWS's operation takes 10,240 characters of what it
/// is sealed in.
const STORY_BYTES: usize = 7_000;
/// Bytes of what says that a list was cut.
const TRUNCATED_BYTES: usize = r#","truncated":true"#.len();
/// Characters of one value that is shown.
const VALUE_CHARACTERS: usize = 256;

/// The last denial of a request.
#[derive(Debug)]
pub(crate) struct Story(String);

impl Story {
    /// Sealed: what the operation decodes. Whoever decodes it must be of the
    /// caller's account.
    pub(crate) fn sealed(&self, cx: &Context<'_>) -> String {
        let messages = cx.services.callers.messages();
        let account = cx.request.caller.account;
        messages.seal(cx.services.random.as_ref(), account, &self.0)
    }
}

/// Keeps why a request is denied.
pub(super) fn keep(context: &RequestContext<'_>, request: &Request<'_>, policies: &Policies<'_>) {
    let story = cut(story(context, request, policies));
    let mut kept = context
        .cx
        .denial
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    *kept = Some(Story(story));
}

/// A decision with all that it was made from, in the form of AWS's decoded
/// messages. Of policies of another account nothing is told.
pub(super) fn story(
    context: &RequestContext<'_>,
    request: &Request<'_>,
    policies: &Policies<'_>,
) -> Value {
    let explanation = explain(request, policies);
    let caller = &context.cx.request.caller;
    let near = context.told
        || context
            .target
            .account()
            .is_none_or(|owner| owner == caller.account);
    let open = !context.ambiguous.get() && context.closed().is_none();
    let allowed = explanation.decision.is_allowed() && open;
    json!({
        "allowed": allowed,
        "explicitDeny": explanation
            .matched
            .iter()
            .any(|matched| matched.effect == Effect::Deny),
        "matchedStatements": {"items": matched(&explanation, near)},
        // What is missing matters only where it was missed.
        "failures": {"items": if allowed { Vec::new() } else { failures(&explanation, near) }},
        "context": {
            "principal": {"id": context.principal().user_id(), "arn": caller.arn.as_str()},
            "action": request.action,
            "resource": request.resource,
            "conditions": {"items": conditions(context)},
        },
    })
}

/// A story's text, cut so that it fits: of its lists, the one that matters
/// least first, the longest items go until the rest fits.
fn cut(mut story: Value) -> String {
    let mut length = story.to_string().len();
    for part in ["/context/conditions", "/matchedStatements", "/failures"] {
        if length <= STORY_BYTES {
            break;
        }
        let Some(Value::Object(list)) = story.pointer_mut(part) else {
            continue;
        };
        list.insert("truncated".to_owned(), json!(true));
        length += TRUNCATED_BYTES;
        let Some(Value::Array(items)) = list.get_mut("items") else {
            continue;
        };
        let mut lengths: Vec<usize> = items.iter().map(|item| item.to_string().len()).collect();
        while length > STORY_BYTES {
            let longest = (0..lengths.len()).max_by_key(|place| lengths.get(*place));
            let Some(place) = longest else {
                break;
            };
            items.remove(place);
            // With the comma behind it.
            length = length.saturating_sub(lengths.remove(place) + 1);
        }
    }
    story.to_string()
}

fn is_of_resource(policy_type: PolicyType) -> bool {
    matches!(
        policy_type,
        PolicyType::Resource | PolicyType::ResourceControl | PolicyType::Trust
    )
}

fn matched(explanation: &Explanation<'_>, near: bool) -> Vec<Value> {
    let told = explanation
        .matched
        .iter()
        .filter(|matched| near || !is_of_resource(matched.policy_type));
    told.map(|matched| {
        let mut statement = Map::new();
        let sid = matched.statement.sid.unwrap_or_default();
        statement.insert("statementId".to_owned(), json!(sid));
        let effect = match matched.effect {
            Effect::Allow => "ALLOW",
            Effect::Deny => "DENY",
        };
        statement.insert("effect".to_owned(), json!(effect));
        let kind = matched.policy_type.to_string();
        statement.insert("policyType".to_owned(), json!(kind));
        if let Some(name) = matched.statement.policy {
            statement.insert("policy".to_owned(), json!(name));
        }
        statement.insert("statement".to_owned(), json!(matched.statement.index));
        Value::Object(statement)
    })
    .collect()
}

fn failures(explanation: &Explanation<'_>, near: bool) -> Vec<Value> {
    let silent = explanation
        .silent
        .iter()
        .filter(|policy_type| near || !is_of_resource(**policy_type))
        .map(|policy_type| json!({"noStatementAllowsIn": policy_type.to_string()}));
    let missing = explanation
        .missing_keys
        .iter()
        .map(|key| json!({"missingKey": key}));
    silent.chain(missing).collect()
}

/// Every condition key of the request that has a value here.
fn conditions(context: &RequestContext<'_>) -> Vec<Value> {
    let caller = &context.cx.request.caller;
    let global = global::NAMES.iter().map(|name| format!("aws:{name}"));
    let tags = caller
        .tags()
        .map(|(key, _)| format!("aws:principaltag/{key}"));
    let mut names: Vec<String> = global.chain(tags).collect();
    names.extend(context.keys.names().map(str::to_owned));
    let mut target = super::Keys::default();
    context.target.condition_keys(&mut target);
    names.extend(target.names().map(str::to_owned));
    names.sort();
    names.dedup();
    let items = names.iter().filter_map(|name| {
        let values = match strongroom_policy::ContextKeys::get(context, name)? {
            Values::Many(values) => values,
            Values::One(value) => vec![value],
        };
        let values = values.iter().map(|value| {
            let short: String = value.chars().take(VALUE_CHARACTERS).collect();
            json!({"value": short})
        });
        let values: Vec<Value> = values.collect();
        Some(json!({"key": name, "values": {"items": values}}))
    });
    items.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(conditions: usize, value: usize, statements: usize) -> Value {
        let of = |many: usize, long: usize| -> Vec<Value> {
            let item = |place| json!({"key": format!("k{place}"), "value": "x".repeat(long)});
            (0..many).map(item).collect()
        };
        json!({
            "context": {"conditions": {"items": of(conditions, value)}},
            "matchedStatements": {"items": of(statements, 40)},
            "failures": {"items": of(3, 10)},
        })
    }

    #[test]
    fn what_fits_is_kept() {
        let whole = story(20, 100, 10);
        assert_eq!(cut(whole.clone()), whole.to_string());

        let mut long = story(20, 100, 10);
        let conditions = long.pointer_mut("/context/conditions/items").unwrap();
        let longest = json!({"key": "long", "value": "y".repeat(6000)});
        conditions.as_array_mut().unwrap().insert(3, longest);
        let told: Value = serde_json::from_str(&cut(long)).unwrap();
        assert_eq!(
            told["context"]["conditions"]["items"],
            whole["context"]["conditions"]["items"]
        );
        assert_eq!(told["context"]["conditions"]["truncated"], json!(true));
        assert_eq!(told["matchedStatements"], whole["matchedStatements"]);
    }

    #[test]
    fn no_story_is_too_long_to_be_sealed() {
        for (conditions, value, statements) in [(100, 200, 10), (100, 200, 1000), (0, 0, 1000)] {
            let text = cut(story(conditions, value, statements));
            assert!(text.len() <= STORY_BYTES, "{}", text.len());
            let told: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(told["failures"]["items"].as_array().unwrap().len(), 3);
            let kept = told["matchedStatements"]["items"].as_array().unwrap();
            assert_eq!(kept.len(), statements.min(kept.len()));
            assert!(statements == 0 || !kept.is_empty());
        }
    }
}
