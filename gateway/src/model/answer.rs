//! Answers of several calls.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::Reply;

use crate::time;
use crate::views::ViewPosition;

/// The record of the event's log up to which an answer is true.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LogPosition {
    pub(crate) offset: u64,
    #[schema(example = "2026-11-24T12:00:00.000Z")]
    pub(crate) at: String,
}

impl From<ViewPosition> for LogPosition {
    fn from(as_of: ViewPosition) -> Self {
        LogPosition { offset: as_of.position.offset, at: time::text(as_of.at) }
    }
}

impl From<&Reply> for LogPosition {
    fn from(reply: &Reply) -> Self {
        LogPosition { offset: reply.offset, at: time::text(reply.at) }
    }
}

/// Done, as of a position.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DoneAnswer {
    #[schema(example = "done")]
    pub(crate) status: &'static str,
    pub(crate) as_of: LogPosition,
}

impl From<&Reply> for DoneAnswer {
    fn from(reply: &Reply) -> Self {
        DoneAnswer { status: "done", as_of: reply.into() }
    }
}

/// Not decided within the deadline; ask there, or repeat the request with the same key.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PendingAnswer {
    pub(crate) command_id: String,
    #[schema(example = "pending")]
    pub(crate) status: &'static str,
    /// Where to ask.
    pub(crate) ask: String,
}

/// A body with nothing in it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Empty {}
