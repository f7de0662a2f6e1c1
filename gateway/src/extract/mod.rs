//! Preconditions as types: a handler that needs a shopper takes a `Shopper`. An extractor changes
//! nothing, and takes only the parts of the state that it reads.

pub(crate) mod address;
pub(crate) mod cookie;
pub(crate) mod fan;
pub(crate) mod idempotent;
pub(crate) mod newcomer;
mod path;
mod plain;
pub(crate) mod query;
mod reader;
pub(crate) mod staff;
pub(crate) mod ticket;

pub(crate) use address::{ClientAddress, Visitor};
pub(crate) use cookie::Papers;
pub(crate) use fan::{Fan, Persona, Shopper};
pub(crate) use idempotent::{Idempotent, IdempotentPicture, IdempotentPlan};
pub(crate) use newcomer::Newcomer;
pub(crate) use path::{EventPath, OrderPath, Segments};
pub(crate) use query::Query;
pub(crate) use reader::NumbersReader;
pub(crate) use staff::{Advertiser, Artist, Manager, Operator, Staff};
