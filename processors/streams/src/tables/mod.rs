//! Tables as topics: flat compacted rows of reservations, orders and events, for tools that take
//! no code. The same rows as the SQL tables have; the facts beside them say how they came about.
//!
//! | module | holds |
//! |---|---|
//! | `rows` | the rows, as they are published |
//! | `fold`, `seat_names` | from facts to rows |
//! | `publisher` | three topics a partition, by position |
//! | `connect` | what Kafka Connect needs to take them |

mod connect;
mod fold;
mod publisher;
mod rows;
mod seat_names;

pub use connect::{connect_files, connect_schema};
pub(crate) use publisher::Tables;
pub use rows::{EventRow, OrderRow, ReservationRow};
