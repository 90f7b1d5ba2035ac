use crate::{
    cloudtrail, iam, kms, lambda,
    operation::{Route, Service},
    organizations, secretsmanager, sts,
};

/// Actions that are asked for beside those of operations themselves.
const FURTHER: &[&str] = &[
    "iam:PassRole",
    "kms:ReEncryptTo",
    "lambda:TagResource",
    "sts:SetSourceIdentity",
    "sts:TagSession",
];

/// `service:Operation`, as policies name it, and no pattern; of a service that is
/// served, in the letters that its operations have. Which actions other services
/// have is not known.
///
/// # Errors
/// A sentence for the operator.
pub(super) fn named(action: &str) -> Result<&str, String> {
    let is_name = |text: &str| {
        let mut letters = text.chars();
        !text.is_empty() && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    };
    let service = match action.split_once(':') {
        Some((service, name)) if is_name(service) && is_name(name) => service,
        _ => {
            return Err(format!(
                "`{action}` is no action; write service:Operation, such as \
                 secretsmanager:GetSecretValue"
            ));
        }
    };
    let Some((_, routes)) = served().find(|(known, _)| known.eq_ignore_ascii_case(service)) else {
        return Ok(action);
    };
    let own = routes.iter().map(|route| route.action);
    own.chain(FURTHER.iter().copied())
        .find(|known| known.eq_ignore_ascii_case(action))
        .ok_or_else(|| format!("there is no action `{action}`: no operation here asks for it"))
}

/// The prefixes of the actions of services, and their operations.
fn served() -> impl Iterator<Item = (&'static str, &'static [Route])> {
    [
        (cloudtrail::CloudTrail::NAME, cloudtrail::operations::ROUTES),
        (iam::Iam::NAME, iam::operations::ROUTES),
        (kms::Kms::NAME, kms::operations::ROUTES),
        (lambda::Lambda::NAME, lambda::operations::ROUTES),
        (
            organizations::AwsOrganizations::NAME,
            organizations::operations::ROUTES,
        ),
        (
            secretsmanager::SecretsManager::NAME,
            secretsmanager::operations::ROUTES,
        ),
        (sts::Sts::NAME, sts::operations::ROUTES),
    ]
    .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_of_services_that_are_served_are_known() {
        for (service, routes) in served() {
            for route in routes {
                assert!(route.action.starts_with(&format!("{service}:")));
                assert_eq!(named(&route.action.to_lowercase()), Ok(route.action));
            }
            assert!(named(&format!("{service}:Frobnicate")).is_err());
        }
        assert_eq!(named("STS:tagsession"), Ok("sts:TagSession"));
        assert_eq!(named("s3:Frobnicate"), Ok("s3:Frobnicate"));
        for bad in ["foo", "a:", ":b", "a:b:c", "a:*"] {
            assert!(named(bad).unwrap_err().contains("is no action"), "{bad}");
        }
    }
}
