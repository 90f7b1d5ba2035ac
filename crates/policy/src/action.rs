use crate::{
    PolicyError,
    glob::{self, Case, Token},
};

/// Actions a statement names: `service:Name` with wildcards, or `*`.
#[derive(Debug)]
pub(crate) struct ActionPattern(Box<[Token<Box<str>>]>);

impl ActionPattern {
    /// Compiles `service:Name`. Wildcards stand in the name alone; `*` and
    /// `*:*` (inferred) mean every action. That the action exists is not
    /// checked, as AWS does not check it.
    ///
    /// # Errors
    /// [`PolicyError::VendorMissing`] without a plain service prefix;
    /// [`PolicyError::Syntax`] if the name is empty or holds other characters
    /// than letters, digits, `-`, `_` and wildcards (inferred).
    pub(crate) fn parse(text: &str) -> Result<Self, PolicyError> {
        if !matches!(text, "*" | "*:*") {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            let (_, name) = text
                .split_once(':')
                .filter(|(service, _)| !service.is_empty() && service.bytes().all(plain))
                .ok_or_else(|| PolicyError::VendorMissing { value: text.into() })?;
            let known = |byte: u8| plain(byte) || matches!(byte, b'*' | b'?');
            if name.is_empty() || !name.bytes().all(known) {
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
        for bad in ["", "GetSecretValue", ":Get", "secrets*:Get", "?:x", "**"] {
            let error = ActionPattern::parse(bad).unwrap_err();
            assert!(matches!(error, PolicyError::VendorMissing { .. }), "{bad}");
        }
        for bad in ["kms:", "kms:a b", "kms:a:b", "kms:${aws:username}"] {
            let error = ActionPattern::parse(bad).unwrap_err();
            assert!(matches!(error, PolicyError::Syntax { .. }), "{bad}");
        }
    }
}
