//! Who agrees to messages: rows, and a model that follows random histories.

use std::collections::BTreeMap;

use floodgate_domain::{
    Actor, Answer, BuyerId, Channel, Command, Consent, ConsentScope, Fact, PhaseDial, Refusal,
};
use floodgate_engine::{Engine, EngineLimits};

use crate::rows::Then::{Done, No};
use crate::rows::{check, no_queue};
use crate::stage::{Stage, buyer, policy, staff};

pub(crate) fn give(scope: ConsentScope, channel: Channel, wording: u16) -> Command {
    Command::GiveConsent { consent: Consent { scope, channel, wording } }
}

pub(crate) fn withdraw(scope: ConsentScope, channel: Channel) -> Command {
    Command::WithdrawConsent { scope, channel }
}

/// The facts that a command leads to.
fn facts_of(stage: &mut Stage, actor: Actor, command: Command) -> Vec<Fact> {
    let from = stage.facts.len();
    check(stage, vec![(actor, command, Done)]);
    stage.facts[from..].iter().map(|record| record.fact.clone()).collect()
}

#[test]
fn a_consent_is_given_once_and_taken_back_once() {
    use Channel::{Email, Page};
    use ConsentScope::{Artist, Event};
    let mut stage = Stage::open_newest(policy());
    let given = |scope, channel, wording| {
        let consent = Consent { scope, channel, wording };
        vec![Fact::ConsentGiven { buyer: BuyerId(1), consent }]
    };
    let withdrawn =
        |scope, channel| vec![Fact::ConsentWithdrawn { buyer: BuyerId(1), scope, channel }];
    // Whoever follows has no place and no pass.
    for (command, facts) in [
        (give(Event, Email, 3), given(Event, Email, 3)),
        (give(Event, Email, 3), Vec::new()),
        (give(Event, Email, 4), given(Event, Email, 4)),
        (give(Artist, Email, 4), given(Artist, Email, 4)),
        (give(Event, Page, 4), given(Event, Page, 4)),
        (withdraw(Artist, Page), Vec::new()),
        (withdraw(Event, Email), withdrawn(Event, Email)),
        (withdraw(Event, Email), Vec::new()),
        (give(Artist, Email, 4), Vec::new()),
        (give(Event, Email, 4), given(Event, Email, 4)),
    ] {
        assert_eq!(facts_of(&mut stage, buyer(1), command.clone()), facts, "{command:?}");
    }
    // It is theirs alone.
    assert_eq!(facts_of(&mut stage, buyer(2), withdraw(Event, Email)), []);
}

#[test]
fn only_buyers_consent_to_words_that_have_a_number() {
    use Channel::Sms;
    use ConsentScope::Event;
    let mut stage = Stage::open_newest(policy());
    let refused = [
        (staff(), give(Event, Sms, 1), No(Refusal::NotAllowed)),
        (Actor::System, give(Event, Sms, 1), No(Refusal::NotAllowed)),
        (staff(), withdraw(Event, Sms), No(Refusal::NotAllowed)),
        (buyer(1), give(Event, Sms, 0), No(Refusal::InvalidConsent)),
    ];
    check(&mut stage, refused.into());
    for dial in [PhaseDial::Pause, PhaseDial::Close, PhaseDial::Cancel] {
        let rows = vec![
            (staff(), Command::turn_phase(dial, ""), Done),
            (buyer(1), give(Event, Sms, 1), Done),
            (buyer(1), withdraw(Event, Sms), Done),
        ];
        check(&mut stage, rows);
    }
}

#[test]
fn older_rules_know_no_consents() {
    for version in 1..3 {
        let mut stage = Stage::open_under(version, no_queue());
        let (scope, channel) = (ConsentScope::Event, Channel::Page);
        let newer = || No(Refusal::NeedsNewerEngine);
        let rows = vec![
            (buyer(1), give(scope, channel, 1), newer()),
            (buyer(1), withdraw(scope, channel), newer()),
            (staff(), give(scope, channel, 1), No(Refusal::NotAllowed)),
        ];
        check(&mut stage, rows);
    }
}

/// Who consents to what.
type Wordings = BTreeMap<(BuyerId, ConsentScope, Channel), u16>;

/// By the facts alone; each must change something.
fn said(stage: &Stage) -> Result<Wordings, String> {
    let mut all = Wordings::new();
    for record in &stage.facts {
        let is_news = match record.fact {
            Fact::ConsentGiven { buyer, consent: Consent { scope, channel, wording } } => {
                all.insert((buyer, scope, channel), wording) != Some(wording)
            }
            Fact::ConsentWithdrawn { buyer, scope, channel } => {
                all.remove(&(buyer, scope, channel)).is_some()
            }
            _ => true,
        };
        is_news.then_some(()).ok_or_else(|| format!("{record:?} changes nothing"))?;
    }
    Ok(all)
}

/// After any history the consents that the facts say are those that a simple model of the commands
/// comes to: the last word of each buyer counts, once the rules in force know consents.
pub(crate) fn consents_follow_the_model(stage: &Stage, limits: EngineLimits) -> Result<(), String> {
    let (mut engine, mut model) = (Engine::new(limits), Wordings::new());
    let mut facts = Vec::new();
    for (offset, (at, envelope)) in stage.log.iter().enumerate() {
        let reply = engine.step(offset as u64, *at, envelope, &mut facts).unwrap();
        let Actor::Buyer(buyer) = envelope.actor else { continue };
        let is_consent = match envelope.command {
            Command::GiveConsent { consent } => consent.wording > 0,
            Command::WithdrawConsent { .. } => true,
            _ => continue,
        };
        let is_known = engine.in_force().version >= 3;
        let is_done = reply.answer == Answer::Done;
        if is_done != (is_known && is_consent) && !reply.repeated {
            return Err(format!("{envelope:?} was answered {:?}", reply.answer));
        }
        if !is_done || reply.repeated {
            continue;
        }
        match envelope.command {
            Command::GiveConsent { consent: Consent { scope, channel, wording } } => {
                model.insert((buyer, scope, channel), wording);
            }
            Command::WithdrawConsent { scope, channel } => {
                model.remove(&(buyer, scope, channel));
            }
            _ => {}
        }
    }
    let found = said(stage)?;
    if found == model { Ok(()) } else { Err(format!("{found:?}, expected {model:?}")) }
}
