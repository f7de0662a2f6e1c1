//! Snapshots of earlier versions stay usable.

use floodgate_domain::{Command, OrderStatus, Place};
use floodgate_engine::{Engine, EngineLimits};

use crate::stage::{EVENT, Stage, buyer, method, order, policy, seats};

/// The state that `data/snapshot-v1.bin` was written from.
fn first_version() -> Stage {
    let mut stage = Stage::open(policy());
    stage.ask(buyer(1), Command::Enter { place: Place(1) });
    let held = order(&stage.ask(buyer(1), seats(&[1, 2])));
    stage.ask(buyer(1), Command::StartPurchase { hold_id: held.hold_id, method: method() });
    stage.ask(buyer(2), Command::Enter { place: Place(2) });
    stage
}

#[test]
fn the_first_version_is_read_and_goes_on() {
    let bytes = include_bytes!("data/snapshot-v1.bin");
    let limits = EngineLimits { outcomes_max: 1000, events_max: 4 };
    let mut stage = first_version();
    let mut now = Vec::new();
    stage.engine.snapshot(&mut now);

    stage.engine = Engine::restore(bytes, limits).unwrap();
    assert_eq!(stage.engine.violations(), []);
    let mut again = Vec::new();
    stage.engine.snapshot(&mut again);
    assert_eq!(again, now, "the same state, in today's form");
    assert_eq!(stage.engine.status(EVENT).unwrap().held, 2);
    let shown = stage.ask(buyer(2), seats(&[3]));
    assert_eq!(order(&shown).status, OrderStatus::Held);
}
