use std::net::IpAddr;

/// The values of `IpAddress`: CIDR blocks, or bare addresses as blocks of one.
///
/// Addresses of the two families never match. An IPv4 address that came
/// through an IPv6 socket (`::ffff:192.0.2.1`) is the IPv4 address. What is no
/// block or address matches nothing (inferred), which makes `NotIpAddress`
/// true.
#[derive(Debug)]
pub(crate) struct Blocks(Box<[Block]>);

#[derive(Clone, Copy, Debug)]
struct Block {
    address: IpAddr,
    prefix_bits: u32,
}

impl Blocks {
    pub(crate) fn parse(values: &[String]) -> Self {
        Self(
            values
                .iter()
                .filter_map(|value| Block::parse(value))
                .collect(),
        )
    }

    /// Address and length of the prefix of each.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (IpAddr, u32)> {
        self.0
            .iter()
            .map(|block| (block.address, block.prefix_bits))
    }

    pub(crate) fn match_any(&self, value: &str) -> bool {
        value.parse::<IpAddr>().is_ok_and(|address| {
            let address = address.to_canonical();
            self.0.iter().any(|block| block.contains(address))
        })
    }
}

/// Whether a text is a CIDR block or an address.
pub(super) fn is_block(text: &str) -> bool {
    Block::parse(text).is_some()
}

impl Block {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix_bits) = match text.split_once('/') {
            Some((address, prefix)) => {
                let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
                (address, Some(prefix.parse().ok().filter(|_| digits)?))
            }
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = prefix_bits.unwrap_or(width);
        (prefix_bits <= width).then_some(Self {
            address,
            prefix_bits,
        })
    }

    fn contains(self, address: IpAddr) -> bool {
        // The bits past the prefix are shifted out; a shift by the whole
        // width leaves none to compare.
        match (self.address, address) {
            (IpAddr::V4(block), IpAddr::V4(address)) => {
                let differing = u32::from(block) ^ u32::from(address);
                differing.checked_shr(32 - self.prefix_bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(block), IpAddr::V6(address)) => {
                let differing = u128::from(block) ^ u128::from(address);
                differing.checked_shr(128 - self.prefix_bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &str, request: &str, expected: bool) {
        let found = Blocks::parse(&[policy.into()]).match_any(request);
        assert_eq!(found, expected, "{policy} on {request}");
    }

    #[test]
    fn contains() {
        check("203.0.113.0/24", "203.0.113.255", true);
        check("203.0.113.0/24", "203.0.114.0", false);
        check("203.0.113.7/24", "203.0.113.8", true);
        check("203.0.113.7", "203.0.113.7", true);
        check("203.0.113.7", "203.0.113.8", false);
        check("0.0.0.0/0", "8.8.8.8", true);
        check("203.0.113.0/24", "::ffff:203.0.113.9", true);
        check("2001:db8::/32", "2001:db8:1::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        check("2001:db8::1", "2001:0db8:0:0::1", true);
        check("::/0", "2001:db8::1", true);
        check("::/0", "203.0.113.9", false);
        check("0.0.0.0/0", "2001:db8::1", false);
    }

    #[test]
    fn what_is_no_address_matches_nothing() {
        for bad in [
            "",
            "203.0.113.*",
            "203.0.113.0/33",
            "203.0.113.0/+8",
            "::/129",
            "1.2.3/8",
            "/8",
        ] {
            check(bad, "203.0.113.0", false);
            check("0.0.0.0/0", bad, false);
        }
    }
}
