use super::{keys::Kind, pattern::Pattern, work::Work};

/// The values of one key with which something holds: a part of all texts, and
/// perhaps the key's absence. Described as a conjunction, which is all that
/// conditions need: in each of `within`, and in none of `without`. Of a key
/// with several values: one in each of `within`, and none in `without`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Values {
    /// Whether it holds without the key.
    pub(crate) absent: bool,
    /// Whether it may hold with the key.
    pub(crate) present: bool,
    /// Each a union of patterns, one of which the value is in.
    pub(crate) within: Vec<Vec<Pattern>>,
    pub(crate) without: Vec<Pattern>,
}

impl Values {
    pub(crate) fn all() -> Self {
        Self {
            absent: true,
            present: true,
            within: Vec::new(),
            without: Vec::new(),
        }
    }

    fn present() -> Self {
        Self {
            absent: false,
            ..Self::all()
        }
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        Self {
            absent: self.absent && other.absent,
            present: self.present && other.present,
            within: [&self.within[..], &other.within[..]].concat(),
            without: [&self.without[..], &other.without[..]].concat(),
        }
    }

    /// Everything else, as sets that may overlap.
    pub(crate) fn complement(&self) -> Vec<Self> {
        if !self.present {
            let mut sets = vec![Self::present()];
            if !self.absent {
                sets.push(Self::absent());
            }
            return sets;
        }
        let outside = self.within.iter().map(|patterns| Self {
            without: patterns.clone(),
            ..Self::present()
        });
        let inside = (!self.without.is_empty()).then(|| Self {
            within: vec![self.without.clone()],
            ..Self::present()
        });
        let absent = (!self.absent).then(Self::absent);
        outside.chain(inside).chain(absent).collect()
    }

    fn absent() -> Self {
        Self {
            absent: true,
            present: false,
            ..Self::all()
        }
    }

    /// The steps that a copy is.
    pub(super) fn weight(&self) -> usize {
        let patterns = self.within.iter().flatten().chain(&self.without);
        1 + self.within.len() + patterns.map(Pattern::weight).sum::<usize>()
    }

    /// Whether nothing is in it. A "no" may be wrong.
    pub(super) fn is_empty(&self, kind: Kind, work: &Work) -> bool {
        let nothing = |at: usize| self.left(kind, at, work).next().is_none();
        !self.absent && (!self.present || (0..self.within.len()).any(nothing))
    }

    /// Whether only fixed values are in it. A "no" may be wrong.
    pub(super) fn is_narrow(&self, kind: Kind, work: &Work) -> bool {
        let fixed = |at: usize| {
            self.left(kind, at, work)
                .all(|pattern| pattern.is_fixed(kind))
        };
        !self.absent && (!self.present || (0..self.within.len()).any(fixed))
    }

    /// The patterns of one union that the rest of the conjunction leaves. Of a
    /// key with several values, different ones may be in different unions, so
    /// all patterns are left.
    fn left<'a>(
        &'a self,
        kind: Kind,
        at: usize,
        work: &'a Work,
    ) -> impl Iterator<Item = &'a Pattern> {
        self.within
            .get(at)
            .into_iter()
            .flatten()
            .filter(move |pattern| {
                kind.is_multivalued()
                    || (self.within.iter().enumerate().all(|(of, union)| {
                        let meets = |other: &Pattern| pattern.may_meet(other, work);
                        // In its own union it meets itself.
                        of == at || union.iter().any(meets)
                    }) && !self.excludes(pattern, work))
            })
    }

    fn excludes(&self, pattern: &Pattern, work: &Work) -> bool {
        // In another spelling a text may not be excluded.
        let literal = pattern.literal().filter(|_| pattern.goes_by_case());
        let text = literal.as_ref().map_or(0, String::len);
        self.without.iter().any(|excluded| {
            // Matching takes at most the letters of both multiplied.
            let steps = (1 + text).saturating_mul(excluded.weight());
            !work.take(steps)
                || excluded == pattern
                || (literal.as_deref()).is_some_and(|it| excluded.contains(it))
        })
    }
}
