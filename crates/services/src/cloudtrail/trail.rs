//! The one trail of every account, which nobody made and nobody can stop.

use strongroom_types::{Arn, Region};

use super::error::{Error, Result};
use crate::context::Home;

/// Its name.
pub(super) const NAME: &str = "management-events";
/// Its home Region. It records every Region's events.
pub(super) const HOME: Region = Region::US_EAST_1;

/// Its ARN in an account.
pub(super) fn arn(home: &Home) -> Arn {
    let at_home = Home {
        region: HOME,
        ..*home
    };
    at_home.arn("cloudtrail", format_args!("trail/{NAME}"))
}

/// Whether a name or ARN, as a request has it, is the trail's.
///
/// # Errors
/// `CloudTrailARNInvalidException`, `InvalidTrailNameException`.
pub(super) fn is_named(text: &str, home: &Home) -> Result<bool> {
    if !text.starts_with("arn:") {
        check_name(text)?;
        // A name is one of the Region that is asked; an ARN says its own.
        return Ok(text == NAME && home.region == HOME);
    }
    let parsed: Arn = text.parse().map_err(|_| Error::TrailArn(text.to_owned()))?;
    let name = parsed.resource().strip_prefix("trail/");
    if parsed.service() != "cloudtrail" || name.is_none() {
        return Err(Error::TrailArn(text.to_owned()));
    }
    Ok(parsed == arn(home))
}

/// Source: CloudTrail API Reference, CreateTrail, `Name`.
fn check_name(name: &str) -> Result<()> {
    let inner = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let ends = [name.chars().next(), name.chars().next_back()];
    let fits = (3..=128).contains(&name.len())
        && name.chars().all(inner)
        && ends.iter().flatten().all(char::is_ascii_alphanumeric);
    fits.then_some(()).ok_or(Error::TrailName)
}

#[cfg(test)]
mod tests {
    use strongroom_types::{AccountId, Partition};

    use super::*;

    #[test]
    fn a_trail_is_named_by_its_name_at_home_and_by_its_arn_anywhere() {
        let home = |region: &str| Home {
            partition: Partition::default(),
            account: AccountId::new(111_122_223_333).unwrap(),
            region: region.parse().unwrap(),
        };
        let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/management-events";
        assert!(is_named(NAME, &home("us-east-1")).unwrap());
        assert!(!is_named(NAME, &home("eu-west-1")).unwrap());
        assert!(is_named(arn, &home("eu-west-1")).unwrap());
        assert!(!is_named("other", &home("us-east-1")).unwrap());
        for bad in ["ab", "-abc", "a b c", "arn:aws:s3:::x", "arn:nonsense"] {
            assert!(is_named(bad, &home("us-east-1")).is_err(), "{bad}");
        }
    }
}
