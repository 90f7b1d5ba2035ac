//! Names and ARNs of functions.

use strongroom_types::{Arn, Partition};

use super::{error::Error, qualifier::Qualifier};
use crate::context::Home;

/// A function's ARN with this qualifier.
pub(super) fn qualified(home: &Home, name: &str, qualifier: &Qualifier) -> Arn {
    home.arn("lambda", format_args!("function:{name}:{qualifier}"))
}

/// The ARN of a function itself.
pub(super) fn unqualified(home: &Home, name: &str) -> Arn {
    home.arn("lambda", format_args!("function:{name}"))
}

/// The refusal of a text that names no function.
pub(super) fn not_a_name(text: &str) -> Error {
    Error::InvalidParameterValue(
        format!(
            "1 validation error detected: Value '{text}' at 'functionName' failed to satisfy \
                 constraint: Member must be the name or the ARN of a function"
        )
        .into(),
    )
}

/// Home, name and qualifier of `arn:aws:lambda:<Region>:<account>:function:<name>[:<qualifier>]`.
pub(super) fn parse(text: &str, partition: Partition) -> Option<(Home, &str, Option<&str>)> {
    let mut parts = text.splitn(8, ':');
    let mut next = || parts.next();
    if (next()?, next()?, next()?) != ("arn", partition.as_str(), "lambda") {
        return None;
    }
    let home = Home {
        partition,
        region: next()?.parse().ok()?,
        account: next()?.parse().ok()?,
    };
    if next()? != "function" {
        return None;
    }
    let name = next().filter(|name| is_name(name, 64))?;
    let qualifier = next();
    if qualifier.is_some_and(|qualifier| Qualifier::parse(qualifier).is_none()) {
        return None;
    }
    Some((home, name, qualifier))
}

/// Whether a text can be a function's name.
pub(super) fn is_name(text: &str, most: usize) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=most).contains(&text.len()) && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_functions() {
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:rotate";
        let (home, name, qualifier) = parse(arn, Partition::default()).unwrap();
        assert_eq!(
            (home.region.as_str(), name, qualifier),
            ("eu-west-1", "rotate", None)
        );
        for qualifier in ["$LATEST", "7", "live"] {
            let arn = format!("{arn}:{qualifier}");
            assert_eq!(
                parse(&arn, Partition::default()).unwrap().2,
                Some(qualifier)
            );
        }
        for wrong in [
            "rotate",
            "arn:aws:lambda:eu-west-1:111122223333:function:",
            "arn:aws:lambda:eu-west-1:111122223333:layer:rotate",
            "arn:aws:lambda:eu-west-1:1111:function:rotate",
            "arn:aws:sns:eu-west-1:111122223333:function:rotate",
            "arn:aws:lambda:eu-west-1:111122223333:function:rotate:1:2",
            "arn:aws:lambda:eu-west-1:111122223333:function:ro tate",
        ] {
            assert!(parse(wrong, Partition::default()).is_none(), "{wrong}");
        }
    }
}
