//! Every kind of fact, altered in every way, is found without the engine.

use std::collections::{BTreeMap, BTreeSet};

use floodgate_audit::{AuditOptions, AuditReport, audit_with};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::alterations::all;
use crate::lawful::reason;
use crate::run::{Stored, run};

const SEEDS: [u64; 2] = [3, 40];
const LENGTH: usize = 900;
/// Facts of each kind that are altered, of each seed.
const OF_EACH: usize = 2;

/// Kinds of facts that the seeds have to lead to: all but those that no rule leads to yet, and the
/// loss that only the first rules call a no.
#[rustfmt::skip]
const KINDS_MADE: &[&str] = &[
    "EventCreated", "PricesSet", "PolicySet", "SaleOpened", "SalePaused", "SaleClosed",
    "EventCancelled", "PlacesReserved", "Entered", "ShopperLeft", "SeatsHeld", "HoldExtended",
    "HoldReleased", "HoldExpired", "PurchaseStarted", "PaymentActionRequired", "OrderUnanswered",
    "PaymentNotTaken", "OrderDeclined", "OrderConfirmed", "OrderSettled", "OrderExpired",
    "PaymentVoided", "OrderRefunded", "OrderCancelled", "TicketTransferred", "TicketRedeemed",
    "EngineVersionSet", "PlacesCalled", "TurnAwaited", "CohortJoined", "CohortLeft", "TimeMarked",
    "DialsSet", "SeatsSetAside", "SeatsReturned", "BuyerCooling", "ShopperStayed",
    "DetailsSet", "ConsentGiven", "ConsentWithdrawn", "AnnouncementMade", "AnnouncementSteered",
    "AnnouncementStarted", "SeatsBlocked", "SeatsUnblocked", "SeatsGiven",
    "CodesMinted", "CodeClaimed", "PresaleOpened", "AudienceReleased",
];

fn seeds() -> Vec<u64> {
    let one = std::env::var("FLOODGATE_SEED").ok().map(|text| vec![text.parse().unwrap()]);
    one.unwrap_or_else(|| SEEDS.into())
}

fn own_rules(stored: &Stored) -> AuditReport {
    let options = AuditOptions { replay: false, ..AuditOptions::default() };
    audit_with(&stored.log(), options).unwrap()
}

#[test]
fn what_was_not_altered_is_clean() {
    for seed in seeds() {
        let stored = run(seed, LENGTH);
        let report = own_rules(&stored);
        assert!(report.is_clean(), "seed {seed}: {report}");
        let whole = floodgate_audit::audit(&stored.log(), None).unwrap();
        assert!(whole.is_clean(), "seed {seed}: {whole}");
        assert!(!report.invariants.contains_key("replay-byte-equal"));
    }
}

#[test]
fn every_alteration_is_found_by_the_audits_own_rules() {
    let (mut found, mut kinds) = (0, BTreeSet::new());
    let mut excused = BTreeMap::<&str, usize>::new();
    let mut missed = Vec::new();
    for seed in seeds() {
        let stored = run(seed, LENGTH);
        let mut rng = StdRng::seed_from_u64(seed);
        let mut by_kind = BTreeMap::<&str, Vec<usize>>::new();
        for (at, record) in stored.facts.iter().enumerate() {
            by_kind.entry(record.fact.name()).or_default().push(at);
        }
        for (kind, places) in &by_kind {
            kinds.insert(*kind);
            for &at in places.sample(&mut rng, OF_EACH) {
                for alteration in all(&stored, at) {
                    if let Some(reason) = reason(&stored, &alteration) {
                        *excused.entry(reason).or_default() += 1;
                    } else if own_rules(&alteration.stored).violations > 0 {
                        found += 1;
                    } else {
                        missed.push(format!(
                            "FLOODGATE_SEED={seed}: {} at fact {at} {:?}",
                            alteration.what, stored.facts[at]
                        ));
                    }
                }
            }
        }
    }
    println!("{found} alterations of {} kinds found, excused {excused:?}", kinds.len());
    assert!(missed.is_empty(), "{} not found:\n{}", missed.len(), missed.join("\n"));
    for kind in KINDS_MADE {
        assert!(kinds.contains(kind), "no {kind} was made; choose other seeds");
    }
}
