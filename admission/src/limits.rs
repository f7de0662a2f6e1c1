//! Rate limits by address and by device, each map bounded.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use floodgate_domain::BuyerId;

/// Requests a second, and how many may come at once.
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
    pub device: Rate,
    /// Keys remembered by each limit; about 100 bytes each.
    pub keys_max: usize,
}

/// Too many requests; try again after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    pub retry_after: Duration,
    /// The quota that was used up: `address`, `network` or `device`.
    pub policy: &'static str,
}

/// What is left of the quota that is nearest to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemainingQuota {
    /// `address`, `network` or `device`.
    pub policy: &'static str,
    /// Requests that may follow at once.
    pub requests: u32,
}

type Limiter = RateLimiter<u64, DashMapStateStore<u64>, DefaultClock, StateInformationMiddleware>;

#[derive(Debug)]
struct Keyed {
    policy: &'static str,
    limiter: Limiter,
    rate: Rate,
}

impl Keyed {
    fn new(policy: &'static str, rate: Rate) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        let limiter = RateLimiter::keyed(quota).with_middleware();
        Keyed { policy, limiter, rate }
    }

    fn check(&self, key: u64) -> Result<RemainingQuota, Limited> {
        let checked = self.limiter.check_key(&key).map_err(|until| Limited {
            retry_after: until.wait_time_from(DefaultClock::default().now()),
            policy: self.policy,
        })?;
        Ok(RemainingQuota { policy: self.policy, requests: checked.remaining_burst_capacity() })
    }

    /// Forgets keys whose quota is whole again.
    fn trim(&self, keys_max: usize) {
        if self.limiter.len() > keys_max / 2 {
            self.limiter.retain_recent();
        }
        if self.limiter.len() > keys_max {
            metrics::counter!("floodgate_limits_overflows_total").increment(1);
        }
    }
}

/// The limits of one gateway. Cheap checks, no lock held across anything.
#[derive(Debug)]
pub struct Limits {
    address: Keyed,
    network: Keyed,
    device: Keyed,
    keys_max: usize,
    checks: AtomicU64,
}

/// Checks between two looks at the maps' sizes.
const TRIM_EVERY: u64 = 4096;

impl Limits {
    #[must_use]
    pub fn new(settings: LimitSettings) -> Self {
        Limits {
            address: Keyed::new("address", settings.address),
            network: Keyed::new("network", settings.network),
            device: Keyed::new("device", settings.device),
            keys_max: settings.keys_max,
            checks: AtomicU64::new(0),
        }
    }

    /// One request from an address, and from a device if it names one. Says what is left of the
    /// nearest quota; `None` when every map is full.
    pub fn check(
        &self,
        address: IpAddr,
        buyer: Option<BuyerId>,
    ) -> Result<Option<RemainingQuota>, Limited> {
        self.trim_now_and_then();
        let (host, network) = address_keys(address);
        let asked = [
            (&self.address, Some(host)),
            (&self.network, Some(network)),
            (&self.device, buyer.map(|buyer| buyer.0)),
        ];
        let mut nearest: Option<RemainingQuota> = None;
        for (keyed, key) in asked {
            // A full map admits new keys to no quota of their own: the wider one still holds.
            let Some(key) = key.filter(|_| keyed.limiter.len() <= self.keys_max) else { continue };
            let left = keyed.check(key)?;
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
        let all = [&self.address, &self.network, &self.device].map(|keyed| {
            let (burst, rate) = (keyed.rate.burst.get(), keyed.rate.per_second.get());
            format!("\"{}\";q={burst};w={}", keyed.policy, burst.div_ceil(rate))
        });
        all.join(", ")
    }

    fn trim_now_and_then(&self) {
        // Relaxed: only a rough count, no other memory depends on it.
        if self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(TRIM_EVERY) {
            for keyed in [&self.address, &self.network, &self.device] {
                keyed.trim(self.keys_max);
            }
        }
    }
}

/// The neighbourhood of an address as a number: an IPv4 /24 or an IPv6 /48.
pub(crate) fn network_key(address: IpAddr) -> u64 {
    address_keys(address).1
}

/// The address and its neighbourhood as numbers; families do not meet.
fn address_keys(address: IpAddr) -> (u64, u64) {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let bits = u64::from(u32::from(v4));
            (bits, bits >> 8)
        }
        IpAddr::V6(v6) => {
            let high = (u128::from(v6) >> 64) as u64;
            (high | 1 << 63, (high >> 16) | 1 << 63)
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
        Limits::new(LimitSettings { address, network, device, keys_max: 1000 })
    }

    #[test]
    fn each_limit_counts_its_own() {
        let wide = rate(1000, 1000);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let by_address = limits(rate(1, 2), wide, wide);
        let left = by_address.check(ip("10.0.0.1"), None).unwrap().unwrap();
        assert_eq!(left, RemainingQuota { policy: "address", requests: 1 });
        assert!(by_address.check(ip("10.0.0.1"), None).is_ok());
        assert!(by_address.policies().starts_with("\"address\";q=2;w=2, "));
        let limited = by_address.check(ip("10.0.0.1"), None).unwrap_err();
        assert!(limited.retry_after <= Duration::from_secs(1));
        assert!(by_address.check(ip("10.0.0.2"), None).is_ok());

        let by_network = limits(wide, rate(1, 2), wide);
        assert!(by_network.check(ip("2001:db8:1:1::1"), None).is_ok());
        assert!(by_network.check(ip("2001:db8:1:2::1"), None).is_ok());
        assert!(by_network.check(ip("2001:db8:1:3::1"), None).is_err());

        let by_device = limits(wide, wide, rate(1, 1));
        assert!(by_device.check(ip("10.0.0.1"), Some(BuyerId(1))).is_ok());
        assert!(by_device.check(ip("10.0.0.2"), Some(BuyerId(1))).is_err());
        assert!(by_device.check(ip("10.0.0.1"), Some(BuyerId(2))).is_ok());
    }

    #[test]
    fn maps_stay_bounded() {
        let slow = rate(1, 1);
        let limits = limits(slow, slow, slow);
        for number in 0..20_000_u32 {
            let _ = limits.check(IpAddr::from(number.to_be_bytes()), Some(BuyerId(number.into())));
        }
        assert!(limits.address.limiter.len() <= 1001, "{}", limits.address.limiter.len());
        assert!(limits.device.limiter.len() <= 1001, "{}", limits.device.limiter.len());
    }
}
