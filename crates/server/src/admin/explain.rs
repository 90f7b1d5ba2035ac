use serde::{Deserialize, Serialize};
use strongroom_services::{
    context::Services,
    explain::{Answer, Question, explain},
};

/// What may be done, by whom.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExplainRequest {
    /// The principal's ARN.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The resource's ARN or name, or `*`.
    pub resource: String,
    /// Where the request would be sent.
    pub region: Option<String>,
    /// Condition keys and values.
    pub context: Vec<(String, String)>,
    /// Who vouches for a federated user.
    pub issuer: Option<String>,
    /// A session's policy.
    pub session_policy: Option<String>,
}

/// May it be done, and why.
pub(super) async fn answer(services: &Services, asked: ExplainRequest) -> Result<Answer, String> {
    let region = match asked.region {
        Some(name) => {
            let region = name.parse();
            Some(region.map_err(|_| format!("`{name}` is no Region"))?)
        }
        None => None,
    };
    let question = Question {
        principal: asked.principal,
        action: asked.action,
        resource: asked.resource,
        context: asked.context,
        issuer: asked.issuer,
        session_policy: asked.session_policy,
        region,
    };
    explain(services, &question).await
}
