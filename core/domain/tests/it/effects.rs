//! The effects of one fact of each kind, as a table.

use std::collections::BTreeSet;
use std::fmt::Write;

use floodgate_domain::effects::{
    AnnouncementMove, CodesMove, Concerns, ConsentMove, LineMove, MoneyStep, ShopMove, Visibility,
};
use floodgate_domain::wire::{WireError, decode_fact, encode_fact};
use floodgate_domain::{Effects, EventId, Fact, FactPosition, FactRecord, LogTime};

use crate::samples::facts;

/// What a row says, a word for each thing that changes.
fn row(fact: &Fact) -> String {
    let effects = fact.effects();
    let Effects { visibility, rules, created, phase, prices, .. } = effects;
    let Effects { policy, details, dials, .. } = effects;
    let Effects { seats, order, money, shop, line, cohort, .. } = effects;
    let Effects { consent, announcement, codes, release, .. } = effects;
    let Effects { by, reason, message, concerns, .. } = effects;
    let mut row = fact.name().to_owned();
    let mut say = |what: &str, of: Option<String>| {
        if let Some(of) = of {
            write!(row, " | {what} {of}").unwrap();
        }
    };
    say("internal", (visibility == Visibility::Internal).then(String::new));
    say("rules", rules.map(|version| version.to_string()));
    say("created", created.map(|new| new.details.name.clone()));
    say("phase", phase.map(|phase| phase.code().to_owned()));
    say("prices", prices.map(|prices| prices.currency.as_str().to_owned()));
    say("policy", policy.map(|policy| format!("pass of {}", policy.pass_ms)));
    say("details", details.map(|details| format!("{} by {}", details.name, details.artist)));
    say("dials", dials.map(|dials| format!("shoppers {:?}", dials.shoppers_max)));
    say(
        "seats",
        seats.map(|change| {
            let numbers: Vec<_> = change.seats.iter().map(|seat| seat.0).collect();
            let owner = change.owner.map_or("nobody".to_owned(), |owner| owner.0.to_string());
            let redeemed = if change.is_redeemed { ", redeemed" } else { "" };
            let (from, to) = (change.from.code(), change.to.code());
            format!("{numbers:?} {from} to {to} of {owner}{redeemed}")
        }),
    );
    say("order", order.map(|change| {
        let marks = [(change.is_new, "new"), (change.is_extended, "extended"), (change.is_settled, "settled"), (change.is_unanswered, "unanswered")];
        let marks: Vec<_> = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
        let number = |number: Option<u64>| number.map_or("-".to_owned(), |of| of.to_string());
        let (until, amount) = (number(change.until.map(|at| at.0)), number(change.amount));
        let attempt = number(change.attempt.map(u64::from));
        let (status, buyer, seats) = (change.status.code(), change.buyer.0, change.seats);
        format!("{status} of {buyer} until {until} amount {amount} attempt {attempt} seats {seats:?} {marks:?}")
    }));
    say(
        "money",
        money.map(|change| {
            let step = match change.step {
                MoneyStep::Authorise { method, amount, currency, until } => {
                    let (by, currency) = (method.as_str(), currency.as_str());
                    format!("authorise {amount} {currency} by {by} until {}", until.0)
                }
                other => format!("{other:?}"),
            };
            format!("{step} attempt {:?}", change.attempt)
        }),
    );
    say(
        "shop",
        shop.map(|change| match change {
            ShopMove::Entered { buyer, place, until, idle_until } => {
                let idle = idle_until.map(|at| format!(", idle at {}", at.0)).unwrap_or_default();
                format!("{} enters by {} until {}{idle}", buyer.0, place.0, until.0)
            }
            ShopMove::Stayed { buyer, until } => format!("{} is idle at {}", buyer.0, until.0),
            ShopMove::Cooling { buyer, until } => format!("{} waits until {}", buyer.0, until.0),
            ShopMove::Left { buyer, reason } => format!("{} leaves: {reason:?}", buyer.0),
        }),
    );
    say(
        "line",
        line.map(|change| match change {
            LineMove::Reserved { first, count } => format!("{count} more from {}", first.0),
            LineMove::Called { below } => format!("called below {}", below.0),
            LineMove::Awaited { buyer, place } => format!("{} awaits {}", buyer.0, place.0),
        }),
    );
    say("cohort", cohort.map(|change| format!("{:+}", change.change)));
    say("consent", consent.map(said_of_consent));
    say("codes", codes.map(said_of_codes));
    say(
        "release",
        release.map(|one| {
            let cost = one.release.epsilon_micros;
            format!("table {} at {cost}, {} within a year", one.number, one.spent_micros)
        }),
    );
    say("announcement", announcement.map(said_of_announcement));
    say("by", by.map(|by| by.to_string()));
    say("reason", reason.map(str::to_owned));
    say("message", message.map(str::to_owned));
    say(
        "concerns",
        match concerns {
            Concerns::Nobody => None,
            Concerns::Buyer(buyer, None) => Some(format!("{}", buyer.0)),
            concerned => Some(
                concerned
                    .notices()
                    .map(|(to, notice)| {
                        let to = to.map_or("everybody".to_owned(), |to| to.0.to_string());
                        format!("{to}: {}", notice.code())
                    })
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
        },
    );
    row
}

fn said_of_codes(change: CodesMove<'_>) -> String {
    match change {
        CodesMove::Minted { batch, label, count } => format!("{count} more of {batch}, {label}"),
        CodesMove::Claimed { buyer, code } => {
            format!("{} of {} is {}'s", code.number, code.batch, buyer.0)
        }
    }
}

fn said_of_consent(change: ConsentMove) -> String {
    match change {
        ConsentMove::Given { buyer, consent } => {
            let (scope, channel) = (consent.scope.code(), consent.channel.code());
            format!("{} to {scope} by {channel} under {}", buyer.0, consent.wording)
        }
        ConsentMove::Withdrawn { buyer, scope, channel } => {
            format!("{} no more to {} by {}", buyer.0, scope.code(), channel.code())
        }
    }
}

fn said_of_announcement(change: AnnouncementMove<'_>) -> String {
    let what = match change {
        AnnouncementMove::Made { announcement, needs_approval } => {
            let awaits = if needs_approval { ", to be approved" } else { "" };
            let who: Vec<_> = announcement.audience.who.codes().collect();
            format!("{} for {}{awaits}", announcement.subject, who.join(" and "))
        }
        AnnouncementMove::Steered { step, .. } => step.code().to_owned(),
        AnnouncementMove::Started { .. } => "starts".to_owned(),
    };
    format!("{} {what}", change.id())
}

#[test]
fn every_fact_has_its_row() {
    let rows: Vec<_> = facts().iter().map(row).collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn no_kind_of_fact_is_left_out() {
    let kind = |fact| {
        let position = FactPosition { offset: 0, index: 0 };
        let record = FactRecord { position, at: LogTime(0), event_id: EventId(0), fact };
        let mut bytes = Vec::new();
        encode_fact(&record, &mut bytes);
        bytes[1]
    };
    let sampled: BTreeSet<u8> = facts().into_iter().map(kind).collect();
    let is_known = |kind: &u8| {
        let bytes = [1, *kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        decode_fact(&bytes) != Err(WireError::UnknownKind(*kind))
    };
    assert_eq!(sampled, (0..=u8::MAX).filter(is_known).collect());
}
