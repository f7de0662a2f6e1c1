//! How much of what is scarce one address holds at once: connections and streams, counted by
//! address and by the networks it is in.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use floodgate_admission::AddressKeys;

/// How many may be held at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShareLimits {
    /// By everybody.
    pub(crate) total: usize,
    /// From one address: an IPv4 /32 or an IPv6 /64.
    pub(crate) address: usize,
    /// From one network: an IPv4 /24 or an IPv6 /48. An IPv6 /32 may hold twice as many.
    pub(crate) network: usize,
}

impl ShareLimits {
    /// The same, no more than these parts of the total: nobody alone fills the house.
    pub(crate) fn within(self) -> Self {
        let address = self.address.min(self.total / 4).max(1);
        ShareLimits { address, network: self.network.min(self.total / 2).max(1), ..self }
    }
}

/// What a count belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Host(u64),
    Network(u64),
    Provider(u64),
}

/// Those who hold something now. As many counts as things held, times three.
#[derive(Debug, Clone)]
pub(crate) struct Shares(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: ShareLimits,
    // Held for a few map operations.
    counts: Mutex<(usize, HashMap<Holder, usize>)>,
}

/// One thing held; given back when dropped.
#[derive(Debug)]
pub(crate) struct HeldShare {
    shares: Shares,
    holders: Vec<Holder>,
}

impl Shares {
    pub(crate) fn new(limits: ShareLimits) -> Self {
        Shares(Arc::new(Inner { limits, counts: Mutex::default() }))
    }

    /// One more for this address, unless somebody holds enough.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<HeldShare> {
        let limits = self.0.limits;
        let keys = AddressKeys::of(address);
        let holders = [
            Some((Holder::Host(keys.host), limits.address)),
            Some((Holder::Network(keys.network), limits.network)),
            keys.provider.map(|provider| (Holder::Provider(provider), limits.network * 2)),
        ];
        let holders: Vec<(Holder, usize)> = holders.into_iter().flatten().collect();
        let mut counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (total, by_holder) = &mut *counts;
        let held = |holder| by_holder.get(holder).copied().unwrap_or(0);
        if *total >= limits.total || holders.iter().any(|(holder, most)| held(holder) >= *most) {
            return None;
        }
        *total += 1;
        let holders: Vec<Holder> = holders.into_iter().map(|(holder, _)| holder).collect();
        for holder in &holders {
            *by_holder.entry(*holder).or_default() += 1;
        }
        drop(counts);
        Some(HeldShare { shares: self.clone(), holders })
    }
}

impl Drop for HeldShare {
    fn drop(&mut self) {
        let mut counts = self.shares.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (total, by_holder) = &mut *counts;
        *total -= 1;
        for holder in &self.holders {
            if let Entry::Occupied(mut count) = by_holder.entry(*holder) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn nobody_alone_fills_the_house() {
        let limits = ShareLimits { total: 200, address: 1_000, network: 5_000 }.within();
        assert_eq!((limits.address, limits.network), (50, 100));
        let shares = Shares::new(limits);
        let held: Vec<_> = (0..200).filter_map(|_| shares.enter(ip("10.0.0.1"))).collect();
        assert_eq!(held.len(), 50);
        let neighbours = (2..200).filter_map(|last| shares.enter(ip(&format!("10.0.0.{last}"))));
        assert_eq!(neighbours.collect::<Vec<_>>().len(), 50, "with their network");
        assert!(shares.enter(ip("192.0.2.1")).is_some(), "somebody else");
    }

    #[test]
    fn all_networks_of_a_provider_share_what_it_may_hold() {
        let shares = Shares::new(ShareLimits { total: 1_000, address: 10, network: 20 });
        let from = |network| shares.enter(ip(&format!("2001:db8:{network:x}::1")));
        let held: Vec<_> = (0..500).filter_map(from).collect();
        assert_eq!(held.len(), 40);
        assert!(shares.enter(ip("2001:db9::1")).is_some());
    }

    #[test]
    fn what_is_given_back_is_forgotten() {
        let shares = Shares::new(ShareLimits { total: 2, address: 1, network: 2 });
        let first = shares.enter(ip("10.0.0.1"));
        assert!(first.is_some() && shares.enter(ip("10.0.0.1")).is_none());
        drop(first);
        let again = shares.enter(ip("10.0.0.1"));
        let other = shares.enter(ip("10.9.0.1"));
        assert!(again.is_some() && other.is_some());
        assert!(shares.enter(ip("10.8.0.1")).is_none(), "the house is full");
        drop((again, other));
        let counts = shares.0.counts.lock().unwrap();
        assert_eq!((counts.0, counts.1.len()), (0, 0));
    }
}
