use super::{addresses::Addresses, keys::Kind, values::Values, work::Work};
use crate::condition::{Condition, Side};

/// Callers, told apart by keys: a set of values for each key that is not free.
#[derive(Clone, Debug, Default)]
pub(super) struct Region(Vec<(Box<str>, Set)>);

#[derive(Clone, Debug)]
enum Set {
    Addresses(Addresses),
    Values(Kind, Values),
}

impl Region {
    /// At least all callers with whom the conditions of an `Allow` hold;
    /// nothing if there are none.
    pub(super) fn of_allow(conditions: &[Condition], work: &Work) -> Option<Self> {
        let mut region = Self::default();
        for condition in conditions {
            if let Some((key, set)) = Set::of(condition, Side::Outside) {
                region = region.with(key, &set, work)?;
            }
        }
        Some(region)
    }

    /// At most the callers with whom the conditions of a `Deny` hold; nothing
    /// if that cannot be told.
    pub(super) fn of_deny(conditions: &[Condition], work: &Work) -> Option<Self> {
        let mut region = Self::default();
        for condition in conditions {
            let (key, set) = Set::of(condition, Side::Inside)?;
            region = region.with(key, &set, work)?;
        }
        Some(region)
    }

    /// This region with one key's set narrowed; nothing if that leaves none.
    fn with(&self, key: &str, set: &Set, work: &Work) -> Option<Self> {
        let weights = self.0.iter().map(|(_, set)| set.weight());
        if !work.take(weights.sum::<usize>() + set.weight()) {
            return None;
        }
        let mut region = self.clone();
        match region.0.iter_mut().find(|(known, _)| **known == *key) {
            Some((_, known)) => *known = known.and(set, work),
            None => region.0.push((key.into(), set.clone())),
        }
        let empty = region.0.iter().any(|(_, set)| set.is_empty(work));
        (!empty).then_some(region)
    }

    /// What is left without `denied`: for each of its keys those whose value
    /// is outside. What overlaps is looked at more than once.
    pub(super) fn without(&self, denied: &Self, work: &Work) -> Vec<Self> {
        let outside = |(key, set): &(Box<str>, Set)| {
            if !work.take(set.weight()) {
                return Vec::new();
            }
            let complement = set.complement();
            complement
                .iter()
                .filter_map(|set| self.with(key, set, work))
                .collect::<Vec<_>>()
        };
        denied.0.iter().flat_map(outside).collect()
    }

    /// Whether nobody but callers with fixed values is in it.
    pub(super) fn is_narrow(&self, work: &Work) -> bool {
        self.0.iter().any(|(_, set)| match set {
            Set::Addresses(addresses) => addresses.is_narrow(),
            Set::Values(kind, values) => values.is_narrow(*kind, work),
        })
    }
}

impl Set {
    /// The set that a condition describes, from inside or outside where it
    /// cannot be told exactly; nothing if the key does not tell callers apart.
    fn of(condition: &Condition, side: Side) -> Option<(&str, Self)> {
        let key = condition.key();
        let kind = Kind::of(key)?;
        let set = match kind {
            Kind::Address => Self::Addresses(condition.addresses(side)?),
            _ => Self::Values(kind, condition.values(kind, side)?),
        };
        Some((key, set))
    }

    fn and(&self, other: &Self, work: &Work) -> Self {
        match (self, other) {
            (Self::Addresses(a), Self::Addresses(b)) if work.take(a.pairs(b)) => {
                Self::Addresses(a.and(b))
            }
            (Self::Values(kind, a), Self::Values(_, b)) => Self::Values(*kind, a.and(b)),
            // A key has one kind; or the work is done for.
            _ => self.clone(),
        }
    }

    fn complement(&self) -> Vec<Self> {
        match self {
            Self::Addresses(addresses) => vec![Self::Addresses(addresses.complement())],
            Self::Values(kind, values) => (values.complement().into_iter())
                .map(|values| Self::Values(*kind, values))
                .collect(),
        }
    }

    /// The steps that a copy is.
    fn weight(&self) -> usize {
        match self {
            Self::Addresses(addresses) => addresses.ranges(),
            Self::Values(_, values) => values.weight(),
        }
    }

    fn is_empty(&self, work: &Work) -> bool {
        match self {
            Self::Addresses(addresses) => addresses.is_empty(),
            Self::Values(kind, values) => values.is_empty(*kind, work),
        }
    }
}
