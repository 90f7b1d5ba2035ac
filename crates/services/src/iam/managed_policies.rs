//! The policies that AWS itself publishes: immutable, in every account.
//!
//! Of `ReadOnlyAccess` and `SecurityAudit`, whose documents list thousands of
//! actions, only the actions of services that Strongroom has or may come to
//! have are kept; the other documents are AWS's, whole.

use std::borrow::Cow;

use strongroom_types::Timestamp;

/// The ARN of `AdministratorAccess`: everything on everything.
pub(super) fn administrator_access(partition: &str) -> String {
    format!("arn:{partition}:iam::aws:policy/AdministratorAccess")
}

/// A policy that AWS publishes.
pub(super) struct AwsPolicy {
    /// `AdministratorAccess`
    pub(super) name: &'static str,
    /// `/`, `/service-role/`
    pub(super) path: &'static str,
    /// `ANPA…`, the same in every account.
    pub(super) id: &'static str,
    /// The number of the version that AWS has now; earlier ones are not kept.
    pub(super) version: u32,
    /// What AWS says of it.
    pub(super) description: &'static str,
    created: &'static str,
    updated: &'static str,
    document: &'static str,
}

macro_rules! policies {
    ($($path:literal $name:literal $id:literal v $version:literal $created:literal $updated:literal $description:literal;)*) => {
        /// Every one, by name.
        pub(super) static ALL: &[AwsPolicy] = &[$(AwsPolicy {
            name: $name,
            path: $path,
            id: $id,
            version: $version,
            description: $description,
            created: $created,
            updated: $updated,
            document: include_str!(concat!("aws_policies/", $name, ".json")),
        }),*];
    };
}

policies! {
    "/" "AWSKeyManagementServicePowerUser" "ANPAJNPP7PPPPMJRV2SA4" v 2
        "2015-02-06T18:40:40Z" "2017-03-07T00:55:11Z"
        "Provides access to AWS Key Management Service (KMS).";
    "/service-role/" "AWSLambdaBasicExecutionRole" "ANPAJNCQGXC42545SKXIK" v 1
        "2015-04-09T15:03:43Z" "2015-04-09T15:03:43Z"
        "Provides write permissions to CloudWatch Logs.";
    // The id is ours: AWS's is not on record.
    "/" "AWSSecretsManagerClientReadOnlyAccess" "ANPAZKAPJZG4STRNGRMSM" v 3
        "2025-11-05T20:04:08Z" "2026-02-12T18:00:42Z"
        "Provides read only access to retrieve and describe secrets from AWS Secrets Manager.";
    "/" "AdministratorAccess" "ANPAIWMBCKSKIEE64ZLYK" v 1
        "2015-02-06T18:39:46Z" "2015-02-06T18:39:46Z"
        "Provides full access to AWS services and resources.";
    "/" "IAMFullAccess" "ANPAI7XKCFMBPM3QQRRVQ" v 2
        "2015-02-06T18:40:38Z" "2019-06-21T19:40:00Z"
        "Provides full access to IAM via the AWS Management Console.";
    "/" "IAMReadOnlyAccess" "ANPAJKSO7NDY4T57MWDSQ" v 4
        "2015-02-06T18:40:39Z" "2018-01-25T19:11:27Z"
        "Provides read only access to IAM via the AWS Management Console.";
    "/" "PowerUserAccess" "ANPAJYRXTHIB4FOVS3ZXS" v 12
        "2015-02-06T18:39:47Z" "2026-02-12T17:59:14Z"
        "Provides full access to AWS services and resources, but does not allow management of Users and groups.";
    "/" "ReadOnlyAccess" "ANPAILL3HVNFSB6DCOWYQ" v 182
        "2015-02-06T18:39:48Z" "2026-04-03T15:27:12Z"
        "Provides read-only access to AWS services and resources.";
    "/" "SecretsManagerReadWrite" "ANPAI3VG7CI5BIQZQ6G2E" v 6
        "2018-04-04T18:05:29Z" "2026-08-25T23:37:10Z"
        "Provides read/write access to AWS Secrets Manager via the AWS Management Console. Note: this exludes IAM actions, so combine with IAMFullAccess if rotation configuration is required.";
    "/" "SecurityAudit" "ANPAIX2T3QCXHR2OGGCTO" v 86
        "2015-02-06T18:41:01Z" "2026-05-01T03:12:13Z"
        "The security audit template grants access to read security configuration metadata. It is useful for software that audits the configuration of an AWS account.";
}

/// The AWS managed policy with this ARN, of whichever partition it is.
pub(super) fn find(arn: &str) -> Option<&'static AwsPolicy> {
    // In other partitions the same policies have that partition's ARNs.
    let (_, resource) = arn.split_once(":iam::aws:policy")?;
    ALL.iter().find(|policy| {
        resource.strip_suffix(policy.name) == Some(policy.path)
            && arn.starts_with("arn:")
            && arn.matches(':').count() == 5
    })
}

impl AwsPolicy {
    /// Its ARN in a partition.
    pub(super) fn arn(&self, partition: &str) -> String {
        format!("arn:{partition}:iam::aws:policy{}{}", self.path, self.name)
    }

    /// The document, about resources of a partition.
    pub(super) fn document(&self, partition: &str) -> Cow<'static, str> {
        match partition {
            "aws" => self.document.into(),
            other => self
                .document
                .replace("\"arn:aws:", &format!("\"arn:{other}:"))
                .into(),
        }
    }

    /// When AWS made it.
    pub(super) fn created(&self) -> Option<Timestamp> {
        self.created.parse().ok()
    }

    /// When AWS made its present version.
    pub(super) fn updated(&self) -> Option<Timestamp> {
        self.updated.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use strongroom_policy::{Policy, PolicyKind};

    use super::*;

    #[test]
    fn every_policy_is_one_and_is_found_by_its_arn() {
        let mut ids = HashSet::new();
        for policy in ALL {
            for partition in ["aws", "aws-cn"] {
                let document = policy.document(partition);
                Policy::parse(&document, PolicyKind::Identity).unwrap();
                assert_eq!(
                    document.contains("arn:aws:"),
                    document.contains("arn:") && partition == "aws"
                );
                let arn = policy.arn(partition);
                assert_eq!(find(&arn).map(|found| found.name), Some(policy.name));
            }
            assert!(policy.created() <= policy.updated(), "{}", policy.name);
            assert!(ids.insert(policy.id) && policy.id.len() == 21);
        }
        assert!(find(&administrator_access("aws-cn")).is_some());
        for other in [
            "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole",
            "arn:aws:iam::aws:policy/administratoraccess",
            "arn:aws:iam::111122223333:policy/AdministratorAccess",
            "arn:aws:iam::aws:policy/service-role/AdministratorAccess",
            "AdministratorAccess",
        ] {
            assert!(find(other).is_none(), "{other}");
        }
    }
}
