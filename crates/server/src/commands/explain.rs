//! `strongroom explain`: may this principal do that, and why?

use clap::Args;

use super::{Failure, output::say, place::Place};
use crate::admin::{ExplainRequest, Report, Request};

/// Who, what, and to what.
#[derive(Args)]
pub(super) struct Explain {
    /// The ARN of a user, a role, a role's session, a federated user or a root
    /// user
    #[arg(long, value_name = "ARN")]
    principal: String,
    /// The action, such as secretsmanager:GetSecretValue
    #[arg(long, value_name = "ACTION")]
    action: String,
    /// The ARN of what it is done to, or the name of a secret or KMS key; * if to
    /// nothing in particular
    #[arg(long, value_name = "ARN|NAME", default_value = "*")]
    resource: String,
    /// Where the request would be sent; the resource's Region by default
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// A condition key that the request would have; may be repeated, also for
    /// the values of one key
    #[arg(long = "context", value_name = "KEY=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
    /// The user who vouches for a federated user; the root user by default
    #[arg(long, value_name = "ARN")]
    issuer: Option<String>,
    /// A policy that was passed when the session was made, in JSON
    #[arg(long, value_name = "JSON")]
    session_policy: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Explain {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let request = Request::Explain(ExplainRequest {
            principal: self.principal,
            action: self.action,
            resource: self.resource,
            region: self.region,
            context: self.context,
            issuer: self.issuer,
            session_policy: self.session_policy,
        });
        if let Report::Explain(answer) = self.place.site()?.perform(request).await? {
            say(&answer.verdict);
            say(serde_json::to_string_pretty(&answer.decision)?);
            if let Some(key) = &answer.kms_key {
                say(serde_json::to_string_pretty(key)?);
            }
        }
        Ok(())
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "write KEY=VALUE".to_owned())
}
