use super::boolean::boolean;

/// The values of `Null`: `true` asks for the key to be absent, `false` for it
/// to be present. Case is ignored (inferred, as for `Bool`); another value
/// matches nothing.
#[derive(Debug)]
pub(crate) struct Absence {
    absent: bool,
    present: bool,
}

impl Absence {
    pub(crate) fn parse(values: &[String]) -> Self {
        let asks = |wanted| values.iter().any(|value| boolean(value) == Some(wanted));
        Self {
            absent: asks(true),
            present: asks(false),
        }
    }

    pub(crate) fn holds(&self, present: bool) -> bool {
        if present { self.present } else { self.absent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_for_absence_or_presence() {
        let check = |values: &[&str], if_absent, if_present| {
            let values: Vec<_> = values.iter().map(ToString::to_string).collect();
            let absence = Absence::parse(&values);
            assert_eq!(absence.holds(false), if_absent, "{values:?}");
            assert_eq!(absence.holds(true), if_present, "{values:?}");
        };
        check(&["true"], true, false);
        check(&["False"], false, true);
        check(&["true", "false"], true, true);
        check(&["", "null", "${aws:SecureTransport}"], false, false);
    }
}
