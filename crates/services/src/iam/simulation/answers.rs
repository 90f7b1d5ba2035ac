use std::collections::BTreeMap;

use strongroom_policy::{Decision, Denial, Explanation, Matched, PolicyType, Position as Place};

use super::policies::{Listed, SourceType};
use crate::shape::Output;

/// What one request would be answered.
#[derive(Output)]
pub struct EvaluationResult {
    /// The action.
    pub eval_action_name: String,
    /// The resource; `*` if none was asked for.
    pub eval_resource_name: Option<String>,
    /// `allowed`, `explicitDeny`, `implicitDeny`.
    pub eval_decision: String,
    /// The statements that matched, those of boundaries not among them.
    pub matched_statements: Option<Vec<Statement>>,
    /// Keys that statements ask for and the request does not have.
    pub missing_context_values: Option<Vec<String>>,
    /// What the organization's policies say; absent if there are none.
    pub organizations_decision_detail: Option<OrganizationsDecisionDetail>,
    /// What the boundary says; absent if there is none.
    pub permissions_boundary_decision_detail: Option<PermissionsBoundaryDecisionDetail>,
    /// Across accounts, what each side says.
    pub eval_decision_details: Option<BTreeMap<String, String>>,
    /// The same by resource, if resources were asked for.
    pub resource_specific_results: Option<Vec<ResourceSpecificResult>>,
}

/// What a request would be answered about one resource.
#[derive(Output)]
pub struct ResourceSpecificResult {
    /// The resource.
    pub eval_resource_name: String,
    /// `allowed`, `explicitDeny`, `implicitDeny`.
    pub eval_resource_decision: String,
    /// The statements that matched.
    pub matched_statements: Option<Vec<Statement>>,
    /// Keys that statements ask for and the request does not have.
    pub missing_context_values: Option<Vec<String>>,
    /// Across accounts, what each side says.
    pub eval_decision_details: Option<BTreeMap<String, String>>,
    /// What the boundary says; absent if there is none.
    pub permissions_boundary_decision_detail: Option<PermissionsBoundaryDecisionDetail>,
}

/// A statement that matched, and where it stands.
#[derive(Clone, Output)]
pub struct Statement {
    /// The policy.
    pub source_policy_id: Option<String>,
    /// What the policy belongs to.
    pub source_policy_type: Option<String>,
    /// Where the statement begins.
    pub start_position: Option<Position>,
    /// Where it ends.
    pub end_position: Option<Position>,
}

/// A place in a document, counted from one.
#[derive(Clone, Copy, Output)]
pub struct Position {
    /// The line.
    pub line: Option<i64>,
    /// The column.
    pub column: Option<i64>,
}

/// What an organization's policies say.
#[derive(Output)]
pub struct OrganizationsDecisionDetail {
    /// Whether they allow the request.
    pub allowed_by_organizations: Option<bool>,
}

/// What a permissions boundary says.
#[derive(Clone, Copy, Output)]
pub struct PermissionsBoundaryDecisionDetail {
    /// Whether it allows the request.
    pub allowed_by_permissions_boundary: Option<bool>,
}

/// A decision in the simulator's words.
pub(super) fn decision(decision: &Decision<'_>) -> &'static str {
    match decision {
        Decision::Allowed(_) => "allowed",
        Decision::Denied(Denial {
            statement: Some(_), ..
        }) => "explicitDeny",
        Decision::Denied(Denial {
            statement: None, ..
        }) => "implicitDeny",
    }
}

/// What the policies of one type say by themselves.
pub(super) fn verdict(explanation: &Explanation<'_>, policy_type: PolicyType) -> &'static str {
    let of_type = |matched: &&Matched<'_>| matched.policy_type == policy_type;
    let mut matched = explanation.matched.iter().filter(of_type);
    let denies = |matched: &Matched<'_>| matched.effect == strongroom_policy::Effect::Deny;
    if matched.clone().any(denies) {
        "explicitDeny"
    } else if matched.next().is_some() {
        "allowed"
    } else {
        "implicitDeny"
    }
}

/// The statements that matched in the policies that grant.
pub(super) fn statements(explanation: &Explanation<'_>, listed: &[Listed<'_>]) -> Vec<Statement> {
    let granting = [PolicyType::Identity, PolicyType::Resource];
    let matched = explanation.matched.iter();
    matched
        .filter(|matched| granting.contains(&matched.policy_type))
        .map(|matched| {
            let source = listed
                .iter()
                .find(|it| std::ptr::eq(it.policy, matched.policy));
            let (id, kind) = source.map_or(("ResourcePolicy", SourceType::Resource), |source| {
                (source.id, source.kind)
            });
            let spans = matched.policy.spans();
            let span = spans.get(matched.statement.index);
            Statement {
                source_policy_id: Some(id.to_owned()),
                source_policy_type: Some(kind.as_str().to_owned()),
                start_position: span.map(|span| Position::of(span.start)),
                end_position: span.map(|span| Position::of(span.end)),
            }
        })
        .collect()
}

impl Position {
    fn of(place: Place) -> Self {
        Self {
            line: Some(place.line.into()),
            column: Some(place.column.into()),
        }
    }
}
