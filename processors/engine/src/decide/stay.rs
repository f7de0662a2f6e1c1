//! Stay: still there, and not idle.

use floodgate_domain::fact::Fact;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::event::Event;
use crate::outcomes::Outcome;
use crate::version::IDLE_SHOPPERS_LEAVE;

/// The pass ends when it did; only doing nothing begins anew.
pub(super) fn stay(
    event: &Event,
    context: Context,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    let buyer = context.buyer()?;
    if !context.follows(IDLE_SHOPPERS_LEAVE) {
        return Err(Refusal::NeedsNewerEngine);
    }
    let record = event.buyer(buyer).filter(|buyer| buyer.in_shop).ok_or(Refusal::NotInShop)?;
    if context.now >= record.pass_until {
        return Err(Refusal::PassExpired);
    }
    if record.idle_ms > 0 {
        let until = context.now.plus(u64::from(record.idle_ms));
        facts.push(Fact::ShopperStayed { buyer, until });
    }
    Ok(Outcome::Done)
}
