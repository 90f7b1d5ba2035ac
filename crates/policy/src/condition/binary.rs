use base64::{Engine, engine::general_purpose::STANDARD};

/// The values of `BinaryEquals`, decoded.
///
/// The request's value is Base64 as well (inferred: that is how IAM's policy
/// simulator takes binary context keys). What is not Base64, on either side,
/// matches nothing.
#[derive(Debug)]
pub(crate) struct Binaries(Box<[Box<[u8]>]>);

impl Binaries {
    pub(crate) fn parse(values: &[String]) -> Self {
        let decoded = values
            .iter()
            .filter_map(|value| STANDARD.decode(value).ok());
        Self(decoded.map(Vec::into_boxed_slice).collect())
    }

    pub(crate) fn match_any(&self, value: &str) -> bool {
        STANDARD
            .decode(value)
            .is_ok_and(|request| self.0.iter().any(|policy| **policy == *request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_bytes() {
        let check = |policy: &str, request: &str, expected: bool| {
            let found = Binaries::parse(&[policy.into()]).match_any(request);
            assert_eq!(found, expected, "{policy} on {request}");
        };
        check("AAEC", "AAEC", true);
        check("AAEC", "AAED", false);
        check("AAEC", "aaec", false);
        check("", "", true);
        check("A", "A", false);
        check("AA*=", "AA*=", false);
    }
}
