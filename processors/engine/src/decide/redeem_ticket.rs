//! RedeemTicket: somebody is admitted at the gate, once per ticket.

use floodgate_domain::fact::Fact;
use floodgate_domain::ids::HoldId;
use floodgate_domain::refusal::Refusal;
use floodgate_domain::seats::SeatId;

use super::Context;
use super::transfer_ticket::owner_of_good;
use crate::event::Event;
use crate::outcomes::Outcome;

pub(super) fn redeem_ticket(
    event: &Event,
    context: Context,
    ticket @ (hold_id, seat, _): (HoldId, SeatId, u16),
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.staff()?;
    let buyer = owner_of_good(event, context, ticket)?;
    facts.push(Fact::TicketRedeemed { hold_id, buyer, seat });
    Ok(Outcome::Done)
}
