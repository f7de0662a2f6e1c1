//! What is known of events, folded from the facts: the words that messages need, and who has to do
//! with an event. A fact leads to changes of the people store by the same rules whoever folds it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use floodgate_domain::effects::{
    AnnouncementMove, CodesMove, ConsentMove, LineMove, Notice, SeatMove, ShopMove, TicketStates,
};
use floodgate_domain::{
    AnnouncementStep, AudienceWho, BuyerId, Effects, EventDetails, EventId, FactRecord, HoldId,
    LineOrder, LogTime, NewEvent, Rank, RefundReason, SalePhase, SeatId, SeatState,
};
use floodgate_people::{NewMessage, SeatGain};

use crate::changes::StoreChange;
use crate::endings::Endings;
use crate::words::{AnnouncementState, EventWords, Words};

/// How long before it opens followers hear of a sale.
const SOON_MS: u64 = 3_600_000;

/// Of one event, who has what.
#[derive(Debug, Default)]
struct Holders {
    /// Category and section of each seat.
    seats: Vec<(u8, u16)>,
    /// The buyers of orders whose seats are sold.
    orders: HashMap<HoldId, BuyerId>,
    tickets: TicketStates,
    /// Who asked to be notified of their turn, until it comes.
    awaiting: BTreeMap<Rank, BuyerId>,
    order: LineOrder,
}

/// All events.
#[derive(Debug)]
pub(crate) struct World {
    words: Arc<Words>,
    holders: HashMap<EventId, Holders>,
    /// Sales of which followers have been notified that they open soon.
    soon: BTreeSet<(EventId, LogTime)>,
    endings: Endings,
}

impl World {
    pub(crate) fn new(words: Arc<Words>) -> Self {
        World { words, holders: HashMap::new(), soon: BTreeSet::new(), endings: Endings::default() }
    }

    /// Follows a fact; what it changes in the store is appended.
    pub(crate) fn follow(&mut self, record: &FactRecord, changes: &mut Vec<StoreChange>) {
        let effects = record.fact.effects();
        let event_id = record.event_id;
        if let Some(new) = effects.created {
            self.create(event_id, new, changes);
        }
        self.endings.follow(record, &effects);
        let is_news = self.follow_words(event_id, &effects, changes);
        if let Some(change) = effects.announcement {
            self.follow_announcement(record, change, changes);
        }
        follow_consent(record, &effects, changes);
        follow_codes(record, &effects, changes);
        if is_news {
            self.notify(record, &effects, changes);
        }
        let Some(holders) = self.holders.get_mut(&event_id) else { return };
        if let Some(change) = effects.seats {
            let buyer = effects.order.map(|order| order.buyer);
            holders.follow_seats(event_id, &change, buyer, changes);
        }
        holders.follow_line(record, &effects, changes);
    }

    fn create(&mut self, event_id: EventId, new: &NewEvent, changes: &mut Vec<StoreChange>) {
        let place = |seat: floodgate_domain::plan::SeatDetail<'_>| {
            (seat.category, u16::try_from(seat.section_index).unwrap_or(u16::MAX))
        };
        let seats = new.plan.seats().map(place).collect();
        self.holders.insert(event_id, Holders { seats, ..Holders::default() });
        let words = EventWords::new(new.details.clone(), new.prices.currency.as_str());
        self.words.insert(event_id, words);
        changes.push(StoreChange::Artist(event_id, new.details.artist.clone()));
    }

    /// Whether people outside the page learn anything by a fact: details may be set to what nobody
    /// has to know, and a sale that goes on after a pause was opened before.
    fn follow_words(
        &mut self,
        event_id: EventId,
        effects: &Effects<'_>,
        changes: &mut Vec<StoreChange>,
    ) -> bool {
        if effects.created.is_some() || (effects.details.is_none() && effects.phase.is_none()) {
            return true;
        }
        let changed = self.words.change(event_id, |words| {
            let phase = effects.phase.map(|phase| std::mem::replace(&mut words.phase, phase));
            let set =
                |details: &EventDetails| std::mem::replace(&mut words.details, details.clone());
            (phase, effects.details.map(set))
        });
        let Some((phase_before, details_before)) = changed else { return true };
        if let (Some(before), Some(details)) = (&details_before, effects.details) {
            if before.artist != details.artist {
                changes.push(StoreChange::Artist(event_id, details.artist.clone()));
            }
            return felt(before) != felt(details);
        }
        let goes_on = effects.phase == Some(SalePhase::Open)
            && phase_before
                .is_some_and(|before| !matches!(before, SalePhase::Announced | SalePhase::Presale));
        !goes_on
    }

    fn follow_announcement(
        &mut self,
        record: &FactRecord,
        change: AnnouncementMove<'_>,
        changes: &mut Vec<StoreChange>,
    ) {
        let (event_id, at, id) = (record.event_id, record.at, change.id());
        match change {
            AnnouncementMove::Made { announcement, .. } => {
                let state = AnnouncementState::Going;
                self.words.change(event_id, |words| {
                    words.announcements.insert(id, (Arc::new(announcement.clone()), state));
                });
            }
            AnnouncementMove::Started { .. } => {
                let spec = self.words.change(event_id, |words| {
                    let said = words.announcements.get(&id).map(|(said, _)| said);
                    said.map(|said| (said.audience.clone(), said.codes))
                });
                if let Some(Some((spec, codes))) = spec {
                    changes.push(StoreChange::Start { id, event_id, spec, codes, at });
                }
            }
            AnnouncementMove::Steered { step, .. } => {
                let (state, change) = match step {
                    AnnouncementStep::Approve => return,
                    AnnouncementStep::Pause => (AnnouncementState::Paused, StoreChange::Pause(id)),
                    AnnouncementStep::Resume => (AnnouncementState::Going, StoreChange::Resume(id)),
                    AnnouncementStep::Stop => {
                        (AnnouncementState::Stopped, StoreChange::Stop(id, at))
                    }
                };
                self.words.change(event_id, |words| {
                    words.announcements.entry(id).and_modify(|(_, before)| *before = state);
                });
                changes.push(change);
            }
        }
    }

    fn notify(&self, record: &FactRecord, effects: &Effects<'_>, changes: &mut Vec<StoreChange>) {
        for (to, notice) in effects.concerns.notices() {
            let Some((occasion, who)) = occasion_of(notice) else { continue };
            let occasion = if is_gift(effects) { "ticket_taken_back" } else { occasion };
            match to {
                Some(buyer) => {
                    // The house reads no messages; those it gave tickets to do.
                    if buyer != BuyerId::HOUSE {
                        let variables = self.order_words(record.event_id, effects);
                        changes.push(to_buyer(record, buyer, occasion, variables));
                    }
                    for owner in self.other_owners(record.event_id, effects) {
                        let variables = self.order_words(record.event_id, effects);
                        changes.push(to_buyer(record, owner, occasion, variables));
                    }
                }
                None => {
                    let name = format!("{}-{}", record.event_id, place_of(record));
                    let (event_id, at) = (record.event_id, record.at);
                    changes.push(StoreChange::ToMany { who, event_id, occasion, name, at });
                }
            }
        }
    }

    /// When sold seats are taken back, those they were given to hear of it like the buyer.
    fn other_owners(&self, event_id: EventId, effects: &Effects<'_>) -> BTreeSet<BuyerId> {
        let (Some(order), Some(change)) = (effects.order, effects.seats) else {
            return BTreeSet::new();
        };
        let Some(holders) = self.holders.get(&event_id) else { return BTreeSet::new() };
        if change.to != SeatState::Free || change.from != SeatState::Sold {
            return BTreeSet::new();
        }
        let owner = |seat: &SeatId| holders.tickets.owner(order.hold_id, *seat);
        let owners = change.seats.iter().filter_map(owner);
        owners.filter(|owner| *owner != order.buyer).collect()
    }

    fn order_words(&self, event_id: EventId, effects: &Effects<'_>) -> serde_json::Value {
        let Some(order) = effects.order else { return serde_json::json!({}) };
        let seats = order.seats.map(|seats| seats.len()).or(effects.seats.map(|s| s.seats.len()));
        let currency = self.words.change(event_id, |words| words.currency.clone());
        serde_json::json!({
            "order": order.hold_id.order().to_string(),
            "tickets": seats.unwrap_or_default().to_string(),
            "amount": order.amount,
            "currency": currency.unwrap_or_default(),
            "refund": effects.refund.map(RefundReason::code),
        })
    }

    /// Messages that are due by the clock of the world: to followers of sales that open within the
    /// hour, and to those whose hold ends soon. The same until they are written.
    pub(crate) fn by_clock(&self, now: LogTime) -> Vec<StoreChange> {
        let soon = self.opening_soon(now).map(|(event_id, opens_at)| StoreChange::ToMany {
            who: AudienceWho::FOLLOWERS,
            event_id,
            occasion: "sale_opens_soon",
            name: format!("soon-{event_id}-{}", opens_at.0),
            at: now,
        });
        let ending = self.endings.due(now).map(|ending| StoreChange::ToBuyer(ending.message()));
        soon.chain(ending).collect()
    }

    /// What was due by then is in the store.
    pub(crate) fn clock_is_written(&mut self, now: LogTime) {
        let soon: Vec<_> = self.opening_soon(now).collect();
        self.soon.extend(soon);
        self.endings.forget_due(now);
    }

    fn opening_soon(&self, now: LogTime) -> impl Iterator<Item = (EventId, LogTime)> + '_ {
        let soon = self.words.filter(|words| {
            let opens_at = words.details.opens_at?;
            let is_soon = opens_at > now && opens_at.0.saturating_sub(SOON_MS) <= now.0;
            let is_ahead = matches!(words.phase, SalePhase::Announced | SalePhase::Presale);
            (is_ahead && is_soon).then_some(opens_at)
        });
        soon.into_iter().filter(|key| !self.soon.contains(key))
    }
}

impl Holders {
    fn follow_seats(
        &mut self,
        event_id: EventId,
        change: &SeatMove<'_>,
        buyer: Option<BuyerId>,
        changes: &mut Vec<StoreChange>,
    ) {
        let Some(hold_id) = change.hold_id else { return };
        let (was, is) = (change.from == SeatState::Sold, change.to == SeatState::Sold);
        if is
            && !was
            && let Some(owner) = change.owner.or(buyer)
        {
            self.orders.insert(hold_id, owner);
        }
        let mut gains: BTreeMap<(BuyerId, u8, u16), i64> = BTreeMap::new();
        for seat in change.seats {
            let of_order = self.orders.get(&hold_id).copied().or(buyer);
            let before = self.tickets.owner(hold_id, *seat).or(of_order);
            let (category, section) = self.place(*seat);
            if was && let Some(before) = before {
                *gains.entry((before, category, section)).or_default() -= 1;
            }
            if is && let Some(owner) = change.owner.or(before) {
                *gains.entry((owner, category, section)).or_default() += 1;
            }
        }
        self.tickets.follow(change);
        if was && !is {
            self.orders.remove(&hold_id);
        }
        let gain = |((buyer, category, section), seats)| {
            StoreChange::Gain(SeatGain { event_id, buyer, category, section, seats })
        };
        // Nobody is reached by writing to the house.
        let counts =
            |(key, seats): &((BuyerId, u8, u16), i64)| *seats != 0 && key.0 != BuyerId::HOUSE;
        changes.extend(gains.into_iter().filter(counts).map(gain));
    }

    fn place(&self, seat: SeatId) -> (u8, u16) {
        let at = usize::try_from(seat.0).unwrap_or(usize::MAX);
        self.seats.get(at).copied().unwrap_or_default()
    }

    fn follow_line(
        &mut self,
        record: &FactRecord,
        effects: &Effects<'_>,
        changes: &mut Vec<StoreChange>,
    ) {
        let event_id = record.event_id;
        match effects.line {
            Some(LineMove::Awaited { buyer, place }) => {
                self.awaiting.insert(self.order.rank(place), buyer);
                changes.push(StoreChange::Waiting(event_id, buyer, true));
            }
            Some(LineMove::Called { below }) => {
                let behind = self.awaiting.split_off(&below.first_waiting());
                for buyer in std::mem::replace(&mut self.awaiting, behind).into_values() {
                    changes.push(StoreChange::Waiting(event_id, buyer, false));
                    changes.push(to_buyer(record, buyer, "your_turn", serde_json::json!({})));
                }
            }
            Some(LineMove::Reserved { .. }) | None => {}
        }
        if let Some(ShopMove::Entered { buyer, place, .. }) = effects.shop
            && self.awaiting.remove(&self.order.rank(place)).is_some()
        {
            changes.push(StoreChange::Waiting(event_id, buyer, false));
        }
        if let Some(SalePhase::Closed | SalePhase::Cancelled) = effects.phase {
            self.awaiting.clear();
            changes.push(StoreChange::NobodyWaits(event_id));
        }
    }
}

fn follow_consent(record: &FactRecord, effects: &Effects<'_>, changes: &mut Vec<StoreChange>) {
    let event_id = record.event_id;
    match effects.consent {
        Some(ConsentMove::Given { buyer, consent }) => {
            changes.push(StoreChange::Consent { event_id, buyer, consent, at: record.at });
        }
        Some(ConsentMove::Withdrawn { buyer, scope, channel }) => {
            changes.push(StoreChange::Withdrawn { event_id, buyer, scope, channel });
        }
        None => {}
    }
}

/// Whether the house takes back what it gave away: nobody gets money by that.
fn is_gift(effects: &Effects<'_>) -> bool {
    effects.order.is_some_and(|order| order.buyer == BuyerId::HOUSE)
}

fn follow_codes(record: &FactRecord, effects: &Effects<'_>, changes: &mut Vec<StoreChange>) {
    let (event_id, at) = (record.event_id, record.at);
    match effects.codes {
        Some(CodesMove::Minted { batch, count, .. }) => {
            changes.push(StoreChange::Minted { event_id, batch, count, at });
        }
        // Who has claimed one is for the engine to know.
        Some(CodesMove::Claimed { .. }) | None => {}
    }
}

/// What a notice becomes outside the page, and for whom, where it is for everybody.
fn occasion_of(notice: Notice) -> Option<(&'static str, AudienceWho)> {
    let (holders, followers) = (AudienceWho::HOLDERS, AudienceWho::FOLLOWERS);
    match notice {
        Notice::OrderConfirmed => Some(("order_confirmed", holders)),
        Notice::OrderRefunded => Some(("order_refunded", holders)),
        Notice::OrderCancelled => Some(("order_cancelled", holders)),
        Notice::OrderDeclined => Some(("order_declined", holders)),
        Notice::OrderNoAnswer => Some(("order_no_answer", holders)),
        Notice::OrderExpired => Some(("order_expired", holders)),
        Notice::TicketReceived => Some(("ticket_received", holders)),
        Notice::EventDetailsChanged => Some(("event_details_changed", holders)),
        Notice::EventCancelled => Some(("event_cancelled", holders)),
        Notice::EventOpen => Some(("event_open", followers)),
        _ => None,
    }
}

/// What somebody with a ticket has to know of.
fn felt(details: &EventDetails) -> (&str, &str, &str, &str, Option<LogTime>, Option<LogTime>) {
    let EventDetails { name, venue_name, venue_address, time_zone, doors_at, starts_at, .. } =
        details;
    (name, venue_name, venue_address, time_zone, *doors_at, *starts_at)
}

/// Names a fact of an event: the same after every restart.
fn place_of(record: &FactRecord) -> String {
    format!("{}_{}", record.position.offset, record.position.index)
}

fn to_buyer(
    record: &FactRecord,
    buyer: BuyerId,
    occasion: &'static str,
    variables: serde_json::Value,
) -> StoreChange {
    // An offset is a partition's own, so that the event is part of the name.
    let message = format!("{}-{}-{:x}", record.event_id, place_of(record), buyer.0);
    StoreChange::ToBuyer(NewMessage {
        message,
        occasion: occasion.to_owned(),
        event_id: Some(record.event_id),
        announcement: None,
        buyer,
        variables,
        due_at: record.at,
        made_at: record.at,
    })
}
