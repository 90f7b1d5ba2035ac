use std::{fmt, str::FromStr, sync::Arc};

/// An Amazon Resource Name: `arn:partition:service:region:account:resource`.
///
/// Only the shape is checked: six parts, the resource may hold colons. What
/// each part may say is the service's business. A clone is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    text: Arc<str>,
    /// Offsets just past the second, third, fourth and fifth colon.
    starts: [usize; 4],
}

/// The text has fewer than six parts or does not start with `arn:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidArn;

impl Arn {
    /// Puts an ARN together. The parts before `resource` must hold no colon.
    #[must_use]
    pub fn new(
        partition: &str,
        service: &str,
        region: &str,
        account: impl fmt::Display,
        resource: impl fmt::Display,
    ) -> Self {
        let text = format!("arn:{partition}:{service}:{region}:{account}:{resource}");
        let service_at = 4 + partition.len() + 1;
        let region_at = service_at + service.len() + 1;
        let account_at = region_at + region.len() + 1;
        let resource_at = text
            .get(account_at..)
            .and_then(|rest| rest.find(':'))
            .map_or(text.len(), |colon| account_at + colon + 1);
        Self {
            text: text.into(),
            starts: [service_at, region_at, account_at, resource_at],
        }
    }

    /// The whole ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The whole ARN, shared.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// `aws`, `aws-cn`, …
    #[must_use]
    pub fn partition(&self) -> &str {
        self.part(4, self.starts[0] - 1)
    }

    /// `secretsmanager`, `kms`, `iam`, …
    #[must_use]
    pub fn service(&self) -> &str {
        self.part(self.starts[0], self.starts[1] - 1)
    }

    /// A Region's name; empty for global resources.
    #[must_use]
    pub fn region(&self) -> &str {
        self.part(self.starts[1], self.starts[2] - 1)
    }

    /// Twelve digits, empty, or `aws` for what AWS itself owns.
    #[must_use]
    pub fn account(&self) -> &str {
        self.part(self.starts[2], self.starts[3] - 1)
    }

    /// All after the fifth colon.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.part(self.starts[3], self.text.len())
    }

    fn part(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }
}

impl FromStr for Arn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, InvalidArn> {
        let mut colons = text.match_indices(':').map(|(at, _)| at + 1);
        if !text.starts_with("arn:") || colons.next().is_none() {
            return Err(InvalidArn);
        }
        let mut starts = [0; 4];
        for start in &mut starts {
            *start = colons.next().ok_or(InvalidArn)?;
        }
        Ok(Self {
            text: text.into(),
            starts,
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for InvalidArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an ARN: `arn:partition:service:region:account:resource`")
    }
}

impl std::error::Error for InvalidArn {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_and_parsed_agree() {
        let built = Arn::new(
            "aws",
            "secretsmanager",
            "eu-west-1",
            "123456789012",
            "secret:a/b-AbCdEf",
        );
        let parsed: Arn = built.as_str().parse().unwrap();
        assert_eq!(built, parsed);
        assert_eq!(parsed.partition(), "aws");
        assert_eq!(parsed.service(), "secretsmanager");
        assert_eq!(parsed.region(), "eu-west-1");
        assert_eq!(parsed.account(), "123456789012");
        assert_eq!(parsed.resource(), "secret:a/b-AbCdEf");
    }

    #[test]
    fn empty_parts_are_parts() {
        let global: Arn = "arn:aws:iam::123456789012:user/a".parse().unwrap();
        assert_eq!((global.region(), global.resource()), ("", "user/a"));
        for bad in ["", "arn", "arn:aws:iam::123456789012", "urn:a:b:c:d:e"] {
            assert_eq!(bad.parse::<Arn>(), Err(InvalidArn), "{bad}");
        }
    }
}
