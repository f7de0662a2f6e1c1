//! Who in the shop is there, and who was not.
//!
//! The engine decides who has been idle for too long, by what is in the log. What leads to no fact,
//! a hold that is refused, is made known to it here. Reading is not: what is read is the same for
//! everybody and comes from caches, so whoever reads says so by `stayInShop`, as the page does.

use std::time::Duration;

use floodgate_domain::{Actor, BuyerId, Command, CommandId, Envelope, EventId, GatewayId, Refusal};

use crate::commands::Commands;
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::{Entry, EventView};

/// A shopper tried something and got nothing: they are there. At most four times in the time they may
/// do nothing, however often they try.
pub(crate) fn tried(commands: &Commands, event_id: EventId, entry: &Entry, buyer: BuyerId) {
    let since = {
        let view = entry.read();
        let visit = view.visits.get(&buyer).and_then(|visit| Some((visit, visit.idle_ms?)));
        visit.and_then(|(visit, idle_ms)| {
            let quiet_ms = time::now().0.saturating_sub(visit.acted_at.0);
            (quiet_ms > idle_ms / 4).then_some(visit.acted_at)
        })
    };
    let Some(since) = since else { return };
    let parts = [&buyer.0.to_be_bytes()[..], &event_id.0.to_be_bytes(), &since.0.to_be_bytes()];
    commands.append_named(&Envelope {
        // Once for each such silence, whichever gateway sees it.
        command_id: CommandId::derived(&[b"tried", parts[0], parts[1], parts[2]]),
        fingerprint: 0,
        event_id,
        actor: Actor::Buyer(buyer),
        reply_to: GatewayId::NOBODY,
        command: Command::Stay,
    });
}

/// A no because somebody is not in the shop, in the words for those who were sent out as idle.
pub(crate) fn explained(error: ApiError, view: &EventView, buyer: BuyerId) -> ApiError {
    let is_out = [Refusal::NoPass, Refusal::NotInShop].map(Refusal::code).contains(&error.code());
    let idle_ms = idle_since(view, buyer).filter(|_| is_out);
    idle_ms.map_or(error, |idle_ms| {
        let length = humantime::format_duration(Duration::from_millis(idle_ms));
        ApiError::new(Code::WentIdle).detail(format!(
            "Your turn ended because nothing happened for {length}, so that others can come. \
             Join the queue again."
        ))
    })
}

/// For how long nothing had happened, where that ended the last visit and there is no other.
pub(crate) fn idle_since(view: &EventView, buyer: BuyerId) -> Option<u64> {
    let left = view.left.get(&buyer).filter(|_| !view.visits.contains_key(&buyer));
    left.and_then(|left| left.idle_ms)
}
