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

/// The name of a service's role.
///
/// # Errors
/// `InvalidInput` for a service that has none, or whose role takes no suffix
/// (the first text is inferred).
pub(super) fn role_name(service: &str, suffix: Option<&str>) -> Result<String> {
    let Some((_, name)) = SERVICES.iter().find(|(known, _)| *known == service) else {
        return Err(Error::InvalidInput(
            format!("{service} has no service-linked role.").into(),
        ));
    };
    match suffix {
        None => Ok((*name).to_owned()),
        Some(suffix) if WITH_SUFFIX.contains(&service) => Ok(format!("{name}_{suffix}")),
        Some(_) => Err(Error::InvalidInput(
            format!("Custom suffix is not allowed for {service}").into(),
        )),
    }
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
            assert_eq!(role_name(service, None).unwrap(), *name);
            assert!(name.len() <= 64 && document::trust(&trust_policy(service)).is_ok());
        }
        let name = role_name("autoscaling.amazonaws.com", Some("x")).unwrap();
        assert_eq!(name, "AWSServiceRoleForAutoScaling_x");
        for (service, suffix) in [
            ("rds.amazonaws.com", Some("x")),
            ("lambda.amazonaws.com", None),
        ] {
            assert!(matches!(
                role_name(service, suffix),
                Err(Error::InvalidInput(_))
            ));
        }
    }
}
