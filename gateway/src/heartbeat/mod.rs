//! What a gateway does in the background: waiting rooms advance, gateways agree on one frontier,
//! and the log records it.

mod agreement;
mod frontier_recorder;
mod rooms;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::state::GatewayState;

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    // Dropping the set ends its tasks.
    _tasks: JoinSet<()>,
}

impl Heartbeat {
    pub(crate) fn start(state: &GatewayState) -> Self {
        let (views, admission) = (Arc::clone(&state.views), state.admission.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(rooms::advance(Arc::clone(&views), admission.clone(), state.queues.clone()));
        tasks.spawn(agreement::agree(Arc::clone(&views), admission.clone()));
        let commands = state.commands.clone();
        tasks.spawn(frontier_recorder::record_frontiers(commands, views, admission));
        Heartbeat { _tasks: tasks }
    }
}
