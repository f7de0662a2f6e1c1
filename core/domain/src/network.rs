//! Networks: the addresses that begin with the same bits.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A network in CIDR notation, `10.0.0.0/8` or `2001:db8::/32` (RFC 4632); a single address is one
/// of its own. IPv4 addresses written as IPv6 (`::ffff:10.0.0.1`) are IPv4 here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// What is not a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no network; write 10.1.2.3, 10.0.0.0/8 or 2001:db8::/32")]
pub struct NetworkError(String);

impl Network {
    /// Whether the address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let differing = u32::from(ours) ^ u32::from(theirs);
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let differing = u128::from(ours) ^ u128::from(theirs);
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }

    /// Whether it has all addresses of the internet, or so many that strangers are among them: an
    /// IPv4 network of more than a /8, an IPv6 network of more than a /16.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        !self.is_private() && self.prefix < if self.address.is_ipv4() { 8 } else { 16 }
    }

    /// Whether it belongs to machines of one's own: loopback, private (RFC 1918), shared
    /// (RFC 6598), unique local (RFC 4193) or link-local addresses.
    #[must_use]
    pub fn is_private(&self) -> bool {
        const OURS: [(IpAddr, u8); 9] = [
            (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
            (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
            (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
            (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
            (IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
            (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
            (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
            (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
            (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
        ];
        let mut ours = OURS.into_iter().map(|(address, prefix)| Network { address, prefix });
        ours.any(|ours| self.prefix >= ours.prefix && ours.contains(self.address))
    }
}

impl From<IpAddr> for Network {
    /// The address alone.
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Network { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| wrong())?;
        let address = written.to_canonical();
        let longest: u8 = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            // Only digits: `parse` would take a sign as well.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                let bits: u8 = digits.parse().map_err(|_| wrong())?;
                // The bits of an IPv4 address in IPv6 form begin after 96 others.
                if written == address { Some(bits) } else { bits.checked_sub(96) }
                    .ok_or_else(wrong)?
            }
            Some(_) => return Err(wrong()),
        };
        if prefix > longest { Err(wrong()) } else { Ok(Network { address, prefix }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_are_in_the_networks_they_begin_like() {
        let rows = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "192.0.2.8", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
            ("::1", "::1", true),
        ];
        for (text, address, is_in) in rows {
            assert_eq!(network(text).contains(address.parse().unwrap()), is_in, "{text} {address}");
        }
    }

    #[test]
    fn what_is_no_network_says_so() {
        let wrong =
            ["", "10", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "a/8", "10.0.0.0/8/8"];
        for text in wrong {
            assert!(
                text.parse::<Network>().unwrap_err().to_string().contains("2001:db8"),
                "{text}"
            );
        }
    }

    #[test]
    fn wide_and_private_networks_are_known_as_such() {
        assert!(
            ["0.0.0.0/0", "::/0", "10.0.0.0/7", "2000::/3"]
                .map(network)
                .iter()
                .all(Network::is_everybody)
        );
        let ours = ["127.0.0.1", "10.0.0.0/8", "172.18.0.0/16", "fd00::/8", "::1", "100.64.1.0/24"];
        assert!(ours.map(network).iter().all(|ours| ours.is_private() && !ours.is_everybody()));
        assert!(
            !["192.0.2.0/24", "172.0.0.0/8", "2001:db8::/32"]
                .map(network)
                .iter()
                .any(Network::is_private)
        );
    }
}
