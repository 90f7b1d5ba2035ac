//! Identity providers that many organizations share, so that trust in one of
//! them is trust in everybody's until a claim says whose token it is. IAM takes
//! a trust policy that names one only if it evaluates that claim.
//!
//! AWS leaves open which conditions evaluate a claim, but that wildcards alone do
//! not. Here it is a string operator, not negated, whose values all have more
//! than wildcards (inferred).
//!
//! Source: IAM User Guide, "Identity-provider controls for shared OIDC
//! providers".

use std::borrow::Cow;

use strongroom_policy::{Effect, Policy, PrincipalPattern, Statement};

use super::error::{Error, Result};

/// Providers, and the condition keys of which one has to be evaluated: claims of
/// the provider's, and whole names. Where AWS moves a provider now and then, the
/// list has the place it is known by.
const PROVIDERS: &[(&str, &[&str])] = &[
    ("agent.buildkite.com", &["sub"]),
    ("api.pulumi.com/oidc", &["aud"]),
    ("app.terraform.io", &["sub"]),
    (COGNITO, &["aud"]),
    ("gitlab.com", &["sub"]),
    (
        "oidc-configuration.audit-log.githubusercontent.com",
        &["sub"],
    ),
    ("oidc.codefresh.io", &["sub"]),
    // IBM Turbonomic.
    (
        "oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb",
        &["sub"],
    ),
    ("oidc.vercel.com", &["aud"]),
    ("proidc.upbound.io", &["sub"]),
    ("sandboxes.cloud", &["aud"]),
    ("scalr.io", &["sub"]),
    // Microsoft Sentinel.
    (
        "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d",
        &["sts:RoleSessionName"],
    ),
    ("studio.datachain.ai/api", &["sub"]),
    (
        "token.actions.githubusercontent.com",
        &["sub", "job_workflow_ref"],
    ),
    ("tokens.cloud.shisho.dev", &["sub"]),
    ("vstoken.actions.githubusercontent.com", &["sub"]),
];

const COGNITO: &str = "cognito-identity.amazonaws.com";

/// The action that trust in such a provider is about.
const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// Refuses a trust policy that lets in whoever a shared provider vouches for.
///
/// # Errors
/// `MalformedPolicyDocument`. The text is on record for Amazon Cognito without
/// any condition, and inferred for the rest.
pub(super) fn check(policy: &Policy) -> Result<()> {
    let statements = policy.statements().iter();
    for statement in statements.filter(|it| it.effect() == Effect::Allow && it.names(ACTION)) {
        for principal in statement.principals() {
            if let PrincipalPattern::IdentityProvider(named) = principal {
                check_provider(statement, named)?;
            }
        }
    }
    Ok(())
}

fn check_provider(statement: &Statement, named: &str) -> Result<()> {
    let url = match named.split_once(":oidc-provider/") {
        Some((_, url)) => url,
        None => named,
    };
    let known = PROVIDERS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(url));
    let Some((url, claims)) = known else {
        return Ok(());
    };
    let keys: Vec<Cow<'_, str>> = claims.iter().map(|claim| key(url, claim)).collect();
    if keys.iter().any(|key| statement.pins(key)) {
        return Ok(());
    }
    let text = if *url == COGNITO && statement.is_unconditional() {
        "A condition block must be present for the Cognito provider".into()
    } else {
        let keys = keys.join(" or ");
        format!("A role that trusts the shared identity provider {url} must evaluate {keys}.")
    };
    Err(Error::MalformedPolicyDocument(text.into()))
}

fn key<'c>(url: &str, claim: &'c str) -> Cow<'c, str> {
    if claim.contains(':') {
        claim.into()
    } else {
        format!("{url}:{claim}").into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use strongroom_policy::Form;

    use super::*;

    fn refused(provider: &str, condition: &Value) -> Option<String> {
        statement(json!({
            "Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{provider}")},
            "Action": ["sts:TagSession", ACTION],
            "Condition": condition,
        }))
    }

    fn statement(statement: Value) -> Option<String> {
        let document = json!({"Version": "2012-10-17", "Statement": statement});
        let policy = Policy::parse_written(&document.to_string(), Form::Trust).unwrap();
        match check(&policy) {
            Ok(()) => None,
            Err(Error::MalformedPolicyDocument(text)) => Some(text.into_owned()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_provider_has_its_claims() {
        for (url, claims) in PROVIDERS {
            let aud = json!({"StringEquals": {format!("{url}:other"): "x"}});
            assert!(refused(url, &aud).unwrap().contains(url));
            for claim in *claims {
                let found = refused(url, &json!({"StringLike": {key(url, claim): "a*"}}));
                assert_eq!(found, None, "{url}");
            }
        }
        let bare =
            json!({"Effect": "Allow", "Principal": {"Federated": COGNITO}, "Action": ACTION});
        assert_eq!(
            statement(bare).unwrap(),
            "A condition block must be present for the Cognito provider"
        );
        for private in [
            "oidc.eks.eu-west-1.amazonaws.com/id/ABC",
            "token.actions.githubusercontent.com/octo",
            "gitlab.example.com",
        ] {
            assert_eq!(refused(private, &json!({})), None, "{private}");
        }
    }

    #[test]
    fn what_evaluates_a_claim() {
        let url = "token.actions.githubusercontent.com";
        let sub = format!("{url}:sub");
        let text = "A role that trusts the shared identity provider \
                    token.actions.githubusercontent.com must evaluate \
                    token.actions.githubusercontent.com:sub or \
                    token.actions.githubusercontent.com:job_workflow_ref.";
        for condition in [
            json!({"StringEquals": {&sub: "repo:octo/app:ref:refs/heads/main"}}),
            json!({"StringLike": {format!("{url}:SUB"): ["repo:octo/app:*", "repo:octo/b:*"]}}),
            json!({"ForAnyValue:StringLikeIfExists": {&sub: "repo:octo/*"}}),
            json!({"StringEqualsIgnoreCase": {&sub: "${aws:PrincipalTag/repo}"}}),
        ] {
            assert_eq!(refused(url, &condition), None, "{condition}");
        }
        for condition in [
            json!({}),
            json!({"StringEquals": {format!("{url}:aud"): "sts.amazonaws.com"}}),
            json!({"StringLike": {&sub: "*"}}),
            json!({"StringLike": {&sub: "?*"}}),
            json!({"StringLike": {&sub: ["repo:octo/app:*", "*"]}}),
            json!({"StringEquals": {&sub: []}}),
            json!({"StringNotEquals": {&sub: "repo:evil/app"}}),
            json!({"Null": {&sub: "false"}}),
            json!({"StringEquals": {"gitlab.com:sub": "x"}}),
        ] {
            assert_eq!(
                refused(url, &condition).as_deref(),
                Some(text),
                "{condition}"
            );
        }
    }

    #[test]
    fn only_trust_is_asked() {
        let provider = "arn:aws:iam::111122223333:oidc-provider/gitlab.com";
        for (effect, action) in [("Deny", ACTION), ("Allow", "sts:TagSession")] {
            let harmless =
                json!({"Effect": effect, "Principal": {"Federated": provider}, "Action": action});
            assert_eq!(statement(harmless), None);
        }
        let others = json!({"Effect": "Allow", "Principal": {"Federated": provider},
                            "NotAction": "sts:TagSession"});
        assert!(statement(others).is_some());
    }
}
