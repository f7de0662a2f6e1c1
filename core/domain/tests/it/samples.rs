//! One fact of each kind, for tests that must not leave one out.

use floodgate_domain::fact::{DeclineReason, LeaveReason, SeatsKept};
use floodgate_domain::{
    AgeBand, Announcement, AnnouncementId, AnnouncementStep, AudienceRelease, AudienceSpec,
    AudienceWho, AuthorisedPayment, BuyerId, CategorySet, Channel, CodeNumber, Cohort, Consent,
    ConsentScope, Currency, DialChange, EventDetails, Fact, Frontier, HoldId, LogTime, Look,
    PhaseDial, Picture, Place, Policy, Refund, RefundReason, RefundWhy, SeatId, SeatList, SeatSet,
    SetBy, StaffId,
};

use crate::fixtures::{action, method, new_event, payment, policy};

pub(crate) fn cohort() -> Cohort {
    Cohort::new(Some(AgeBand::From25), "CH".parse().ok())
}

pub(crate) fn every_dial() -> DialChange {
    DialChange {
        pace_per_minute: Some(0),
        shoppers_max: Some(5_000),
        puzzle_level: Some(9),
        phase: Some(PhaseDial::Pause),
        message: Some("A moment".into()),
        reason: "rain".into(),
        origin: 0x0102_0304_0506_0708,
    }
}

/// Everything that can be said.
pub(crate) fn details() -> EventDetails {
    EventDetails {
        name: "Evening".into(),
        description: "A show".into(),
        artist: "Somebody".into(),
        venue_name: "Hall".into(),
        venue_address: "1 Street\nTown".into(),
        time_zone: "Europe/Berlin".into(),
        doors_at: Some(LogTime(1_800_000_000_000)),
        starts_at: Some(LogTime(1_800_003_600_000)),
        ends_at: Some(LogTime(1_800_010_800_000)),
        announced_at: None,
        presale_at: None,
        opens_at: Some(LogTime(1_790_000_000_000)),
        closes_at: Some(LogTime(1_800_000_000_001)),
        age_min: Some(0),
        picture: None,
        look: Look::default(),
    }
}

/// The same of an event that has a picture.
pub(crate) fn with_picture() -> EventDetails {
    let alternative = "The band on stage".into();
    let picture = Picture { digest: [7; 32], width: 1920, height: 1080, alternative };
    EventDetails { picture: Some(picture), ..details() }
}

/// The same of an event with colours and a logo of its organiser's.
pub(crate) fn with_look() -> EventDetails {
    let logo = Picture { digest: [8; 32], width: 480, height: 120, alternative: "The hall".into() };
    let (accent, accent_dark) = (Some([0x8a, 0x1c, 0x4b]), Some([0xf2, 0x9a, 0xc0]));
    EventDetails { look: Look { accent, accent_dark, logo: Some(logo) }, ..with_picture() }
}

/// The same of an event that has a presale.
pub(crate) fn with_presale() -> EventDetails {
    EventDetails {
        announced_at: Some(LogTime(1_770_000_000_000)),
        presale_at: Some(LogTime(1_780_000_000_000)),
        ..details()
    }
}

pub(crate) fn code() -> CodeNumber {
    CodeNumber { batch: 7, number: 299 }
}

pub(crate) fn consent() -> Consent {
    Consent { scope: ConsentScope::Artist, channel: Channel::Email, wording: 300 }
}

/// Everything that can be said.
pub(crate) fn announcement() -> Announcement {
    Announcement {
        id: AnnouncementId(0x0102_0304),
        audience: AudienceSpec {
            who: AudienceWho::HOLDERS.with(AudienceWho::FOLLOWERS),
            categories: CategorySet(0b101),
            sections: vec![0, 300],
        },
        channels: vec![Channel::Email, Channel::Page],
        subject: "Doors at seven".into(),
        text: "See you\nthere".into(),
        link: "https://example.org/doors".into(),
        picture: "https://example.org/doors.png".into(),
        send_at: Some(LogTime(1_800_000_000_000)),
        codes: None,
    }
}

/// As little as can be said.
pub(crate) fn short_announcement() -> Announcement {
    Announcement {
        audience: AudienceSpec::all(AudienceWho::WAITERS),
        channels: vec![Channel::Sms],
        link: String::new(),
        picture: String::new(),
        send_at: None,
        ..announcement()
    }
}

/// A policy that says everything.
fn full_policy() -> Policy {
    Policy {
        idle_ms: Some(90_000),
        approve_announcements: Some(true),
        sign_in_required: Some(true),
        ..policy()
    }
}

pub(crate) fn facts() -> Vec<Fact> {
    let hold_id = HoldId(0x0000_0001_0000_0002);
    let (buyer, seats, amount) = (BuyerId(6), list(&[9, 8]), 10_000);
    let (until, attempt) = (LogTime(1_800_000_000_000), 2);
    vec![
        Fact::EventCreated(Box::new(new_event(policy()))),
        Fact::PricesSet(SetBy { value: Box::new(new_event(policy()).prices), by: None }),
        Fact::PolicySet(SetBy { value: Box::new(policy()), by: None }),
        Fact::PricesSet(SetBy {
            value: Box::new(new_event(policy()).prices),
            by: Some(StaffId(3)),
        }),
        Fact::PolicySet(SetBy { value: Box::new(policy()), by: Some(StaffId(3)) }),
        Fact::PolicySet(SetBy {
            value: Box::new(Policy { idle_ms: Some(90_000), ..policy() }),
            by: Some(StaffId(3)),
        }),
        Fact::DetailsSet(SetBy { value: Box::new(details()), by: None }),
        Fact::DetailsSet(SetBy { value: Box::new(details()), by: Some(StaffId(3)) }),
        Fact::SaleOpened,
        Fact::SalePaused,
        Fact::SaleClosed,
        Fact::EventCancelled,
        Fact::DrawCommitted { commitment: [7; 32] },
        Fact::DrawRevealed { secret: [8; 32], public_value: [9; 32] },
        Fact::PlacesReserved { first: Place(5), count: 6 },
        Fact::Entered { buyer, place: Place(3), until, idle_until: None },
        Fact::Entered { buyer, place: Place(3), until, idle_until: Some(until) },
        Fact::ShopperStayed { buyer, until },
        Fact::ShopperLeft { buyer, reason: LeaveReason::PassExpired },
        Fact::ShopperLeft { buyer, reason: LeaveReason::Idle },
        Fact::SeatsHeld { hold_id, buyer, seats, amount, until, pay_by: None },
        Fact::SeatsHeld { hold_id, buyer, seats, amount, until, pay_by: Some(until) },
        Fact::SeatsSetAside { hold_id, seats, until },
        Fact::SeatsReturned { hold_id, seats },
        Fact::BuyerCooling { buyer, until, count: 3 },
        Fact::HoldExtended { hold_id, buyer, until },
        Fact::HoldReleased { hold_id, buyer, seats },
        Fact::HoldExpired { hold_id, buyer, seats },
        Fact::PurchaseStarted {
            hold_id,
            buyer,
            method: method(),
            amount,
            currency: Currency(*b"CHF"),
            attempt,
            until,
        },
        Fact::PaymentActionRequired { hold_id, buyer, attempt, action: action() },
        Fact::OrderDeclined { hold_id, buyer, attempt, reason: DeclineReason::Lost, until },
        Fact::OrderConfirmed {
            hold_id,
            buyer,
            seats,
            amount,
            attempt,
            kept: SeatsKept::Moved,
            payment: payment(),
        },
        Fact::OrderConfirmed {
            hold_id,
            buyer,
            seats,
            amount,
            attempt,
            kept: SeatsKept::Held,
            payment: AuthorisedPayment { capture_before: None, ..payment() },
        },
        Fact::OrderSettled { hold_id, buyer, amount },
        Fact::OrderExpired { hold_id, buyer, seats, is_unanswered: false },
        Fact::OrderExpired { hold_id, buyer, seats, is_unanswered: true },
        Fact::OrderUnanswered { hold_id, buyer, attempt, until },
        Fact::PaymentNotTaken { hold_id, buyer, attempt },
        Fact::PaymentVoided { hold_id, buyer, attempt, reference: payment().reference },
        Fact::OrderRefunded { hold_id, buyer, seats, amount, why: None },
        Fact::OrderRefunded { hold_id, buyer, seats, amount, why: Some(Box::new(refund())) },
        Fact::OrderRefunded {
            hold_id,
            buyer: BuyerId::HOUSE,
            seats,
            amount: 0,
            why: Some(Box::new(refund())),
        },
        Fact::OrderCancelled { hold_id, buyer, seats },
        Fact::TicketTransferred { hold_id, seat: SeatId(1), from: buyer, to: BuyerId(7) },
        Fact::TicketRedeemed { hold_id, buyer, seat: SeatId(1) },
        Fact::EngineVersionSet { version: 1 },
        Fact::PlacesCalled { below: Frontier(300) },
        Fact::TurnAwaited { buyer, place: Place(299) },
        Fact::CohortJoined { cohort: cohort() },
        Fact::CohortLeft { cohort: Cohort::new(None, None) },
        Fact::TimeMarked,
        Fact::DialsSet { change: Box::new(every_dial()), by: StaffId::SETTINGS_FILE },
        Fact::PolicySet(SetBy { value: Box::new(full_policy()), by: Some(StaffId(3)) }),
        Fact::ConsentGiven { buyer, consent: consent() },
        Fact::ConsentWithdrawn { buyer, scope: ConsentScope::Event, channel: Channel::WebPush },
        Fact::AnnouncementMade {
            announcement: Box::new(announcement()),
            needs_approval: true,
            by: StaffId(3),
        },
        Fact::AnnouncementMade {
            announcement: Box::new(short_announcement()),
            needs_approval: false,
            by: StaffId(3),
        },
        Fact::AnnouncementSteered {
            id: announcement().id,
            step: AnnouncementStep::Stop,
            by: StaffId(3),
        },
        Fact::AnnouncementStarted { id: announcement().id },
        Fact::DialsSet {
            change: Box::new(DialChange { shoppers_max: Some(0), ..DialChange::default() }),
            by: StaffId(2),
        },
        Fact::SeatsBlocked { seats: seat_set(), note: "sound desk".into(), by: StaffId(3) },
        Fact::SeatsUnblocked { seats: seat_set(), note: String::new(), by: StaffId(3) },
        Fact::SeatsGiven {
            hold_id,
            buyer: BuyerId::HOUSE,
            seats,
            note: "press".into(),
            by: StaffId(3),
        },
        Fact::DetailsSet(SetBy { value: Box::new(with_picture()), by: Some(StaffId(3)) }),
        Fact::CodesMinted { batch: 7, label: "Fan club".into(), count: 300, by: StaffId(3) },
        Fact::CodeClaimed { buyer, code: code() },
        Fact::PresaleOpened,
        Fact::DetailsSet(SetBy { value: Box::new(with_presale()), by: Some(StaffId(3)) }),
        Fact::AudienceReleased {
            number: 3,
            spent_micros: 2_500_000,
            release: Box::new(audience_release()),
        },
        Fact::DetailsSet(SetBy { value: Box::new(with_look()), by: Some(StaffId(3)) }),
    ]
}

pub(crate) fn audience_release() -> AudienceRelease {
    AudienceRelease {
        from: LogTime(1_699_228_800_000),
        until: LogTime(1_699_833_600_000),
        epsilon_micros: 1_000_000,
        seed: [7; 32],
    }
}

/// Three runs, of which one begins with the plan.
pub(crate) fn seat_set() -> SeatSet {
    SeatSet::of([0, 1, 2, 300, 301, 70_000].map(SeatId)).unwrap()
}

pub(crate) fn refund() -> Refund {
    let why = RefundWhy { reason: RefundReason::EventChanged, note: "on the phone".into() };
    Refund { why, by: StaffId(3) }
}

pub(crate) fn list(numbers: &[u32]) -> SeatList {
    SeatList::try_from(numbers).unwrap()
}
