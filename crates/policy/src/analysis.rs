//! Whom a resource policy lets in, told from the policy alone.
//!
//! A policy grants access broadly if it lets in a *stranger*: a caller whom
//! it names in no way, neither as a principal nor by a fixed value of a
//! condition key that tells who or where the caller is. That is what AWS calls
//! public (source: Amazon S3 User Guide, "The meaning of public"; Secrets
//! Manager answers by the same automated reasoning).
//!
//! The reasoning goes by sets. For each `Allow` that reaches strangers there
//! is a [`Region`]: for each key that can tell callers apart, the set of
//! values with which the conditions hold. Each `Deny` cuts its own region out
//! of it, which leaves several smaller ones. The statement is narrow if every
//! region that is left is empty, or holds only fixed values of some key.
//!
//! Where sets cannot be told, it errs on the side of "broad": an `Allow` is
//! taken to hold with more values than it may (variables, keys of other
//! meaning), a `Deny` with fewer. So a policy that is called narrow never lets
//! a stranger in, which the tests hold against the evaluator; a policy that is
//! called broad may be narrow for a reason that is not looked for.
//!
//! What it costs is counted ([`Work`]), so that no policy holds the server up:
//! one that cannot be told in so many steps is called broad.

mod addresses;
mod cover;
mod keys;
mod pattern;
mod region;
mod values;
mod work;

pub(crate) use self::{addresses::Addresses, keys::Kind, pattern::Pattern, values::Values};

use self::{cover::covers, region::Region, work::Work};
use crate::{Effect, Policy, PrincipalPattern, Statement, policy::Selection};

/// Regions of one statement that are looked at. Past it further denials are
/// left out of account, which makes the answer "broad" more often.
const MAX_REGIONS: usize = 256;

impl Policy {
    /// The statements that grant access broadly, by their place from 0; none
    /// if the policy is not public. Meant for the policies of resources.
    #[must_use]
    pub fn broad_statements(&self) -> Vec<usize> {
        let work = Work::new();
        let denials: Vec<(&Statement, Region)> = (self.statements.iter())
            .filter(|it| it.effect == Effect::Deny && reaches_strangers(it))
            .filter_map(|it| Some((it, Region::of_deny(&it.conditions, &work)?)))
            .collect();
        let broad = |statement: &Statement| {
            statement.effect == Effect::Allow
                && reaches_strangers(statement)
                && lets_strangers_in(statement, &denials, &work)
        };
        (self.statements.iter().enumerate())
            .filter(|(_, statement)| broad(statement))
            .map(|(index, _)| index)
            .collect()
    }
}

fn lets_strangers_in(statement: &Statement, denials: &[(&Statement, Region)], work: &Work) -> bool {
    let mut regions = Vec::from_iter(Region::of_allow(&statement.conditions, work));
    for (denial, denied) in denials {
        if !covers(denial, statement, work) {
            continue;
        }
        let left: Vec<Region> = (regions.iter())
            .flat_map(|region| region.without(denied, work))
            .collect();
        if left.len() <= MAX_REGIONS {
            regions = left;
        }
        if work.is_spent() {
            break;
        }
    }
    let broad = regions.iter().any(|region| !region.is_narrow(work));
    broad || work.is_spent()
}

/// A stranger is named by `*` alone, and is among those whom a `NotPrincipal`
/// without `*` leaves.
fn reaches_strangers(statement: &Statement) -> bool {
    let Some(Selection { list, negated }) = &statement.principals else {
        return true;
    };
    *negated != list.contains(&PrincipalPattern::Anyone)
}
