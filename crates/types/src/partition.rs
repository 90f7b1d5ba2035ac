use std::{fmt, str::FromStr};

/// Source: botocore's list of partitions.
const PARTITIONS: &[&str] = &[
    "aws",
    "aws-cn",
    "aws-eusc",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
    "aws-us-gov",
];

/// The second part of every ARN: `aws` unless the deployment says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Partition(&'static str);

/// The text names no AWS partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPartition;

impl Partition {
    /// The partition's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl Default for Partition {
    fn default() -> Self {
        Self("aws")
    }
}

impl FromStr for Partition {
    type Err = InvalidPartition;

    fn from_str(text: &str) -> Result<Self, InvalidPartition> {
        PARTITIONS
            .iter()
            .find(|name| **name == text)
            .map(|name| Self(name))
            .ok_or(InvalidPartition)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for InvalidPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an AWS partition; one of: {}", PARTITIONS.join(", "))
    }
}

impl std::error::Error for InvalidPartition {}
