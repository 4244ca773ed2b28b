//! Who is at the other end, as far as it can be known: the peer, or what a trusted proxy says of it.
//!
//! An address is used to count and is never formatted: [`Address`] redacts itself.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What counts as one address: an IPv4 address, or the /64 of an IPv6 one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address(IpAddr);

impl Address {
    /// What is given out as one and often shared: the /24 of an IPv4 address, the /48 of an IPv6 one.
    #[must_use]
    pub fn network(self) -> Self {
        match self.0 {
            IpAddr::V4(v4) => Self(IpAddr::from((v4.to_bits() & !0xff).to_be_bytes())),
            IpAddr::V6(v6) => Self(IpAddr::from((v6.to_bits() >> 80 << 80).to_be_bytes())),
        }
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            v4 @ IpAddr::V4(_) => Self(v4),
            IpAddr::V6(v6) => Self(IpAddr::from((v6.to_bits() & !u128::from(u64::MAX)).to_be_bytes())),
        }
    }
}

impl Address {
    /// What a keyed hash is made of.
    pub fn hashed(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        }
    }
}

/// How much more a network around a /64 of IPv6 is allowed than that /64: bits of the prefix, and the factor. A /56 is
/// mostly one household; a /48 is a firm, or many customers of one provider.
const AROUND: [(u8, u32); 2] = [(56, 2), (48, 8)];

/// A network that is counted as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Block {
    base: IpAddr,
    prefix: u8,
}

impl Address {
    /// The address and the networks around it that are counted too, narrowest first, each with how many times what one
    /// address may it is allowed. Of IPv4 it is the address alone; of IPv6, where a customer may hold 65,536 of what
    /// counts as one address, the /64, the /56 and the /48.
    pub fn blocks(self) -> impl Iterator<Item = (Block, u32)> {
        let (own, around) = match self.0 {
            IpAddr::V4(_) => (32, None),
            IpAddr::V6(v6) => (64, Some(v6.to_bits())),
        };
        let around = around.into_iter().flat_map(|bits| {
            AROUND.into_iter().map(move |(prefix, times)| {
                let masked = bits & !(u128::MAX >> prefix);
                (Block { base: IpAddr::from(masked.to_be_bytes()), prefix }, times)
            })
        });
        std::iter::once((Block { base: self.0, prefix: own }, 1)).chain(around)
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block(…/{})", self.prefix)
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Address;

    fn address(text: &str) -> Address {
        text.parse::<IpAddr>().expect("is an address").into()
    }

    #[test]
    fn addresses_share_the_networks_that_they_lie_in() {
        let shared = |a: &str, b: &str| {
            let others: Vec<_> = address(b).blocks().collect();
            address(a).blocks().filter(|block| others.contains(block)).count()
        };
        let table = [
            ("192.0.2.1", "192.0.2.1", 1),
            ("192.0.2.1", "192.0.2.2", 0),
            ("192.0.2.1", "::ffff:192.0.2.1", 1),
            ("2001:db8:1:100::1", "2001:db8:1:100:ffff::2", 3),
            ("2001:db8:1:100::1", "2001:db8:1:1ff::1", 2),
            ("2001:db8:1:100::1", "2001:db8:1:200::1", 1),
            ("2001:db8:1:100::1", "2001:db8:2:100::1", 0),
        ];
        for (a, b, expected) in table {
            assert_eq!(shared(a, b), expected, "{a} and {b}");
        }
        let times: Vec<_> = address("2001:db8::1").blocks().map(|(_, times)| times).collect();
        assert_eq!(times, [1, 2, 8]);
        assert!(!format!("{:?}", address("2001:db8::1").blocks().collect::<Vec<_>>()).contains("2001"));
    }
}
