use std::{fmt, str::FromStr};

/// An AWS account: exactly twelve decimal digits, leading zeros kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

/// The text was not twelve decimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidAccountId;

impl AccountId {
    /// No account: what stands where a request comes from nobody's.
    pub const NONE: Self = Self(0);

    /// One more than the largest account number.
    const END: u64 = 1_000_000_000_000;

    /// The account with this number, if it fits in twelve digits.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        (number < Self::END).then_some(Self(number))
    }

    /// The number, below 10¹².
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// The digits, in ASCII.
    #[must_use]
    pub fn digits(self) -> [u8; 12] {
        let (mut digits, mut rest) = ([b'0'; 12], self.0);
        for digit in digits.iter_mut().rev() {
            *digit += (rest % 10) as u8;
            rest /= 10;
        }
        digits
    }
}

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    fn from_str(text: &str) -> Result<Self, InvalidAccountId> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            text.parse().map(Self).map_err(|_| InvalidAccountId)
        } else {
            Err(InvalidAccountId)
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Display for InvalidAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an account id is exactly 12 digits")
    }
}

impl std::error::Error for InvalidAccountId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_leading_zeros_and_refuses_the_rest() {
        assert_eq!(
            "000000000042".parse::<AccountId>().unwrap().to_string(),
            "000000000042"
        );
        for bad in ["", "42", "0000000000421", "00000000004a", "+00000000042"] {
            assert_eq!(bad.parse::<AccountId>(), Err(InvalidAccountId), "{bad}");
        }
        assert_eq!(AccountId(987_654_321_098).to_string(), "987654321098");
        assert_eq!(AccountId::new(1_000_000_000_000), None);
    }
}
