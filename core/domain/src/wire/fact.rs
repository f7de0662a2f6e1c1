//! Facts on the wire.
//!
//! `version u8, kind u8, event u64`, then the position (offset, index) and the log time as
//! LEB128 numbers, then the fields of the fact, as listed in the table below.

use super::WIRE_VERSION;
use super::cursor::{Cursor, WireError, WireWriter};
use super::field::Field;
use crate::fact::{Fact, FactPosition, FactRecord};
use crate::ids::EventId;

/// Writes a fact behind what is in `out` already.
pub fn encode_fact(record: &FactRecord, out: &mut Vec<u8>) {
    out.put_u8(WIRE_VERSION);
    out.put_u8(kind(&record.fact));
    out.put_u64_fixed(record.event_id.0);
    out.put_varint(record.position.offset);
    out.put_varint(u64::from(record.position.index));
    out.put_varint(record.at.0);
    write_body(&record.fact, out);
}

/// Reads one whole fact.
pub fn decode_fact(bytes: &[u8]) -> Result<FactRecord, WireError> {
    let mut cursor = Cursor::new(bytes);
    let version = cursor.u8()?;
    if version != WIRE_VERSION {
        return Err(WireError::UnknownVersion(version));
    }
    let kind = cursor.u8()?;
    let event_id = EventId(cursor.u64_fixed()?);
    let position = FactPosition { offset: cursor.varint()?, index: cursor.u16()? };
    let at = cursor.time()?;
    let fact = read_body(kind, &mut cursor)?;
    cursor.finish()?;
    Ok(FactRecord { position, at, event_id, fact })
}

/// Makes number, name, writer and reader of every fact from one table. A fact, or a field of one,
/// that is not in it does not compile.
macro_rules! facts {
    ($($kind:literal $name:ident $(($body:ident))? $({ $($field:ident),* })?;)*) => {
        /// The kind's number.
        fn kind(fact: &Fact) -> u8 {
            match fact {
                $(Fact::$name { .. } => $kind,)*
            }
        }

        impl Fact {
            /// The fact's stable name, as in topics, metrics and docs.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Fact::$name { .. } => stringify!($name),)*
                }
            }
        }

        fn write_body(fact: &Fact, out: &mut Vec<u8>) {
            match fact {
                $(Fact::$name $(($body))? $({ $($field),* })? => {
                    $($body.put(out);)?
                    $($($field.put(out);)*)?
                })*
            }
        }

        fn read_body(kind: u8, cursor: &mut Cursor<'_>) -> Result<Fact, WireError> {
            Ok(match kind {
                $($kind => {
                    $(let $body = Field::take(cursor)?;)?
                    $($(let $field = Field::take(cursor)?;)*)?
                    Fact::$name $(($body))? $({ $($field),* })?
                })*
                unknown => return Err(WireError::UnknownKind(unknown)),
            })
        }
    };
}

/// Numbers of facts that were taken back: Announced, which no rules ever led to, and QueueTuned. They
/// are read as unknown and never given out again.
pub const RETIRED_FACTS: [u8; 2] = [27, 29];

// Each fact's number, never used twice (see RETIRED_FACTS), and its fields in the order in which
// they are written. Both are in logs, and stay.
facts! {
    1 EventCreated(new);
    2 PricesSet(prices);
    3 PolicySet(policy);
    4 SaleOpened;
    5 SalePaused;
    6 SaleClosed;
    7 EventCancelled;
    8 DrawCommitted { commitment };
    9 DrawRevealed { secret, public_value };
    10 PlacesReserved { first, count };
    11 Entered { buyer, place, until, idle_until };
    12 ShopperLeft { buyer, reason };
    13 SeatsHeld { hold_id, buyer, seats, amount, until, pay_by };
    14 HoldExtended { hold_id, buyer, until };
    15 HoldReleased { hold_id, buyer, seats };
    16 HoldExpired { hold_id, buyer, seats };
    17 PurchaseStarted { hold_id, buyer, method, amount, currency, attempt, until };
    18 OrderDeclined { hold_id, buyer, attempt, reason, until };
    19 OrderConfirmed { hold_id, buyer, seats, amount, attempt, kept, payment };
    20 OrderSettled { hold_id, buyer, amount };
    21 OrderExpired { hold_id, buyer, seats, is_unanswered };
    22 PaymentVoided { hold_id, buyer, attempt, reference };
    23 OrderRefunded { hold_id, buyer, seats, amount, why };
    24 OrderCancelled { hold_id, buyer, seats };
    25 TicketTransferred { hold_id, seat, from, to };
    26 TicketRedeemed { hold_id, buyer, seat };
    28 EngineVersionSet { version };
    30 PlacesCalled { below };
    31 TurnAwaited { buyer, place };
    32 CohortJoined { cohort };
    33 CohortLeft { cohort };
    34 TimeMarked;
    35 DialsSet { change, by };
    36 PaymentActionRequired { hold_id, buyer, attempt, action };
    37 OrderUnanswered { hold_id, buyer, attempt, until };
    38 PaymentNotTaken { hold_id, buyer, attempt };
    39 SeatsSetAside { hold_id, seats, until };
    40 SeatsReturned { hold_id, seats };
    41 BuyerCooling { buyer, until, count };
    42 ShopperStayed { buyer, until };
    43 DetailsSet(details);
    44 ConsentGiven { buyer, consent };
    45 ConsentWithdrawn { buyer, scope, channel };
    46 AnnouncementMade { announcement, by, needs_approval };
    47 AnnouncementSteered { id, step, by };
    48 AnnouncementStarted { id };
    49 CodesMinted { batch, count, by, label };
    50 CodeClaimed { buyer, code };
    51 PresaleOpened;
    52 SeatsBlocked { by, seats, note };
    53 SeatsUnblocked { by, seats, note };
    54 SeatsGiven { hold_id, buyer, by, seats, note };
    55 AudienceReleased { number, spent_micros, release };
}
