use std::net::IpAddr;

/// Addresses with which something holds, as ranges in order and apart from
/// each other, and perhaps the absence of any address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) absent: bool,
    v4: Ranges,
    v6: Ranges,
}

/// First and last, both in it.
type Ranges = Vec<(u128, u128)>;

/// The widest run of IPv4 addresses that still names someone: a /8.
///
/// Source: Amazon S3 User Guide, "The meaning of public": wider than /8 for
/// IPv4 and /32 for IPv6 is public.
const WIDEST_V4: u128 = 1 << 24;
/// As [`WIDEST_V4`], for IPv6: a /32.
const WIDEST_V6: u128 = 1 << 96;
/// Runs of the widest size that still name someone, together (inferred: many
/// narrow blocks can name half the Internet).
const MOST: u128 = 16;
const LAST_V4: u128 = u32::MAX as u128;

impl Addresses {
    pub(crate) fn all() -> Self {
        Self {
            absent: true,
            v4: vec![(0, LAST_V4)],
            v6: vec![(0, u128::MAX)],
        }
    }

    pub(crate) fn none() -> Self {
        Self {
            absent: false,
            v4: Vec::new(),
            v6: Vec::new(),
        }
    }

    /// The addresses of blocks: address and length of the prefix.
    pub(crate) fn of_blocks(blocks: impl IntoIterator<Item = (IpAddr, u32)>) -> Self {
        let mut addresses = Self::none();
        for (address, prefix_bits) in blocks {
            let (ranges, bits, width) = match address {
                IpAddr::V4(it) => (&mut addresses.v4, u128::from(u32::from(it)), 32),
                IpAddr::V6(it) => (&mut addresses.v6, u128::from(it), 128_u32),
            };
            let free = width.saturating_sub(prefix_bits);
            let mask = 1_u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
            ranges.push((bits & !mask, bits | mask));
        }
        addresses.v4 = merged(addresses.v4);
        addresses.v6 = merged(addresses.v6);
        addresses
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        Self {
            absent: self.absent && other.absent,
            v4: common(&self.v4, &other.v4),
            v6: common(&self.v6, &other.v6),
        }
    }

    /// How many ranges there are.
    pub(super) fn ranges(&self) -> usize {
        1 + self.v4.len() + self.v6.len()
    }

    /// How many pairs of ranges [`Self::and`] looks at.
    pub(super) fn pairs(&self, other: &Self) -> usize {
        self.ranges().saturating_mul(other.ranges())
    }

    pub(crate) fn complement(&self) -> Self {
        Self {
            absent: !self.absent,
            v4: rest(&self.v4, LAST_V4),
            v6: rest(&self.v6, u128::MAX),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.absent && self.v4.is_empty() && self.v6.is_empty()
    }

    pub(crate) fn is_narrow(&self) -> bool {
        !self.absent && few(&self.v4, WIDEST_V4) && few(&self.v6, WIDEST_V6)
    }
}

fn few(ranges: &Ranges, widest: u128) -> bool {
    let mut total = 0_u128;
    ranges.iter().all(|(first, last)| {
        let size = (last - first).saturating_add(1);
        total = total.saturating_add(size);
        size <= widest && total <= widest.saturating_mul(MOST)
    })
}

/// In order, with those that touch or overlap made one.
fn merged(mut ranges: Ranges) -> Ranges {
    ranges.sort_unstable();
    let mut merged: Ranges = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    merged
}

fn common(a: &Ranges, b: &Ranges) -> Ranges {
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
    let both = pairs.map(|(a, b)| (a.0.max(b.0), a.1.min(b.1)));
    merged(both.filter(|(first, last)| first <= last).collect())
}

fn rest(ranges: &Ranges, greatest: u128) -> Ranges {
    let mut rest = Vec::new();
    let mut next = Some(0);
    for (first, last) in ranges {
        if let Some(from) = next
            && from < *first
        {
            rest.push((from, first - 1));
        }
        next = last.checked_add(1).filter(|next| *next <= greatest);
    }
    rest.extend(next.map(|from| (from, greatest)));
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(blocks: &[&str]) -> Addresses {
        Addresses::of_blocks(blocks.iter().map(|block| {
            let (address, prefix) = block.split_once('/').unwrap();
            (address.parse().unwrap(), prefix.parse().unwrap())
        }))
    }

    #[test]
    fn sets_of_addresses() {
        assert_eq!(set(&["10.0.0.0/9", "10.128.0.0/9"]), set(&["10.7.0.0/8"]));
        assert_eq!(set(&["0.0.0.0/1", "128.0.0.0/1", "::/0"]).complement(), {
            let mut absent = Addresses::none();
            absent.absent = true;
            absent
        });
        let outside = set(&["203.0.113.0/24", "2001:db8::/32"]).complement();
        assert_eq!(
            outside.complement(),
            set(&["203.0.113.0/24", "2001:db8::/32"])
        );
        assert!(
            outside
                .and(&set(&["203.0.113.7/32", "2001:db8::1/128"]))
                .is_empty()
        );
        assert!(!outside.and(&set(&["203.0.112.0/23"])).is_empty());
    }

    #[test]
    fn wide_sets_name_nobody() {
        for (blocks, narrow) in [
            (&["203.0.113.0/24"][..], true),
            (&["10.0.0.0/8"], true),
            (&["0.0.0.0/1"], false),
            (&["8.0.0.0/7"], false),
            (&["8.0.0.0/8", "9.0.0.0/8"], false),
            (&["8.0.0.0/8", "11.0.0.0/8"], true),
            (&["2001:db8::/32"], true),
            (&["2001::/16"], false),
            (&["203.0.113.0/24", "::/0"], false),
            (&[], true),
        ] {
            assert_eq!(set(blocks).is_narrow(), narrow, "{blocks:?}");
        }
        let every_second: Vec<String> = (0..128).map(|at| format!("{}.0.0.0/8", 2 * at)).collect();
        let every_second: Vec<&str> = every_second.iter().map(|it| &**it).collect();
        assert!(!set(&every_second).is_narrow());
        assert!(!Addresses::all().is_narrow());
    }
}
