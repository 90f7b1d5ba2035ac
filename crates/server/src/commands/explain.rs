//! `strongroom explain`: may this principal do that, and why?

use clap::Args;

use super::{Failure, output::say, place::Place};
use crate::admin::{ExplainRequest, Report, Request};

/// Who, what, and to what.
#[derive(Args)]
pub(super) struct Explain {
    /// The ARN of a user, a role, a role's session or a root user
    #[arg(long, value_name = "ARN")]
    principal: String,
    /// The action, such as secretsmanager:GetSecretValue
    #[arg(long, value_name = "ACTION")]
    action: String,
    /// The ARN of what it is done to; * if to nothing in particular
    #[arg(long, value_name = "ARN", default_value = "*")]
    resource: String,
    /// Where the request would be sent; the resource's Region by default
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// A condition key that the request would have; may be repeated, also for
    /// the values of one key
    #[arg(long = "context", value_name = "KEY=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
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
        });
        if let Report::Explain(answer) = self.place.site()?.perform(request).await? {
            say(serde_json::to_string_pretty(&answer)?);
        }
        Ok(())
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "write KEY=VALUE".to_owned())
}
