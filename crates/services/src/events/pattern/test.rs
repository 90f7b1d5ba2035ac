//! One value of a pattern: what is asked of one value of an event.

use std::{net::IpAddr, str::FromStr};

use serde_json::{Number, Value};

/// The largest number, either way, that `numeric` compares with. Source:
/// EventBridge User Guide, "Numeric matching".
pub(super) const MOST: f64 = 5e9;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// Any value that none of these hold of.
    AnythingBut(Vec<Test>),
    Cidr(Cidr),
    /// Case does not count; in lower case.
    EqualsIgnoreCase(String),
    Exact(Value),
    Exists(bool),
    Numeric(Vec<(Comparison, f64)>),
    Prefix(String),
    PrefixIgnoreCase(String),
    Suffix(String),
    SuffixIgnoreCase(String),
    Wildcard(Wildcard),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

impl Test {
    /// Whether it holds of a value that is no array and no object.
    pub(super) fn holds(&self, value: &Value) -> bool {
        let text = value.as_str();
        let is = |how: &dyn Fn(&str) -> bool| text.is_some_and(how);
        match self {
            Self::AnythingBut(tests) => !tests.iter().any(|test| test.holds(value)),
            Self::Cidr(cidr) => is(&|text| text.parse().is_ok_and(|ip| cidr.holds(ip))),
            Self::EqualsIgnoreCase(wanted) => is(&|text| text.to_lowercase() == *wanted),
            Self::Exact(Value::Number(wanted)) => {
                value.as_number().is_some_and(|number| same(number, wanted))
            }
            Self::Exact(wanted) => value == wanted,
            Self::Exists(wanted) => *wanted,
            Self::Numeric(comparisons) => value.as_f64().is_some_and(|number| {
                let mut each = comparisons.iter();
                (-MOST..=MOST).contains(&number)
                    && each.all(|(how, bound)| how.holds(number, *bound))
            }),
            Self::Prefix(prefix) => is(&|text| text.starts_with(prefix)),
            Self::PrefixIgnoreCase(prefix) => is(&|text| text.to_lowercase().starts_with(prefix)),
            Self::Suffix(suffix) => is(&|text| text.ends_with(suffix)),
            Self::SuffixIgnoreCase(suffix) => is(&|text| text.to_lowercase().ends_with(suffix)),
            Self::Wildcard(wildcard) => is(&|text| wildcard.holds(text)),
        }
    }
}

/// Numbers are compared as they are written: 300 and 300.0 are not the same.
fn same(number: &Number, wanted: &Number) -> bool {
    number.to_string() == wanted.to_string()
}

impl Comparison {
    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Equal => (number - bound).abs() < f64::EPSILON * bound.abs().max(1.0),
            Self::Less => number < bound,
            Self::LessOrEqual => number <= bound,
            Self::More => number > bound,
            Self::MoreOrEqual => number >= bound,
        }
    }

    /// Whether it bounds from below, `None` for an equality.
    pub(super) fn is_lower(self) -> Option<bool> {
        match self {
            Self::Equal => None,
            Self::Less | Self::LessOrEqual => Some(false),
            Self::More | Self::MoreOrEqual => Some(true),
        }
    }
}

impl FromStr for Comparison {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "=" => Self::Equal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::More,
            ">=" => Self::MoreOrEqual,
            _ => return Err(()),
        })
    }
}

/// A block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cidr {
    address: IpAddr,
    bits: u32,
}

impl FromStr for Cidr {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, bits) = text.split_once('/').ok_or(())?;
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let bits = bits.parse().map_err(|_| ())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        (bits <= most).then_some(Self { address, bits }).ok_or(())
    }
}

impl Cidr {
    fn holds(self, ip: IpAddr) -> bool {
        let differ = match (self.address, ip) {
            (IpAddr::V4(block), IpAddr::V4(ip)) => (block.to_bits() ^ ip.to_bits()).leading_zeros(),
            (IpAddr::V6(block), IpAddr::V6(ip)) => (block.to_bits() ^ ip.to_bits()).leading_zeros(),
            _ => return false,
        };
        differ >= self.bits
    }
}

/// Text with `*` for any characters, `\*` for an asterisk and `\\` for a
/// backslash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wildcard {
    /// What is between the asterisks; at least one.
    pieces: Vec<String>,
}

impl FromStr for Wildcard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut pieces = Vec::new();
        let mut piece = String::new();
        let mut rest = text.chars().peekable();
        while let Some(next) = rest.next() {
            match next {
                '*' if rest.peek() == Some(&'*') => return Err("two `*` follow each other"),
                '*' => pieces.push(std::mem::take(&mut piece)),
                '\\' => match rest.next() {
                    Some(escaped @ ('*' | '\\')) => piece.push(escaped),
                    _ => return Err("a `\\` stands before something else than `*` or `\\`"),
                },
                other => piece.push(other),
            }
        }
        pieces.push(piece);
        Ok(Self { pieces })
    }
}

impl Wildcard {
    /// Whether the text is of this form.
    pub(crate) fn holds(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|whole| whole == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        // The earliest place of each piece leaves the most room for the next.
        for piece in middle {
            match rest.find(piece.as_str()) {
                Some(place) => rest = rest.get(place + piece.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}
