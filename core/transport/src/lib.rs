//! How roles communicate, and one rule for failure.
//!
//! | module | holds |
//! |---|---|
//! | [`service`] | [`Service`]: what a running process consists of |
//! | [`health`] | [`Health`]: the health of one service, and of several together |
//! | [`services`] | [`Services`]: services of a process, readiness, failure, shutdown |
//! | [`group`] | several services under one name |
//! | [`follower`] | [`Follower`] and [`Handler`]: the one way to read a topic |
//! | [`commands`] | [`CommandSender`] and [`CommandClient`]: the one way to send a command |
//! | [`replies`] | answers on their way back to the request that waits |
//! | [`backoff`] | pauses between retries |

pub mod backoff;
pub mod commands;
pub mod follower;
pub mod group;
pub mod health;
pub mod replies;
pub mod service;
pub mod services;

pub use backoff::Backoff;
pub use commands::{AskError, CommandClient, CommandSender, command_record};
pub use follower::{
    Batch, FollowError, Followed, Follower, FollowerConfig, Handler, Partitions, PollTiming,
    Reading, StartFrom, Tick, Unreadable,
};
pub use group::Group;
pub use health::Health;
pub use replies::{LogReplies, ReplyHub, ReplySender, ReplyWait, follow_replies};
pub use service::{Service, ServiceError};
pub use services::{Need, ServiceReport, Services, Stage, is_ready};
