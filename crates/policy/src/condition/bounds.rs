use super::{Condition, Operands, Qualifier, arn};
use crate::{
    analysis::{Addresses, Kind, Pattern, Values},
    glob::Case,
    template::Template,
};

/// From which side a set is told that cannot be told exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// At most what is in it.
    Inside,
    /// At least what is in it.
    Outside,
}

impl Condition {
    /// The key, in lower case.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The values of the key with which the condition holds; nothing if that
    /// cannot be told from this side.
    pub(crate) fn values(&self, kind: Kind, side: Side) -> Option<Values> {
        if let Operands::Null(absence) = &self.operands {
            return Some(Values {
                absent: absence.holds(false),
                present: absence.holds(true),
                ..Values::all()
            });
        }
        let (patterns, exact) = self.patterns()?;
        let inside = side == Side::Inside;
        let mut values = Values {
            absent: self.holds_without_key(),
            ..Values::all()
        };
        // Of several values: whether they all are in the union, and whether
        // one is outside, is no conjunction.
        let whole = match (self.operator.qualifier, self.operator.negated) {
            (Some(Qualifier::ForAllValues), false) | (Some(Qualifier::ForAnyValue), true) => {
                !kind.is_multivalued()
            }
            _ => true,
        };
        if inside && !whole {
            return None;
        }
        match self.operator.negated {
            false if exact || inside => values.within.push(patterns),
            false => {}
            true if inside && !exact => return None,
            true if whole => values.without = patterns,
            true => {}
        }
        Some(values)
    }

    /// As [`Condition::values`], for a key whose values are addresses.
    pub(crate) fn addresses(&self, side: Side) -> Option<Addresses> {
        let mut addresses = match &self.operands {
            Operands::Null(absence) => {
                let mut addresses = Addresses::none();
                if absence.holds(true) {
                    addresses = Addresses::all();
                }
                addresses.absent = absence.holds(false);
                return Some(addresses);
            }
            Operands::IpAddress(blocks) => Addresses::of_blocks(blocks.blocks()),
            _ => return (side == Side::Outside).then(Addresses::all),
        };
        if self.operator.negated {
            addresses = addresses.complement();
        }
        addresses.absent = self.holds_without_key();
        Some(addresses)
    }

    fn holds_without_key(&self) -> bool {
        match self.operator.qualifier {
            Some(Qualifier::ForAllValues) => true,
            Some(Qualifier::ForAnyValue) => self.operator.if_exists,
            None => self.operator.if_exists || self.operator.negated,
        }
    }

    /// The policy's values without those that have variables, and whether
    /// there were none such; nothing for values that are not compared as text.
    fn patterns(&self) -> Option<(Vec<Pattern>, bool)> {
        let patterns: Vec<Option<Pattern>> = match &self.operands {
            Operands::Arn(arns) => (arns.patterns().iter())
                .map(|pattern| match pattern {
                    arn::Pattern::Fixed(parts) => Some(Pattern::Arn(parts.clone())),
                    arn::Pattern::Varying(_) => None,
                })
                .collect(),
            Operands::String(strings) => {
                let case = if strings.ignore_case() {
                    Case::Insensitive
                } else {
                    Case::Sensitive
                };
                (strings.templates().iter())
                    .map(|template| match template {
                        Template::Fixed(tokens) => Some(Pattern::Text {
                            case,
                            tokens: tokens.to_vec(),
                        }),
                        Template::Varying(_) => None,
                    })
                    .collect()
            }
            _ => return None,
        };
        let all = patterns.len();
        let known: Vec<_> = patterns.into_iter().flatten().collect();
        let exact = known.len() == all;
        Some((known, exact))
    }
}
