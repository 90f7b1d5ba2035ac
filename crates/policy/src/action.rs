use crate::{
    PolicyError,
    glob::{self, Case, Token},
};

/// Actions a statement names: `service:Name` with wildcards, or `*`.
#[derive(Debug)]
pub(crate) struct ActionPattern(Box<[Token<Box<str>>]>);

impl ActionPattern {
    /// Compiles `service:Name`. Wildcards stand in the name alone; `*` and
    /// `*:*` (inferred) mean every action. Whether the action exists, or could
    /// be one, is not checked, as AWS does not check it.
    ///
    /// # Errors
    /// [`PolicyError::VendorMissing`], [`PolicyError::ColonsInvalid`],
    /// [`PolicyError::VendorInvalid`], [`PolicyError::VendorWildcard`];
    /// [`PolicyError::Syntax`] if the name is empty (inferred).
    ///
    /// Source: recorded answers of `CreatePolicy` and `PutRolePolicy`.
    pub(crate) fn parse(text: &str) -> Result<Self, PolicyError> {
        if !matches!(text, "*" | "*:*") {
            let value = || text.to_owned();
            let (service, name) = text
                .split_once(':')
                .filter(|(service, _)| !service.is_empty())
                .ok_or_else(|| PolicyError::VendorMissing { value: value() })?;
            if name.contains(':') {
                return Err(PolicyError::ColonsInvalid { value: value() });
            }
            if service.contains(['*', '?']) {
                return Err(PolicyError::VendorWildcard { value: value() });
            }
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if !service.bytes().all(plain) {
                let value = service.to_owned();
                return Err(PolicyError::VendorInvalid { value });
            }
            if name.is_empty() {
                return Err(PolicyError::syntax(format!("malformed action `{text}`")));
            }
        }
        Ok(Self(glob::tokens(text).into()))
    }

    pub(crate) fn tokens(&self) -> &[Token<Box<str>>] {
        &self.0
    }

    /// Whether the action is named, regardless of case.
    pub(crate) fn matches(&self, action: &str) -> bool {
        glob::matches(&self.0, action, Case::Insensitive)
    }
}

/// The actions that the trust policy of a role may name.
///
/// Source: recorded answers of `UpdateAssumeRolePolicy`, which refuse them in
/// other letters, and `sts:*`.
const OF_TRUST: &[&str] = &[
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetContext",
    "sts:SetSourceIdentity",
    "sts:TagSession",
];

/// Checks the actions of a trust policy, more strictly if it is written.
///
/// # Errors
/// [`PolicyError::TrustActionInvalid`].
pub(crate) fn check_trust(actions: &[String], written: bool) -> Result<(), PolicyError> {
    let of_sts = |action: &str| {
        let service = action.split_once(':').map(|(service, _)| service);
        service.is_some_and(|service| service.eq_ignore_ascii_case("sts"))
    };
    // Of names with wildcards only the one for all is on record as refused.
    let of_trust = |action: &str| {
        OF_TRUST.contains(&action) || action != "sts:*" && action.contains(['*', '?'])
    };
    let good = |action: &String| of_sts(action) && (!written || of_trust(action));
    if actions.iter().all(good) {
        Ok(())
    } else {
        Err(PolicyError::TrustActionInvalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, action: &str, expected: bool) {
        let found = ActionPattern::parse(pattern).unwrap().matches(action);
        assert_eq!(found, expected, "{pattern} on {action}");
    }

    #[test]
    fn matches_regardless_of_case() {
        check("*", "secretsmanager:GetSecretValue", true);
        check("*:*", "secretsmanager:GetSecretValue", true);
        check("secretsmanager:*", "secretsmanager:GetSecretValue", true);
        check(
            "SecretsManager:get*VALUE",
            "secretsmanager:GetSecretValue",
            true,
        );
        check(
            "secretsmanager:GetSecret",
            "secretsmanager:GetSecretValue",
            false,
        );
        check(
            "secretsmanager:?etSecretValue",
            "secretsmanager:GetSecretValue",
            true,
        );
        check("kms:*", "secretsmanager:GetSecretValue", false);
    }

    #[test]
    fn refuses_what_is_no_action() {
        let wildcard = "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.";
        let missing = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
        for (bad, expected) in [
            ("", missing),
            ("GetSecretValue", missing),
            (":Get", missing),
            ("**", missing),
            ("secrets*:Get", wildcard),
            ("*:Get", wildcard),
            ("?:x", wildcard),
            ("a a:Get", "Vendor a a is not valid"),
            ("kms:a:b", "Actions/Condition can contain only one colon."),
            ("kms:", "Syntax errors in policy."),
        ] {
            let error = ActionPattern::parse(bad).unwrap_err();
            assert_eq!(error.to_string(), expected, "{bad}");
        }
        for odd in ["kms: a b ", "s3.s:Get", "k-m_s:é"] {
            ActionPattern::parse(odd).unwrap();
        }
    }
}
