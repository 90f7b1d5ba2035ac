use serde_json::Value;

use super::token::Token;
use crate::sts::session::Claim;

/// Issuers, without `https://`, with what stands before and after the part that
/// is each organization's own; and the claims of theirs that condition keys tell
/// of while a role is assumed. Sessions do not have them.
///
/// Source: Service Authorization Reference, condition keys of AWS Security Token
/// Service; IAM User Guide, "Available keys for AWS OIDC federation".
const ISSUERS: &[(Issuer, &[&str])] = &[
    (
        Issuer::Of("accounts.google.com"),
        &["google/organization_number"],
    ),
    (Issuer::Of("agent.buildkite.com"), BUILDKITE),
    (Issuer::Between("agent.", ".buildkite.dev"), BUILDKITE),
    (Issuer::Between("agent.", ".buildkite.site"), BUILDKITE),
    (Issuer::Between("github.com/enterprises/", ""), GITHUB),
    (
        Issuer::Of("gitlab.com"),
        &[
            "namespace_id",
            "pipeline_source",
            "project_id",
            "ref_protected",
            "runner_environment",
            "user_access_level",
            "user_email",
            "user_id",
            "user_login",
        ],
    ),
    (
        Issuer::Between("idcs-", ".identity.oraclecloud.com"),
        &["rpst_id"],
    ),
    (
        Issuer::Between("oidc.circleci.com/org/", ""),
        &["oidc.circleci.com/project-id"],
    ),
    (Issuer::Between("token.actions.", ".ghe.com"), GITHUB),
    (Issuer::Of("token.actions.githubusercontent.com"), GITHUB),
    (
        Issuer::Between("token.actions.githubusercontent.com/", ""),
        GITHUB,
    ),
];

const BUILDKITE: &[&str] = &[
    "build_branch",
    "cluster_id",
    "cluster_name",
    "organization_id",
    "organization_slug",
    "pipeline_id",
    "pipeline_slug",
];

const GITHUB: &[&str] = &[
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "repository_owner_id",
    "workflow",
];

enum Issuer {
    /// One of a kind.
    Of(&'static str),
    /// Whose name has one part of its own, without slashes, between these.
    Between(&'static str, &'static str),
}

impl Issuer {
    fn is(&self, issuer: &str) -> bool {
        match self {
            Self::Of(name) => *name == issuer,
            Self::Between(before, after) => {
                let rest = issuer.strip_prefix(before);
                let own = rest.and_then(|rest| rest.strip_suffix(after));
                own.is_some_and(|own| !own.is_empty() && !own.contains('/'))
            }
        }
    }
}

/// What a token says beyond what tokens of every issuer do.
pub(super) fn of_issuer(token: &Token, issuer: &str) -> Vec<Claim> {
    let known = ISSUERS.iter().find(|(known, _)| known.is(issuer));
    let names = known.map_or(&[][..], |(_, names)| *names);
    let claims = names.iter().filter_map(|name| {
        Some(Claim {
            name: (*name).to_owned(),
            values: vec![text(find(token, name)?)?],
            many: false,
        })
    });
    claims.collect()
}

/// A claim by its name, or by its way through objects.
fn find<'t>(token: &'t Token, name: &str) -> Option<&'t Value> {
    token.claim(name).or_else(|| {
        let (object, member) = name.split_once('/')?;
        token.claim(object)?.get(member)
    })
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;

    fn check(issuer: &str, claims: &Value, expected: &[(&str, &str)]) {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}.", part(&json!({"alg": "RS256"})), part(claims));
        let found = of_issuer(&Token::parse(&text).unwrap(), issuer);
        let found: Vec<_> = found
            .iter()
            .map(|claim| (&*claim.name, &*claim.values[0]))
            .collect();
        assert_eq!(found, expected, "{issuer}");
    }

    #[test]
    fn issuers_have_claims_of_their_own() {
        let github = json!({"sub": "x", "repository_id": "74", "ref": "refs/heads/main",
                            "run_id": "1", "environment": "", "actor": ["a"]});
        let expected = [("ref", "refs/heads/main"), ("repository_id", "74")];
        for issuer in [
            "token.actions.githubusercontent.com",
            "token.actions.githubusercontent.com/octo",
            "token.actions.octo.ghe.com",
            "github.com/enterprises/octo",
        ] {
            check(issuer, &github, &expected);
        }
        for stranger in [
            "token.actions.githubusercontent.com.example.com",
            "token.actions.githubusercontent.com/",
            "token.actions.githubusercontent.com/octo/app",
            "token.actions.evil.example/x.ghe.com",
            "token.actions..ghe.com/",
            "example.com",
            "gitlab.com",
        ] {
            check(stranger, &github, &[]);
        }
        check(
            "accounts.google.com",
            &json!({"google": {"organization_number": 1234}}),
            &[("google/organization_number", "1234")],
        );
        check(
            "oidc.circleci.com/org/0193",
            &json!({"oidc.circleci.com/project-id": "p", "oidc.circleci.com/org-id": "o"}),
            &[("oidc.circleci.com/project-id", "p")],
        );
        check(
            "gitlab.com",
            &json!({"project_id": "22", "ref_protected": "true", "user_login": "ann"}),
            &[
                ("project_id", "22"),
                ("ref_protected", "true"),
                ("user_login", "ann"),
            ],
        );
    }
}
