//! Whoever follows the effects of the facts alone knows what the engine knows.

use std::collections::{BTreeMap, BTreeSet};

use floodgate_domain::effects::{LineMove, ShopMove};
use floodgate_domain::{
    Answer, BuyerId, EventStatus, Fact, HoldId, NewEvent, OrderView, Policy, SalePhase, SeatState,
};
use floodgate_engine::{Engine, EngineLimits};

use crate::stage::{EVENT, Stage};

/// One event, by the effects of its facts.
struct Followed {
    seats: Vec<SeatState>,
    owners: Vec<Option<BuyerId>>,
    orders: BTreeMap<HoldId, OrderView>,
    shoppers: BTreeSet<BuyerId>,
    phase: SalePhase,
    policy: Policy,
    places_reserved: u64,
}

impl Followed {
    fn new(new: &NewEvent) -> Self {
        let seats: Vec<_> = new.plan.seats().map(|seat| seat.first_state()).collect();
        Followed {
            owners: vec![None; seats.len()],
            seats,
            orders: BTreeMap::new(),
            shoppers: BTreeSet::new(),
            phase: SalePhase::Cancelled,
            policy: Policy::default(),
            places_reserved: 0,
        }
    }

    fn follow(&mut self, fact: &Fact) -> Result<(), String> {
        let effects = fact.effects();
        self.phase = effects.phase.unwrap_or(self.phase);
        self.policy = effects.policy.copied().unwrap_or(self.policy);
        if let Some(dials) = effects.dials {
            self.policy.follow(dials);
        }
        if let Some(change) = effects.seats {
            for seat in change.seats {
                let at = seat.0 as usize;
                let before = std::mem::replace(&mut self.seats[at], change.to);
                if before != change.from {
                    return Err(format!("{fact:?} moves seat {at}, which is {before:?}"));
                }
                self.owners[at] = change.owner;
            }
        }
        if let Some(change) = effects.order {
            let begun = OrderView::begun_by(&change);
            let order = self.orders.get_mut(&change.hold_id);
            match (begun, order) {
                (Some(begun), None) => _ = self.orders.insert(change.hold_id, begun),
                (None, Some(order)) => order.follow(&change),
                (_, order) => return Err(format!("{fact:?} meets {order:?}")),
            }
        }
        match effects.shop {
            Some(ShopMove::Entered { buyer, .. }) => _ = self.shoppers.insert(buyer),
            Some(ShopMove::Left { buyer, .. }) => _ = self.shoppers.remove(&buyer),
            Some(ShopMove::Stayed { .. } | ShopMove::Cooling { .. }) | None => {}
        }
        if let Some(LineMove::Reserved { count, .. }) = effects.line {
            self.places_reserved += u64::from(count);
        }
        Ok(())
    }

    fn status(&self) -> EventStatus {
        let count = |state| self.seats.iter().filter(|&&is| is == state).count() as u32;
        let not_for_sale = count(SeatState::NotForSale);
        EventStatus {
            phase: self.phase,
            capacity: self.seats.len() as u32 - not_for_sale,
            free: count(SeatState::Free),
            held: count(SeatState::Held),
            sold: count(SeatState::Sold),
            shoppers: self.shoppers.len() as u32,
            shoppers_max: self.policy.shoppers_max,
            places_reserved: self.places_reserved,
        }
    }

    /// Every seat that is held or sold belongs to the buyer of one order that has it.
    fn owners_are_those_of_orders(&self) -> Result<(), String> {
        let mut owners = vec![None; self.seats.len()];
        for order in self.orders.values().filter(|order| order.status.has_seats()) {
            order.seats.iter().for_each(|seat| owners[seat.0 as usize] = Some(order.buyer));
        }
        if owners == self.owners { Ok(()) } else { Err("seats belong to others".to_owned()) }
    }
}

/// Takes a history through a fresh engine and compares after each step.
pub(crate) fn follow_beside_the_engine(stage: &Stage, limits: EngineLimits) -> Result<(), String> {
    let (mut engine, mut facts) = (Engine::new(limits), Vec::new());
    let mut followed: Option<Followed> = None;
    for (offset, (at, envelope)) in stage.log.iter().enumerate() {
        facts.clear();
        let reply = engine.step(offset as u64, *at, envelope, &mut facts).unwrap();
        for record in &facts {
            if let Some(new) = record.fact.effects().created {
                followed = Some(Followed::new(new));
            }
            if let Some(followed) = &mut followed {
                followed.follow(&record.fact)?;
            }
        }
        let ours = followed.as_ref().map(Followed::status);
        if ours != engine.status(EVENT) {
            return Err(format!("{ours:?}, the engine has {:?}", engine.status(EVENT)));
        }
        if let (Answer::Order(theirs), Some(followed)) = (reply.answer, &followed) {
            let ours = followed.orders.get(&theirs.hold_id);
            if ours != Some(&theirs) {
                return Err(format!("{ours:?}, the engine answers {theirs:?}"));
            }
        }
    }
    followed.map_or(Ok(()), |followed| followed.owners_are_those_of_orders())
}
