//! The wire form: round trips, golden bytes, hostile bytes.

use std::collections::BTreeSet;

use floodgate_domain::wire::{
    RETIRED_COMMANDS, RETIRED_FACTS, WireError, decode_command, decode_fact, decode_replies,
    encode_command, encode_fact, encode_reply,
};
use floodgate_domain::{
    Actor, AnnouncementStep, Answer, BuyerId, CategorySet, Channel, CodeMint, Command, CommandId,
    ConsentScope, Envelope, EventId, EventStatus, Fact, FactPosition, FactRecord, Frontier,
    GatewayId, Gift, HoldId, HouseSeats, LogTime, OrderStatus, OrderView, Place, Refusal, Reply,
    SalePhase, SeatGroup, SeatId, StaffId,
};
use proptest::prelude::*;

use crate::fixtures::{action, method, new_event, payment, policy};
use crate::samples::{
    announcement, audience_release, code, cohort, consent, details, every_dial, facts, list,
    refund, seat_set, short_announcement, with_look, with_picture, with_presale,
};

fn commands() -> Vec<Command> {
    let hold_id = HoldId(0x0000_0001_0000_0002);
    let (seat, to) = (SeatId(5), BuyerId(6));
    vec![
        Command::CreateEvent(Box::new(new_event(policy()))),
        Command::SetPrices(Box::new(new_event(policy()).prices)),
        Command::SetPolicy(Box::new(policy())),
        Command::SetDetails { details: Box::new(details()), revision: 300 },
        Command::CommitDraw { commitment: [7; 32] },
        Command::RevealDraw { secret: [8; 32], public_value: [9; 32] },
        Command::ReservePlaces { count: 10_000 },
        Command::Enter { place: Place(300) },
        Command::Leave,
        Command::Stay,
        Command::HoldSeats { seats: list(&[70_000, 70_001, 3]), accessible: true },
        Command::best(4, CategorySet(0b101)),
        Command::HoldBest(SeatGroup { accessible: true, ..SeatGroup::of(2, CategorySet::ANY) }),
        Command::HoldBest(SeatGroup { amount_max: Some(0), ..SeatGroup::of(1, CategorySet(0b10)) }),
        Command::ExtendHold { hold_id },
        Command::ReleaseHold { hold_id },
        Command::StartPurchase { hold_id, method: method(), despite_unanswered: false },
        Command::StartPurchase { hold_id, method: method(), despite_unanswered: true },
        Command::CaptureFailed { hold_id, attempt: 1 },
        Command::PaymentAuthorised { hold_id, attempt: 1, payment: payment() },
        Command::RecordPaymentAction { hold_id, attempt: 1, action: action() },
        Command::RestoreFacts { facts: vec![bytes_of_fact(&record(Fact::SaleOpened)), vec![7]] },
        Command::PaymentDeclined { hold_id, attempt: 1 },
        Command::PaymentCaptured { hold_id, attempt: 1 },
        Command::PaymentLost { hold_id, attempt: 1 },
        Command::RefundOrder { hold_id, why: None },
        Command::RefundOrder { hold_id, why: Some(Box::new(refund().why)) },
        Command::TransferTicket { hold_id, seat, edition: 1, to },
        Command::RedeemTicket { hold_id, seat, edition: 2 },
        Command::AnnounceToAll { message: "Doors at seven".into() },
        Command::GiveConsent { consent: consent() },
        Command::WithdrawConsent { scope: ConsentScope::Event, channel: Channel::WebPush },
        Command::Announce(Box::new(announcement())),
        Command::Announce(Box::new(short_announcement())),
        Command::SteerAnnouncement { id: announcement().id, step: AnnouncementStep::Pause },
        Command::Tick,
        Command::EngineVersion { version: 1 },
        Command::ReadStatus,
        Command::CallPlaces { below: Frontier(300) },
        Command::AwaitTurn { place: Place(299) },
        Command::ShareCohort { cohort: cohort() },
        Command::WithdrawCohort,
        Command::MarkTime,
        Command::SetDials(Box::new(every_dial())),
        Command::SetDials(Box::default()),
        Command::BlockSeats(Box::new(house_seats("sound desk"))),
        Command::UnblockSeats(Box::new(house_seats(""))),
        Command::MintCodes(Box::new(CodeMint { batch: 7, label: "Fan club".into(), count: 300 })),
        Command::ClaimCode { code: code() },
        Command::SetDetails { details: Box::new(with_presale()), revision: 3 },
        Command::GiveSeats(Box::new(Gift { seats: list(&[9, 8]), note: "press".into() })),
        Command::SetDetails { details: Box::new(with_picture()), revision: 3 },
        Command::ReleaseAudience(Box::new(audience_release())),
        Command::SetDetails { details: Box::new(with_look()), revision: 3 },
    ]
}

fn house_seats(note: &str) -> HouseSeats {
    HouseSeats { seats: seat_set(), note: note.to_owned() }
}

fn envelope(command: Command) -> Envelope {
    Envelope {
        command_id: CommandId(0x0102_0304),
        fingerprint: 0xaabb_ccdd,
        event_id: EventId(7),
        actor: Actor::Buyer(BuyerId(6)),
        reply_to: GatewayId(1),
        command,
    }
}

fn record(fact: Fact) -> FactRecord {
    FactRecord {
        position: FactPosition { offset: 1000, index: 2 },
        at: LogTime(1_700_000_000_000),
        event_id: EventId(7),
        fact,
    }
}

fn bytes_of_command(envelope: &Envelope) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_command(envelope, &mut bytes);
    bytes
}

fn bytes_of_fact(record: &FactRecord) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_fact(record, &mut bytes);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn everything_survives_the_wire() {
    for command in commands() {
        for actor in [Actor::System, Actor::Buyer(BuyerId(1)), Actor::Staff(StaffId(2))] {
            let envelope = Envelope { actor, ..envelope(command.clone()) };
            assert_eq!(decode_command(&bytes_of_command(&envelope)), Ok(envelope));
        }
    }
    for fact in facts() {
        let record = record(fact);
        assert_eq!(decode_fact(&bytes_of_fact(&record)), Ok(record));
    }
}

#[test]
fn replies_survive_the_wire() {
    let view = OrderView {
        hold_id: HoldId(1),
        buyer: BuyerId(2),
        status: OrderStatus::Declined,
        seats: list(&[4, 5]),
        amount: 99,
        until: LogTime(5),
        extensions: 1,
        attempt: 2,
        settled: false,
    };
    let status = EventStatus {
        phase: SalePhase::Open,
        capacity: 184,
        free: 180,
        held: 3,
        sold: 1,
        shoppers: 2,
        shoppers_max: 3,
        places_reserved: 10,
    };
    for answer in [
        Answer::Refused(Refusal::SeatTaken),
        Answer::Done,
        Answer::Order(view),
        Answer::Entered { place: Place(1), until: LogTime(2) },
        Answer::PlacesReserved { first: Place(1), count: 2 },
        Answer::Status(status),
    ] {
        let reply = Reply {
            command_id: CommandId(1),
            event_id: EventId(2),
            reply_to: GatewayId(3),
            offset: 4,
            at: LogTime(5),
            repeated: true,
            answer,
        };
        let mut bytes = Vec::new();
        encode_reply(&reply, &mut bytes);
        assert_eq!(decode_replies(&bytes), Ok(vec![reply.clone()]));
        encode_reply(&reply, &mut bytes);
        assert_eq!(decode_replies(&bytes), Ok(vec![reply.clone(), reply]));
    }
}

/// These bytes are in logs; they never change. A new form gets a new version.
#[test]
fn golden_bytes() {
    let mut lines = Vec::new();
    for command in commands().into_iter().skip(1) {
        let name = command.name();
        lines.push(format!("{name} {}", hex(&bytes_of_command(&envelope(command)))));
    }
    for fact in facts().into_iter().skip(1) {
        let name = fact.name();
        lines.push(format!("{name} {}", hex(&bytes_of_fact(&record(fact)))));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// A number that nothing has yet, below some that are given out.
const SPARE_COMMANDS: [u8; 1] = [47];

/// Every number is given to one kind, spare or retired, so that no log is ever read as something else.
#[test]
fn retired_numbers_stay_unread_and_unused() {
    let used = |bytes: Vec<Vec<u8>>| bytes.iter().map(|b| b[1]).collect::<BTreeSet<u8>>();
    let mut bytes = bytes_of_command(&envelope(Command::Tick));
    for number in RETIRED_COMMANDS.into_iter().chain(SPARE_COMMANDS) {
        bytes[1] = number;
        assert_eq!(decode_command(&bytes), Err(WireError::UnknownKind(number)));
    }
    let mut numbers =
        used(commands().into_iter().map(|c| bytes_of_command(&envelope(c))).collect());
    let mut unused = RETIRED_COMMANDS.into_iter().chain(SPARE_COMMANDS);
    assert!(unused.all(|number| numbers.insert(number)));
    let newest = *numbers.last().unwrap();
    assert!(numbers.into_iter().eq(1..=newest), "a number without its command");
    bytes[1] = newest + 1;
    let next = decode_command(&bytes);
    assert_eq!(next, Err(WireError::UnknownKind(newest + 1)), "a command that is not listed above");

    let mut bytes = bytes_of_fact(&record(Fact::TimeMarked));
    for number in RETIRED_FACTS {
        bytes[1] = number;
        assert_eq!(decode_fact(&bytes), Err(WireError::UnknownKind(number)));
    }
    let mut numbers = used(facts().into_iter().map(|f| bytes_of_fact(&record(f))).collect());
    let mut unused = RETIRED_FACTS.into_iter();
    assert!(unused.all(|number| numbers.insert(number)));
    let newest = *numbers.last().unwrap();
    assert!(numbers.into_iter().eq(1..=newest), "a number without its fact");
    bytes[1] = newest + 1;
    let next = decode_fact(&bytes);
    assert_eq!(next, Err(WireError::UnknownKind(newest + 1)), "a fact that is not listed above");
}

#[test]
fn foreign_bytes_are_refused() {
    assert_eq!(decode_command(&[]), Err(WireError::TooShort));
    assert_eq!(decode_command(&[9]), Err(WireError::UnknownVersion(9)));
    let mut bytes = bytes_of_command(&envelope(Command::Tick));
    bytes.push(0);
    assert_eq!(decode_command(&bytes), Err(WireError::TooLong(1)));
    bytes[1] = 200;
    assert_eq!(decode_command(&bytes), Err(WireError::UnknownKind(200)));
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
    ) {
        let commands = commands();
        let mut bytes = bytes_of_command(&envelope(commands[which.index(commands.len())].clone()));
        for (at, value) in &flips {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        let _ = decode_command(&bytes);
        let _ = decode_fact(&bytes);
        let _ = decode_replies(&bytes);
    }

    #[test]
    fn seats_survive_the_wire(numbers in prop::collection::vec(any::<u32>(), 0..=16)) {
        let envelope =
            envelope(Command::HoldSeats { seats: list(&numbers), accessible: false });
        prop_assert_eq!(decode_command(&bytes_of_command(&envelope)), Ok(envelope));
    }
}
