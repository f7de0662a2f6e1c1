//! Where this process may connect on behalf of others. A URL that somebody else wrote may name a
//! host inside our own network, so the name is resolved here, every address is checked, and the
//! connection goes to an address that was checked: a name that changes in between changes nothing.
//!
//! What is refused: all that IANA's special-purpose registries (RFC 6890) do not call globally
//! reachable, and what carries an IPv4 address inside an IPv6 one.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::courier::ChannelSetting;

/// The address of Azure's host agent: public by its number, inside by what it does.
const HOST_AGENT: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// IPv4 networks that are not the public internet: network, bits.
const SPECIAL_V4: [([u8; 4], u8); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Parts of the public half of IPv6 (2000::/3) that are not public: protocols (Teredo among them),
/// documentation, 6to4, documentation again.
const SPECIAL_V6: [(&str, u8); 4] =
    [("2001::", 23), ("2001:db8::", 32), ("2002::", 16), ("3fff::", 20)];

/// A range of addresses, as `10.20.0.0/16` or `fd00:1::/64`; one address without bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    network: IpAddr,
    bits: u8,
}

impl AddressRange {
    fn contains(self, address: IpAddr) -> bool {
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => same_start(
                u128::from(network.to_bits()),
                u128::from(address.to_bits()),
                32,
                self.bits,
            ),
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same_start(network.to_bits(), address.to_bits(), 128, self.bits)
            }
            _ => false,
        }
    }
}

fn same_start(left: u128, right: u128, width: u8, bits: u8) -> bool {
    bits == 0 || (left ^ right) >> (width - bits) == 0
}

impl FromStr for AddressRange {
    type Err = ChannelSetting;

    fn from_str(text: &str) -> Result<Self, ChannelSetting> {
        let wrong = || ChannelSetting(format!("{text:?} is no range; write 10.20.0.0/16"));
        let (network, bits) = match text.split_once('/') {
            Some((network, bits)) => (network, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let network: IpAddr = network.parse().map_err(|_| wrong())?;
        let width = if network.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        if bits > width { Err(wrong()) } else { Ok(AddressRange { network, bits }) }
    }
}

/// Lets requests go to the public internet and to `allowed`, and nowhere else.
#[derive(Debug, Clone, Default)]
pub struct AddressGuard {
    allowed: Vec<AddressRange>,
}

impl AddressGuard {
    /// `allowed` are ranges of an intranet that may be called although they are not public.
    #[must_use]
    pub fn new(allowed: Vec<AddressRange>) -> Self {
        AddressGuard { allowed }
    }

    /// Whether an address may be connected to.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|range| range.contains(address)) || is_public(address)
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_special = SPECIAL_V4.iter().any(|(network, bits)| {
        let network = IpAddr::V4(Ipv4Addr::from(*network));
        AddressRange { network, bits: *bits }.contains(IpAddr::V4(address))
    });
    !is_special && address != HOST_AGENT
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let is_special = SPECIAL_V6.iter().any(|(network, bits)| {
        let network = network.parse().expect("the table holds addresses; a test reads them all");
        AddressRange { network: IpAddr::V6(network), bits: *bits }.contains(IpAddr::V6(address))
    });
    // 2000::/3 is all that has been given out; mapped, translated, local and multicast ones lie
    // outside.
    address.segments()[0] & 0xe000 == 0x2000 && !is_special
}

/// Why a request did not go out.
#[derive(Debug)]
pub(crate) struct RefusedAddress;

impl fmt::Display for RefusedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host is not on the public internet")
    }
}

impl std::error::Error for RefusedAddress {}

/// Whether an error is this guard's.
pub(crate) fn is_refused(error: &ureq::Error) -> bool {
    let ureq::Error::Io(error) = error else { return false };
    error.get_ref().is_some_and(|inner| inner.is::<RefusedAddress>())
}

impl Resolver for AddressGuard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        // One is enough: a public host has no address inside, and which one is taken is not ours to
        // say.
        if found.iter().all(|address| self.allows(address.ip())) {
            return Ok(found);
        }
        Err(ureq::Error::Io(io::Error::new(io::ErrorKind::PermissionDenied, RefusedAddress)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn allows(guard: &AddressGuard, address: &str) -> bool {
        guard.allows(address.parse().unwrap())
    }

    #[test]
    fn only_the_public_internet_is_allowed() {
        let guard = AddressGuard::default();
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff:fff::1",
            "5f00::1",
        ] {
            assert!(!allows(&guard, inside), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:200::1",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert!(allows(&guard, outside), "{outside}");
        }
    }

    #[test]
    fn ranges_of_an_intranet_can_be_allowed_and_mean_no_more_than_they_say() {
        let guard =
            AddressGuard::new(vec!["10.20.0.0/16".parse().unwrap(), "::1".parse().unwrap()]);
        assert!(allows(&guard, "10.20.255.1") && allows(&guard, "::1"));
        assert!(!allows(&guard, "10.21.0.1") && !allows(&guard, "127.0.0.1"));
        // The same address in another coat is another address.
        assert!(!allows(&guard, "::ffff:10.20.0.1"));
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "ten"] {
            assert!(wrong.parse::<AddressRange>().is_err(), "{wrong}");
        }
        assert!(same_start(1, 2, 32, 0), "zero bits are everything");
    }
}
