//! Service-linked roles: made for a service of AWS's, under a name that the
//! service has, and changed by nobody else.
//!
//! Source: IAM User Guide, using service-linked roles.

use serde_json::json;

use super::{
    error::{Error, Result},
    roles::SERVICE_ROLE_PATH,
};

/// Services that have such a role, and the role's name.
const SERVICES: &[(&str, &str)] = &[
    (
        "access-analyzer.amazonaws.com",
        "AWSServiceRoleForAccessAnalyzer",
    ),
    ("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling"),
    (
        "cks.kms.amazonaws.com",
        "AWSServiceRoleForKeyManagementServiceCustomKeyStores",
    ),
    ("cloudtrail.amazonaws.com", "AWSServiceRoleForCloudTrail"),
    ("config.amazonaws.com", "AWSServiceRoleForConfig"),
    ("ecs.amazonaws.com", "AWSServiceRoleForECS"),
    (
        "eks-fargate.amazonaws.com",
        "AWSServiceRoleForAmazonEKSForFargate",
    ),
    (
        "eks-nodegroup.amazonaws.com",
        "AWSServiceRoleForAmazonEKSNodegroup",
    ),
    ("eks.amazonaws.com", "AWSServiceRoleForAmazonEKS"),
    ("elasticache.amazonaws.com", "AWSServiceRoleForElastiCache"),
    (
        "elasticloadbalancing.amazonaws.com",
        "AWSServiceRoleForElasticLoadBalancing",
    ),
    (
        "guardduty.amazonaws.com",
        "AWSServiceRoleForAmazonGuardDuty",
    ),
    (
        "mrk.kms.amazonaws.com",
        "AWSServiceRoleForKeyManagementServiceMultiRegionKeys",
    ),
    (
        "ops.apigateway.amazonaws.com",
        "AWSServiceRoleForAPIGateway",
    ),
    (
        "organizations.amazonaws.com",
        "AWSServiceRoleForOrganizations",
    ),
    ("rds.amazonaws.com", "AWSServiceRoleForRDS"),
    ("redshift.amazonaws.com", "AWSServiceRoleForRedshift"),
    (
        "replication.dynamodb.amazonaws.com",
        "AWSServiceRoleForDynamoDBReplication",
    ),
    ("securityhub.amazonaws.com", "AWSServiceRoleForSecurityHub"),
    ("spot.amazonaws.com", "AWSServiceRoleForEC2Spot"),
    ("spotfleet.amazonaws.com", "AWSServiceRoleForEC2SpotFleet"),
    ("sso.amazonaws.com", "AWSServiceRoleForSSO"),
    ("support.amazonaws.com", "AWSServiceRoleForSupport"),
    (
        "trustedadvisor.amazonaws.com",
        "AWSServiceRoleForTrustedAdvisor",
    ),
];
/// The services that may have several, told apart by a suffix.
const WITH_SUFFIX: &[&str] = &["autoscaling.amazonaws.com"];

/// The name that a service's role has or, of what is no service, would have
/// (inferred): whoever asks is judged by it first.
pub(super) fn role_name(service: &str, suffix: Option<&str>) -> String {
    let known = SERVICES.iter().find(|(known, _)| *known == service);
    let name = known.map_or("AWSServiceRoleFor", |(_, name)| *name);
    match suffix {
        None => name.to_owned(),
        Some(suffix) => format!("{name}_{suffix}"),
    }
}

/// Refuses a service that has no such role, and a suffix where the role takes none.
///
/// # Errors
/// `AccessDenied`, with the text on record of the live service; `InvalidInput`.
pub(super) fn check(service: &str, suffix: Option<&str>) -> Result<()> {
    if !SERVICES.iter().any(|(known, _)| *known == service) {
        let text = format!("{service} is not a valid AWS service name (Service Principal)");
        return Err(Error::AccessDenied(text.into()));
    }
    if suffix.is_some() && !WITH_SUFFIX.contains(&service) {
        let text = format!("Custom suffix is not allowed for {service}");
        return Err(Error::InvalidInput(text.into()));
    }
    Ok(())
}

/// The path of a service's role.
pub(super) fn path(service: &str) -> String {
    format!("{SERVICE_ROLE_PATH}{service}/")
}

/// The trust policy of a service's role: the service, and nobody else.
pub(super) fn trust_policy(service: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
        }],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::document;

    #[test]
    fn names_and_trust_of_every_service() {
        for (service, name) in SERVICES {
            assert_eq!(role_name(service, None), *name);
            check(service, None).unwrap();
            assert!(name.len() <= 64 && document::trust(&trust_policy(service)).is_ok());
        }
        let autoscaling = ("autoscaling.amazonaws.com", Some("x"));
        let name = role_name(autoscaling.0, autoscaling.1);
        assert_eq!(name, "AWSServiceRoleForAutoScaling_x");
        check(autoscaling.0, autoscaling.1).unwrap();
        let suffix = check("rds.amazonaws.com", Some("x"));
        assert!(matches!(suffix, Err(Error::InvalidInput(_))));
        for suffix in [None, Some("x")] {
            let unknown = check("lambda.amazonaws.com", suffix);
            assert!(matches!(unknown, Err(Error::AccessDenied(_))));
        }
    }
}
