use super::operator::Relation;

/// The values of the `Numeric…` operators, compared as 64-bit floating point.
///
/// A value that is no decimal number, on either side, matches nothing
/// (inferred), which makes `NumericNotEquals` true.
#[derive(Debug)]
pub(crate) struct Numbers {
    relation: Relation,
    values: Box<[f64]>,
}

impl Numbers {
    pub(crate) fn parse(relation: Relation, values: &[String]) -> Self {
        Self {
            relation,
            values: values.iter().filter_map(|value| number(value)).collect(),
        }
    }

    pub(crate) fn match_any(&self, value: &str) -> bool {
        number(value).is_some_and(|request| {
            self.values
                .iter()
                .any(|policy| self.relation.holds(&request, policy))
        })
    }
}

/// Rust also reads `inf` and `nan`, which are no numbers here.
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = |byte: u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    text.bytes().all(digits).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(relation: Relation, policy: &str, request: &str, expected: bool) {
        let found = Numbers::parse(relation, &[policy.into()]).match_any(request);
        assert_eq!(found, expected, "{relation:?} {policy} on {request}");
    }

    #[test]
    fn compares() {
        use Relation::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
        check(Equal, "7", "7.0", true);
        check(Equal, "7", "07", true);
        check(Equal, "7", "8", false);
        check(Less, "10", "9", true);
        check(Less, "10", "10", false);
        check(LessOrEqual, "10", "10", true);
        check(Greater, "-1.5", "-1.25", true);
        check(GreaterOrEqual, "10", "9.99", false);
    }

    #[test]
    fn what_is_no_number_matches_nothing() {
        for bad in ["", "seven", "NaN", "inf", "0x7", " 7", "${aws:EpochTime}"] {
            check(Relation::Equal, bad, bad, false);
            check(Relation::LessOrEqual, "7", bad, false);
            check(Relation::LessOrEqual, bad, "7", false);
        }
    }
}
