//! Rate limits by address, by its neighbourhoods and by device, each map bounded. What is limited
//! is cost: an ordinary request costs one, others more or less.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use floodgate_domain::BuyerId;

/// What a request costs, in tenths of an ordinary one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost(pub u32);

impl Cost {
    /// What a request costs that is neither large nor small.
    pub const ORDINARY: Cost = Cost(TENTHS);
}

/// Of an ordinary request.
const TENTHS: u32 = 10;

/// Ordinary requests a second, and how many may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

/// Limits of one gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// One address: an IPv4 /32 or an IPv6 /64.
    pub address: Rate,
    /// Its neighbourhood: an IPv4 /24 or an IPv6 /48.
    pub network: Rate,
    /// Its provider: an IPv6 /32, in which one customer may draw addresses from thousands of
    /// networks. IPv4 has no such plenty, so nothing is counted there.
    pub provider: Rate,
    pub device: Rate,
    /// Keys remembered by each limit, give or take a few thousand; about 100 bytes each.
    pub keys_max: usize,
}

/// Too many requests; try again after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    pub retry_after: Duration,
    /// The quota that was used up: `address`, `network`, `provider` or `device`.
    pub policy: &'static str,
}

/// What is left of the quota that is nearest to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemainingQuota {
    /// `address`, `network`, `provider` or `device`.
    pub policy: &'static str,
    /// Ordinary requests that may follow at once.
    pub requests: u32,
}

type Limiter = RateLimiter<u64, DashMapStateStore<u64>, DefaultClock, StateInformationMiddleware>;

#[derive(Debug)]
struct Keyed {
    policy: &'static str,
    limiter: Limiter,
    rate: Rate,
    /// Whether it has as many keys as it may: counting them takes every lock of the map.
    is_full: AtomicBool,
}

impl Keyed {
    fn new(policy: &'static str, rate: Rate) -> Self {
        let tenths = NonZeroU32::MIN.saturating_add(TENTHS - 1);
        let quota = Quota::per_second(rate.per_second.saturating_mul(tenths))
            .allow_burst(rate.burst.saturating_mul(tenths));
        let limiter = RateLimiter::keyed(quota).with_middleware();
        Keyed { policy, limiter, rate, is_full: AtomicBool::new(false) }
    }

    fn check(&self, key: u64, cost: Cost) -> Result<RemainingQuota, Limited> {
        let policy = self.policy;
        // What costs more than a whole burst takes all of it.
        let most = self.rate.burst.get().saturating_mul(TENTHS);
        let Some(cells) = NonZeroU32::new(cost.0.min(most)) else {
            return Ok(RemainingQuota { policy, requests: self.rate.burst.get() });
        };
        let now = || DefaultClock::default().now();
        match self.limiter.check_key_n(&key, cells) {
            Ok(Ok(left)) => {
                let requests = left.remaining_burst_capacity() / TENTHS;
                Ok(RemainingQuota { policy, requests })
            }
            Ok(Err(until)) => Err(Limited { retry_after: until.wait_time_from(now()), policy }),
            Err(_) => Err(Limited { retry_after: Duration::from_secs(1), policy }),
        }
    }

    /// Forgets keys whose quota is whole again.
    fn trim(&self, keys_max: usize) {
        if self.limiter.len() > keys_max / 2 {
            self.limiter.retain_recent();
        }
        let is_full = self.limiter.len() >= keys_max;
        if is_full {
            metrics::counter!("floodgate_limits_overflows_total").increment(1);
        }
        // Relaxed: whoever reads it a moment later admits one key more.
        self.is_full.store(is_full, Ordering::Relaxed);
    }
}

/// The limits of one gateway. Cheap checks, no lock held across anything.
#[derive(Debug)]
pub struct Limits {
    address: Keyed,
    network: Keyed,
    provider: Keyed,
    device: Keyed,
    keys_max: usize,
    checks: AtomicU64,
}

/// Checks between two looks at the maps' sizes, and so how many keys may come beyond the bound.
const TRIM_EVERY: u64 = 4096;

impl Limits {
    #[must_use]
    pub fn new(settings: LimitSettings) -> Self {
        Limits {
            address: Keyed::new("address", settings.address),
            network: Keyed::new("network", settings.network),
            provider: Keyed::new("provider", settings.provider),
            device: Keyed::new("device", settings.device),
            keys_max: settings.keys_max,
            checks: AtomicU64::new(0),
        }
    }

    /// One request from an address, and from a device if it names one, at its cost. Says what is
    /// left of the nearest quota; `None` when every map is full.
    pub fn check(
        &self,
        address: IpAddr,
        buyer: Option<BuyerId>,
        cost: Cost,
    ) -> Result<Option<RemainingQuota>, Limited> {
        self.trim_now_and_then();
        let keys = AddressKeys::of(address);
        let asked = [
            (&self.address, Some(keys.host)),
            (&self.network, Some(keys.network)),
            (&self.provider, keys.provider),
            (&self.device, buyer.map(|buyer| buyer.0)),
        ];
        let mut nearest: Option<RemainingQuota> = None;
        for (keyed, key) in asked {
            // A full map admits new keys to no quota of their own: the wider one still holds.
            let Some(key) = key.filter(|_| !keyed.is_full.load(Ordering::Relaxed)) else {
                continue;
            };
            let left = keyed.check(key, cost)?;
            if nearest.is_none_or(|nearest| left.requests < nearest.requests) {
                nearest = Some(left);
            }
        }
        Ok(nearest)
    }

    /// The quotas as a `RateLimit-Policy` header: burst and the seconds it takes to refill
    /// (draft-ietf-httpapi-ratelimit-headers).
    #[must_use]
    pub fn policies(&self) -> String {
        let all = self.all().map(|keyed| {
            let (burst, rate) = (keyed.rate.burst.get(), keyed.rate.per_second.get());
            format!("\"{}\";q={burst};w={}", keyed.policy, burst.div_ceil(rate))
        });
        all.join(", ")
    }

    fn all(&self) -> [&Keyed; 4] {
        [&self.address, &self.network, &self.provider, &self.device]
    }

    fn trim_now_and_then(&self) {
        // Relaxed: only a rough count, no other memory depends on it.
        if self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(TRIM_EVERY) {
            for keyed in self.all() {
                keyed.trim(self.keys_max);
            }
        }
    }
}

/// The network of an address as a number: an IPv4 /24 or an IPv6 /48.
pub(crate) fn network_key(address: IpAddr) -> u64 {
    AddressKeys::of(address).network
}

/// How many networks a provider counts for: one customer may draw addresses from all of its networks,
/// and millions of others may share it.
const NETWORKS_OF_PROVIDER: u32 = 10;

/// The neighbourhoods of an address as numbers, each with how many networks it counts for: an IPv4
/// /24, or an IPv6 /48 and the /32 of its provider.
pub(crate) fn neighbourhoods(address: IpAddr) -> impl Iterator<Item = (u64, u32)> {
    let keys = AddressKeys::of(address);
    let provider = keys.provider.map(|provider| (provider, NETWORKS_OF_PROVIDER));
    [(keys.network, 1)].into_iter().chain(provider)
}

/// An address and its neighbourhoods as numbers; families do not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressKeys {
    /// An IPv4 /32 or an IPv6 /64.
    pub host: u64,
    /// An IPv4 /24 or an IPv6 /48.
    pub network: u64,
    /// An IPv6 /32.
    pub provider: Option<u64>,
}

impl AddressKeys {
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        const V6: u64 = 1 << 63;
        const PROVIDER: u64 = 1 << 62;
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let bits = u64::from(u32::from(v4));
                AddressKeys { host: bits, network: bits >> 8, provider: None }
            }
            IpAddr::V6(v6) => {
                let high = (u128::from(v6) >> 64) as u64;
                let (network, provider) = ((high >> 16) | V6, Some((high >> 32) | V6 | PROVIDER));
                AddressKeys { host: high | V6, network, provider }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        let number = |n| NonZeroU32::new(n).unwrap();
        Rate { per_second: number(per_second), burst: number(burst) }
    }

    fn limits(address: Rate, network: Rate, device: Rate) -> Limits {
        let provider = rate(1000, 1000);
        Limits::new(LimitSettings { address, network, provider, device, keys_max: 1000 })
    }

    #[test]
    fn each_limit_counts_its_own() {
        let wide = rate(1000, 1000);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let by_address = limits(rate(1, 2), wide, wide);
        let left = by_address.check(ip("10.0.0.1"), None, Cost::ORDINARY).unwrap().unwrap();
        assert_eq!(left, RemainingQuota { policy: "address", requests: 1 });
        assert!(by_address.check(ip("10.0.0.1"), None, Cost::ORDINARY).is_ok());
        assert!(by_address.policies().starts_with("\"address\";q=2;w=2, "));
        let limited = by_address.check(ip("10.0.0.1"), None, Cost::ORDINARY).unwrap_err();
        assert!(limited.retry_after <= Duration::from_secs(1));
        assert!(by_address.check(ip("10.0.0.2"), None, Cost::ORDINARY).is_ok());

        let by_network = limits(wide, rate(1, 2), wide);
        assert!(by_network.check(ip("2001:db8:1:1::1"), None, Cost::ORDINARY).is_ok());
        assert!(by_network.check(ip("2001:db8:1:2::1"), None, Cost::ORDINARY).is_ok());
        assert!(by_network.check(ip("2001:db8:1:3::1"), None, Cost::ORDINARY).is_err());

        let by_device = limits(wide, wide, rate(1, 1));
        assert!(by_device.check(ip("10.0.0.1"), Some(BuyerId(1)), Cost::ORDINARY).is_ok());
        assert!(by_device.check(ip("10.0.0.2"), Some(BuyerId(1)), Cost::ORDINARY).is_err());
        assert!(by_device.check(ip("10.0.0.1"), Some(BuyerId(2)), Cost::ORDINARY).is_ok());
    }

    #[test]
    fn what_is_dear_uses_up_more_and_what_is_small_less() {
        let wide = rate(1000, 1000);
        let address = "10.0.0.1".parse().unwrap();
        let limits = limits(rate(1, 10), wide, wide);
        let left =
            |cost| limits.check(address, None, Cost(cost)).map(|left| left.unwrap().requests);
        assert_eq!(left(50), Ok(5), "five of ten");
        assert_eq!(left(1), Ok(4), "a tenth, so nine tenths of the fifth are left");
        assert!(left(50).is_err(), "five of four");
        assert_eq!(left(10), Ok(3), "what was refused cost nothing");
        let free = left(0);
        assert!((0..1_000).all(|_| left(0) == free), "what is free is never limited");
    }

    #[test]
    fn what_costs_more_than_a_burst_is_possible_on_a_full_one() {
        let wide = rate(1000, 1000);
        let limits = limits(rate(1, 2), wide, wide);
        let address = "10.0.0.1".parse().unwrap();
        assert!(limits.check(address, None, Cost(500)).is_ok());
        assert!(limits.check(address, None, Cost(500)).is_err());
    }

    #[test]
    fn addresses_drawn_from_all_networks_of_a_provider_share_its_quota() {
        let (wide, narrow) = (rate(1000, 1000), rate(1, 8));
        let settings = LimitSettings {
            address: wide,
            network: wide,
            provider: narrow,
            device: wide,
            keys_max: 1000,
        };
        let limits = Limits::new(settings);
        let from = |provider: u128, number: u128| {
            let address = std::net::Ipv6Addr::from(provider << 96 | number << 80 | 1);
            limits.check(address.into(), None, Cost::ORDINARY)
        };
        let passed = (0..1_000).filter(|number| from(0x2001_0db8, *number).is_ok()).count();
        assert!(passed <= 9, "{passed}");
        assert_eq!(from(0x2001_0db8, 2_000).unwrap_err().policy, "provider");
        assert!(from(0x2001_0db9, 1).is_ok(), "another provider");
        let v4 = |n: u32| limits.check(IpAddr::from(n.to_be_bytes()), None, Cost::ORDINARY);
        assert!((1..500).all(|number| v4(number * 256).is_ok()), "IPv4 has no such plenty");
    }

    #[test]
    fn maps_stay_bounded() {
        let slow = rate(1, 1);
        let limits = limits(slow, slow, slow);
        let most = limits.keys_max + TRIM_EVERY as usize;
        for number in 0..20_000_u32 {
            let (address, buyer) = (IpAddr::from(number.to_be_bytes()), BuyerId(number.into()));
            let _ = limits.check(address, Some(buyer), Cost::ORDINARY);
            for keyed in limits.all() {
                assert!(keyed.limiter.len() <= most, "{}: {}", keyed.policy, keyed.limiter.len());
            }
        }
        assert!(limits.address.is_full.load(Ordering::Relaxed), "it has more than it may");
    }
}
