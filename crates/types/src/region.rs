use std::{fmt, str::FromStr};

/// Every public AWS Region name, sorted.
const PUBLIC: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// A public AWS Region. Regions are separate keyspaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(&'static str);

/// The text names no public AWS Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRegion;

impl Region {
    /// Home of the global services: IAM, Organizations, global STS.
    pub const US_EAST_1: Self = Self("us-east-1");

    /// The Region's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// All public Regions, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        PUBLIC.iter().map(|name| Self(name))
    }
}

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, InvalidRegion> {
        let place = PUBLIC.binary_search(&text).map_err(|_| InvalidRegion)?;
        PUBLIC
            .get(place)
            .map(|name| Self(name))
            .ok_or(InvalidRegion)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for InvalidRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the name of a public AWS Region, such as `eu-central-1`")
    }
}

impl std::error::Error for InvalidRegion {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_every_name_is_found() {
        assert!(PUBLIC.is_sorted());
        for region in Region::all() {
            assert_eq!(region.as_str().parse(), Ok(region));
        }
        assert_eq!("us-east-9".parse::<Region>(), Err(InvalidRegion));
    }
}
