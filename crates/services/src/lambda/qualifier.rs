use std::fmt;

/// Which version of a function is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Qualifier {
    /// The one that an alias names.
    Alias(String),
    /// The one that changes.
    Latest,
    /// One that was published.
    Version(u64),
}

impl Qualifier {
    /// Reads what follows a function's name, or names one of its versions.
    /// Nothing if it is no qualifier.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        match text {
            "$LATEST" => Some(Self::Latest),
            _ if text.is_empty() || text.len() > 128 || !text.chars().all(allowed) => None,
            // No version has a number that large.
            _ if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(Self::Version(text.parse().unwrap_or(u64::MAX)))
            }
            _ => Some(Self::Alias(text.to_owned())),
        }
    }

    /// The version with this number as rows have it.
    pub(super) fn of_version(number: u64) -> Self {
        match number {
            0 => Self::Latest,
            number => Self::Version(number),
        }
    }
}

impl fmt::Display for Qualifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alias(name) => formatter.write_str(name),
            Self::Latest => formatter.write_str("$LATEST"),
            Self::Version(number) => number.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualifiers() {
        let read = |text: &str| Qualifier::parse(text).unwrap();
        assert_eq!(read("$LATEST"), Qualifier::Latest);
        assert_eq!(read("live"), Qualifier::Alias("live".to_owned()));
        assert_eq!(read("7a"), Qualifier::Alias("7a".to_owned()));
        // A policy must not be got around by another way to write the number.
        assert_eq!(read("007").to_string(), "7");
        assert_eq!(read(&"9".repeat(100)), Qualifier::Version(u64::MAX));
        for wrong in ["", "$latest", "a b", "a:b", &"a".repeat(129)] {
            assert_eq!(Qualifier::parse(wrong), None, "{wrong}");
        }
    }
}
