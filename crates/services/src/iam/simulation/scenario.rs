use std::collections::BTreeMap;

use strongroom_policy::{
    Attached, Context, Explanation, Policies, Policy, PolicyKind, PolicyType, Request, explain,
};
use strongroom_types::{AccountId, Arn, Principal};

use super::{
    answers::{
        EvaluationResult, OrganizationsDecisionDetail, PermissionsBoundaryDecisionDetail,
        ResourceSpecificResult, decision, statements, verdict,
    },
    context::{self, ContextEntry},
    handling,
    organization::Organization,
    policies::{Listed, PolicyList, SourcePolicy, parse},
    source::{Source, managed},
};
use crate::{
    context::Context as OperationContext,
    iam::{
        error::{Error, Result},
        pages::{self, Page},
        record::Tag,
    },
};

/// Bytes of policies that are read for one page: of policies as long as IAM
/// keeps them it is never felt, and the longest that can be sent do not keep
/// everybody else waiting.
const WORK: usize = 16 << 20;
/// The most that comparing them may cost for one page, in bytes of policies times
/// bytes of what they are compared with, which wildcards can take it to: some
/// tenths of a second.
const COMPARED: usize = 4 << 30;

/// What is simulated: every action on every resource, under these policies.
pub(in crate::iam) struct Scenario {
    pub(in crate::iam) actions: Vec<String>,
    /// Absent: no resource was asked for.
    pub(in crate::iam) resources: Option<Vec<String>>,
    pub(in crate::iam) identity: PolicyList,
    pub(in crate::iam) boundary: Option<PolicyList>,
    pub(in crate::iam) organization: Organization,
    pub(in crate::iam) resource_policy: Option<Policy>,
    /// Who makes the requests.
    pub(in crate::iam) principal: Principal,
    pub(in crate::iam) resource_owner: Option<AccountId>,
    pub(in crate::iam) context: Context,
}

/// A request's `ResourcePolicy`.
///
/// # Errors
/// `InvalidInput` for what is no policy.
pub(in crate::iam) fn resource_policy(document: Option<&str>) -> Result<Option<Policy>> {
    document
        .map(|document| parse(document, PolicyKind::Resource))
        .transpose()
}

impl Scenario {
    /// Fills in the condition keys: those that follow from the caller, and
    /// those of the request, which count more.
    ///
    /// # Errors
    /// `InvalidInput` for entries that are none.
    pub(in crate::iam) fn keys(
        partition: &str,
        caller: Option<&Principal>,
        tags: &[Tag],
        entries: Option<Vec<ContextEntry>>,
    ) -> Result<Context> {
        let mut keys = Context::new();
        if let Some(caller) = caller {
            if let Some(arn) = caller.policy_arn(partition) {
                keys.insert("aws:PrincipalArn", arn.as_str());
            }
            if let Some(account) = caller.account() {
                keys.insert("aws:PrincipalAccount", account.to_string());
            }
            keys.insert("aws:userid", caller.user_id());
            match caller {
                Principal::User { name, .. } => {
                    keys.insert("aws:PrincipalType", "User");
                    keys.insert("aws:username", name.clone());
                }
                _ => keys.insert("aws:PrincipalType", "AssumedRole"),
            }
            for Tag { key, value } in tags {
                keys.insert(&format!("aws:PrincipalTag/{key}"), value.as_str());
            }
        }
        context::add(entries.unwrap_or_default(), &mut keys)?;
        Ok(keys)
    }

    /// Checks actions, resources and the way to handle them.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub(in crate::iam) fn check(&self, handling_option: Option<&str>) -> Result<()> {
        for action in &self.actions {
            let named = action.split_once(':').is_some_and(|(service, name)| {
                !service.is_empty() && !name.is_empty() && !action.contains(['*', '?', ' '])
            });
            if !named {
                return Err(Error::InvalidInput(
                    format!("Invalid Action Name: {action}").into(),
                ));
            }
        }
        for resource in self.resources.iter().flatten() {
            if resource != "*" && resource.parse::<Arn>().is_err() {
                return Err(Error::InvalidInput(
                    format!("Resource {resource} must be in ARN format or \"*\".").into(),
                ));
            }
        }
        let resources = self.resources.as_deref().unwrap_or_default();
        handling::check(handling_option, &self.actions, resources)
    }

    /// One page of results. Only what is on the page is evaluated, or thought of
    /// at all: a small request may have more results than memory has room for.
    ///
    /// # Errors
    /// `ValidationError` for a marker that no page gave.
    pub(in crate::iam) fn page(
        &self,
        partition: &str,
        marker: Option<&str>,
        max_items: Option<i64>,
    ) -> Result<Page<EvaluationResult>> {
        let everything = ["*".to_owned()];
        let resources = self.resources.as_deref().unwrap_or(&everything);
        let all = self.actions.len().saturating_mul(resources.len());
        let first = match marker {
            Some(marker) => after(marker)?,
            None => 0,
        };
        // AWS too says that a page may be shorter than was asked for.
        let limit = pages::limit(max_items).min(self.results_of_a_page());
        let end = first.saturating_add(limit).min(all);
        let result = |number: usize| {
            let action = self.actions.get(number.checked_div(resources.len())?)?;
            let resource = resources.get(number.checked_rem(resources.len())?)?;
            Some(self.result(partition, action, resource))
        };
        let is_truncated = end < all;
        Ok(Page {
            items: (first..end).filter_map(result).collect(),
            is_truncated,
            marker: is_truncated.then(|| pages::write(&end.to_string())),
        })
    }

    /// How many results a page has at most, so that it ends in time.
    fn results_of_a_page(&self) -> usize {
        let longest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
        let resources = self.resources.as_deref().unwrap_or_default();
        let texts = longest(&self.actions) + longest(resources) + self.context.bytes();
        let characters = self.characters().max(1);
        let compared = COMPARED / characters.saturating_mul(texts.max(1));
        (WORK / characters).min(compared).max(1)
    }

    /// Bytes of all policies that bear on each result.
    fn characters(&self) -> usize {
        let boundary = self.boundary.iter().flatten();
        let own = self.identity.iter().chain(boundary).map(|it| &it.policy);
        let own = own.chain(&self.resource_policy);
        let control = self.organization.service_control();
        let control = control.iter().flatten().map(|it| it.policy);
        own.chain(control).map(|it| it.source().len()).sum()
    }

    fn result(&self, partition: &str, action: &str, resource: &str) -> EvaluationResult {
        let identity: Vec<Attached<'_>> = self
            .identity
            .iter()
            .map(|it| Attached::from(&it.policy))
            .collect();
        let boundary = self.boundary.iter().flatten().next();
        let service_control = self.organization.service_control();
        let service_control: Vec<_> = service_control.iter().map(Vec::as_slice).collect();
        let resource_control = self.organization.resource_control(action);
        let resource_control: Vec<_> = resource_control.iter().map(Vec::as_slice).collect();
        let policies = Policies {
            boundary: boundary.map(|it| Attached::from(&it.policy)),
            identity: &identity,
            resource: self.resource_policy.as_ref().map(Attached::from),
            resource_control: &resource_control,
            service_control: &service_control,
            ..Policies::default()
        };
        let request = Request {
            action,
            context: &self.context,
            issuer: None,
            partition,
            principal: &self.principal,
            resource,
            resource_account: self.resource_owner,
        };
        let explanation = explain(&request, &policies);
        let listed: Vec<Listed<'_>> = self.identity.iter().map(SourcePolicy::listed).collect();
        let matched = statements(&explanation, &listed);
        let bounded = boundary
            .is_some()
            .then(|| PermissionsBoundaryDecisionDetail {
                allowed_by_permissions_boundary: Some(allows(&explanation, PolicyType::Boundary)),
            });
        let details = || self.sides(&explanation);
        let decided = decision(&explanation.decision).to_owned();
        EvaluationResult {
            eval_action_name: action.to_owned(),
            eval_resource_name: Some(resource.to_owned()),
            eval_decision: decided.clone(),
            matched_statements: Some(matched.clone()),
            missing_context_values: Some(explanation.missing_keys.clone()),
            organizations_decision_detail: (!self.organization.is_empty()).then(|| {
                OrganizationsDecisionDetail {
                    allowed_by_organizations: Some(self.organization.allows(action, &explanation)),
                }
            }),
            permissions_boundary_decision_detail: bounded,
            eval_decision_details: details(),
            resource_specific_results: self.resources.as_ref().map(|_| {
                vec![ResourceSpecificResult {
                    eval_resource_name: resource.to_owned(),
                    eval_resource_decision: decided,
                    matched_statements: Some(matched),
                    missing_context_values: Some(explanation.missing_keys.clone()),
                    eval_decision_details: details(),
                    permissions_boundary_decision_detail: bounded,
                }]
            }),
        }
    }

    /// Across accounts, what the caller's policies and the resource's say.
    fn sides(&self, explanation: &Explanation<'_>) -> Option<BTreeMap<String, String>> {
        let across = self.resource_policy.is_some()
            && self.resource_owner.is_some()
            && self.resource_owner != self.principal.account();
        across.then(|| {
            let side = |name: &str, policy_type| {
                (
                    name.to_owned(),
                    verdict(explanation, policy_type).to_owned(),
                )
            };
            BTreeMap::from([
                side("IAM Policy", PolicyType::Identity),
                side("Resource Policy", PolicyType::Resource),
            ])
        })
    }
}

/// The number of the result that a page begins with.
///
/// # Errors
/// `ValidationError` for a marker that no page gave.
fn after(marker: &str) -> Result<usize> {
    let number = pages::read(marker)?.parse();
    number.map_err(|_| Error::Validation(format!("Invalid Marker: {marker}").into()))
}

fn allows(explanation: &Explanation<'_>, policy_type: PolicyType) -> bool {
    verdict(explanation, policy_type) == "allowed"
}

/// The caller that a request names by `CallerArn`: a user, who need not exist.
/// With it come the user's tags.
///
/// # Errors
/// `InvalidInput` for what is no user's ARN.
pub(in crate::iam) async fn caller(
    cx: &mut OperationContext<'_>,
    arn: &str,
) -> Result<(Principal, Vec<Tag>)> {
    let invalid = || Error::arn_invalid(arn);
    let source = Source::resolve(cx, arn)
        .await
        .map_err(|error| match error {
            Error::Store(error) => Error::Store(error),
            _ => invalid(),
        })?;
    if let (true, Some(principal)) = (source.is_user(), source.principal()) {
        return Ok((principal, source.tags().to_vec()));
    }
    let parsed: Arn = arn.parse().map_err(|_| invalid())?;
    let place = parsed.resource().strip_prefix("user").ok_or_else(invalid)?;
    let name = place.rsplit('/').next().ok_or_else(invalid)?;
    let path = place.strip_suffix(name).ok_or_else(invalid)?;
    let principal = Principal::User {
        account: parsed.account().parse().map_err(|_| invalid())?,
        path: path.into(),
        name: name.into(),
        id: "".into(),
    };
    Ok((principal, Vec::new()))
}

/// A request's `ResourceOwner`: an account's number, or the ARN of the account
/// or of something in it.
///
/// # Errors
/// `InvalidInput`.
pub(in crate::iam) fn owner(text: &str) -> Result<AccountId> {
    let number = match text.parse::<Arn>() {
        Ok(arn) => arn.account().parse(),
        Err(_) => text.parse(),
    };
    number.map_err(|_| Error::InvalidInput(format!("Invalid resource owner: {text}").into()))
}

/// The permissions boundary of a simulation: the one of the request, or else
/// the one that `source` has.
///
/// # Errors
/// `InvalidInput` for what is no policy, or for more than one.
pub(in crate::iam) async fn boundary(
    cx: &mut OperationContext<'_>,
    given: Option<&[String]>,
    own: Option<&str>,
) -> Result<Option<PolicyList>> {
    let given = given.unwrap_or_default();
    if given.len() > 1 {
        let text = "A simulation can have one permissions boundary.";
        return Err(Error::InvalidInput(text.into()));
    }
    if !given.is_empty() {
        let list = super::input_list("PermissionsBoundaryPolicyInputList", given)?;
        return Ok(Some(list));
    }
    match own {
        Some(arn) => Ok(Some(vec![managed(cx, arn).await?])),
        None => Ok(None),
    }
}
